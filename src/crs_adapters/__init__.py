"""Plugins of crs: each an ordinary one, found by its entry point and opened by URL."""
