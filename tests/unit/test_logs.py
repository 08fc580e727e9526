"""What a Lambda writes to its log can be read by a program."""

import io
import json
import logging
from collections.abc import Callable

from chalicelib.correlation import serving
from chalicelib.logs import write_json
from tests.each_case import each_case


def test_a_line_is_one_json_object_with_the_exception_in_it() -> None:
    stream = io.StringIO()
    logger = logging.Logger("of this test")
    logger.addHandler(logging.StreamHandler(stream))
    write_json(logger)
    try:
        raise ValueError("no good")
    except ValueError:
        logger.exception("%s failed", "POST /runs")
    logger.debug("not worth a line")
    (line,) = stream.getvalue().splitlines()
    document = json.loads(line)
    assert (document["level"], document["message"]) == ("ERROR", "POST /runs failed")
    assert document["exception_name"] == "ValueError"
    assert "no good" in document["exception"]


SECRETS = [
    "Authorization: Bearer dGhpcyBpcyBhIGtleSBvZiBvdXJz",
    "PUT https://b.s3.amazonaws.com/k?X-Amz-Credential=AKIAABCDEFGHIJKLMNOP%2F2026&X-Amz-Signature=0123456789abcdef",
    "InvalidClientTokenId: ASIAABCDEFGHIJKLMNOP",
    "the body was {'api_key': 'dGhpcyBpcyBhIGtleQ'}",
    'the body was {"attempt_token": "v1.r.7.2.dGhpcyBpcyBhIHRva2Vu"}',
    "X-Amz-Security-Token=FwoGZXIvYXdzEJr",
]
OPENS = ("dGhpcyBp", "AKIAABCD", "0123456789abcdef", "ASIAABCD", "FwoGZXIv")


@each_case("words", SECRETS)
def test_a_line_holds_no_secret_whoever_quoted_it(words: str) -> None:
    line, logger = logged()
    try:
        raise ValueError(words)
    except ValueError:
        logger.exception("failed: %s", words)
    text = line()
    assert not [part for part in OPENS if part in text]
    assert json.loads(text)["exception_name"] == "ValueError"


def test_a_line_has_the_names_of_what_is_being_served() -> None:
    line, logger = logged()
    with serving(correlation_id="c-1", run_id="r"):
        logger.warning("run %s", "r")
    document = json.loads(line())
    assert (document["correlation_id"], document["run_id"], document["service"]) == ("c-1", "r", "benchfleet")


def logged() -> tuple[Callable[[], str], logging.Logger]:
    stream = io.StringIO()
    logger = logging.Logger("of this test")
    logger.addHandler(logging.StreamHandler(stream))
    write_json(logger)
    return stream.getvalue, logger
