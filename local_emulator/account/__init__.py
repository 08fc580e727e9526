"""An empty AWS account on this machine: what a deployment is rehearsed against. See docs/emulator.md."""
