"""What any implementation of `domain/launches.MachineProvider` must do: tests for a class to inherit.

A subclass has two fixtures: `provider`, which is empty, and `order`, for a machine that it can launch.
"""

from dataclasses import replace

import pytest

from chalicelib.domain.launches import LaunchFailed, Machine, MachineProvider, Order

GONE = (None, "ending", "ended")
NOW_MS = 1_800_000_000_000
RUN = "2026-11-29-a"


def an_order(**changes: object) -> Order:
    """One that most can have."""
    tags = {
        "benchfleet": "dev", "benchfleet:run": RUN, "benchfleet:launch": "bf-0a1b2c3d-1",
        "benchfleet:expires": "2027-01-15T09:00:00Z",
    }  # fmt: skip
    order = Order(
        run_id=RUN, name="bf-0a1b2c3d-1", provider="aws", instance_type="c8g.medium", region="eu-north-1",
        market="on-demand", slots=1, image=None, disk_gb=30, expires_ms=NOW_MS + 3_600_000, token="t" * 48, tags=tags,
    )  # fmt: skip
    return replace(order, **changes)  # type: ignore[arg-type]


def another(order: Order) -> Order:
    """The run's next machine."""
    name = "bf-0a1b2c3d-2"
    return replace(order, name=name, token=f"{order.token[:63]}u", tags={**order.tags, "benchfleet:launch": name})


def state_of(provider: MachineProvider, machine: Machine) -> str | None:
    found = provider.describe(machine.region, [machine.resource_id]).get(machine.resource_id)
    return found.state if found else None


class ProviderContract:
    def test_a_machine_that_was_launched_is_described(self, provider: MachineProvider, order: Order) -> None:
        machine = provider.launch(order)
        assert (machine.region, machine.market) == (order.region, order.market)
        assert machine.state in ("starting", "running")
        found = provider.describe(order.region, [machine.resource_id])
        assert list(found) == [machine.resource_id]
        assert found[machine.resource_id].state in ("starting", "running")

    def test_the_same_token_is_the_same_machine(self, provider: MachineProvider, order: Order) -> None:
        machine = provider.launch(order)
        assert provider.launch(order).resource_id == machine.resource_id
        assert len(provider.tagged(order.region)) == 1

    def test_another_token_is_another_machine(self, provider: MachineProvider, order: Order) -> None:
        machines = {provider.launch(each).resource_id for each in (order, another(order))}
        assert len(machines) == 2
        assert provider.describe(order.region, sorted(machines)).keys() == machines

    def test_a_machine_is_found_by_its_tags(self, provider: MachineProvider, order: Order) -> None:
        machines = {provider.launch(each).resource_id: each for each in (order, another(order))}
        found = {each.resource_id: each for each in provider.tagged(order.region)}
        assert found.keys() == machines.keys()
        for resource_id, tagged in found.items():
            assert (tagged.run_id, tagged.name, tagged.region) == (RUN, machines[resource_id].name, order.region)
            assert tagged.expires_ms is not None

    def test_what_was_ended_is_gone_and_may_be_ended_again(self, provider: MachineProvider, order: Order) -> None:
        machine, other = provider.launch(order), provider.launch(another(order))
        for _ in range(2):
            provider.terminate(order.region, [machine.resource_id])
            assert state_of(provider, machine) in GONE
        assert state_of(provider, other) not in GONE

    def test_a_machine_that_nobody_knows_is_absent_and_gone(self, provider: MachineProvider, order: Order) -> None:
        machine = provider.launch(order)
        for unknown in self.unknown_ids():
            assert unknown not in provider.describe(order.region, [machine.resource_id, unknown])
            provider.terminate(order.region, [unknown])
        assert state_of(provider, machine) not in GONE

    def test_nothing_is_asked_for(self, provider: MachineProvider, order: Order) -> None:
        assert provider.describe(order.region, []) == {}
        assert provider.facts(order.region, []) == {}
        provider.terminate(order.region, [])
        assert provider.tagged(order.region) == []

    def test_facts_tell_what_a_type_is_and_which_there_are_not(self, provider: MachineProvider, order: Order) -> None:
        facts = provider.facts(order.region, [order.instance_type, "no.such-type"])
        assert list(facts) == [order.instance_type]
        found = facts[order.instance_type]
        assert found.vcpus >= found.cores >= 1
        assert found.memory_bytes >= 512 * 1024**2
        assert found.architecture in ("x86_64", "arm64")

    def test_a_type_that_there_is_not_is_refused(self, provider: MachineProvider, order: Order) -> None:
        with pytest.raises(LaunchFailed) as caught:
            provider.launch(replace(order, instance_type="no.such-type"))
        assert caught.value.code == "unsupported"
        assert "no.such-type" in caught.value.words
        assert caught.value.remedy
        assert provider.tagged(order.region) == []

    def unknown_ids(self) -> list[str]:
        """Ids that a machine could have."""
        return ["i-0123456789abcdef0"]
