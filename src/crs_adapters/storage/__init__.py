"""Where a campaign's state is kept: in memory, or in a SQL database."""
