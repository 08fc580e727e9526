"""The lives of EC2 instances: each boots, executes its user-data, and ends, in a thread of its own.

moto keeps what is known of an instance; its state is set from here, under the endpoint's lock. "terminated" is said when
nothing of the instance is left.
"""

import gzip
import logging
import secrets
import threading
from collections.abc import Callable
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from local_emulator.machines import moto_side
from local_emulator.machines.endings import BY_SPOT, BY_USER, Ending, Reason
from local_emulator.machines.faults import Faults
from local_emulator.machines.host import Host, Tree
from local_emulator.machines.launch_checks import Launch
from local_emulator.machines.metadata import Facts, Tokens
from local_emulator.machines.pace import Pace

log = logging.getLogger(__name__)
BROKEN = Reason("Server.InternalError", "Internal error on launch")
SPOT_NOTICE_MINUTES = 2


@dataclass
class Instance:
    """`secret` is the part of the machine's own address that nobody else knows."""

    id: str
    launch: Launch
    moto: Any
    launched_at: datetime
    secret: str = field(default_factory=lambda: secrets.token_urlsafe(24))
    ending: Ending = field(default_factory=Ending)
    tokens: Tokens = field(default_factory=Tokens)
    notice: datetime | None = None
    tree: Tree | None = None

    @property
    def alive(self) -> bool:
        return self.moto.state in ("pending", "running")

    def facts(self) -> Facts:
        """Under the endpoint's lock."""
        options, launch = self.moto.metadata_options, self.launch
        shown = str(options.instance_metadata_tags).lower() == "enabled"
        return Facts(
            instance_id=self.id,
            instance_type=launch.instance_type,
            image_id=launch.image_id,
            architecture=self.moto.architecture,
            region=launch.region,
            zone=self.moto.availability_zone,
            private_ip=self.moto.private_ip,
            life_cycle=launch.market,
            profile_arn=launch.profile_arn,
            user_data=launch.user_data,
            launched_at=self.launched_at,
            tags={tag["key"]: tag["value"] for tag in self.moto.get_tags()} if shown else None,
            notice=self.notice,
            tokens_required=str(options.http_tokens).lower() != "optional",
        )


class Instances:
    """Of all regions. `lock` is the endpoint's."""

    def __init__(
        self,
        host: Host,
        *,
        lock: AbstractContextManager[object],
        faults: Faults,
        pace: Pace,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._host, self._lock, self._faults, self._pace, self._clock = host, lock, faults, pace, clock
        self._known: dict[str, Instance] = {}
        self._threads: list[threading.Thread] = []

    def begin(self, instance_id: str, launch: Launch) -> None:
        """Under the lock: the instance is pending, and boots."""
        found = moto_side.instance(instance_id, region=launch.region)
        moto_side.set_state(found, "pending")
        instance = Instance(instance_id, launch, found, self._clock())
        self._known[instance_id] = instance
        thread = threading.Thread(target=self._live, args=(instance,), name=f"machine-{instance_id}", daemon=True)
        self._threads = [each for each in self._threads if each.is_alive()] + [thread]
        thread.start()

    def find(self, instance_id: str) -> Instance | None:
        return self._known.get(instance_id)

    def with_secret(self, secret: str) -> Instance | None:
        return next((each for each in self._known.values() if secrets.compare_digest(each.secret, secret)), None)

    def running_vcpus(self, market: str, *, region: str) -> int:
        """Under the lock."""
        alive = [each.launch for each in self._known.values() if each.alive]
        kinds = [each.instance_type for each in alive if (each.market, each.region) == (market, region)]
        facts = [moto_side.type_facts(kind, region=region) for kind in kinds]
        return sum(int(fact["VCpuInfo"]["DefaultVCpus"]) for fact in facts if fact)

    def terminate(self, instance: Instance, reason: Reason = BY_USER) -> None:
        """Under the lock: it shuts down, and is terminated once nothing of it is left."""
        if instance.alive:
            moto_side.set_state(instance.moto, "shutting-down", code=reason.code, message=reason.message)
        instance.ending.ask(reason)
        if instance.moto.state == "stopped":
            moto_side.set_state(instance.moto, "terminated", code=reason.code, message=reason.message)

    def interrupt(self, instance: Instance) -> None:
        """EC2 takes a spot instance back: it gives notice, and ends it two minutes later."""
        notice_s = self._pace.minutes(SPOT_NOTICE_MINUTES)
        instance.notice = self._clock() + timedelta(seconds=notice_s)
        instance.ending.ask(BY_SPOT, after_s=notice_s)

    def close(self) -> None:
        """Ends all, and waits for it."""
        with self._lock:
            for instance in self._known.values():
                self.terminate(instance)
        for thread in self._threads:
            thread.join()

    def _live(self, instance: Instance) -> None:
        try:
            self._boot(instance)
            reason = instance.ending.wait()
        except OSError:
            log.exception("instance %s cannot start", instance.id)
            reason = BROKEN
        self._end(instance, reason)

    def _boot(self, instance: Instance) -> None:
        """Raises OSError."""
        script = _unpacked(instance.launch.user_data) if self._faults.boots() else b""
        instance.tree = self._host.instance(instance.id, secret=instance.secret, user_data=script)
        instance.tree.start(grace_s=self._pace.grace_s)
        with self._lock:
            if instance.moto.state == "pending":
                moto_side.set_state(instance.moto, "running")

    def _end(self, instance: Instance, reason: Reason) -> None:
        going = "stopping" if reason.to == "stopped" else "shutting-down"
        with self._lock:
            if instance.alive:
                moto_side.set_state(instance.moto, going, code=reason.code, message=reason.message)
        if instance.tree:
            instance.tree.end()
        with self._lock, suppress(Exception):  # the account may have been emptied meanwhile
            moto_side.set_state(instance.moto, reason.to, code=reason.code, message=reason.message)


def _unpacked(user_data: bytes) -> bytes:
    """cloud-init takes gzip, too."""
    if user_data[:2] != b"\x1f\x8b":
        return user_data
    with suppress(OSError, EOFError):
        return gzip.decompress(user_data)
    return user_data
