"""What every command's exit code means: the table of docs/cli.md.

`fleet` commands have a table of their own, `benchfleet.fleet.exit_codes`.
"""

OK = 0
FAILED = 1  # the run, or some of its tasks, failed; or a comparison does not pass
USAGE = 2
INFRASTRUCTURE = 3  # not the benchmark's fault: no response, no engine, a damaged archive
AUTH = 4
INVALID_CONFIG = 5
TIMEOUT = 124  # as timeout(1)
INTERRUPTED = 130  # 128 + SIGINT
BROKEN_PIPE = 141  # 128 + SIGPIPE, as other programs end when nobody reads on

MEANINGS = {
    OK: "success",
    FAILED: "the run or some of its tasks failed; `report`: worse than the baseline, not comparable, or nothing was measured",
    USAGE: "invalid usage of the command line",
    INFRASTRUCTURE: "infrastructure: no response, no Docker engine, a port in use, a damaged archive or state file",
    AUTH: "the key is missing, unknown or not allowed to do this",
    INVALID_CONFIG: "the config (or a file of prices or thresholds) is invalid, or the request does not fit the run's state",
    TIMEOUT: "timeout: it took longer than allowed",
    INTERRUPTED: "interrupted (Ctrl-C, SIGTERM)",
    BROKEN_PIPE: "nobody reads the output any more (`| head`)",
}
