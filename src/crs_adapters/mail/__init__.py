"""Servers for e-mail."""
