"""Prices as this machine knows them, and what a run is going to cost by them."""
