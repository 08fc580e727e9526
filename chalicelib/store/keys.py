"""Every key of the table. Nobody else ever writes a `#`.

| item | pk | sk | claim_order (local index `by_claim_order`) | listed, listed_at (global index `by_created`) |
|---|---|---|---|---|
| run | `RUN#<run>` | `RUN` | | `RUNS`, `<created ms>#<run>` |
| run that is being deleted | same | same | | `DELETING`, `<due ms>#<run>` |
| counters | `RUN#<run>` | `COUNTS` | | |
| header of (block, demand) | `RUN#<run>#<block>` | `H#<demand>` | `A#<demand>#M` | |
| task, pending | `RUN#<run>#<block>` | `T#<n>` | `A#<demand>#P#<n>` | |
| task, handed back by the runner `<home>` | same | same | `A#<demand>#Q#<earliest ms>#<home>#<n>` | |
| task, in flight | same | same | `A#<demand>#L#<claim token>` | |
| task, ended | same | same | absent | |
| marker of a run that is not over | `ACTIVE` | `<run>` | | |
| what a task of a run with a goal measured | `MEASURED#<run>` | `M#<n>` | | |
| machine that was asked for, for a run | `LAUNCHES#<run>` | `L#<name>` | | |
| when a run's machines are looked at next | `LAUNCHES#<run>` | `DUE` | | |
| region in which machines were launched | `PLACES` | `<provisioner>#<region>` | | |
| run whose uploads are looked through later | `LEFTOVERS` | `<run>` | | |
| runner that waits for a task of a run | `SEEN#<run>` | `R#<runner>` | | |
| runner that waits for a task of any run | `SEEN` | `R#<runner>` | | |
| executor | `EXECUTORS` | `<executor>` | | |
| what is left of one | `GONE` | `<executor>` | | |
| its models | `EXEC#<executor>` | `CATALOG#<digest>` | | |
| what happened to it | `EXEC#<executor>` | `EVT#<ms>#<n>` | | |
| slots kept for somebody | `RESERVED` | `<reservation>` | | |
| a model that an executor has | `MODEL#<model>` | `<executor>` | | |
| counters of the registry | `REGISTRY` | `COUNTS` | | |
| change of who is there | `REGISTRY` | `EVT#<revision>` | | |
| schedule | `SCHEDULES` | `<schedule>` | | |
| body of the runs of a schedule, if it is small | `SCHEDULE#<schedule>-<created ms>` | `BODY` | | |
| firing of a schedule | `SCHEDULE#<schedule>-<created ms>` | `F#<due ms>` | | |
| token of a firing that was asked for | `SCHEDULE#<schedule>-<created ms>` | `N#<token>` | | |
| budget of a fleet run | `FLEETRUN#<run>` | `BUDGET` | | |
| how far a shard of one is | `FLEETRUN#<run>` | `S#<n>` | | |
| idempotency key of one | `FLEETKEY#<sha256>` | `KEY` | | |
| quota of a provider's key, over all runs | `QUOTA#<provider key>` | `QUOTA` | | |

Machines' due times, regions, runners that wait, tokens, quotas, idempotency keys, and all of the registry but its counters
and catalogues, have `expires_s`, the table's time to live. No sort key but a task's begins with `T#`: the stream's reader goes
by that.

| question | answered by |
|---|---|
| is the run open, and what is next? | one query of `by_claim_order` from `A#<demand>#M` on: what was handed back sorts last |
| does this token hold a task already? | `by_claim_order` = `A#<demand>#L#<token>` |
| whose lease ran out? | `by_claim_order` from `A#<demand>#L#`, for each block with open tasks |
| has everything of this demand ended? | `by_claim_order` begins with `A#<demand>#`: nothing but the header |
| a run and its counters | one query of pk = `RUN#<run>` |
| the newest runs | `by_created` = `RUNS`, backwards |
| which deletions must be gone on with? | `by_created` = `DELETING`, up to now |
| which runs need looking after? | pk = `ACTIVE` |
| what have the tasks of a run measured? | pk = `MEASURED#<run>` |
| which machines were asked for, for this run? | pk = `LAUNCHES#<run>`, sk begins with `L#` |
| where may a machine stand that nobody remembers? | pk = `PLACES` |
| whose uploads may be looked through? | pk = `LEFTOVERS` |
| which runners wait for this run, or for any? | pk = `SEEN#<run>`, pk = `SEEN` |
| who is there, and how busy? | pk = `EXECUTORS` |
| who has a model? | pk = `MODEL#<model>`, beside pk = `EXECUTORS` |
| what happened to an executor, or to the registry since a revision? | `EVT#` of pk = `EXEC#<executor>`, of pk = `REGISTRY` |
| which schedules are there? | pk = `SCHEDULES` |
| what may be sent to a provider, and what is the money of a run? | pk = `QUOTA#<provider key>`, pk = `FLEETRUN#<run>` |
| how far is a fleet? | `S#` of pk = `FLEETRUN#<run>` |
| the newest firings of a schedule | pk = `SCHEDULE#<schedule>-<created ms>` from `F#` on, backwards |
"""

import hashlib
from urllib.parse import quote

from chalicelib.domain.blocks import block_of
from chalicelib.domain.records import Demand

