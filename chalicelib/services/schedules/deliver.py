"""Sends one notification, and asks for another try where it was not taken: later each time, and not for ever."""

import json
import logging
from dataclasses import dataclass, replace

from benchfleet_contract.schedules import Event

from chalicelib.domain.schedule_ports import Delivery, Firings, Messenger, NotDelivered, ScheduleQueue, Schedules
from chalicelib.domain.scheduling import Firing, Schedule
from chalicelib.services.schedules.read_schedules import firing_view

DELAYS_S = (10, 60, 300, 900, 900)  # before the second try and those after it: SQS delays a message by 900 s at most
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Deliver:
    schedules: Schedules
    firings: Firings
    messenger: Messenger
    queue: ScheduleQueue

    def __call__(self, delivery: Delivery) -> None:
        """Does nothing for a schedule that is not there any more."""
        schedule = self.schedules.get(delivery.schedule)
        firing = self.firings.get(delivery.key, delivery.at_ms)
        if schedule is None or schedule.key != delivery.key or firing is None:
            return
        target = schedule.notify[delivery.target]
        try:
            body, subject = document(schedule, firing, delivery), subject_of(schedule, firing, delivery.events)
            self.messenger.send(target, delivery_id=delivery.id, subject=subject, body=body)
        except NotDelivered as problem:
            self._later(delivery, problem)

    def _later(self, delivery: Delivery, problem: NotDelivered) -> None:
        if problem.forever or delivery.tried >= len(DELAYS_S):
            tries = f"given up after {delivery.tried + 1} tr{'ies' if delivery.tried else 'y'}"
            _log.warning("notification %s: %s (%s)", delivery.id, problem, tries)
            self.firings.note_undelivered(delivery.key, delivery.at_ms, f"{problem} ({tries})")
        else:
            self.queue.deliver(replace(delivery, tried=delivery.tried + 1), delay_s=DELAYS_S[delivery.tried])


def document(schedule: Schedule, firing: Firing, delivery: Delivery) -> bytes:
    """What is told, the same bytes with each try."""
    told = firing_view(schedule, firing).model_dump(mode="json", exclude={"undelivered"})
    about = {
        "type": "benchfleet.schedule",
        "id": delivery.id,
        "events": list(delivery.events),
        "schedule": schedule.name,
    }
    return json.dumps(about | told, sort_keys=True).encode()


def subject_of(schedule: Schedule, firing: Firing, events: tuple[Event, ...]) -> str:
    word = "regression" if "regression" in events else "failure" if "failure" in events else "ended"
    return f"benchfleet {schedule.name}: {word}{f', run {firing.run_id}' if firing.run_id else ''}"[:100]
