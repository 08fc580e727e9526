"""The whole system on one machine: AWS behind one lock, the unchanged Chalice app, and what drives it.

See docs/emulator.md for what is emulated and what is not.
"""
