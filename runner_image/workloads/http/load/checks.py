"""Whether a cell can be believed. Each reason says what was seen, and what is held to be enough.

What is not known is not held against a cell.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from benchfleet_contract.http_results import NOISY, Resources

from runner_image.workloads.http.load.driver import Latency, Saturation

MOST_IN_COMMON = 1.5  # percent by which ceilings differ and still are one
FEWEST_IN_COMMON = 3


@dataclass(frozen=True)
class Limits:
    """`little`: share by which requests under way may differ from connections. `client_busy`: of the generator's cores;
    up to `client_idle` of its core it is not the generator's own work that makes it late.

    `held_back`: of one core, that others had while the server was ready to run; where the system does not tell,
    `foreign_cores`: of one core, by neither server nor generator, wherever. `starved`: share of its cores that a server
    must have had at saturation: with less, something else was the limit.
    """

    little: float = 0.10
    client_busy: float = 0.85
    client_idle: float = 0.50
    dispatch_lag_p99_ms: float = 5.0
    achieved: float = 0.99
    held_back: float = 0.10
    foreign_cores: float = 0.10
    starved: float = 0.50


DEFAULTS = Limits()


def of_saturation(
    found: Saturation, used: Resources, *, generator_cores: int = 1, server_cores: int = 0, limits: Limits = DEFAULTS
) -> list[str]:
    """`server_cores`: how many the server is pinned to and can use; 0: not known."""
    return [
        *_little(found, limits),
        *_left_out(found),
        *_busy(found.client_cpu_s, found.duration_s, generator_cores, limits),
        *_foreign(used, limits),
        *_starved(used, server_cores, limits),
    ]


def of_latency(found: Latency, used: Resources, *, limits: Limits = DEFAULTS) -> list[str]:
    return [
        *_late(found, limits),
        *_busy(found.client_cpu_s, found.duration_s, 1, limits),
        *_behind(found, limits),
        *_foreign(used, limits),
    ]


def of_streams(
    *,
    lag_p99_ms: float | None,
    client_cpu_s: float | None,
    duration_s: float,
    used: Resources,
    limits: Limits = DEFAULTS,
) -> Iterator[str]:
    """Of a load of streams, by what holds for requests. `duration_s`: seconds in which the generator used `client_cpu_s`."""
    yield from _left_late("messages", lag_p99_ms, client_cpu_s, duration_s, limits)
    yield from _busy(client_cpu_s, duration_s, 1, limits)
    yield from _foreign(used, limits)


def _little(found: Saturation, limits: Limits) -> list[str]:
    """Little's law: rate times mean latency is the number of requests under way, which a closed loop fixes.

    Without keep-alive a connection is being made for a part of the time, so it is held only against kept ones.
    """
    if found.in_flight is None or not found.keep_alive:
        return []
    share = found.in_flight / found.connections
    if abs(share - 1) <= limits.little:
        return []
    return [
        f"client-limited: {found.in_flight:.1f} requests were under way over {found.connections} connections "
        f"({share:.0%}, Little's law; {limits.little:.0%} may be missing)"
    ]


def _left_out(found: Saturation) -> list[str]:
    """Requests that never end have no latency, so no other check sees them: the rate is that of fewer connections."""
    if not found.starved:
        return []
    return [
        f"{found.starved} or more of {found.connections} connections got no answer for most of the time, others did"
    ]


def _busy(cpu_s: float | None, duration_s: float, cores: int, limits: Limits) -> list[str]:
    if cpu_s is None or duration_s <= 0:
        return []
    share = cpu_s / (duration_s * max(1, cores))
    if share <= limits.client_busy:
        return []
    return [f"client-limited: the generator was busy for {share:.0%} of its time (at most {limits.client_busy:.0%})"]


def _late(found: Latency, limits: Limits) -> list[str]:
    return _left_late("requests", found.dispatch_lag_p99_ms, found.client_cpu_s, found.duration_s, limits)


def _left_late(what: str, lag_ms: float | None, cpu_s: float | None, duration_s: float, limits: Limits) -> list[str]:
    if lag_ms is None or lag_ms <= limits.dispatch_lag_p99_ms:
        return []
    late = f"{what} left late, p99 {lag_ms:.1f} ms (at most {limits.dispatch_lag_p99_ms:g} ms)"
    busy = None if cpu_s is None or duration_s <= 0 else cpu_s / duration_s
    if busy is not None and busy <= limits.client_idle:
        return [f"{NOISY}{late}, though the generator was busy for {busy:.0%} of its time only: others had its core"]
    return [f"client-limited: {late}"]


def _behind(found: Latency, limits: Limits) -> list[str]:
    if not found.intended or found.achieved >= limits.achieved * found.offered:
        return []
    share = found.achieved / found.offered
    return [
        f"not held: {found.achieved:.0f} of {found.offered:.0f} requests a second were answered rightly and in time ({share:.1%})"
    ]


def _foreign(used: Resources, limits: Limits) -> list[str]:
    """What others used only counts where the server had to wait for it, if that is known."""
    held, foreign = used.held_back_cores, used.foreign_cpu_cores
    if held is not None:
        told = f"{NOISY}others held the server back for {held:.0%} of the time (at most {limits.held_back:.0%})"
        return [told] if held > limits.held_back else []
    if foreign is None or foreign <= limits.foreign_cores:
        return []
    return [f"{NOISY}others used {foreign:.2f} cores meanwhile (at most {limits.foreign_cores:g})"]


def _starved(used: Resources, cores: int, limits: Limits) -> list[str]:
    if used.cpu_share is None or not cores or used.cpu_share >= limits.starved * cores:
        return []
    return [f"the server got {used.cpu_share:.2f} of its {cores} cores: something else was the limit"]


def common_ceilings(
    rates: Mapping[str, float], *, within_pct: float = MOST_IN_COMMON, at_least: int = FEWEST_IN_COMMON
) -> list[tuple[str, ...]]:
    """Groups of frameworks whose saturation rates are all but the same: a sign that the client, not they, was the limit.

    `rates`: right answers a second by name. A group is as large as can be, and lies within `within_pct` percent of its highest.
    """
    groups: list[tuple[str, ...]] = []
    left = sorted((name for name in rates if rates[name] > 0), key=lambda name: -rates[name])
    while left:
        near = [name for name in left if rates[name] >= rates[left[0]] * (1 - within_pct / 100)]
        if len(near) >= at_least:
            groups.append(tuple(near))
            left = left[len(near) :]
        else:
            left = left[1:]
    return groups


def told(groups: Sequence[tuple[str, ...]], rates: Mapping[str, float]) -> list[str]:
    """One warning for each group."""
    return [
        f"{', '.join(group)} all end at about {rates[group[0]]:.0f} requests a second: probably the generator's limit, not theirs"
        for group in groups
    ]
