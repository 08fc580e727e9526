"""Each answer, and each lack of one, becomes the right error with the right exit code."""

import sys
from collections.abc import Iterator
from typing import TypeVar

import httpx
import pytest
from benchfleet import exceptions, exit_codes
from benchfleet.api.refusals import BY_STATUS, no_answer, refusal

from chalicelib.api.endpoint import status_of
from chalicelib.domain import errors, fleet_errors
from chalicelib.domain.registry import errors as of_registry
from tests.each_case import each_case
from tests.unit.sdk_network import Ask, Network, ok, refused


@pytest.fixture(params=["blocking", "awaited"])
def ask(request: pytest.FixtureRequest) -> Ask:
    return Ask(request.param)


T = TypeVar("T")


def below(kind: type[T]) -> Iterator[type[T]]:
    """Without what a dataclass with slots replaced: that is a subclass until it is collected, in one worker and not the other."""
    yield kind
    for child in kind.__subclasses__():
        if getattr(sys.modules[child.__module__], child.__name__, None) is child:
            yield from below(child)


def made(response: httpx.Response) -> exceptions.ApiError:
    response.request = httpx.Request("GET", "http://api.test/runs/7?X-Amz-Signature=hidden")
    return refusal(response, now_s=0.0)


@each_case(
    ("answer", "kind", "words"),
    [
        (refused(401, error="Unauthorized"), exceptions.AuthError, "Unauthorized"),
        (refused(403, error="Forbidden", code="forbidden"), exceptions.AuthError, "Forbidden"),
        (refused(403, message="Missing Authentication Token"), exceptions.AuthError, "Missing Authentication Token"),
        (refused(404, error="Run not found"), exceptions.NotFound, "run 7 does not exist"),
        (refused(404, error="no such page"), exceptions.NotFound, "no such page"),
        (refused(400, error=["a is wrong", "b too"]), exceptions.InvalidRequest, "a is wrong; b too"),
        (refused(409, error=["taken"], code="run_exists"), exceptions.Conflict, "taken"),
        (refused(400, error=["taken"], code="run_exists"), exceptions.Conflict, "taken"),
        (refused(413, error="too large"), exceptions.InvalidRequest, "too large"),
        (refused(415, Message="a type"), exceptions.InvalidRequest, "a type"),
        (refused(422, error="what"), exceptions.InvalidRequest, "what"),
        (refused(422, error="ended", code="run_not_running"), exceptions.Conflict, "ended"),
        (refused(418, error="a teapot"), exceptions.ApiError, "a teapot"),
        (httpx.Response(301), exceptions.ApiError, "answered HTTP 301: is the API's URL right?"),
        (httpx.Response(404, text="<html>"), exceptions.NotFound, "answered HTTP 404: is the API's URL right?"),
        (httpx.Response(500, json=["no object"]), exceptions.ServerError, "http://api.test/runs/7 answered HTTP 500"),
        (httpx.Response(599), exceptions.ServerError, "answered HTTP 599"),
        (refused(429, error="Slow down"), exceptions.ServerError, "Slow down"),
    ],
)
def test_what_an_answer_becomes(answer: httpx.Response, kind: type[exceptions.ApiError], words: str) -> None:
    error = made(answer)
    assert type(error) is kind
    assert words in str(error)
    assert "hidden" not in str(error)
    assert error.status == answer.status_code


EXIT_CODES = {
    exceptions.BenchfleetError: 3,
    exceptions.ApiError: 3,
    exceptions.AuthError: 4,
    exceptions.NotFound: 2,
    exceptions.RunUnknown: 3,
    exceptions.RunUnknown: 3,
    exceptions.Conflict: 5,
    exceptions.InvalidRequest: 5,
    exceptions.ServerError: 3,
    exceptions.Unreachable: 3,
    exceptions.ArchiveError: 3,
    exceptions.DiskError: 3,
    exceptions.UsageError: 2,
    exceptions.ConfigError: 5,
    exceptions.RunFailed: 1,
    exceptions.TimedOut: 124,
}


def ours() -> list[type[exceptions.BenchfleetError]]:
    return [kind for kind in below(exceptions.BenchfleetError) if kind.__module__ == exceptions.__name__]


def test_every_error_has_its_exit_code() -> None:
    assert {kind: kind.exit_code for kind in ours()} == EXIT_CODES
    assert set(EXIT_CODES.values()) <= set(exit_codes.MEANINGS)


def test_the_tree_that_is_drawn_is_the_tree() -> None:
    """Names, who is below whom, and the exit codes said in the drawing."""
    drawn: dict[str, tuple[str, int]] = {}
    above: list[str] = []
    for line in (exceptions.__doc__ or "").splitlines()[2:]:
        bare = line.lstrip("│├└─ ")
        depth, name = (len(line) - len(bare)) // 4, bare.split()[0]
        del above[depth:]
        said = int(bare.rpartition("exit code ")[2].split()[0]) if "exit code" in bare else 3
        drawn[name] = (above[-1] if above else "Exception", said)
        above.append(name)
    assert drawn == {kind.__name__: (kind.__base__.__name__, kind.exit_code) for kind in ours() if kind.__base__}


def server_refusals() -> list[type[errors.Refusal]]:
    """Those that are raised; the registry's are among them, but for what they have in common."""
    assert issubclass(
        fleet_errors.InvalidFleet, errors.Refusal
    )  # imported here, so that every worker sees the same ones
    return [kind for kind in below(errors.Refusal) if kind not in (errors.Refusal, of_registry.Numbered)]


