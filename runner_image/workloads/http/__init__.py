"""HTTP servers: found, built, started, checked, loaded, watched, stopped."""
