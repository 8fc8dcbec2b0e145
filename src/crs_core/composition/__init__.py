"""Putting the house together: hooks, adapters by URL, files into values."""
