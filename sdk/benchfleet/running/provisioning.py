"""Runners for a run: one provisioner a provider, all at once, and all of them ended or left together."""

from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from benchfleet_contract.runs import Instance, RunDetail

from benchfleet.local.state import ProviderState
from benchfleet.running.interrupts import Interrupts
from benchfleet.watch.groups import open_tasks

_AT_ONCE = 16


@dataclass(frozen=True)
class Plan:
    """What one provider is to bring: `count` runners for each entry of the config. `options` are the provider's own.

    `cores_per_slot` and `processes_only` are what the kind of work needs.
    """

    provider: str
    instances: tuple[Instance, ...]
    count: int
    run_id: str
    api_url: str
    key: str = field(repr=False)
    slots: int | None
    options: Any
    logs: Path
    cores_per_slot: int = 1
    processes_only: bool = False


class Handle(Protocol):
    """What a provider has brought."""

    def said(self) -> str:
        """One line for people."""

    def check(self, waiting: frozenset[str]) -> list[str]:
        """What was mended, as lines for people. `waiting`: instance types with tasks that nobody has taken.

        Raises BenchfleetError for what cannot be mended.
        """

    def stop(self) -> None: ...

    def leave(self) -> None: ...

    def state(self) -> ProviderState: ...


class Provisioner(Protocol):
    """Brings runners of one provider. Raises BenchfleetError, and leaves nothing behind then."""

    def start(self, plan: Plan, *, before: ProviderState | None) -> Handle:
        """`before` is what an earlier command has brought: what still runs of it is taken up, not brought again."""


class Fleet:
    """All handles of a run."""

    def __init__(self, provisioners: Mapping[str, Provisioner], *, interrupts: Interrupts) -> None:
        self._provisioners = provisioners
        self._interrupts = interrupts
        self._handles: dict[str, Handle] = {}

    def start(self, plans: Iterable[Plan], *, before: Mapping[str, ProviderState]) -> None:
        """Side by side. Whatever was brought is known to `stop`, also when one provider fails or Ctrl-C comes."""
        ours = [plan for plan in plans if plan.provider in self._provisioners]
        pool = ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="provision")
        try:
            for done in [pool.submit(self._start, plan, before.get(plan.provider)) for plan in ours]:
                done.result()
        finally:
            with self._interrupts.held():
                pool.shutdown(wait=True, cancel_futures=True)

    def _start(self, plan: Plan, before: ProviderState | None) -> None:
        self._handles[plan.provider] = self._provisioners[plan.provider].start(plan, before=before)

    def said(self) -> list[str]:
        return [handle.said() for handle in self._handles.values()]

    def check(self, run: RunDetail) -> list[str]:
        """What was mended. Raises BenchfleetError for what cannot be."""
        return [note for provider, handle in self._handles.items() for note in handle.check(_open_types(run, provider))]

    def stop(self) -> None:
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            list(pool.map(lambda handle: handle.stop(), self._handles.values()))
        self._handles.clear()

    def leave(self) -> None:
        for handle in self._handles.values():
            handle.leave()

    def states(self) -> dict[str, ProviderState]:
        return {provider: handle.state() for provider, handle in self._handles.items()}


def _open_types(run: RunDetail, provider: str) -> frozenset[str]:
    return frozenset(group.instance_type for group in run.groups if group.provider == provider and open_tasks(group))
