"""What a Lambda writes to its log can be read by a program."""

import io
import json
import logging

from chalicelib.logs import write_json


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
