"""Executors and models: what holds of them at a moment, and which is best. Pure."""
