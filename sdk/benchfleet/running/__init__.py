"""The driver of a run: provisions, creates, follows, brings home; and picks up where an earlier command left off."""
