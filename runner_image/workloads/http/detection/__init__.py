"""Which framework an app is written with."""
