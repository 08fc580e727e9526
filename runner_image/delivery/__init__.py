"""Packs what a task left behind, within the bounds of the contract, and uploads it."""
