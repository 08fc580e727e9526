"""The key grammar of the bucket: every key that exists, and who it belongs to. Pure.

    runs/<run_id>/request.json                                       the accepted body of POST /runs
    runs/<run_id>/plan.jsonl                                         the options of its tasks, each different set a line
    runs/<run_id>/results/<n>/<attempt>-<nonce>/result.tar.gz        what one attempt at task n uploaded
    runs/<run_id>/results/<n>/<attempt>-<nonce>/error.tar.gz         the same, of an attempt that failed
    runs/<run_id>/results.tar.gz                                     the archive
    runs/<run_id>/summary.json                                       the rankings of its results
    runs/<run_id>/fleet/plan.json                                    what a fleet run comes to, without its tests
    runs/<run_id>/fleet/done.json                                    how its shards ended, in numbers
    runs/<run_id>/fleet/manifest.json                                its manifest
    runs/<run_id>/fleet/shards/<n>.json                              one shard of it, with its tests
    runs/<run_id>/fleet/journal/<n>/<attempt>-<chunk>.jsonl.gz       outcomes of tests, as they happened
    runs/<run_id>/fleet/artifacts/<path>                             its results; fleet-results.json is written last
    fleets/uploads/<sha256>.json                                     a dataset that was too large for a request
    schedules/<schedule>-<created ms>/run.json.z                     the body of a schedule's runs, if it is large
    prices/aws.json                                                  what machines cost, as `benchfleet prices` published it

An upload's key holds the attempt and a random part, so that a runner that lost its lease can never overwrite what its
successor uploaded: only the task row says which of the objects counts.
"""

from benchfleet_contract.names import task_id

PRICES_KEY = "prices/aws.json"


def run_prefix(run_id: str) -> str:
    """Every key of the run begins with it, and no other run's key does."""
    return f"runs/{run_id}/"


def uploads_prefix(run_id: str) -> str:
    """Every key that a runner of the run may write to begins with it."""
    return f"runs/{run_id}/results/"


def request_key(run_id: str) -> str:
    return f"runs/{run_id}/request.json"


def plan_key(run_id: str) -> str:
    return f"runs/{run_id}/plan.jsonl"


def archive_key(run_id: str) -> str:
    return f"runs/{run_id}/results.tar.gz"


def summary_key(run_id: str) -> str:
    return f"runs/{run_id}/summary.json"


def fleet_key(run_id: str, name: str) -> str:
    """`name`: `plan.json`, `manifest.json`, `shards/<n>.json` or `artifacts/<path>`."""
    return f"runs/{run_id}/fleet/{name}"


def chunk_key(run_id: str, shard: int, attempt: int, number: int) -> str:
    """Padded, so that keys in order are chunks in the order of their writing."""
    return f"{journal_prefix(run_id, shard)}{attempt:08d}-{number:06d}.jsonl.gz"


def journal_prefix(run_id: str, shard: int) -> str:
    return f"runs/{run_id}/fleet/journal/{shard}/"


def upload_key(sha256: str) -> str:
    return f"fleets/uploads/{sha256}.json"


def schedule_key(key: str) -> str:
    return f"schedules/{key}/run.json.z"


def result_key(run_id: str, number: int, attempt: int, nonce: str) -> str:
    """`number` and `attempt` count from 1; `nonce` is the random part, drawn by the caller when it signs."""
    return f"{_attempt_prefix(run_id, number, attempt, nonce)}/result.tar.gz"


def error_key(run_id: str, number: int, attempt: int, nonce: str) -> str:
    return f"{_attempt_prefix(run_id, number, attempt, nonce)}/error.tar.gz"


def names_result(key: str, *, issued: str, run_id: str, number: int) -> bool:
    """Whether a runner that says `key` means the result key `issued` to it.

    True for the issued key itself and for the name that clients of the reference system make up. What is stored is
    always the issued key: a key from outside must never decide which object an archive contains.
    """
    return key in (issued, _reference_alias(run_id, number, "result"))


def names_error(key: str, *, issued: str, run_id: str, number: int) -> bool:
    """The same for the error archive of a failed attempt."""
    return key in (issued, _reference_alias(run_id, number, "error"))


def _attempt_prefix(run_id: str, number: int, attempt: int, nonce: str) -> str:
    return f"runs/{run_id}/results/{number}/{attempt}-{nonce}"


def _reference_alias(run_id: str, number: int, kind: str) -> str:
    return f"results/{run_id}/task_{task_id(run_id, number)}_{kind}.tar.gz"
