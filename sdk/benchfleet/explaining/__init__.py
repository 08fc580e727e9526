"""Why tasks wait, and why they failed: a pure judgement (`judging`) over what the API tells (`collecting`)."""
