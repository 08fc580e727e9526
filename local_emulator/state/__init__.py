"""State on request: a folder that one emulator at a time owns, and what is written there."""
