"""The version, for whoever needs nothing else: importing this imports nothing. A test compares it with pyproject.toml."""

__version__ = "0.1.0"
