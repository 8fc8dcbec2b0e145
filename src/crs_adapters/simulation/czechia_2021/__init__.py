"""January 2021 played again: invented citizens on real figures, through the real desks, in virtual time."""
