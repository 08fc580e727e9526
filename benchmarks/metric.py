"""One measured number beside the limit that it is held to."""

from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True)
class Metric:
    """`value` must not exceed `limit`; None means that it could not be measured, and `how` says why.

    A limit of None: the number is only told. `before` is what it was once, for comparison.
    """

    name: str
    value: float | None
    unit: str
    limit: float | None
    how: str
    before: float | None = None

    @property
    def ok(self) -> bool:
        return self.value is not None and (self.limit is None or self.value <= self.limit)

    def as_dict(self) -> dict[str, Any]:
        return {**asdict(self), "ok": self.ok}
