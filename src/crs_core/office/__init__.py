"""What desks and rounds share: the ports and keys they work with, the one way of a command, letters to people."""
