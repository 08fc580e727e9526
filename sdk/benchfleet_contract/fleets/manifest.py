"""From a manifest, its datasets and its providers to a plan, or to everything that is wrong with them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from benchfleet_contract.fleets.dataset import read_dataset
from benchfleet_contract.fleets.normal import Fleet, Work, read_simple, read_versioned
from benchfleet_contract.fleets.plan import Defaults, FleetPlan, ProviderSettings
from benchfleet_contract.fleets.planning import Planner
from benchfleet_contract.fleets.targets import read_providers, read_target
from benchfleet_contract.fleets.written import Fault, Faults

MAX_REQUESTS = 200_000  # of a fleet: what one answer can count and one archive can hold
MAX_TOLD = 1_000


@dataclass
class FleetReading:
    """`plan` is there exactly when `problems` is empty."""

    plan: FleetPlan | None = None
    problems: list[Fault] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)


def is_versioned(manifest: Mapping[str, Any]) -> bool:
    """`version` or `scenario_profiles` make it dialect V."""
    return "version" in manifest or "scenario_profiles" in manifest


def read_fleet(
    manifest: Any,
    datasets: Mapping[str, Any],
    providers: Mapping[str, Any] | None = None,
    defaults: Defaults | None = None,
) -> FleetReading:
    """Everything that is wrong is told at once, with its path. Nothing is read from disk.

    `datasets`: documents by the reference that the manifest makes: `dataset_path`, or `<repo_id>/<dataset>` in dialect V
    (see `references`). `providers`: settings by name. `defaults`: what the caller wants where the manifest is silent.
    """
    faults = Faults()
    of_providers = Faults("providers")
    configured = read_providers(providers or {}, of_providers)
    fleet = _read(manifest, faults)
    reading = FleetReading(problems=of_providers.found)
    if fleet is not None:
        planner = Planner(fleet, manifest, datasets, configured, defaults or Defaults(), faults)
        plan = planner.plan()
        reading.problems += planner.problems
        reading.warnings += planner.warnings
        if plan is not None and plan.request_count > MAX_REQUESTS:
            words = f"the fleet has {plan.request_count} requests"
            faults.refuse((), None, words, f"at most {MAX_REQUESTS}: use num_examples, or split it")
        reading.plan = plan
    else:
        reading.problems += _others(manifest, datasets, configured, faults)
    reading.problems = [*faults.found, *reading.problems][:MAX_TOLD]
    reading.warnings = list(dict.fromkeys([*faults.warnings, *reading.warnings]))
    reading.plan = None if reading.problems or reading.plan is None else _warned(reading.plan, reading.warnings)
    return reading


def _others(
    manifest: Any, datasets: Mapping[str, Any], configured: Mapping[str, ProviderSettings], faults: Faults
) -> list[Fault]:
    """What can be told of providers and datasets where the manifest itself cannot be read."""
    specs = manifest.get("providers") if isinstance(manifest, dict) else None
    for index, spec in enumerate(specs if isinstance(specs, list) else []):
        if isinstance(spec, str) and spec:
            read_target(spec, configured, faults, ("providers", index), bare=not is_versioned(manifest))
    found: list[Fault] = []
    for reference, document in datasets.items():
        of_dataset = Faults("dataset", reference)
        read_dataset(document, of_dataset)
        found += of_dataset.found
    return found


def references(manifest: Any) -> list[tuple[str, Work]]:
    """Which datasets a manifest needs, as far as it can be read: the reference, and what its finder must know."""
    fleet = _read(manifest, Faults())
    works = fleet.works if fleet else []
    return list({work.reference: (work.reference, work) for work in works}.values())


def _read(manifest: Any, faults: Faults) -> Fleet | None:
    if not isinstance(manifest, dict):
        faults.refuse((), None, "a manifest must be an object", 'start it with "fleet_id"')
        return None
    return (read_versioned if is_versioned(manifest) else read_simple)(manifest, faults)


def _warned(plan: FleetPlan, warnings: list[str]) -> FleetPlan:
    return plan.model_copy(update={"warnings": warnings})
