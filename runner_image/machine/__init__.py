"""What machine this is, and which cores a slot gets."""
