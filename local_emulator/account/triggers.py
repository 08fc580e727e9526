"""What invokes functions by itself, taken from what was deployed: event source mappings, rules, schedules."""

import json
import logging
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

from botocore.exceptions import ClientError
from moto.backends import get_backend

from local_emulator.account.clients import LocalClients
from local_emulator.account.gateway.door import service_may_invoke
from local_emulator.account.iam.authority import Authority, Denied
from local_emulator.account.iam.conditions import PolicyNotUnderstood
from local_emulator.account.iam.identities import Identities, caller_of_role
from local_emulator.account.iam.needs import Need
from local_emulator.account.iam.requests import ApiRequest
from local_emulator.account.lambdas.functions import Functions, NoFunction, region_and_name
from local_emulator.account.lambdas.service import Mapping, Mappings, invoke_later
from local_emulator.account.settings import AccountConfig
from local_emulator.account.tables import AccountTables
from local_emulator.config import ACCOUNT, REGION
from local_emulator.functions import scheduled_event
from local_emulator.pumps.pump import Pump, Step, stop_all
from local_emulator.pumps.queues import QueuePump
from local_emulator.pumps.schedules import SchedulerService
from local_emulator.pumps.streams import StreamPump
from local_emulator.schedule_expressions import next_time

log = logging.getLogger(__name__)


class FunctionFailed(Exception):
    """A function that was triggered raised, ran out of time or is gone: its batch comes again."""


class Triggers:
    """One pump a mapping, one for the rules, one for the schedules. `sync` follows what is deployed."""

    def __init__(
        self,
        config: AccountConfig,
        functions: Functions,
        *,
        mappings: Mappings,
        tables: AccountTables,
        identities: Identities,
        clients: LocalClients,
        authority: Authority,
        lock: Any,
    ) -> None:
        self._config = config
        self._authority = authority
        self._functions = functions
        self._mappings = mappings
        self._tables = tables
        self._identities = identities
        self._clients = clients
        self._lock = lock
        self._pumps: dict[str, tuple[Mapping, tuple[Any, ...], Pump]] = {}
        schedules = self._schedules()
        self._always = [
            Pump(
                "rules", lambda: Rules(functions, every_s=config.rate_s, lock=lock).step, every_s=config.rules_every_s
            ),
            Pump("schedules", lambda: schedules, every_s=1.0),
        ]

    def start(self) -> None:
        for pump in self._always:
            pump.start()

    def stop(self) -> None:
        with self._lock:
            pumps = [*self._always, *(pump for _, _, pump in self._pumps.values())]
            self._pumps.clear()
        stop_all(pumps, within_s=self._config.stop_within_s)

    def sync(self) -> None:
        """Start a pump for each mapping that is new, end those of mappings that are gone or have changed."""
        with self._lock:
            wanted = {each.uuid: each for each in self._mappings.all() if each.state == "Enabled"}
            for key in [
                key for key in self._pumps if key not in wanted or self._pumps[key][1] != _version(wanted[key])
            ]:
                self._pumps.pop(key)[2].ask_to_stop()
            for key, mapping in wanted.items():
                if key not in self._pumps:
                    pump = Pump(f"mapping-{key[:8]}", self._maker(mapping), every_s=self._config.poll_every_s)
                    self._pumps[key] = (mapping, _version(mapping), pump)
                    pump.start()

    def _maker(self, mapping: Mapping) -> Callable[[], Step]:
        return lambda: self._queue(mapping) if ":sqs:" in mapping.source else self._stream(mapping)

    def _invoke(self, mapping: Mapping) -> Callable[[dict[str, Any]], None]:
        def handler(event: dict[str, Any]) -> None:
            if mapping.uuid not in self._pumps:
                raise FunctionFailed("the mapping is gone")
            try:
                done = self._functions.invoke(mapping.function, event, region=mapping.region)
            except NoFunction as error:
                raise FunctionFailed(str(error)) from error
            if done.outcome.failed:
                raise FunctionFailed(
                    f"{mapping.function.rpartition(':')[2]}: {done.outcome.body[:500].decode(errors='replace')}"
                )

        return handler

    def _queue(self, mapping: Mapping) -> Step:
        region, name = mapping.source.split(":")[3], mapping.source.split(":")[5]
        sqs = _Queue(self._clients, self._identities, self._functions, mapping, region=region, lock=self._lock)
        pump = QueuePump(
            sqs,
            self._invoke(mapping),
            queue_url=f"{self._clients('sqs', region).meta.endpoint_url}/{ACCOUNT}/{name}",
            queue_arn=mapping.source,
            batch_size=mapping.batch_size,
            redeliver_after_s=self._config.redeliver_after_s,
        )
        return lambda: self._holds_messages(region, name) and pump.step()

    def _holds_messages(self, region: str, name: str) -> bool:
        with self._lock:
            queue = get_backend("sqs")[ACCOUNT][region].queues.get(name)
            return bool(queue and queue.messages)  # those that somebody may see now

    def _stream(self, mapping: Mapping) -> Step:
        def read(start: int, *, limit: int) -> list[dict[str, Any]]:
            with self._lock:
                stream = self._tables.of_stream(mapping.source).stream
                return stream.read(start, limit=limit) if stream else []

        pump = StreamPump(read, self._invoke(mapping), stream_arn=mapping.source, batch_size=mapping.batch_size)
        if mapping.start == "LATEST":
            with self._lock:
                stream = self._tables.of_stream(mapping.source).stream
                pump.handled = stream.next - 1 if stream else None
        return pump.step

    def _schedules(self) -> Step:
        """Made at once, not by the pump a second later: what is scheduled before its first look is due, too."""
        services = Schedules(
            self._clients, self._functions, authority=self._authority, identities=self._identities, lock=self._lock
        )

        def step() -> bool:
            with self._lock:
                groups = get_backend("scheduler")[ACCOUNT][REGION].schedule_groups.values()
                holds = any(group.schedules for group in groups)
            return services.step() if holds else False

        return step


