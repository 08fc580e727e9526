"""Did a tool measure on the cores of its slot? Some tools choose cores by themselves."""

from collections.abc import Sequence

from benchfleet_contract.results import Output

from runner_image import core_lists

_NAMED = 3


def elsewhere(output: Output, cores: Sequence[int] | None) -> str:
    """One sentence about the benchmarks that ran on other cores than these, as their tool says; empty if none did."""
    if cores is None:
        return ""
    odd = [one for one in output.measurements if one.cpu_affinity is not None and set(one.cpu_affinity) != set(cores)]
    names = list(dict.fromkeys(one.benchmark for one in odd))
    if not names:
        return ""
    used = core_lists.write({core for one in odd for core in one.cpu_affinity or []})
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return f"Measured on cores {used}, not on the slot's ({core_lists.write(cores)}): {', '.join(names[:_NAMED])}{more}"
