"""What the outcomes of a fleet mean: summaries, breakdowns, latency, scores, costs and files. Pure: no clock, no network."""
