"""Use cases of fleet runs."""
