"""How the system measures itself: requests, write units, CPU ratios, sizes. Never wall time, which tells of the machine."""
