"""Refusals of the registry. Each has a number beside its word: those of the protocol that this registry continues."""

from dataclasses import asdict, dataclass
from typing import Any

from benchfleet_contract.registry.codes import RegistryCode

from chalicelib.domain import errors
from chalicelib.domain.errors import BadRequest, Conflict, Forbidden, NotFound, Refusal, TooLarge, Unavailable


@dataclass(frozen=True)
class Detail:
    """One thing wrong with a body. `index` is the model's, in a list of models."""

    field: str
    problem: str
    index: int | None = None


class Numbered(Refusal):
    """`number` is for programs that speak the protocol; `details` are all that is wrong."""

    number = RegistryCode.MALFORMED_MESSAGE
    details: tuple[Detail, ...] = ()

    def more(self) -> dict[str, Any]:
        """As the protocol has it, `code` is the number; our word is the `name`."""
        found: dict[str, Any] = {"code": int(self.number), "name": self.code}
        if self.details:
            found["details"] = [
                {name: value for name, value in asdict(one).items() if value is not None} for one in self.details
            ]
        return found


class NoSuchKey(Numbered, errors.Unauthorized):
    number = RegistryCode.INVALID_SIGNATURE


class KeyMayNot(Numbered, Forbidden):
    number = RegistryCode.UNAUTHORIZED


class AnnouncementsOff(Numbered, Unavailable):
    number = RegistryCode.REGISTRY_FULL
    code = "announcements_off"

    def __init__(self) -> None:
        super().__init__("This control plane takes no announcements (SUBSCRIBE_ANNOUNCEMENTS=false)", retry_after_s=60)


class Malformed(Numbered, BadRequest):
    """Also of too many models, a clock that is wrong, a version or question that is not known."""

    code = "malformed_message"

    def __init__(
        self, words: str, *, number: RegistryCode = RegistryCode.MALFORMED_MESSAGE, details: tuple[Detail, ...] = ()
    ) -> None:
        super().__init__(words, code=number.name.lower())
        self.number, self.details = number, details


class BodyTooLarge(Numbered, TooLarge):
    code = "malformed_message"


class NotOwner(Numbered, Forbidden):
    number = RegistryCode.UNAUTHORIZED
    code = "unauthorized"

    def __init__(self, executor_id: str) -> None:
        super().__init__(f"{executor_id} belongs to another key; an admin may release it")


class ExecutorNotFound(Numbered, NotFound):
    number = RegistryCode.EXECUTOR_NOT_FOUND
    code = "executor_not_found"

    def __init__(self, executor_id: str) -> None:
        super().__init__(f"No executor {executor_id}: announce it first")


class ModelNotFound(Numbered, NotFound):
    number = RegistryCode.MODEL_NOT_FOUND
    code = "model_not_found"


class ReservationNotFound(Numbered, NotFound):
    number = RegistryCode.EXECUTOR_NOT_FOUND
    code = "reservation_not_found"


class Gone(Numbered, errors.Gone):
    """410: it was removed, or not heard of for too long."""

    number = RegistryCode.EXECUTOR_NOT_FOUND
    code = "executor_gone"

    def __init__(self, executor_id: str, why: str) -> None:
        super().__init__(f"{executor_id} was {why}: announce it again")


class Fenced(Numbered, Conflict):
    """Another process has taken the executor over."""

    number = RegistryCode.FENCED
    code = "fenced"

    def __init__(self, executor_id: str, generation: int) -> None:
        super().__init__(f"{executor_id} was taken over by another process: stop, and do not announce it again")
        self.generation = generation

    def more(self) -> dict[str, Any]:
        return super().more() | {"generation": self.generation}


class Replayed(Numbered, Conflict):
    number = RegistryCode.REPLAY_DETECTED
    code = "replay_detected"


class Duplicate(Numbered, Conflict):
    number = RegistryCode.DUPLICATE_REGISTRATION
    code = "duplicate_registration"


class NotSelectable(Numbered, Conflict):
    """A claim of an executor that gets nothing now: it drains, or it is full."""

    number = RegistryCode.UNAUTHORIZED
    code = "not_selectable"


class TooOften(Numbered, errors.TooOften):
    """Of one executor's announcements, changes or heartbeats."""


class RegistryFull(Numbered, Unavailable):
    number = RegistryCode.REGISTRY_FULL
    code = "registry_full"


class NothingToSelect(Numbered, Unavailable):
    number = RegistryCode.REGISTRY_FULL
    code = "all_overloaded"
