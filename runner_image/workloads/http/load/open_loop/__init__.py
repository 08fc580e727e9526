"""A load generator with an open loop, as a process of its own: requests leave on time, whatever the server does."""
