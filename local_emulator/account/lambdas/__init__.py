"""Deployed functions as processes, and what invokes them."""
