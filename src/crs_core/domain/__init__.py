"""Values and rules: frozen values, pure functions; no I/O, no clock, no randomness, no storage."""
