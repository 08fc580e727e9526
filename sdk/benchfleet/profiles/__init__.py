"""Addresses and keys under names."""
