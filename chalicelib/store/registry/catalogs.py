"""Models of executors in the table: the answers to `domain/registry/ports.Catalogs`.

A catalogue is kept under its digest, and what is in it never changes. The rows by model are hints: the executor's own item
decides whether they count, so they are written after it, and what a crash leaves of them does no harm.
"""

from collections.abc import Iterable, Mapping
from contextlib import suppress

from chalicelib.domain.registry.records import Catalog, Executor, Row
from chalicelib.store import keys
from chalicelib.store.registry.items import catalog_item, catalog_of, row_item, row_of
from chalicelib.store.table import ConditionFailed, Table

_MOST_REMEMBERED = 1_000
_AGE = ("generation", "version")  # of what an executor's process wrote


class CatalogStore:
    def __init__(self, table: Table) -> None:
        self._table = table
        self._known: dict[tuple[str, str], Catalog] = {}  # they never change

    def keep(self, executor: Executor, catalog: Catalog) -> None:
        with suppress(ConditionFailed):  # a later one is the same
            self._table.put_unless_later(catalog_item(executor, catalog), _AGE)

    def get(self, executor_id: str, digest: str) -> Catalog | None:
        return self.of([(executor_id, digest)]).get((executor_id, digest))

    def of(self, wanted: Iterable[tuple[str, str]]) -> Mapping[tuple[str, str], Catalog]:
        """By (executor, digest); what is not there is left out."""
        asked = list(wanted)
        unknown = [key for key in asked if key not in self._known]
        if len(self._known) + len(unknown) > _MOST_REMEMBERED:
            self._known.clear()
            unknown = asked
        places = {(keys.executor_pk(name), keys.catalog_sk(digest)): (name, digest) for name, digest in unknown}
        for item in self._table.get_all(places):
            self._known[places[item["pk"], item["sk"]]] = catalog_of(item)
        return {key: self._known[key] for key in asked if key in self._known}

    def forget(self, executor: Executor, digest: str) -> None:
        """Unless a later generation has the same catalogue, or this one has it again."""
        self._known.pop((executor.executor_id, digest), None)
        self._delete(executor, keys.executor_pk(executor.executor_id), keys.catalog_sk(digest))

    def index(self, executor: Executor, catalog: Catalog, model_ids: Iterable[str]) -> None:
        """Never over the row of a later generation, nor of a later catalogue of this one."""
        for model_id in model_ids:
            item = row_item(executor, catalog.descriptors[model_id], catalog.endpoint)
            with suppress(ConditionFailed):
                self._table.put_unless_later(item, _AGE)

    def unindex(self, executor: Executor, model_ids: Iterable[str]) -> None:
        """As `index`: a process that was fenced meanwhile takes nothing from the next one."""
        for model_id in model_ids:
            self._delete(executor, keys.model_pk(model_id), executor.executor_id)

    def _delete(self, executor: Executor, pk: str, sk: str) -> None:
        with suppress(ConditionFailed):
            self._table.delete_unless_later(pk, sk, _AGE, (executor.generation, executor.catalog_version))

    def rows(self, model_id: str) -> list[Row]:
        rows = map(row_of, self._table.query_all("#pk = :pk", {":pk": keys.model_pk(model_id)}))
        return [row for row in rows if row.descriptor.model_id == model_id]
