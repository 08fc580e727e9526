"""The tests of one shard on the wire, for people who look at them: a line for each, and all of one."""

from benchfleet_contract.document import Document
from benchfleet_contract.fleets.results import Score, Status

MOST_TESTS = 1_000  # of one reply
MOST_TEXT_CHARS = 200_000  # of a prompt or answer; the artifact has all of it
MOST_ERROR_CHARS = 300  # of a line


class ShardTest(Document):
    """`passed` and `score` are None where nothing was asserted. `ttft_ms` is the first token's, `e2el_ms` the last one's.

    `cost_usd` None: no price is known, or it was not answered (`answered`).
    """

    key: str
    test_id: str
    repeat: int | None
    category: str | None
    status: Status
    answered: bool
    passed: bool | None
    score: float | None
    error: str | None
    ttft_ms: float | None
    e2el_ms: float | None
    duration_ms: int
    tokens: int | None
    cost_usd: float | None


class ShardTestText(Document):
    """One test in full. `prompt` None: it was not saved. `answer` None: there is none, or it was not saved.

    A text of more than MOST_TEXT_CHARS is cut, and its length is in `prompt_chars` or `answer_chars`. `artifact` is the
    path of the response among the artifacts of the run.
    """

    prompt: str | None
    prompt_chars: int
    answer: str | None
    answer_chars: int
    artifact: str | None
    error: str | None
    error_kind: str | None
    http_status: int | None
    scores: list[Score]
    model: str | None
    finish_reason: str | None
    prompt_tokens: int | None
    completion_tokens: int | None
    usage_source: str | None
    tries: int | None
    tpot_ms: float | None
    queue_ms: float | None
    retry_wait_ms: float | None
    price_source: str | None
    timestamp: str


class ShardTests(Document):
    """Reply of `GET /fleets/runs/{id}/shards/{n}/tests`, in the order of the dataset. `text` only where one was asked for.

    `files` are the paths of the shard among the artifacts of the run.
    """

    run_id: str
    shard: int
    repository_id: str
    repository_name: str
    scenario: str | None
    target: str
    total: int
    saves_responses: bool
    files: list[str]
    tests: list[ShardTest]
    next_cursor: int | None = None
    text: ShardTestText | None = None