def _version(mapping: Mapping) -> tuple[Any, ...]:
    return (mapping.source, mapping.function, mapping.batch_size, mapping.window_s)


class _Queue:
    """A queue as the service Lambda sees it: with the function's role. Only the shorter wait after a failure is ours."""

    def __init__(
        self,
        clients: LocalClients,
        identities: Identities,
        functions: Functions,
        mapping: Mapping,
        *,
        region: str,
        lock: Any,
    ) -> None:
        self._clients, self._identities, self._functions = clients, identities, functions
        self._mapping, self._region, self._lock = mapping, region, lock

    def _as_role(self) -> Any:
        name = self._mapping.function
        with self._lock:
            role = self._functions.role_of(name, self._mapping.region)
            place, plain = region_and_name(name, self._region)
            who = self._identities.role_session(role, plain, place)
        return self._clients("sqs", self._region, who)

    def receive_message(self, **given: Any) -> Any:
        return self._as_role().receive_message(**given)

    def delete_message(self, **given: Any) -> Any:
        return self._as_role().delete_message(**given)

    def change_message_visibility(self, **given: Any) -> None:
        with suppress(Exception):  # its time may be over: it then comes again by itself
            self._clients("sqs", self._region).change_message_visibility(**given)


class Schedules(SchedulerService):
    """Schedules of EventBridge Scheduler. Each invokes its function with its own role; what it cannot deliver goes to
    its dead letter queue.
    """

    def __init__(
        self, clients: LocalClients, functions: Functions, *, authority: Authority, identities: Identities, lock: Any
    ) -> None:
        super().__init__(lambda: clients("scheduler", REGION), _Targets(functions), clock=lambda: datetime.now(UTC))
        self._clients, self._authority, self._identities, self._lock = clients, authority, identities, lock

    def _fire(self, schedule: dict[str, Any], *, moment: datetime) -> None:
        target = schedule["Target"]
        try:
            self._require(target)
            self._functions.named_by(target["Arn"])
        except (Denied, LookupError, PolicyNotUnderstood) as error:
            log.warning("schedule %s cannot be delivered: %s", schedule["Name"], error)
            self._keep(target, error)
        else:
            super()._fire(schedule, moment=moment)

    def _require(self, target: dict[str, Any]) -> None:
        """Raises Denied, LookupError, PolicyNotUnderstood."""
        request = ApiRequest("lambda", "Invoke", REGION, "POST", "/", "rest-json")
        with self._lock:
            caller = caller_of_role(target["RoleArn"], "scheduler")
            self._authority.require_needs(caller, [Need("lambda:InvokeFunction", (target["Arn"],))], request)

    def _keep(self, target: dict[str, Any], error: Exception) -> None:
        arn = (target.get("DeadLetterConfig") or {}).get("Arn")
        if not arn:
            return
        with suppress(ClientError, LookupError):  # the role may not, or there is no such queue: it is lost, as on AWS
            with self._lock:
                who = self._identities.role_session(target["RoleArn"], "scheduler", REGION)
            attributes = {"ERROR_MESSAGE": {"DataType": "String", "StringValue": str(error)[:1000]}}
            sqs = self._clients("sqs", arn.split(":")[3], who)
            url = f"{sqs.meta.endpoint_url}/{ACCOUNT}/{arn.rpartition(':')[2]}"
            sqs.send_message(QueueUrl=url, MessageBody=target.get("Input") or "{}", MessageAttributes=attributes)


