"""Are the answers right? Typed assertions, their weights, repeats and statistics."""
