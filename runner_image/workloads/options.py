"""Options of a workload: a run's `workload_options`, checked before anything is spent on them."""

from collections.abc import Mapping
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from runner_image.workloads.protocol import WorkloadError

Model = TypeVar("Model", bound="Options")


class Options(BaseModel):
    """Base of all options: unknown names are refused, numbers are not made out of words."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


def parse(model: type[Model], options: Mapping[str, Any]) -> Model:
    """The options as `model`. Raises WorkloadError `invalid_options` that names every problem at once.

    It counts as infrastructure: nothing was measured, so nothing may be said of the thing that was to be measured.
    """
    try:
        return model.model_validate(dict(options))
    except ValidationError as error:
        problems = "; ".join(_problem(found["loc"], found["msg"]) for found in error.errors())
        raise WorkloadError(
            f"Invalid workload options: {problems}", error_type="invalid_options", failure_class="infrastructure"
        ) from error


def _problem(location: tuple[int | str, ...], message: str) -> str:
    name = ".".join(str(part) for part in location)
    return f"{name}: {message}" if name else message