class _Targets:
    """Functions as EventBridge Scheduler names them: by ARN."""

    def __init__(self, functions: Functions) -> None:
        self._functions = functions

    def named_by(self, arn: str) -> str:
        """Raises LookupError."""
        if ":function:" not in arn:
            raise LookupError(f"the emulated account's schedules cannot reach {arn}")
        if not self._functions.exists(arn, REGION):
            raise LookupError(f"there is no function {arn}")
        return arn

    def call(self, name: str, event: Any) -> None:
        """Nobody waits for it, as on AWS."""
        invoke_later(self._functions, name, event, region=REGION)


class Rules:
    """EventBridge rules with a schedule, whose targets are functions. `every_s` replaces every rate."""

    def __init__(self, functions: Functions, *, every_s: float | None, lock: Any) -> None:
        self._functions = functions
        self._every_s = every_s
        self._lock = lock
        self._checked = datetime.now(UTC)
        self._since: dict[str, datetime] = {}

    def step(self) -> bool:
        now = datetime.now(UTC)
        checked, self._checked = self._checked, now
        with self._lock:
            due = [rule for rule in self._rules() if self._is_due(rule, since=checked, now=now)]
            targets = [(rule, dict(target)) for rule in due for target in rule.targets]
        for rule, target in targets:
            self._fire(rule, target, now)
        return False

    def _rules(self) -> list[Any]:
        found = [
            rule
            for backend in get_backend("events")[ACCOUNT].values()
            for rule in backend.event_buses["default"].rules.values()
            if rule.scheduled_expression and rule.state == "ENABLED"
        ]
        self._since = {rule.arn: self._since.get(rule.arn, datetime.now(UTC)) for rule in found}
        return found

    def _is_due(self, rule: Any, *, since: datetime, now: datetime) -> bool:
        anchor = self._since[rule.arn]
        if self._every_s is not None and rule.scheduled_expression.startswith("rate("):
            beats = [(moment - anchor).total_seconds() // self._every_s for moment in (since, now)]
            return beats[1] > max(beats[0], 0)
        moment = next_time(rule.scheduled_expression, after=max(since, anchor), anchor=anchor)
        return moment is not None and moment <= now

    def _fire(self, rule: Any, target: dict[str, Any], now: datetime) -> None:
        arn = str(target.get("Arn"))
        if ":function:" not in arn:
            log.warning("rule %s: the emulated account cannot reach %s", rule.name, arn)
            return
        if not service_may_invoke(self._functions, arn, "events.amazonaws.com", rule.arn, region=arn.split(":")[3]):
            log.warning("rule %s: the policy of %s does not let it invoke it", rule.name, arn)
            return
        event = (
            json.loads(target["Input"])
            if target.get("Input")
            else scheduled_event(rule.name, at=f"{now:%Y-%m-%dT%H:%M:%SZ}")
        )
        done = self._functions.invoke(arn, event, region=arn.split(":")[3])
        if done.outcome.failed:
            log.warning("rule %s: %s failed: %s", rule.name, arn, done.outcome.body[:500].decode(errors="replace"))
