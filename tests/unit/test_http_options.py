"""Options and results of HTTP benchmarks: sources are pinned, `quick` is short, parts are suites, unknown is null."""

import pytest
from benchfleet_contract.http_results import HttpResult, WorkloadResult
from benchfleet_contract.workloads.http import KIND, HttpOptions
from benchfleet_contract.workloads.kinds import CannotSplit
from benchfleet_contract.workloads.options import InvalidOptions, parse

from tests.each_case import each_case

COMMIT, SHA256 = "a" * 40, "b" * 64


@each_case(
    ("app", "told"),
    [
        ({}, "exactly one"),
        ({"path": "/app", "git": "https://example.org/app.git", "commit": COMMIT}, "exactly one"),
        ({"git": "https://example.org/app.git"}, "needs app.commit"),
        ({"git": "https://example.org/app.git", "commit": "main"}, "pattern"),
        ({"archive": "https://example.org/app.tar.gz"}, "needs app.sha256"),
        ({"path": "/app", "folder": "x"}, "must stay within"),
        ({"archive": "https://example.org/a.zip", "sha256": SHA256, "folder": "a/../../b"}, "must stay within"),
    ],
)
def test_the_source_of_an_app_is_one_and_pinned(app: dict[str, str], told: str) -> None:
    with pytest.raises(InvalidOptions, match=told):
        parse(HttpOptions, {"app": app})


def test_a_pinned_source_is_taken() -> None:
    app = {"git": "https://example.org/app.git", "commit": COMMIT, "folder": "apps/mine"}
    assert parse(HttpOptions, {"app": app}).app.model_dump(exclude_none=True) == app  # type: ignore[union-attr]


def test_quick_is_short_and_leaves_the_rest() -> None:
    quick = parse(
        HttpOptions, {"framework": "flask", "quick": True, "keep_alive": False, "duration_s": 60.0}
    ).effective()
    assert (quick.primer_s, quick.warmup_s, quick.duration_s, quick.rate_duration_s) == (0.5, 0.5, 2.0, 2.0)
    assert (len(quick.concurrencies), len(quick.fractions)) == (1, 1)
    assert (quick.framework, quick.keep_alive) == ("flask", False)


def test_parts_are_suites_or_named_workloads() -> None:
    parts = KIND.plan({"suites": ["forms", "multipart"]}, 2)
    assert [part.options["suites"] for part in parts] == [["forms"], ["multipart"]]
    parts = KIND.plan({"suites": ["all"], "workloads": ["json-small", "path-int"]}, 2)
    assert [part.options["workloads"] for part in parts] == [["json-small"], ["path-int"]]
    with pytest.raises(CannotSplit, match="1 name"):
        KIND.plan({}, 2)


def test_what_was_asked_for_is_completed_or_skipped() -> None:
    found = HttpResult(
        framework="flask", subject="flask", suite="all", started_at="2026-01-01T00:00:00Z", requested=["a", "b", "c"],
        workloads=[
            WorkloadResult(name="a", suite="all", status="measured", best_rps=10.0),
            WorkloadResult(name="b", suite="all", status="unsupported", reasons=["no forms"]),
        ],
    )  # fmt: skip
    assert (found.completed, found.skipped) == (["a"], ["b", "c"])
    assert HttpResult.model_validate_json(found.model_dump_json()) == found
    assert found.startup_s is None


@each_case(
    ("given", "told"),
    [
        (
            {"stream_interval_s": 2.0, "stream_duration_s": 1.0},
            "stream_interval_s .2. .*stream_duration_s .1.*at most 0.5",
        ),
        ({"stream_interval_s": 3.0, "quick": True}, "stream_interval_s .3. .*stream_duration_s .2.*at most 1"),
        ({"stream_interval_s": float("nan")}, "stream_interval_s"),
        ({"stream_duration_s": float("nan")}, "stream_duration_s"),
        ({"stream_duration_s": float("inf")}, "stream_duration_s"),
        ({"stream_connections": 0}, "stream_connections must be greater than or equal to 1"),
        ({"stream_connections": 2001}, "stream_connections"),
        ({"streams": ["websocket", "websocket"]}, "streams.* twice"),
        ({"streams": [""]}, "streams"),
    ],
)
def test_streams_that_cannot_be_loaded_are_refused(given: dict[str, object], told: str) -> None:
    with pytest.raises(InvalidOptions, match=told):
        parse(HttpOptions, {"streams": ["sse"], **given})


def test_times_of_streams_that_nobody_asked_for_are_no_matter() -> None:
    assert parse(HttpOptions, {"stream_interval_s": 3.0, "quick": True}).streams == []
