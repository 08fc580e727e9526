"""What a fleet run has kept: its plan, its shards, the outcomes in their journals."""

import json
import logging
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from benchfleet_contract.fleets.outcomes import Outcome, best, read_journal
from benchfleet_contract.fleets.plan import Shard

from chalicelib.domain.fleet_plan import PLAN_FILE
from chalicelib.domain.fleet_ports import FleetFiles

MAX_CHUNK_BYTES = 64 * 1024**2  # unpacked
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class ReadOutcomes:
    """Each call raises Unavailable when the bucket does not answer."""

    files: FleetFiles

    def outline(self, run_id: str) -> dict[str, Any] | None:
        """As `domain/fleet_plan.outline` wrote it; None for a run that has none."""
        raw = self.files.read(run_id, PLAN_FILE)
        return json.loads(raw) if raw else None

    def shards(self, run_id: str) -> Iterator[Shard]:
        for one in (self.outline(run_id) or {}).get("shards", []):
            raw = self.files.read(run_id, f"shards/{one['number']}.json")
            if raw:
                yield Shard.model_validate_json(raw)

    def of(self, run_id: str, shard: int) -> dict[str, Outcome]:
        """By key, those that count. A chunk that does not read costs what it holds and no more."""
        return best(outcome for key in self.files.journals(run_id, shard) for outcome in self._chunk(key))

    def _chunk(self, key: str) -> list[Outcome]:
        try:
            return read_journal(_unpacked(self.files.read_chunk(key)).decode())
        except (ValueError, zlib.error) as error:
            _log.warning("%s does not read: %s", key, str(error)[:200])
            return []


def _unpacked(packed: bytes) -> bytes:
    """Raises ValueError for more than MAX_CHUNK_BYTES, zlib.error for no gzip."""
    unpacked = zlib.decompressobj(wbits=31)
    data = unpacked.decompress(packed, MAX_CHUNK_BYTES)
    if unpacked.unconsumed_tail:
        raise ValueError(f"it has more than {MAX_CHUNK_BYTES} bytes")
    return data
