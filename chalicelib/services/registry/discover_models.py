"""Which models there are, and who has one: two queries, however many executors there are."""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from benchfleet_contract.registry import limits
from benchfleet_contract.registry.codes import RegistryCode
from benchfleet_contract.registry.descriptors import descriptor_digest
from benchfleet_contract.registry.models import (
    Filters,
    FoundModel,
    ModelEntry,
    ModelList,
    RankedExecutor,
    RegistryAnswer,
    RegistryQuery,
    Strategy,
)

from chalicelib.domain.ports import Clock
from chalicelib.domain.registry.aggregating import model_entry
from chalicelib.domain.registry.errors import ExecutorNotFound, Gone, Malformed, ModelNotFound
from chalicelib.domain.registry.filtering import fits, reliability
from chalicelib.domain.registry.ports import Catalogs, Executors, RegistryLog
from chalicelib.domain.registry.presence import Presence, presence
from chalicelib.domain.registry.pressure import ELIGIBLE, free_slots, status, utilization
from chalicelib.domain.registry.ranking import Draw, Ranked, rank
from chalicelib.domain.registry.records import Catalog, Executor, Offer
from chalicelib.services.registry.read_executors import ReadExecutors, catalogs_of, entry
from chalicelib.services.registry.who import seconds

_NOT_SERVING = ("unavailable", "draining", "stale")


@dataclass(frozen=True)
class DiscoverModels:
    executors: Executors
    catalogs: Catalogs
    log: RegistryLog
    clock: Clock
    draw: Draw

    def models(
        self,
        filters: Filters,
        *,
        all_of: bool = False,
        include_executors: bool = False,
        prefix: str = "",
        limit: int = limits.LIST_LIMIT,
        cursor: str | None = None,
    ) -> ModelList:
        """By id; `cursor` is the last id of the page before. `all_of`: also models that only stale executors have."""
        now_ms = self.clock()
        offers = self._offers(filters, now_ms, all_of=all_of)
        ids = sorted(model_id for model_id in offers if model_id.startswith(prefix))
        page = [model_id for model_id in ids if cursor is None or model_id > cursor]
        entries = [model_entry(model_id, offers[model_id], now_ms) for model_id in page[:limit]]
        if include_executors:
            entries = [self._with_executors(one, offers[one.model_id], now_ms) for one in entries]
        return ModelList(
            models=entries,
            total_count=len(ids),
            next_cursor=page[limit - 1] if len(page) > limit else None,
            registry_revision=self.log.counts().revision,
            server_time=seconds(now_ms),
        )

    def find(
        self,
        model_id: str,
        filters: Filters,
        *,
        strategy: Strategy = "least_loaded",
        limit: int = limits.FIND_LIMIT,
        pinned: str | None = None,
    ) -> FoundModel:
        """Whoever may be asked, the best first. Raises ModelNotFound where no executor that is live or stale has it."""
        now_ms = self.clock()
        having = self.offers_of(model_id, now_ms)
        if not having:
            raise ModelNotFound(f"No executor has {model_id}")
        fitting = [offer for offer in having if fits(offer, filters)]
        words = {id(offer): _word(offer, now_ms) for offer in fitting}
        eligible = [offer for offer in fitting if words[id(offer)] in ELIGIBLE]
        full = [offer for offer in fitting if words[id(offer)] == "overloaded"]
        ranked = rank(eligible or full, strategy, draw=self.draw, pinned=pinned)
        return FoundModel(
            model=model_entry(model_id, having, now_ms),
            executors=[ranked_executor(one, place, now_ms) for place, one in enumerate(ranked[:limit], start=1)],
            all_overloaded=not eligible and bool(full),
            strategy=strategy,
            server_time=seconds(now_ms),
        )

    def membership(self) -> str:
        """Who is live with which models: the same text, as long as that is the same."""
        now_ms = self.clock()
        live = [one for one in self.executors.all() if presence(one, now_ms) is Presence.LIVE]
        return " ".join(f"{one.executor_id}:{one.generation}:{one.catalog}:{_serving(one, now_ms)}" for one in live)

    def offers_of(self, model_id: str, now_ms: int) -> Sequence[Offer]:
        """Of all executors that are live or stale and name the model now. A row that a crash has lost is looked up."""
        naming = {
            one.executor_id: one
            for one in self.executors.all()
            if one.has(model_id) and presence(one, now_ms) is not Presence.GONE
        }
        found: list[Offer] = []
        for row in self.catalogs.rows(model_id):
            one = naming.get(row.executor_id)
            if one and one.generation == row.generation:
                found.append(Offer(one, row.descriptor, row.digest, row.endpoint))
                del naming[row.executor_id]
        return found + self._from_catalogs(model_id, list(naming.values()))

    def _from_catalogs(self, model_id: str, executors: Sequence[Executor]) -> list[Offer]:
        catalogs = catalogs_of(self.catalogs, executors) if executors else {}
        known = [(one, catalogs[one.executor_id]) for one in executors if one.executor_id in catalogs]
        return [offer_of(one, catalog, model_id) for one, catalog in known if model_id in catalog.descriptors]

    def query(self, request: RegistryQuery, readers: ReadExecutors) -> RegistryAnswer:
        """The five questions of the older protocol. Raises Malformed, ModelNotFound, ExecutorNotFound."""
        answers: Mapping[str, Callable[[], tuple[dict[str, Any], int | None]]] = {
            "ListAllModels": lambda: self._model_list(request),
            "SearchByCapabilities": lambda: self._model_list(request),
            "FindModel": lambda: self._executor_list(request),
            "ExecutorInfo": lambda: _details(request, readers),
            "GetStatistics": lambda: ({"statistics": readers.stats().model_dump(mode="json")}, None),
        }
        result, total = answers[request.query_type]()
        return RegistryAnswer(
            query_id=request.query_id, result=result, total_count=total, timestamp=seconds(self.clock())
        )

    def _model_list(self, request: RegistryQuery) -> tuple[dict[str, Any], int]:
        if request.query_type == "SearchByCapabilities" and request.filters is None:
            raise Malformed("SearchByCapabilities needs filters", number=RegistryCode.MALFORMED_MESSAGE)
        limit = request.limit or limits.LIST_LIMIT
        found = self.models(request.filters or Filters(), limit=limits.MAX_LIST_LIMIT * 4)
        page = found.models[request.offset : request.offset + limit]
        return {"model_list": [one.model_dump(mode="json", exclude={"details"}) for one in page]}, found.total_count

    def _executor_list(self, request: RegistryQuery) -> tuple[dict[str, Any], int]:
        if request.model_id is None:
            raise Malformed("FindModel needs a model_id")
        found = self.find(request.model_id, request.filters or Filters(), limit=limits.MAX_EXECUTORS)
        page = found.executors[request.offset : request.offset + (request.limit or limits.FIND_LIMIT)]
        return {"executor_list": [one.model_dump(mode="json") for one in page]}, len(found.executors)

    def _offers(self, filters: Filters, now_ms: int, *, all_of: bool) -> Mapping[str, list[Offer]]:
        there = [one for one in self.executors.all() if _is_told(presence(one, now_ms), all_of=all_of)]
        catalogs = catalogs_of(self.catalogs, there)
        found: dict[str, list[Offer]] = defaultdict(list)
        for one in there:
            catalog = catalogs.get(one.executor_id) or Catalog({}, "")
            for model_id in catalog.descriptors:
                offer = offer_of(one, catalog, model_id)
                if fits(offer, filters) and (all_of or not filters.only_available or _serves(offer, now_ms)):
                    found[model_id].append(offer)
        return found

    def _with_executors(self, one: ModelEntry, offers: Sequence[Offer], now_ms: int) -> ModelEntry:
        catalogs = catalogs_of(self.catalogs, [offer.executor for offer in offers])
        details = []
        for offer in sorted(offers, key=lambda offer: offer.executor.executor_id):
            shown = entry(offer.executor, now_ms, catalogs.get(offer.executor.executor_id))
            details.append(shown.model_copy(update={"status": _word(offer, now_ms)}))
        return one.model_copy(update={"details": details})


