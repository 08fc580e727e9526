"""What `benchfleet models …` and `benchfleet executors …` print with `--json`."""

from benchfleet_contract.registry.executors import ExecutorDetail, ExecutorEntry, ExecutorEvent
from benchfleet_contract.registry.models import FoundModel, ModelEntry, RankedExecutor, RegistryStats, Strategy

from benchfleet.cli.documents.base import Document


class ModelsList(Document):
    models: list[ModelEntry]


class ModelFound(Document):
    """`executors` are those that may be asked now, the best first. `all_overloaded`: they are full just now."""

    model_id: str
    strategy: Strategy
    model: ModelEntry | None
    executors: list[RankedExecutor]
    all_overloaded: bool

    @classmethod
    def of(cls, model_id: str, strategy: Strategy, found: FoundModel | None) -> "ModelFound":
        if found is None:
            return cls(model_id=model_id, strategy=strategy, model=None, executors=[], all_overloaded=False)
        told = {name: getattr(found, name) for name in ("model", "executors", "all_overloaded")}
        return cls(model_id=model_id, strategy=strategy, **told)


class Statistics(RegistryStats, Document):
    """Times in Unix seconds, `uptime` in seconds."""


class Change(ExecutorEvent, Document):
    """One change of who is there."""


class ExecutorsList(Document):
    executors: list[ExecutorEntry]


class ExecutorShown(ExecutorDetail, Document):
    """One executor, its models, its last events."""


class ExecutorDrained(Document):
    executor: ExecutorEntry


class ExecutorRemoved(Document):
    executor_id: str
    removed: bool
