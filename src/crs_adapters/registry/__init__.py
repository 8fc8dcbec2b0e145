"""Health registries that confirm claims."""
