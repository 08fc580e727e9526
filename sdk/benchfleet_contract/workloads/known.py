"""The kinds of work that benchfleet's own runner knows. A run may name others: somebody's own runner may know them."""

LLM = "llm"  # the tasks of fleet runs: their shards come from a manifest

MODULES = {  # name -> module of this package; see kinds.py
    "ruby-bench": "ruby_bench",
    "pyperformance": "pyperformance",
    "command": "command",
    "mock": "mock",
    LLM: "llm",
    "http": "http",
}
KNOWN_WORKLOADS = tuple(MODULES)


def warning_about(name: str) -> str | None:
    """What to tell who asks for a workload of this name; None for one that is known."""
    if name in KNOWN_WORKLOADS:
        return None
    known = ", ".join(sorted(KNOWN_WORKLOADS))
    return f"workload: '{name}' is no workload that benchfleet's own runner knows ({known})"
