"""Work that comes round: release, dispatch, tick, statistics, audit. Each round is resumable and may run anywhere."""
