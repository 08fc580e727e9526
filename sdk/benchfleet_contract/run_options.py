"""The options that a run's tasks get, and where ruby-bench's `ruby_version` goes among them."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from benchfleet_contract.runs import RunRequest, Subject

RUBY_BENCH = "ruby-bench"


def options_of(request: "RunRequest", subject: "Subject | None" = None) -> dict[str, Any]:
    """The options of the tasks of one subject: the run's own, then the subject's over them, key by key.

    ruby-bench takes the run's `ruby_version` as an option. Nothing else maps it there.
    """
    own = subject.options if subject else {}
    return merged(request.workload, request.ruby_version, request.workload_options, own)


def ruby_version_of(workload: str, options: Mapping[str, Any], ruby_version: str | None) -> str | None:
    """The `ruby_version` that the wire shows beside these options; the run's own where they name none."""
    return (workload == RUBY_BENCH and options.get("ruby_version")) or ruby_version


def merged(
    workload: str, ruby_version: str | None, options: Mapping[str, Any], own: Mapping[str, Any]
) -> dict[str, Any]:
    """One set of options over the other, over what the run itself says."""
    ruby = {"ruby_version": ruby_version} if workload == RUBY_BENCH and ruby_version else {}
    return {**ruby, **options, **own}
