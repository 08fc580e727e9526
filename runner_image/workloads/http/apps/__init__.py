"""Apps and their environments: found, fetched, and installed once for each content."""
