"""Tasks: claim, keep, end; and the runners that ask for them."""
