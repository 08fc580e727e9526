"""The models that an executor announces: those of its file, and those that its backends have; and how that changes."""

from collections.abc import Mapping
from dataclasses import dataclass

from benchfleet_contract.registry.descriptors import Capabilities, ModelDescriptor
from benchfleet_contract.registry.executors import UpdateType
from benchfleet_contract.registry.limits import MAX_MODELS

from runner_image.executor.backends import ASSUMED_CONTEXT_LENGTH, Backend, Backends
from runner_image.executor.discovery import Found

Models = Mapping[str, ModelDescriptor]


@dataclass(frozen=True)
class Change:
    """One request's worth of changes."""

    type: UpdateType
    models: tuple[ModelDescriptor, ...]


def configured(file: Backends) -> dict[str, ModelDescriptor]:
    """What is announced before any backend was asked: the file's own models, and those that it names at backends."""
    named = [_named(backend, model_id) for backend in file.backends for model_id in backend.models]
    return {model.model_id: model for model in [*named, *file.models]}


def with_found(models: Models, found: Found | None, backend: Backend, *, failures: int) -> dict[str, ModelDescriptor]:
    """The catalogue after a look at one backend. `failures`: looks in a row that failed; two make its models unavailable.

    A model that the file describes itself stays as it describes it, but for its availability.
    """
    mine = {name: one for name, one in models.items() if one.backend_name == backend.name}
    others = {name: one for name, one in models.items() if one.backend_name != backend.name}
    if found is None:
        gone = failures >= 2
        return others | {
            name: one.model_copy(update={"is_available": False}) if gone else one for name, one in mine.items()
        }
    seen = {one.model_id: one for one in found.models if one.model_id not in others}
    named = {name: one for name, one in mine.items() if one.source == "configured"}
    kept = {name: _as_seen(one, seen.get(name)) for name, one in named.items()}
    return others | {name: one for name, one in seen.items() if name not in named} | kept


def changes(before: Models, after: Models) -> list[Change]:
    """From one catalogue to another, in as few requests as the five kinds allow. Removals come first: there is a limit."""
    found: list[Change] = []

    def add(kind: UpdateType, models: list[ModelDescriptor]) -> None:
        found.extend(Change(kind, tuple(models[at : at + MAX_MODELS])) for at in range(0, len(models), MAX_MODELS))

    both = [(before[name], after[name]) for name in sorted(before.keys() & after.keys())]
    add("RemoveModels", [before[name] for name in sorted(before.keys() - after.keys())])
    add("AddModels", [after[name] for name in sorted(after.keys() - before.keys())])
    add("UpdateCapabilities", [new for old, new in both if old.capabilities != new.capabilities])
    add("UpdatePricing", [new for old, new in both if old.pricing != new.pricing])
    moved = [new for old, new in both if (old.is_available, old.state) != (new.is_available, new.state)]
    add("UpdateAvailability", moved)
    return found


def most(models: Models) -> tuple[list[ModelDescriptor], int]:
    """The first fifty by id, and how many there is no room for."""
    ordered = [models[name] for name in sorted(models)]
    return ordered[:MAX_MODELS], max(0, len(ordered) - MAX_MODELS)


def _named(backend: Backend, model_id: str) -> ModelDescriptor:
    known = backend.max_context_length
    capabilities = Capabilities(
        max_context_length=known or ASSUMED_CONTEXT_LENGTH,
        features=backend.features or ["chat", "completion"],
        metadata={} if known else {"max_context_length": "assumed"},
    )
    return ModelDescriptor(
        model_id=model_id, backend_type=backend.type or "openai_compatible", backend_name=backend.name,
        capabilities=capabilities, pricing=backend.pricing, source="configured",
    )  # fmt: skip


def _as_seen(model: ModelDescriptor, seen: ModelDescriptor | None) -> ModelDescriptor:
    """A model of the file at a backend that was asked: one that the backend has not is not available."""
    if seen is None:
        return model.model_copy(update={"is_available": False, "state": "not_loaded"})
    return seen.model_copy(update={"source": "configured"})
