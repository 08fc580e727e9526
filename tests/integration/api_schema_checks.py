"""What must be true of each reply: all checks of schemathesis but those that are named here with the reason."""

from typing import Any

from schemathesis import Response
from schemathesis.checks import CHECKS, load_all_checks
from schemathesis.generation.meta import REQUEST_SHAPE_PROBES, CoverageScenario, coverage_scenario

from chalicelib.api.endpoint import JSON
from tests.integration.api_client import Json
from tests.integration.api_schema import Case

OFF = {
    "unsupported_method": "an unknown verb is 404, as in the reference system, not 405; `_check_probe` asks for that",
}
# Good requests that are refused for what a schema cannot say: code, some words of the refusal, reason.
REFUSED_RIGHTLY = [
    ("run_exists", "already been taken", "another run has the id"),
    ("run_not_running", "not running", "the run has ended"),
    ("no_instances", "At least one instance", "which keys are providers follows from what they hold"),
    ("invalid_run", "Shards cannot be made", "a schema cannot count the benchmarks"),
    ("invalid_run", "Subject name is taken", "a schema compares no names"),
    ("invalid_run", "Provider is there twice", "likewise"),
    ("invalid_run", "Instance type is invalid", "its length counts as a part of a key, where a letter may be 12 bytes"),
    ("invalid_parameter", "are too long", "likewise"),
    ("invalid_fleet", "was not given", "which datasets are needed follows from the manifest"),
    ("invalid_fleet", "fleet_id: is missing", "a manifest is one of two dialects: the document leaves it open"),
    ("foreign_key", "was not issued for", "each attempt has a key of its own"),
    ("malformed_form", "The form's field", "what the name of an undeclared field may look like"),
    ("invalid_parameter", "generation must be the one", "an executor_id needs a generation beside it"),
    (2002, "was removed", "it has left"),
    (3002, "An update is not whole", "what a descriptor's presence and name follow from"),
    (3002, "FindModel needs a model_id", "what is needed follows from the question"),
    (3002, "ExecutorInfo needs executor_ids", "likewise"),
    (3002, "SearchByCapabilities needs filters", "likewise"),
    (3002, "A model is there twice", "a schema compares no names"),
    (3002, "must be at most 5 levels deep", "a schema counts no levels"),
    (3002, "as text", "what a price may look like follows from its currency"),
    (3002, "must not", "a schema sees no spaces at the ends"),
    (1003, "from the server's time", "a schema knows no time"),
    ("invalid_schedule", "The expression", "a schema knows neither EventBridge's grammar nor what time it is"),
    ("invalid_schedule", "The time zone is unknown", "a schema has no list of them"),
    ("invalid_schedule", "Each run of a schedule gets an id", "the body of a run may have one elsewhere"),
    ("invalid_schedule", "At least one instance", "which keys are providers follows from what they hold"),
    ("invalid_schedule", "The webhook", "what a host may be"),
    ("invalid_schedule", "The topic is invalid", "its name begins with that of the stack"),
    ("invalid_schedule", "The secret is no parameter", "likewise"),
    ("bad_request", "not both", "parameters that belong together: OpenAPI has no words for that"),
    ("bad_request", "_bytes must be a whole number from 1", "likewise"),
    ("bad_request", "_sha256 must be 64 hexadecimal digits, not ''", "likewise"),
]


def check(case: Case, reply: Response, *, headers: dict[str, str], sent: dict[str, Any]) -> None:
    """`headers` are those of the role, `sent` says how the request was sent. Raises what schemathesis found wrong."""
    load_all_checks()
    if coverage_scenario(case) in REQUEST_SHAPE_PROBES:
        _check_probe(case, reply)
    off = {*OFF, "positive_data_acceptance"} if _is_refused_rightly(reply) else set(OFF)
    excluded: list[Any] = [CHECKS.get_one(name) for name in off]
    case.validate_response(reply, excluded_checks=excluded, headers=headers, transport_kwargs=sent)


def _check_probe(case: Case, reply: Response) -> None:
    """A verb that the path does not have, or an odd type of a body: schemathesis looks for server errors only."""
    if coverage_scenario(case) == CoverageScenario.UNSPECIFIED_HTTP_METHOD:
        assert (reply.status_code, _document(reply).get("code")) == (404, "no_such_route"), reply.text
    else:
        described = case.operation.responses.status_codes
        assert str(reply.status_code) in described, f"{reply.status_code} is not described: {reply.text}"
    assert reply.headers["content-type"][0] == JSON


def _is_refused_rightly(reply: Response) -> bool:
    said = _document(reply) if reply.status_code in (400, 410, 422) else {}
    return any(said.get("code") == code and words in str(said["error"]) for code, words, _ in REFUSED_RIGHTLY)


def _document(reply: Response) -> Json:
    found = reply.json()
    return found if isinstance(found, dict) else {}
