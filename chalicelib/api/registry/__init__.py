"""Routes of executors and models."""
