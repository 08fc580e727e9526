"""What to do next about a failure, by its type."""

from benchfleet_contract.states import FailureClass

_TRY_AGAIN = "run it again; a higher `max_attempts` in the config lets the control plane do that by itself"
_DOCKER_RUBY = "use isolation docker, where each version runs in its official image"
_ADVICE = {
    "upload_failed": "look at the runner's log: the result could not be sent; check its network, then " + _TRY_AGAIN,
    "benchmark_failed": "read the log below: the benchmark itself gave no result; mend it or leave it out",
    "deadline": "give the run a later `deadline_s`, or more runners: the task had no time left",
    "runner_stopped": "somebody ended the runner; " + _TRY_AGAIN,
    "runner_error": "mend the runner's machine as the message says: the fault was its own, not the benchmark's; then "
    + _TRY_AGAIN,
    "invalid": "mend the result that the workload writes: the archive could not take it",
    "invalid_options": "mend `workload_options` in the config: docs/workloads.md lists what each workload takes",
    "unknown_workload": "mend `workload` in the config, or start a runner that knows it",
    "isolation_failed": "check Docker on the runner's machine as the message says, or choose what it needs: `--isolation`, "
    "`--container-network`",
    "suite_unavailable": "check that the runner's machine reaches the suite's repository, then " + _TRY_AGAIN,
    "ruby_unavailable": "install the Ruby that the config asks for on the runner's machine, or " + _DOCKER_RUBY,
    "wrong_ruby_version": "install the Ruby that the config asks for on the runner's machine, ask for the one there, or "
    + _DOCKER_RUBY,
    "wrong_variant": "use a Ruby that is built with what the variant needs, or leave the variant out",
    "load_tool_failed": "install the load tool on the runner's machine, or choose another, as the message says",
    "stalled": "look at the runner's machine: it worked on without progress; " + _TRY_AGAIN,
    "not_provisioned": "mend what the message names, or leave this instance type out; `runs show` lists the machines",
    "no_claims": "start runners for this instance type: none ever took a task",
}
_SILENT = "look whether the runner's machine is still there: it stopped telling of itself; " + _TRY_AGAIN
_SLOW = "raise `timeout_s` in `workload_options`, or make the benchmark shorter"
_UNKNOWN = {
    FailureClass.BENCHMARK: "read the error and the log: what was measured failed",
    FailureClass.INFRASTRUCTURE: "look at the runner's log; " + _TRY_AGAIN,
}
KNOWN = frozenset({*_ADVICE, "timeout"})


def advice(error_type: str | None, failure_class: FailureClass | None) -> str:
    """`timeout` means two things: a silent runner, or a benchmark that took too long."""
    if error_type == "timeout":
        return _SLOW if failure_class is FailureClass.BENCHMARK else _SILENT
    return _ADVICE.get(error_type or "", _UNKNOWN[failure_class or FailureClass.INFRASTRUCTURE])
