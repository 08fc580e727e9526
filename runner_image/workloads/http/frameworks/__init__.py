"""Frameworks that are known: what an app of each looks like, and how it is built, started and stopped."""
