"""A small real language model on this machine, for proofs and `make demo-fleet`: installed on demand, never shipped."""
