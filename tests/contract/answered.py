"""Claims, answered as on the wire."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import ParamSpec

from benchfleet_contract.tasks import ClaimReply

from chalicelib.domain.outcomes import Outcome
from chalicelib.domain.ports import Storage
from chalicelib.services.present import claimed
from chalicelib.services.tasks.claim_once import ClaimOnce

P = ParamSpec("P")


def answered(claim: Callable[P, Outcome], storage: Storage) -> Callable[P, ClaimReply]:
    def call(*args: P.args, **named: P.kwargs) -> ClaimReply:
        return claimed(claim(*args, **named), storage)

    return call


@dataclass(frozen=True)
class AnsweredOnce:
    """ClaimOnce, answered."""

    once: ClaimOnce
    storage: Storage

    @property
    def of_run(self) -> Callable[..., ClaimReply]:
        return answered(self.once.of_run, self.storage)

    @property
    def of_any(self) -> Callable[..., ClaimReply]:
        return answered(self.once.of_any, self.storage)
