"""The contract's list of workloads is the runner's."""

from benchfleet_contract.workloads.known import KNOWN_WORKLOADS

from runner_image.workloads.registry import NAMES


def test_the_contract_names_what_the_runner_knows() -> None:
    assert KNOWN_WORKLOADS == NAMES
