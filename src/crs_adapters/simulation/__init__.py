"""Figures to simulate with: real ones, read from open data."""
