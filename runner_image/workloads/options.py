"""Options of a workload: a run's `workload_options`, checked before anything is spent on them."""

from collections.abc import Mapping
from typing import Any

from benchfleet_contract.workloads import options as contract
from benchfleet_contract.workloads.options import InvalidOptions, Model

from runner_image.workloads.protocol import WorkloadError


def parse(model: type[Model], options: Mapping[str, Any]) -> Model:
    """The options as `model`. Raises WorkloadError `invalid_options` that names every problem at once.

    It counts as infrastructure: nothing was measured, so nothing may be said of the thing that was to be measured.
    """
    try:
        return contract.parse(model, options)
    except InvalidOptions as error:
        raise WorkloadError(
            f"Invalid workload options: {error}", error_type="invalid_options", failure_class="infrastructure"
        ) from error
