"""`benchfleet keys`: the keys of a stage in an AWS account."""
