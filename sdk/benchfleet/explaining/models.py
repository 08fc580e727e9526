"""Why tasks that demand a model wait: what each executor lacks. The registry's own answer says who may take them."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from benchfleet_contract.registry.descriptors import ModelDescriptor
from benchfleet_contract.registry.executors import ExecutorDetail, ExecutorEntry
from benchfleet_contract.registry.models import Filters, RunModel

from benchfleet.explaining.document import Finding
from benchfleet.explaining.scene import Scene, count, first_ids, of_subjects, subjects_of, verb
from benchfleet.watch.durations import span
from benchfleet.watch.groups import Demand, demand_of

_TOLD = 10  # executors of a finding
_DIGEST = 12  # characters that are shown


@dataclass(frozen=True)
class Registry:
    """Executors that are live or stale; `able` may take work for the model now, `details` are of those that name it.

    Where an executor names the model and has no detail, only its entry is judged.
    """

    executors: Sequence[ExecutorEntry] = ()
    able: frozenset[str] = frozenset()
    details: Mapping[str, ExecutorDetail] = field(default_factory=dict)


def models(scene: Scene, registry: Registry | None) -> Iterator[Finding]:
    """One finding for a run that demands a model and has pending tasks."""
    wanted = scene.run.model
    pending = [task for task in scene.tasks if task.status == "pending"]
    if wanted is None or registry is None or not pending:
        return
    places = {demand_of(task) for task in pending}
    lacks = {one.executor_id: _lacks(one, wanted, registry, scene, places) for one in registry.executors}
    able = [name for name, reasons in lacks.items() if not reasons]
    yield Finding(
        kind="model", weight="fine" if able else "problem", tasks=len(pending), task_ids=first_ids(pending),
        subjects=subjects_of(pending),
        words=f"{count(len(pending), 'task')}{of_subjects(pending)} {verb(len(pending), 'demands', 'demand')} "
        f"{wanted.model_id}: {_who(len(able), len(lacks))}",
        details=list(_details(lacks)),
        remedy=None if able else "announce the model as the run wants it: benchfleet executor, or benchfleet runner --announce",
    )  # fmt: skip


def _who(able: int, there: int) -> str:
    if not there:
        return "no executor has announced itself"
    who = count(there, "executor")
    return f"{able} of {who} can take them now" if able else f"none of {who} can take work for it"


def _details(lacks: Mapping[str, Sequence[str]]) -> Iterator[str]:
    """Those that lack the least first: they are the nearest to what the run wants."""
    told = sorted((name for name, reasons in lacks.items() if reasons), key=lambda name: (_far(lacks[name]), name))
    yield from (f"{name}: {'; '.join(lacks[name])}" for name in told[:_TOLD])
    if len(told) > _TOLD:
        yield f"{count(len(told) - _TOLD, 'executor')} more"


def _far(reasons: Sequence[str]) -> tuple[bool, int]:
    return "no such model" in reasons, len(reasons)


def _lacks(
    one: ExecutorEntry, wanted: RunModel, registry: Registry, scene: Scene, places: Iterable[Demand]
) -> list[str]:
    """Empty: it may take tasks of the run now."""
    found = [*_pinned(one, wanted), *_elsewhere(one, scene, set(places)), *_state(one)]
    if wanted.model_id not in one.model_ids:
        return ["no such model", *found]
    if detail := registry.details.get(one.executor_id):
        found += _descriptor(detail, wanted)
    if not found and one.executor_id not in registry.able:
        return ["its model is not available now, or does not fit the run's filters"]
    return found


def _pinned(one: ExecutorEntry, wanted: RunModel) -> Iterator[str]:
    if wanted.pin and wanted.pin.executor_id not in (None, one.executor_id):
        yield f"the run is pinned to {wanted.pin.executor_id}"


def _elsewhere(one: ExecutorEntry, scene: Scene, places: set[Demand]) -> Iterator[str]:
    """As its runner polls, or its labels say; of a model host that is no runner nobody knows."""
    seen = {demand_of(runner) for runner in scene.runners if runner.runner_id == one.executor_id}
    labels = one.labels
    if not seen and {"provider", "instance_type"} <= labels.keys():
        seen = {Demand(labels["provider"], labels["instance_type"])}
    if seen and not seen & places:
        wanted = ", ".join(sorted(map(str, places)))
        yield f"other place: it is {', '.join(sorted(map(str, seen)))}, the tasks are for {wanted}"


def _state(one: ExecutorEntry) -> Iterator[str]:
    slots = one.capacity.max_concurrent
    words = {
        "draining": "draining: it takes nothing new",
        "stale": f"stale: its last heartbeat was {span(one.load_age_s)} ago",
        "overloaded": f"overloaded: {one.active} of {count(slots, 'slot')} at work, {one.queued} waiting",
        "unavailable": "its models are not available now",
    }
    if one.status in words:
        yield words[one.status]


def _descriptor(detail: ExecutorDetail, wanted: RunModel) -> Iterator[str]:
    model = next((model for model in detail.models if model.model_id == wanted.model_id), None)
    if model is None:  # it changed between two looks
        yield "no such model"
        return
    digest = detail.descriptor_digests.get(wanted.model_id, "")
    pinned = wanted.pin and wanted.pin.descriptor_digest
    if pinned and pinned != digest:
        yield f"another digest: {digest[:_DIGEST]}, the run pins {pinned[:_DIGEST]}"
    load = detail.load.models.get(wanted.model_id)
    if not model.is_available or (load and load.is_available is False):
        yield "the model is not available now"
    yield from unfit(model, wanted.filters)


def unfit(model: ModelDescriptor, filters: Filters) -> Iterator[str]:
    """Which filters it fails, but for the success rate, which the control plane knows alone."""
    has = model.capabilities
    if filters.backend_type not in (None, model.backend_type):
        yield f"filter backend_type: {model.backend_type}, not {filters.backend_type}"
    if filters.min_context_length and has.max_context_length < filters.min_context_length:
        yield f"filter min_context_length: {has.max_context_length:,} of {filters.min_context_length:,}"
    if missing := sorted(set(filters.required_features) - set(has.features)):
        yield f"filter required_features: without {', '.join(missing)}"
    prices = model.pricing and (model.pricing.input_token_price, model.pricing.output_token_price)
    if prices and filters.max_price is not None and max(map(Decimal, prices)) > Decimal(filters.max_price):
        yield f"filter max_price: {max(prices, key=Decimal)}, at most {filters.max_price}"
