"""Operations of executors and models, as the OpenAPI document describes them. Never imported by the Lambda."""

from dataclasses import replace
from typing import Any, get_args

from benchfleet_contract.registry import executors, limits, models
from benchfleet_contract.registry.descriptors import BackendType
from benchfleet_contract.registry.executors import ExecutorStatus
from benchfleet_contract.registry.models import Strategy

from chalicelib.api.endpoint import ADMIN, ANYONE, RUNNER
from chalicelib.api.openapi_operation import BUSY, PAGE_WORDS, Operation, Refusals, query, whole
from chalicelib.api.registry.asked import MOST
from chalicelib.api.registry.calls import Health, Sweeping
from chalicelib.domain.registry import errors

BAD: Refusals = (errors.Malformed, errors.BodyTooLarge, *BUSY)
OWN: Refusals = (errors.ExecutorNotFound, errors.Gone, errors.NotOwner, errors.Fenced, *BAD)

_MODEL = {
    "model_id": "gpt-oss:20b", "backend_type": "ollama", "is_available": True,
    "capabilities": {"max_context_length": 131072, "features": ["chat", "streaming"]},
    "pricing": {"input_token_price": "500000000000000", "output_token_price": "1000000000000000"},
}  # fmt: skip
_ANNOUNCED = {
    "executor_id": "host-a", "instance_id": "5b1c0f", "heartbeat_interval_s": 10,
    "capacity": {"max_concurrent": 4, "max_queue": 5}, "models": [_MODEL],
}  # fmt: skip
_BEAT = {"generation": 1765000000123, "sequence": 17, "progress": 903, "load": {"active": 1, "queued": 0}}
_PRICE = "^([0-9]{1,78}([.][0-9]{1,40})?)?$"
_FEATURES = "^([a-z0-9_]{1,40}(,[a-z0-9_]{1,40}){0,31})?$"
_FILTERS = (
    query("backend_type", "Only of this kind of backend.", type="string", enum=list(get_args(BackendType))),
    query("min_context_length", "Tokens, at least.", type="integer", minimum=1, maximum=limits.MAX_CONTEXT_LENGTH),
    query("required_features", "Features, with commas between them.", type="string", pattern=_FEATURES),
    query("max_price", "Of a token, in and out alike; as decimal text.", type="string", pattern=_PRICE),
    query(
        "min_success_rate",
        "A share of 1: as we saw it, or as announced while we saw little.",
        type="number",
        minimum=0,
        maximum=1,
    ),
    query("only_available", "Leave out what is draining or unavailable.", type="boolean", default=True),
)
_LIMIT = whole("limit", "How many at most.", limits.MAX_LIST_LIMIT)
_EVENTS_CURSOR = query("cursor", PAGE_WORDS, type="string", pattern="^(EVT#[0-9]{15}#[0-9a-f]{1,32})?$")
_CURSOR = query("cursor", PAGE_WORDS, type="string")


def _number(name: str, words: str) -> dict[str, Any]:
    return query(name, words, type="integer", minimum=0, maximum=MOST)


def _executor_side() -> list[Operation]:
    return [
        Operation(
            "post", "/executors", "announceExecutor",
            "An executor is there, with these models. 200 for one that is known, 201 for a new one.", RUNNER,
            executors.AnnounceReply, status=201, body=executors.AnnounceRequest, example=_ANNOUNCED,
            refusals=(errors.NotOwner, errors.Duplicate, errors.TooOften, errors.RegistryFull, errors.AnnouncementsOff, *BAD),
        ),
        Operation(
            "post", "/executors/{executor_id}/heartbeat", "beatExecutor",
            "It is still there, and so busy. The response has its lease and what it is told to do.", RUNNER,
            executors.ExecutorHeartbeatReply, body=executors.ExecutorHeartbeat, example=_BEAT,
            refusals=(errors.TooOften, *OWN),
        ),
        Operation(
            "put", "/executors/{executor_id}/models", "replaceModels", "Its models are now these.", RUNNER,
            executors.CatalogReply, body=executors.ReplaceModels,
            example={"generation": 1765000000123, "sequence": 3, "models": [_MODEL]},
            refusals=(errors.Replayed, errors.TooOften, *OWN),
        ),
        Operation(
            "post", "/executors/{executor_id}/models", "updateModels", "Some of its models change, in one way.", RUNNER,
            executors.CatalogReply, body=executors.UpdateModels,
            example={
                "generation": 1765000000123, "sequence": 4, "update_type": "AddModels",
                "updates": [{"model_id": "gpt-oss:20b", "descriptor": _MODEL, "reason": "loaded"}],
            },
            refusals=(errors.ModelNotFound, errors.Replayed, errors.TooOften, *OWN),
        ),
        *(
            Operation(
                "post", f"/executors/{{executor_id}}/{verb}", f"{verb}Executor", words, RUNNER, executors.ExecutorEntry,
                body=executors.DrainRequest, example={"generation": 1765000000123, "reason": "maintenance"}, refusals=OWN,
            )
            for verb, words in (("drain", "No new work for it."), ("undrain", "New work for it again."))
        ),
        Operation(
            "delete", "/executors/{executor_id}", "removeExecutor", "It leaves, with all of its models.", RUNNER, "Empty",
            status=204, query=(_number("generation", "Its own; an admin may leave it out."),),
            refusals=(errors.ExecutorNotFound, errors.NotOwner, errors.Fenced, *BAD),
        ),
    ]  # fmt: skip


