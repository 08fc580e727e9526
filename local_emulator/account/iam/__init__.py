"""Who asks, what the request needs, and whether the policies allow it."""
