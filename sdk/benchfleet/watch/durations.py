"""Durations as people read them."""


def span(seconds: float) -> str:
    """`95 s`, `12 min`, `3 h`, `2 d`, rounded down: two minutes are still told in seconds, as leases are."""
    for least_s, size_s, name in ((172_800, 86_400, "d"), (7_200, 3_600, "h"), (120, 60, "min")):
        if seconds >= least_s:
            return f"{int(seconds // size_s)} {name}"
    return f"{max(0, int(seconds))} s"


def stopwatch(seconds: float) -> str:
    """`42 s`, `3:07 min`, `2:05 h`: for times that go on while they are read."""
    whole = max(0, round(seconds))
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60}:{whole % 60:02} min"
    return f"{whole // 3600}:{whole % 3600 // 60:02} h"
