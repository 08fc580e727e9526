"""Executors announce, beat, change and leave; people and runs find who has a model now."""
