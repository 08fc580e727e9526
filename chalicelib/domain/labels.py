"""The few words that lists say of a run beside its kind: for ruby-bench, which versions it measures."""

from benchfleet_contract.run_options import options_of, ruby_version_of
from benchfleet_contract.runs import RunRequest

MOST_CHARS = 200  # the index of all runs holds it


def label_of(request: RunRequest) -> str | None:
    """`3.4.7`, or `3.4.7, 3.3.10` in the order of the subjects; None where no version is named."""
    options = [options_of(request, subject) for subject in request.subjects] or [options_of(request)]
    versions = [ruby_version_of(request.workload, each, request.ruby_version) for each in options]
    return ", ".join(dict.fromkeys(version for version in versions if version))[:MOST_CHARS] or None
