"""What machines and services cost: dated lists of prices, one of which ships with the program. Pure."""
