"""What the tasks of a `POST /runs` body are to do, and what is wrong with that."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from benchfleet_contract import limits
from benchfleet_contract.problems import Problem
from benchfleet_contract.reading import Reading
from benchfleet_contract.run_options import RUBY_BENCH, merged
from benchfleet_contract.run_subjects import Given

WORKLOAD_OPTIONS = "workload_options"
_REMEDY = 'say which: "ruby_version": "3.4.7"'


def read_ruby_version(
    body: Mapping[str, Any], workload: str, subjects: Sequence[Given], reading: Reading
) -> str | None:
    """The run's own, for all of its tasks. ruby-bench needs one for each of them, wherever it stands."""
    version = body.get("ruby_version")
    options = body.get("workload_options")
    other = options.get("ruby_version") if workload == RUBY_BENCH and isinstance(options, dict) else None
    if version in (None, "") and workload == RUBY_BENCH:
        _refuse_blank(version, other, subjects, reading)
        return None
    if version is not None and not (isinstance(version, str) and len(version) <= limits.MAX_LABEL_CHARS):
        reading.refuse("ruby_version", version, "Ruby version is invalid", 'a short string, such as "3.4.7"')
        return None
    if other is not None and version is not None:
        words = "Ruby version is there twice (workload_options.ruby_version)"
        reading.refuse("workload_options.ruby_version", other, words, "keep one of them")
    return version


def _refuse_blank(version: Any, other: Any, subjects: Sequence[Given], reading: Reading) -> None:
    words = "Ruby version can't be blank"
    if not other and not subjects:
        reading.refuse("ruby_version", version, words, _REMEDY)
    for given in subjects if not other else ():
        if given.options.get("ruby_version") in (None, ""):
            where = f"{given.where}.ruby_version"
            reading.refuse(where, given.options.get("ruby_version"), f"{words} ({where})", _REMEDY)


@dataclass(frozen=True)
class Work:
    """What the tasks of a body are to do, right or wrong."""

    workload: str
    ruby_version: str | None
    options: dict[str, Any]
    subjects: Sequence[Given]

    def of_each(self) -> Iterator[tuple[str, dict[str, Any]]]:
        """The whole options of each subject, with its path; of a run without subjects once, with an empty one."""
        for given in self.subjects or (Given("", {}),):
            yield given.where, merged(self.workload, self.ruby_version, self.options, given.options)


def check_options(work: Work, reading: Reading) -> bool:
    """Puts every problem into the reading: of the run's options, of each subject's, and of what these come to together.

    True if there is none.
    """
    problems = list(_problems(work))
    for found in problems:
        reading.refuse(found.field, found.value, found.message, found.remedy)
    return not problems


def _problems(work: Work) -> Iterator[Problem]:
    """A kind is first imported here: a control plane that only starts needs none."""
    from benchfleet_contract.workloads.kinds import check_own, check_whole

    yield from check_own(work.workload, work.options)
    for given in work.subjects:
        yield from check_own(work.workload, given.options, where=given.where)
    for where, options in work.of_each():
        yield from check_whole(work.workload, options, where=where or WORKLOAD_OPTIONS)


def check_shards(work: Work, shards: int, reading: Reading) -> None:
    """Can the work of each subject be split? Its options must be right."""
    from benchfleet_contract.workloads.kinds import CannotSplit, plan

    for where, options in work.of_each():
        try:
            plan(work.workload, options, shards)
        except CannotSplit as error:
            at = f" ({where})" if where else ""
            reading.refuse("shards", shards, f"Shards cannot be made: {error.message}{at}", error.remedy)
