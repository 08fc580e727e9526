"""Where a server's CPU time goes: a pass of its own, which is never ranked."""
