"""`benchfleet prices update`: asks AWS for today's prices, keeps them here, and publishes them to a control plane."""
