"""Records, legal transitions, arithmetic. Pure: clock and ids are arguments; no AWS, no environment, no time."""
