"""Fleet runs in the table: keys' quotas, runs' budgets, shards' progress, idempotency keys. Each write is conditional.

Quota and budget change by compare and swap: read, compute, write if nobody wrote between. The functions that compute are
those of the domain.
"""

import hashlib
import json
from collections.abc import Callable, Iterator
from typing import Any, TypeVar

from chalicelib.domain.errors import Unavailable
from chalicelib.domain.fleet_budget import Budget, budget_of_text, budget_text
from chalicelib.domain.fleet_ports import Claimed, Progress
from chalicelib.domain.fleet_quota import Quota, quota_of_text, quota_text
from chalicelib.store import keys
from chalicelib.store.expressions import Write
from chalicelib.store.items import Item
from chalicelib.store.table import ConditionFailed, Table

_TRIES = 20
_KEEP_S = 86_400  # a quota that nobody asks for
_KEEP_TOKEN_S = 30 * 86_400
_Reply = TypeVar("_Reply")


class FleetStore:
    def __init__(self, table: Table) -> None:
        self._table = table

    def change_quota(
        self, provider_key: str, change: Callable[[Quota], tuple[Quota, _Reply]], *, now_ms: int
    ) -> _Reply:
        """Applies `change` to the key's quota; no write where it changes nothing. Raises Unavailable."""
        pk = keys.quota_pk(provider_key)
        more = {"expires_s": now_ms // 1000 + _KEEP_S}
        read = lambda item: quota_of_text(item["state"]) if item else Quota()  # noqa: E731
        reply: _Reply = self._swap(pk, keys.QUOTA, read, quota_text, change, more)
        return reply

    def begin_budget(self, run_id: str, most: int) -> None:
        """Does nothing where the run has its budget already."""
        item = {"pk": keys.fleet_run_pk(run_id), "sk": keys.BUDGET, "version": 1, "state": budget_text(Budget(most))}
        try:
            self._table.put_new(item)
        except ConditionFailed:
            return

    def budget(self, run_id: str) -> Budget | None:
        item = self._table.get(keys.fleet_run_pk(run_id), keys.BUDGET)
        return budget_of_text(item["state"]) if item else None

    def change_budget(self, run_id: str, change: Callable[[Budget], tuple[Budget, _Reply]]) -> _Reply | None:
        """None for a run without a budget. Raises Unavailable."""

        def or_nothing(budget: Budget | None) -> tuple[Budget | None, _Reply | None]:
            return (None, None) if budget is None else change(budget)

        read = lambda item: budget_of_text(item["state"]) if item else None  # noqa: E731
        text = lambda budget: budget_text(budget) if budget else ""  # noqa: E731
        reply: _Reply | None = self._swap(keys.fleet_run_pk(run_id), keys.BUDGET, read, text, or_nothing, {})
        return reply

    def note_progress(self, run_id: str, progress: Progress) -> None:
        """Never over what a later attempt, or the same attempt later, has said."""
        item = {
            "pk": keys.fleet_run_pk(run_id), "sk": keys.shard_sk(progress.shard), "attempt": progress.attempt,
            "at_ms": progress.at_ms, "said": json.dumps(progress.said), "shard": progress.shard,
        }  # fmt: skip
        try:
            self._table.put_unless_later(item, ("attempt", "at_ms"))
        except ConditionFailed:
            return

    def progress(self, run_id: str) -> dict[int, Progress]:
        """By the shard's number."""
        values = {":pk": keys.fleet_run_pk(run_id), ":sk": keys.SHARD_PREFIX}
        found = self._table.query_all("#pk = :pk AND begins_with(#sk, :sk)", values)
        return {
            item["shard"]: Progress(item["shard"], item["attempt"], item["at_ms"], json.loads(item["said"]))
            for item in found
        }

    def claim_key(self, key: str, claimed: Claimed, *, now_ms: int) -> Claimed:
        """Who has the idempotency key: the first to ask, whose run this is. What is kept is the key's digest."""
        item: dict[str, Any] = {
            "pk": keys.fleet_key_pk(hashlib.sha256(key.encode()).hexdigest()), "sk": "KEY", "run_id": claimed.run_id,
            "body_sha256": claimed.body_sha256, "at_ms": claimed.at_ms, "expires_s": now_ms // 1000 + _KEEP_TOKEN_S,
        }  # fmt: skip
        try:
            self._table.put_new(item)
        except ConditionFailed as refused:
            old = refused.old_item or {}
            return Claimed(old["run_id"], old["body_sha256"], old["at_ms"])
        return claimed

    def erase(self, run_id: str) -> Iterator[int]:
        return self._table.erase(keys.fleet_run_pk(run_id))

    def _swap(
        self, pk: str, sk: str, read: Callable[[Item | None], Any], text: Callable[[Any], str],
        change: Callable[[Any], tuple[Any, Any]], more: dict[str, Any],
    ) -> Any:  # fmt: skip
        """A refusal brings what stands there: each further try costs one write."""
        item = self._table.get(pk, sk)
        for _ in range(_TRIES):
            before = read(item)
            after, reply = change(before)
            if after == before:
                return reply
            try:
                self._table.update(_swapped(pk, sk, item, text(after), more))
            except ConditionFailed as refused:
                item = refused.old_item
            else:
                return reply
        raise Unavailable("Too many runners ask for the same quota or budget at once", retry_after_s=1)


def _swapped(pk: str, sk: str, item: Item | None, state: str, more: dict[str, Any]) -> Write:
    version = item["version"] if item else 0
    condition = "#version = :version" if item else "attribute_not_exists(#version)"
    values = {":version": version} if item else {}
    return Write(pk, sk, condition, {"state": state, "version": version + 1, **more}, values=values)
