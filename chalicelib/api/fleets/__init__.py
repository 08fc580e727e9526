"""Routes of fleet runs."""