def _client_side() -> list[Operation]:
    statuses = ["all", *get_args(ExecutorStatus)]
    return [
        Operation(
            "get", "/models", "listModels",
            "Each model that a live executor has, once. With an ETag, unless executors or stale ones are asked for.", ANYONE,
            models.ModelList, refusals=BAD,
            query=(
                *_FILTERS, query("status", "`all`: those of stale executors, too.", type="string", enum=["live", "all"]),
                query("include", "`executors`: with each one's status and load.", type="string", enum=["executors"]),
                query("prefix", "Only ids that begin so.", type="string"), _LIMIT, _CURSOR,
            ),
        ),
        Operation(
            "get", "/models/find", "findModel", "Who has a model and may be asked now, the best first.", ANYONE,
            models.FoundModel, refusals=(errors.ModelNotFound, *BAD),
            query=(
                query("model_id", "The model's id.", required=True, type="string", minLength=1),
                query("strategy", "What makes one better.", type="string", enum=list(get_args(Strategy))),
                query("executor_id", "Of the strategy `pinned`.", type="string"), *_FILTERS, _LIMIT,
            ),
        ),
        Operation(
            "post", "/models/query", "queryRegistry", "The five questions of the older protocol.", ANYONE,
            models.RegistryAnswer, body=models.RegistryQuery, example={"query_type": "FindModel", "model_id": "gpt-4"},
            refusals=(errors.ModelNotFound, *BAD),
        ),
        Operation(
            "post", "/models/select", "selectExecutor", "One executor for a request; with slots kept for it, if asked so.",
            RUNNER, models.SelectReply, body=models.SelectRequest,
            example={"model_id": "gpt-4", "reserve": {"slots": 1, "ttl_s": 60}},
            refusals=(errors.ModelNotFound, errors.NothingToSelect, *BAD),
        ),
        Operation(
            "delete", "/reservations/{reservation_id}", "endReservation", "Gives reserved slots back.", RUNNER, "Empty",
            status=204, refusals=(errors.ReservationNotFound, *BUSY),
        ),
        Operation(
            "get", "/executors", "listExecutors", "Executors that are live or stale. `label.<name>=<value>` selects, too.",
            ANYONE, executors.ExecutorList, refusals=BAD,
            query=(query("status", "Only those.", type="string", enum=statuses), _LIMIT, _CURSOR),
        ),
        Operation(
            "get", "/executors/{executor_id}", "showExecutor", "One executor, its models, its last events.", ANYONE,
            executors.ExecutorDetail, refusals=(errors.ExecutorNotFound, errors.Gone, *BUSY),
        ),
        Operation(
            "get", "/executors/{executor_id}/events", "listExecutorEvents", "What happened to it, the latest first.", ANYONE,
            executors.EventList, query=(_LIMIT, _EVENTS_CURSOR), refusals=(errors.ExecutorNotFound, *BAD),
        ),
        Operation("get", "/registry/stats", "registryStats", "How many of what.", ANYONE, models.RegistryStats, refusals=BUSY),
        Operation(
            "get", "/registry/events", "registryEvents", "Changes of who is there, since a revision. Answers at once.", ANYONE,
            executors.EventList, query=(_number("after", "The revision."), _LIMIT), refusals=BAD,
        ),
    ]  # fmt: skip


def _admin_side() -> list[Operation]:
    return [
        Operation(
            "post", "/executors/{executor_id}/release", "releaseExecutor", "The next announcement binds it to its own key.",
            ADMIN, executors.ExecutorEntry, refusals=(errors.ExecutorNotFound, errors.Gone, *BUSY),
        ),
        Operation(
            "post", "/executors/{executor_id}/commands", "commandExecutor", "Tells it something with its next heartbeat.",
            ADMIN, executors.ExecutorEntry, body=executors.CommandRequest, example={"command": "rediscover"},
            refusals=(errors.ExecutorNotFound, errors.Gone, *BAD),
        ),
        Operation(
            "post", "/registry/sweep", "sweepRegistry", "What the schedule does each minute, now.", ADMIN, Sweeping,
            refusals=BUSY,
        ),
    ]  # fmt: skip


_ALL = [
    Operation("get", "/health", "health", "Is the registry there, and does it take announcements?", None, Health),
    *_executor_side(),
    *_client_side(),
    *_admin_side(),
]


def _without_body(operation: Operation) -> Operation:
    """Nothing that has no body can be too large."""
    if operation.body:
        return operation
    return replace(operation, refusals=tuple(kind for kind in operation.refusals if kind is not errors.BodyTooLarge))


OPERATIONS = [replace(_without_body(operation), forms=False, refusal="NumberedReply") for operation in _ALL]
