"""The commands, one desk for each kind of caller: lock, read, let the domain decide, apply the plan, commit."""
