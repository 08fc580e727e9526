"""A metric over runs: series, the steps in them, and how every form shows them."""
