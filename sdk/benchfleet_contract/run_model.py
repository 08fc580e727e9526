"""The model that a `POST /runs` body demands of its runners."""

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote

from pydantic import ValidationError

from benchfleet_contract.reading import Reading
from benchfleet_contract.registry.models import RunModel
from benchfleet_contract.run_instances import is_field
from benchfleet_contract.runs import Instance

FIELD = "model"
MOST_KEY_CHARS = 800  # of instance type and model, percent-encoded: together they are part of a key of 1,024 bytes
_REMEDY = 'such as "model": {"model_id": "gpt-oss:20b"}'


def read_model(body: Mapping[str, Any], instances: Sequence[Instance], reading: Reading) -> RunModel | None:
    """None where nothing is demanded, or nothing that can be. A text alone is the model's id."""
    value = body.get(FIELD)
    if value is None or not is_field(FIELD, value):
        return None
    try:
        model = RunModel.model_validate({"model_id": value} if isinstance(value, str) else value)
    except ValidationError as refused:
        for error in refused.errors(include_url=False):
            where = ".".join([FIELD, *map(str, error["loc"])])
            words = error["msg"].removeprefix("Value error, ")
            reading.refuse(where, error["input"], f"Model is invalid ({where}: {words})", _REMEDY)
        return None
    longest = max((len(quote(one.instance_type, safe="")) for one in instances), default=0)
    if longest + len(quote(model.model_id, safe="")) > MOST_KEY_CHARS:
        words = "Model and instance type are too long together"
        reading.refuse(
            f"{FIELD}.model_id", model.model_id, words, f"at most {MOST_KEY_CHARS} characters, percent-encoded"
        )
        return None
    return model
