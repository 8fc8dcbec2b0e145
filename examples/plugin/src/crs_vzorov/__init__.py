"""The operator and the registry of Vzorov, an invented country, for crs."""
