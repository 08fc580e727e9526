"""`python -m local_emulator`: the same as `benchfleet emulator`."""

import sys

from benchfleet.cli.main import main

main(["emulator", *sys.argv[1:]])
