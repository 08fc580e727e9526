"""Kinds of work that benchfleet's own runner knows: their options, and how they split.

A kind's module is imported when it is first asked for: a control plane that starts needs none of them.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from typing import Any

from benchfleet_contract.problems import Problem
from benchfleet_contract.workloads.known import MODULES
from benchfleet_contract.workloads.options import DEFAULT_PLACE, InvalidOptions, Options, parse


@dataclass(frozen=True)
class Part:
    """A piece of the work: `label` is `2/3`, or None for all of it; `options` are those of its tasks, as on the wire."""

    label: str | None
    options: dict[str, Any]


class CannotSplit(ValueError):
    """These options cannot be split into so many parts."""

    def __init__(self, message: str, remedy: str) -> None:
        super().__init__(f"{message}; {remedy}")
        self.message, self.remedy = message, remedy


@dataclass(frozen=True)
class Kind:
    """`split` takes valid options and a number from 2; it raises CannotSplit. `splits`: may it succeed?

    `cores`: that a slot is pinned to where the machine has them. `processes_only`: no container can run it.
    """

    name: str
    options: type[Options]
    split: Callable[[Mapping[str, Any], int], list[Part]]
    splits: bool = True
    cores: int = 1
    processes_only: bool = False

    def plan(self, options: Mapping[str, Any], shards: int) -> list[Part]:
        """`shards` parts of the work that `options` ask for. Raises CannotSplit."""
        return [Part(None, dict(options))] if shards == 1 else self.split(options, shards)


@cache
def kind(name: str) -> Kind | None:
    """None for a kind that only somebody's own runner may know."""
    if name not in MODULES:
        return None
    found: Kind = import_module(f"{__package__}.{MODULES[name]}").KIND
    return found


def check(name: str, options: Mapping[str, Any], *, where: str = DEFAULT_PLACE) -> list[Problem]:
    """Everything that is wrong with the options of a kind, with paths below `where`. Nothing, for an unknown kind."""
    return [problem for _, problem in _wrong(name, options, where)]


def check_own(name: str, options: Mapping[str, Any], *, where: str = DEFAULT_PLACE) -> list[Problem]:
    """What is wrong with each of these options, which are a part of a whole: one that is missing may be elsewhere."""
    return [problem for option, problem in _wrong(name, options, where) if option in options]


def check_whole(name: str, options: Mapping[str, Any], *, where: str) -> list[Problem]:
    """What is wrong with options together, where each by itself is known to be right: some are missing, say."""
    return [problem for option, problem in _wrong(name, options, where) if option not in options]


def _wrong(name: str, options: Mapping[str, Any], where: str) -> list[tuple[str, Problem]]:
    known = kind(name)
    try:
        if known:
            parse(known.options, options, where=where)
    except InvalidOptions as error:
        return list(zip(error.names, error.problems, strict=True))
    return []


def plan(name: str, options: Mapping[str, Any], shards: int) -> list[Part]:
    """The parts of the work. Raises CannotSplit: for more than one shard of an unknown kind, too."""
    known = kind(name)
    if known:
        return known.plan(options, shards)
    return Kind(name, Options, no_shards(f"nothing is known of how {name} splits")).plan(options, shards)


def no_shards(why: str) -> Callable[[Mapping[str, Any], int], list[Part]]:
    """For a kind that does not split."""

    def refuse(options: Mapping[str, Any], shards: int) -> list[Part]:
        raise CannotSplit(why, "leave shards out; more tasks or subjects share the work of a run")

    return refuse


def split(options: Mapping[str, Any], field: str, shards: int) -> list[Part]:
    """Deals the texts of a list out, each once. Raises CannotSplit where they are fewer than shards."""
    names = list(dict.fromkeys(options[field]))
    if len(names) < shards:
        has = "1 name" if len(names) == 1 else f"{len(names)} names"
        raise CannotSplit(f"{field} has {has}, too few for {shards} shards", f"at most {len(names)}, or more names")
    return [Part(f"{number + 1}/{shards}", {**options, field: names[number::shards]}) for number in range(shards)]
