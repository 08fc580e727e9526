"""Downloads archives, checks and unpacks them."""
