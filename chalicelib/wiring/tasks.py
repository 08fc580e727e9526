"""What can be done with tasks: claiming them, keeping them, ending them, and who asks for them.

A use case is loaded when it is first asked for.
"""

import secrets
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from chalicelib.domain.metering import Meter
    from chalicelib.domain.ports import Clock
    from chalicelib.services.tasks.claim_as_executor import ClaimAsExecutor
    from chalicelib.services.tasks.claim_once import ClaimOnce
    from chalicelib.services.tasks.claim_task import ClaimAny, ClaimRequests, ClaimTask
    from chalicelib.services.tasks.finish_task import FinishTask
    from chalicelib.services.tasks.note_runners import NoteRunners
    from chalicelib.services.tasks.read_runners import ReadRunners
    from chalicelib.services.tasks.refusals import CheckOwner
    from chalicelib.services.tasks.renew_lease import RenewLease
    from chalicelib.services.tasks.sign_uploads import SignUploads
    from chalicelib.services.tasks.work_as_executor import WorkAsExecutor
    from chalicelib.wiring.bucket import Bucket
    from chalicelib.wiring.registry import RegistryServices
    from chalicelib.wiring.stores import Stores


@dataclass(frozen=True, eq=False, repr=False)
class TaskServices:
    """What runners ask for, and what is asked of their tasks."""

    stores: "Stores"
    bucket: "Bucket"
    registry: "Callable[[], RegistryServices]"
    clock: "Clock"
    meter: "Callable[[], Meter]"

    @cached_property
    def requests(self) -> "ClaimRequests":
        from chalicelib.services.tasks.claim_task import ClaimRequests

        return ClaimRequests(self.clock, lambda: secrets.token_urlsafe(16), lambda: secrets.token_urlsafe(12))

    @cached_property
    def claim(self) -> "ClaimTask":
        from chalicelib.domain.contention import Windows
        from chalicelib.services.tasks.claim_task import ClaimTask

        return ClaimTask(self.stores.runs, self.stores.tasks, Windows(secrets.randbelow), meter=self.meter())

    @cached_property
    def claim_any(self) -> "ClaimAny":
        from chalicelib.services.tasks.claim_task import ClaimAny

        return ClaimAny(self.stores.runs, self.claim)

    @cached_property
    def claim_once(self) -> "ClaimOnce":
        from chalicelib.services.tasks.claim_once import ClaimOnce

        return ClaimOnce(self.stores.tasks, self.claim, self.claim_any)

    @cached_property
    def claim_as_executor(self) -> "ClaimAsExecutor":
        from chalicelib.services.tasks.claim_as_executor import ClaimAsExecutor

        registry = self.registry()
        return ClaimAsExecutor(registry.executors, registry.catalogs, self.stores.runs, self.claim.held, {})

    @cached_property
    def work_as_executor(self) -> "WorkAsExecutor":
        from chalicelib.services.tasks.work_as_executor import WorkAsExecutor

        registry = self.registry()
        return WorkAsExecutor(self.stores.tasks, registry.executors, registry.heartbeat, self.clock)

    @cached_property
    def note_runners(self) -> "NoteRunners":
        from chalicelib.services.tasks.note_runners import NoteRunners

        return NoteRunners(self.stores.runners)

    @cached_property
    def read_runners(self) -> "ReadRunners":
        from chalicelib.services.tasks.read_runners import ReadRunners

        return ReadRunners(self.stores.runs, self.stores.tasks, self.stores.runners, self.clock)

    @cached_property
    def renew_lease(self) -> "RenewLease":
        from chalicelib.services.tasks.renew_lease import RenewLease

        return RenewLease(self.stores.tasks)

    @cached_property
    def finish(self) -> "FinishTask":
        from chalicelib.services.tasks.finish_task import FinishTask

        return FinishTask(self.stores.tasks, self.bucket.storage)

    @cached_property
    def check_owner(self) -> "CheckOwner":
        from chalicelib.services.tasks.refusals import CheckOwner

        return CheckOwner(self.stores.tasks)

    @cached_property
    def sign_uploads(self) -> "SignUploads":
        from chalicelib.services.tasks.sign_uploads import SignUploads

        return SignUploads(self.stores.tasks, self.bucket.storage)