CLAIM_INDEX = "by_claim_order"
CREATED_INDEX = "by_created"
RUN, COUNTS, ACTIVE, LISTED, DELETING = "RUN", "COUNTS", "ACTIVE", "RUNS", "DELETING"
DUE, PLACES, LAUNCH_PREFIX, LEFTOVERS = "DUE", "PLACES", "L#", "LEFTOVERS"
EXECUTORS, GONE, REGISTRY, RESERVED, EVENT_PREFIX = "EXECUTORS", "GONE", "REGISTRY", "RESERVED", "EVT#"
SCHEDULES, BODY = "SCHEDULES", "BODY"
QUOTA, BUDGET, SHARD_PREFIX = "QUOTA", "BUDGET", "S#"
TASK_PREFIX, HEADER_PREFIX, FIRING_PREFIX = "T#", "H#", "F#"
_MOST_BYTES = 1_000  # of a runner's id within a sort key, which may have 1,024


def run_pk(run_id: str) -> str:
    return f"RUN#{run_id}"


def block_pk(run_id: str, block: int) -> str:
    return f"RUN#{run_id}#{block}"


def task_key(run_id: str, number: int) -> tuple[str, str]:
    return block_pk(run_id, block_of(number)), task_sk(number)


def task_sk(number: int) -> str:
    return f"{TASK_PREFIX}{number:07d}"


def header_sk(demand: Demand) -> str:
    return HEADER_PREFIX + _demand(demand)


def header_order(demand: Demand) -> str:
    return f"A#{_demand(demand)}#M"


def pending_order(demand: Demand, number: int) -> str:
    return f"A#{_demand(demand)}#P#{number:07d}"


def handed_back_order(demand: Demand, number: int, *, home: str, until_ms: int) -> str:
    """After all that nobody has tried. Until `until_ms` it is not for the runner `home`."""
    return f"A#{_demand(demand)}#Q#{until_ms:015d}#{home}#{number:07d}"


def claimable_end(demand: Demand) -> str:
    return f"A#{_demand(demand)}#Q#~"


def deferred_for(claim_order: str, *, home: str, now_ms: int) -> bool:
    """Is this entry one that the runner `home` has handed back too short a while ago?"""
    kind, *rest = claim_order.split("#")[2:]
    return kind == "Q" and rest[1] == home and int(rest[0]) > now_ms


def leased_order(demand: Demand, token: str) -> str:
    return f"A#{_demand(demand)}#L#{token}"


def open_prefix(demand: Demand) -> str:
    return f"A#{_demand(demand)}#"


def measured_pk(run_id: str) -> str:
    return f"MEASURED#{run_id}"


def measured_sk(number: int) -> str:
    return f"M#{number:07d}"


def launches_pk(run_id: str) -> str:
    return f"LAUNCHES#{run_id}"


def launch_sk(name: str) -> str:
    return LAUNCH_PREFIX + name


def place_sk(provisioner: str, region: str) -> str:
    return f"{provisioner}#{region}"


def seen_pk(run_id: str | None) -> str:
    return f"SEEN#{run_id}" if run_id else "SEEN"


def seen_key(run_id: str | None, runner_id: str) -> tuple[str, str]:
    return seen_pk(run_id), "R#" + runner_id.encode()[:_MOST_BYTES].decode(errors="ignore")


def executor_pk(executor_id: str) -> str:
    return f"EXEC#{executor_id}"


def catalog_sk(digest: str) -> str:
    return f"CATALOG#{digest}"


def model_pk(model_id: str) -> str:
    """Percent-encoded; its digest where that is too long for a key: a row says itself which model it is of."""
    quoted = quote(model_id, safe="")
    return f"MODEL#{quoted}" if len(quoted) <= _MOST_BYTES else f"MODEL#{hashlib.sha256(model_id.encode()).hexdigest()}"


def event_sk(at_ms: int, number: str) -> str:
    return f"EVT#{at_ms:015d}#{number}"


def revision_sk(revision: int) -> str:
    return f"EVT#{revision:016d}"


def schedule_pk(key: str) -> str:
    """`key` is the name and the time of creation: what a deletion still deletes belongs to no schedule that came later."""
    return f"SCHEDULE#{key}"


def firing_key(key: str, at_ms: int) -> tuple[str, str]:
    return schedule_pk(key), f"{FIRING_PREFIX}{at_ms:015d}"


def schedule_token_key(key: str, token: str) -> tuple[str, str]:
    return schedule_pk(key), f"N#{token}"


def quota_pk(provider_key: str) -> str:
    """As a model's: its digest where it is too long."""
    quoted = quote(provider_key, safe="")
    return f"QUOTA#{quoted if len(quoted) <= _MOST_BYTES else hashlib.sha256(provider_key.encode()).hexdigest()}"


def fleet_run_pk(run_id: str) -> str:
    return f"FLEETRUN#{run_id}"


def shard_sk(number: int) -> str:
    return f"{SHARD_PREFIX}{number:07d}"


def fleet_key_pk(digest: str) -> str:
    return f"FLEETKEY#{digest}"


def listed_at(created_ms: int, run_id: str) -> str:
    return f"{created_ms:015d}#{run_id}"


def due_by(now_ms: int) -> str:
    """Above every `listed_at` of up to `now_ms`, below all later ones."""
    return f"{now_ms + 1:015d}"


def block_of_pk(pk: str) -> tuple[str, int] | None:
    """(run id, block) of a task's partition; None for any other."""
    parts = pk.split("#")
    return (parts[1], int(parts[2])) if len(parts) == 3 and parts[0] == "RUN" else None


def number_of_order(claim_order: str) -> int:
    return int(claim_order.rsplit("#", 1)[1])


def _demand(demand: Demand) -> str:
    """`provider/type`, or `provider/type/model`: what a part holds is quoted, so no two demands share one."""
    parts = (demand.provider, demand.instance_type, demand.model)
    return "/".join(quote(part, safe="") for part in parts if part is not None)
