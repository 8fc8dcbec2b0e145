"""What the outside must provide: one Protocol a file."""
