"""Tasks that demand a model, and executors that have it."""

from benchfleet_contract.registry.descriptors import descriptor_digest
from benchfleet_contract.registry.models import RunModel

from chalicelib.domain.registry.filtering import fits
from chalicelib.domain.registry.records import Catalog, Executor, Offer


def fits_run(wanted: RunModel | None, executor: Executor, catalog: Catalog, model_id: str) -> bool:
    """May this executor take tasks of a run that demands the model? It has it now, available, and as the run wants it."""
    model = catalog.descriptors.get(model_id)
    if model is None:
        return False
    offer = Offer(executor, model, descriptor_digest(model), catalog.endpoint)
    if not offer.is_available:
        return False
    if wanted is None:
        return True
    pin = wanted.pin
    if pin and pin.executor_id not in (None, executor.executor_id):
        return False
    if pin and pin.descriptor_digest not in (None, offer.digest):
        return False
    return fits(offer, wanted.filters)


def held_mark(run_id: str, number: int, attempt: int) -> str:
    """What stands for a task that was handed out, among what an executor holds."""
    return f"{run_id}.{number}/{attempt}"


def held_task(mark: str) -> tuple[str, int, int] | None:
    """(run, number, attempt) of a mark; None for a reserved slot."""
    task, slash, attempt = mark.rpartition("/")
    run_id, dot, number = task.rpartition(".")
    if not (slash and dot and number.isdecimal() and attempt.isdecimal()):
        return None
    return run_id, int(number), int(attempt)
