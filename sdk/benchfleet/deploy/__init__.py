"""`benchfleet deploy`: a control plane in an AWS account, made or brought up to date."""
