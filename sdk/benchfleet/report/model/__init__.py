"""A report as one document: what `--json` prints, and what every other form is made from.

What compares groups (`Ranked`, `Relation`) is in `benchfleet_results.boards.model`. Intervals are [low, high] at 95 %. None
means that nothing can be said.

`facts`: what was read: runs, groups of tasks, and what of them is missing or differs.
`money`: what work and machines cost.
`answer`: what people ask first.
`factors`: one subject or variant against another.
`board`: groups beside each other: rankings, benchmarks, and where their spread comes from.
`load`: latency against load.
`comparison`: a run against its baseline.
`quality`: how far the samples themselves can be believed.
`noise_floor`: what was measured twice.
`history`: a metric over runs.
`report`: the whole document.
"""
