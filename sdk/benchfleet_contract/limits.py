"""Every number that a user can run into, with the reason for it. Sizes are bytes, durations seconds."""

MAX_BODY_BYTES = 1024 * 1024  # of any request: far above the largest sensible config, far below the 6 MB of a Lambda
MAX_FORM_FIELDS = 4_096  # of a body that is a form; JSON has no such bound
MAX_FORM_NAME_CHARS = 512
MAX_FORM_DEPTH = 16  # `a[b][c]` is three deep
MAX_TASKS = 100_000  # of a run: what one status item can count (see chalicelib/store/keys.py)
MAX_GROUPS = 256  # distinct (provider, instance type) pairs of a run: their counters share one DynamoDB item
PILOT_TASKS = 30  # before a run with a target precision may end: fewer tell too little of tails (docs/benchmarks.md)
MIN_SEQUENTIAL_TASKS, MAX_SEQUENTIAL_TASKS = 10, 1_000  # of an instance and subject, in such a run
MIN_TARGET_PRECISION, MAX_TARGET_PRECISION = 0.001, 0.5  # half the width of an interval, as a share of the mean
MAX_SHARDS = 1_000  # of a subject's work: what no suite has benchmarks for
MAX_LABEL_CHARS = 64  # a provider, a subject, a ruby_version
MAX_TYPE_CHARS = 128  # an instance type or an alias
MAX_RUNNER_ID_CHARS = 256
MAX_KEY_CHARS = 1_024  # a key in the bucket
MAX_TOKEN_CHARS = 128  # a claim token
MAX_ACTIVE = 10_000  # tasks that a runner may say it is at
MAX_OPTIONS_BYTES = 8 * 1024  # workload_options as JSON: they travel with every claim
MAX_NESTING = 64  # lists and objects within each other, in options and metadata: what writes responses ends at 255
MAX_PLAN_BYTES = 32 * 1024**2  # the options of all tasks of a run, each different set once
MAX_METADATA_BYTES = 16 * 1024  # a run's metadata as JSON
MAX_MESSAGE_CHARS = 256  # a heartbeat's message: a heartbeat must stay one write unit
MAX_BENCHMARK_CHARS = 128
MAX_ERROR_TYPE_CHARS = 64
MAX_ERROR_CHARS = 1_024  # an error message; the error archive holds the rest
MAX_REASON_CHARS = 512
MAX_UPLOAD_BYTES = 5 * 1024**3  # one presigned PUT

DEFAULT_LEASE_S = 120  # a runner that is silent for two minutes is taken for dead
MIN_LEASE_S, MAX_LEASE_S = 1, 86_400
DEFAULT_MAX_ATTEMPTS = 1
MAX_ATTEMPTS = 100
MAX_ATTEMPT_NUMBER = 99_999_999  # that a client may name: far above what any task reaches
DEFAULT_DEADLINE_S = 86_400
MIN_DEADLINE_S, MAX_DEADLINE_S = 1, 30 * 86_400
HEARTBEAT_EVERY_S = 30  # at the default lease: four chances before a lease runs out
WAIT_RETRY_S = 30  # how long a runner waits when others still work on its kind of task
URL_LIFETIME_S = 3_600  # of a presigned URL

RUNS_PAGE = 100
TASKS_PAGE = 1_000  # about 0.7 MB of JSON: far below the 6 MB that a Lambda may answer
MAX_TASKS_PAGE = 5_000
MAX_RUNNERS = 1_000  # that one answer tells of
MAX_SCHEDULES = 200  # one answer lists them all, and the sweep reads them every minute
