"""Chalice's record is written from what is in the account, and what is there twice goes."""

from benchfleet.deploy.found import Api, EventSource, Found, chalice_name
from benchfleet.deploy.record import Twins, record, twins

LAMBDA = "arn:aws:lambda:eu-west-1:123456789012:function"
QUEUE = "arn:aws:sqs:eu-west-1:123456789012:benchfleet-dev-finalize"
STREAM = "arn:aws:dynamodb:eu-west-1:123456789012:table/benchfleet-dev/stream/2026-11-29T01:09:33.354"
OLD_STREAM = "arn:aws:dynamodb:eu-west-1:123456789012:table/benchfleet-dev/stream/2025-01-01T00:00:00.000"
NOW = (QUEUE, STREAM)


def finalize(uuid: str, *, enabled: bool = True) -> EventSource:
    return EventSource(uuid, f"{LAMBDA}:benchfleet-dev-finalize", QUEUE, enabled)


def count(uuid: str, stream: str = STREAM) -> EventSource:
    return EventSource(uuid, f"{LAMBDA}:benchfleet-dev-count", stream, True)


def test_one_of_each_is_no_twin() -> None:
    found = Found(mappings=(finalize("a"), count("b")), apis=(Api("x", True, "1"),))
    assert twins(found, sources=NOW) == Twins()


def test_of_two_event_sources_the_enabled_one_stays() -> None:
    found = Found(mappings=(finalize("a", enabled=False), finalize("b")))
    assert twins(found, sources=NOW).mappings == (finalize("a", enabled=False),)


def test_the_stream_of_an_earlier_table_goes_even_if_it_comes_first() -> None:
    found = Found(mappings=(count("a", OLD_STREAM), count("b")))
    assert twins(found, sources=NOW).mappings == (count("a", OLD_STREAM),)


def test_the_only_event_source_stays_though_its_table_is_gone() -> None:
    """Chalice replaces it: the record names its stream."""
    found = Found(mappings=(count("a", OLD_STREAM),))
    assert twins(found, sources=NOW) == Twins()
    (made,) = record(found, stage="dev", gone=Twins())["resources"]
    assert made["stream_arn"] == OLD_STREAM


def test_the_api_that_users_know_stays() -> None:
    apis = (Api("known", False, "2"), Api("other", True, "1"))
    assert twins(Found(apis=apis), sources=NOW, keep_api="known").apis == (apis[1],)


def test_without_a_known_one_the_api_that_answers_stays_then_the_oldest() -> None:
    dead, young, old = Api("dead", False, "1"), Api("young", True, "3"), Api("old", True, "2")
    assert twins(Found(apis=(dead, young, old)), sources=NOW).apis == (young, dead)


def test_the_record_is_what_chalice_itself_writes() -> None:
    """As Chalice 1.34 left it after a deploy, but for log groups."""
    found = Found(
        functions={"count": f"{LAMBDA}:benchfleet-dev-count", "api_handler": f"{LAMBDA}:benchfleet-dev"},
        roles={"count": "arn:aws:iam::123456789012:role/benchfleet-dev-count"},
        rules={"sweep-event": "arn:aws:events:eu-west-1:123456789012:rule/benchfleet-dev-sweep-event"},
        mappings=(count("u1"), finalize("u2"), finalize("u3")),
        apis=(Api("abc", True, "1"), Api("twin", True, "2")),
    )
    gone = Twins((finalize("u3"),), (Api("twin", True, "2"),))
    assert record(found, stage="dev", gone=gone) == {
        "schema_version": "2.0",
        "backend": "api",
        "resources": [
            {
                "name": "count_role",
                "resource_type": "iam_role",
                "role_arn": "arn:aws:iam::123456789012:role/benchfleet-dev-count",
                "role_name": "benchfleet-dev-count",
            },
            {"name": "count", "resource_type": "lambda_function", "lambda_arn": f"{LAMBDA}:benchfleet-dev-count"},
            {"name": "api_handler", "resource_type": "lambda_function", "lambda_arn": f"{LAMBDA}:benchfleet-dev"},
            {"name": "sweep-event", "resource_type": "cloudwatch_event", "rule_name": "benchfleet-dev-sweep-event"},
            {
                "name": "count-dynamodb-event-source",
                "resource_type": "dynamodb_event",
                "stream_arn": STREAM,
                "event_uuid": "u1",
                "lambda_arn": f"{LAMBDA}:benchfleet-dev-count",
            },
            {
                "name": "finalize-sqs-event-source",
                "resource_type": "sqs_event",
                "queue_arn": QUEUE,
                "event_uuid": "u2",
                "queue": "benchfleet-dev-finalize",
                "lambda_arn": f"{LAMBDA}:benchfleet-dev-finalize",
            },
            {"name": "rest_api", "resource_type": "rest_api", "rest_api_id": "abc", "rest_api_url": ""},
        ],
    }


def test_names_of_other_stages_and_strangers_are_nobody() -> None:
    assert chalice_name("dev", "benchfleet-dev") == "api_handler"
    assert chalice_name("dev", "benchfleet-dev-sweep") == "sweep"
    assert [chalice_name("dev", name) for name in ("benchfleet-prod", "benchfleet-prod-sweep", "mine")] == [None] * 3
