"""Use cases of schedules: made, fired, seen to until their runs have ended, told of, deleted."""
