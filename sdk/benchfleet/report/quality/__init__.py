"""The quality of the data: grades of series, what was found in them, and how every form shows it."""
