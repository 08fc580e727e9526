"""Takes one task from its claim to its end."""
