"""One measured number beside the limit that it is held to."""

from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True)
class Metric:
    """`value` must not exceed `limit`; None means that it could not be measured, and `how` says why."""

    name: str
    value: float | None
    unit: str
    limit: float
    how: str

    @property
    def ok(self) -> bool:
        return self.value is not None and self.value <= self.limit

    def as_dict(self) -> dict[str, Any]:
        return {**asdict(self), "ok": self.ok}
