"""Fleets: prompts of many repositories, sent to many models. Pure shapes and rules; Lambdas, SDK and runner use them."""