def offer_of(executor: Executor, catalog: Catalog, model_id: str) -> Offer:
    model = catalog.descriptors[model_id]
    return Offer(executor, model, descriptor_digest(model), catalog.endpoint)


def ranked_executor(ranked: Ranked, place: int, now_ms: int) -> RankedExecutor:
    offer = ranked.offer
    one = offer.executor
    return RankedExecutor(
        executor_id=one.executor_id,
        generation=one.generation,
        rank=place,
        score=ranked.score,
        score_parts=ranked.parts,
        status=_word(offer, now_ms),
        is_connected=presence(one, now_ms) is Presence.LIVE,
        last_seen=seconds(one.last_seen_ms),
        reliability_score=reliability(one),
        utilization=utilization(one),
        free_slots=free_slots(one),
        load_age_s=seconds(max(0, now_ms - one.last_seen_ms)),
        pricing=offer.descriptor.pricing,
        performance=offer.descriptor.capabilities.performance,
        descriptor_digest=offer.digest,
        endpoint=offer.endpoint,
    )


def _serving(one: Executor, now_ms: int) -> str:
    """What of its status decides whether its models are listed."""
    return f"{status(one, now_ms) in _NOT_SERVING}{''.join(sorted(one.absent))}"


def _word(offer: Offer, now_ms: int) -> Any:
    return status(offer.executor, now_ms, is_available=offer.is_available)


def _serves(offer: Offer, now_ms: int) -> bool:
    """Now, or when what it does has ended."""
    return _word(offer, now_ms) not in _NOT_SERVING


def _is_told(word: Presence, *, all_of: bool) -> bool:
    return word is Presence.LIVE or (all_of and word is Presence.STALE)


def _details(request: RegistryQuery, readers: ReadExecutors) -> tuple[dict[str, Any], int]:
    if not request.executor_ids:
        raise Malformed("ExecutorInfo needs executor_ids")
    found = []
    for executor_id in request.executor_ids:
        try:
            found.append(readers.show(executor_id).model_dump(mode="json"))
        except (ExecutorNotFound, Gone):
            continue
    return {"executor_details": found}, len(found)
