"""HTTP benchmarks on one's own machine, without a control plane."""
