"""The rules of a storage, by what they are about; `crs_core.testing.storage_contract` puts them together."""
