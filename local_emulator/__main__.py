"""`python -m local_emulator`: the same as `benchfleet emulator`."""

from local_emulator.command import app

app(prog_name="benchfleet emulator")
