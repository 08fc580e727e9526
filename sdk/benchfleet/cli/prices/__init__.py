"""`benchfleet prices`: what is known of AWS's prices, and how it is renewed."""