@each_case("kind", server_refusals())
def test_every_refusal_of_the_server_has_a_class_of_its_own(kind: type[errors.Refusal]) -> None:
    error = made(refused(status_of(kind), error="no", code=kind.code))
    assert type(error) in set(below(exceptions.ApiError)) - {exceptions.ApiError}
    assert (error.code, error.status) == (kind.code, status_of(kind))


def test_conflicts_of_the_server_are_conflicts() -> None:
    conflicts: list[type[errors.Refusal]] = [*below(errors.Conflict), errors.RunNotRunning]
    assert {type(made(refused(status_of(kind), code=kind.code))) for kind in conflicts} == {exceptions.Conflict}


def test_every_status_that_the_server_uses_is_in_the_table() -> None:
    used = {status_of(kind) for kind in server_refusals()}
    assert {status for status in used if status < 500} <= set(BY_STATUS)


def test_problems_come_with_their_fields() -> None:
    problem = {"field": "aws[0].alias", "value": "", "message": "is empty", "remedy": "name it"}
    error = made(refused(400, error="no", problems=[problem]))
    assert isinstance(error, exceptions.InvalidRequest)
    assert [found.model_dump() for found in error.problems] == [problem]


def test_problems_that_cannot_be_read_hide_nothing_else() -> None:
    error = made(refused(400, error="no", problems=[{"nonsense": 1}]))
    assert isinstance(error, exceptions.InvalidRequest)
    assert (str(error), error.problems) == ("no", ())


HTTPX_ERRORS = [
    kind
    for root in (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError, httpx.CookieConflict)
    for kind in below(root)
    if kind.__module__.partition(".")[0] == "httpx"  # not of httpx_sse, which another test may have imported
]


def test_these_are_all_the_errors_that_httpx_exports() -> None:
    exported = (getattr(httpx, name) for name in httpx.__all__)
    assert {kind for kind in exported if isinstance(kind, type) and issubclass(kind, Exception)} <= set(HTTPX_ERRORS)


def example(kind: type[Exception]) -> Exception:
    if issubclass(kind, httpx.HTTPStatusError):
        return kind("words", request=httpx.Request("GET", "http://x"), response=httpx.Response(500))
    own_words = issubclass(kind, httpx.StreamError) and kind is not httpx.StreamError
    return kind() if own_words else kind("words")


@each_case("kind", HTTPX_ERRORS)
def test_every_error_of_httpx_becomes_one_of_ours(ask: Ask, kind: type[Exception]) -> None:
    error = example(kind)
    expected = exceptions.UsageError if isinstance(no_answer(error, where="x"), exceptions.UsageError) else None
    with pytest.raises(expected or exceptions.Unreachable) as raised:
        ask(Network(*[error] * 6), lambda client: client.run("7"))
    assert "http://api.test/runs/7" in str(raised.value)
    assert raised.value.__cause__ is error
    unusable = issubclass(kind, httpx.InvalidURL | httpx.UnsupportedProtocol)
    assert isinstance(raised.value, exceptions.UsageError) == unusable


@each_case("kind", [httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.ReadError])
def test_an_error_says_whether_the_request_may_have_arrived(kind: type[httpx.RequestError]) -> None:
    error = no_answer(kind("words"), where="x")
    assert isinstance(error, exceptions.Unreachable)
    assert error.sent == (kind is httpx.ReadError)


@each_case(
    ("path", "code", "words"),
    [
        ("/runs/7/tasks", "run_not_found", "run 7 does not exist"),
        ("/prod/runs/a.b", "run_not_found", "run a.b does not exist"),
        ("/tasks/7.99/files", "task_not_found", "task 7.99 does not exist"),
        ("/tasks/no.pe.1", "run_not_found", "run no.pe does not exist"),
        ("/runners", "run_not_found", "the server's own words"),
    ],
)
def test_what_is_not_there_is_named(path: str, code: str, words: str) -> None:
    answer = refused(404, error="the server's own words", code=code)
    answer.request = httpx.Request("GET", f"http://api.test{path}?X-Amz-Signature=hidden")
    assert str(refusal(answer, now_s=0.0)) == words


@each_case(
    ("said", "words"),
    [
        ("[Errno 111] Connection refused", "connection refused"),
        ("[Errno -2] Name unknown", "name unknown"),
        ("Oh", "Oh"),
    ],
)
def test_no_answer_is_told_without_the_systems_numbers(said: str, words: str) -> None:
    assert str(no_answer(httpx.ConnectError(said), where="x")) == f"no answer from x: {words}"


def test_an_error_without_words_says_its_name() -> None:
    assert str(no_answer(httpx.ReadTimeout(""), where="x")) == "no answer from x: ReadTimeout"


@each_case(
    ("answer", "words"),
    [
        (httpx.Response(200, text="<html>"), "http://api.test/runs/7 is not JSON: is this the API's URL?"),
        (ok({"run_id": 7}), "is not a valid RunDetail: run_id: Input should be a valid string"),
        (ok([]), "is not a valid RunDetail"),
        (httpx.Response(200, content=b"\xff\xfe"), "is not JSON"),
    ],
)
def test_a_success_that_says_nothing_we_know(ask: Ask, answer: httpx.Response, words: str) -> None:
    with pytest.raises(exceptions.ApiError, match=words.replace("?", r"\?")) as raised:
        ask(Network(answer), lambda client: client.run("7"))
    assert raised.value.exit_code == exit_codes.INFRASTRUCTURE


def test_a_route_that_the_api_does_not_have_is_no_missing_run() -> None:
    error = made(refused(404, error="No such route: GET /runs/7", code="no_such_route"))
    assert (type(error), error.exit_code, error.status) == (exceptions.ApiError, 3, 404)
    assert "http://api.test/runs/7 answered HTTP 404: no such route; is the stage missing in the URL?" in str(error)
