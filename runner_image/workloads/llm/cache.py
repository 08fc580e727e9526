"""Answers of earlier runs on this machine, for manifests with `cache`: the same request to the same model costs nothing again.

Only answers are kept, never failures. One that is taken from here is marked, was not timed, and cost nothing. A repeat of a test
has an entry of its own. Each entry is a file, found by the digest of its request.
"""

import hashlib
import json
import re
import secrets
import time
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchfleet_contract.fleets.outcomes import Outcome
from benchfleet_contract.fleets.plan import Shard, TestRequest
from platformdirs import user_cache_path
from pydantic import ValidationError

KEPT_DAYS = 30
MOST_BYTES = 4 * 1024**2  # of an entry
_ENTRY = re.compile(r"[0-9a-f]{64}\.json(\.[0-9a-f]+\.part)?")
_VARIABLE = "BENCHFLEET_ANSWERS"


def cache_folder(environ: Mapping[str, str]) -> Path:
    """`$BENCHFLEET_ANSWERS`, else a folder of the user's cache."""
    named = environ.get(_VARIABLE)
    return Path(named) if named else user_cache_path("benchfleet") / "answers"


@dataclass(frozen=True)
class Answers:
    """The entries for one shard's target. A folder that cannot be used is as good as empty: the requests are sent."""

    folder: Path
    shard: Shard

    def found(self, test: TestRequest, *, attempt: int) -> Outcome | None:
        """As an outcome of this run; None where there is none, or none that reads."""
        try:
            with self._path(test).open("rb") as file:
                kept = Outcome.model_validate_json(file.read(MOST_BYTES))
        except (OSError, ValidationError):
            return None
        mine = {"key": test.key, "test_id": test.test_id, "repeat": test.repeat, "category": test.category}
        return kept.model_copy(update={**mine, **_UNTIMED, "attempt": attempt}) if kept.response else None

    def keep(self, tests: Iterable[TestRequest], outcomes: Mapping[str, Outcome]) -> None:
        """Those that were answered now. What is older than a month is forgotten."""
        try:
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._forget()
            for test in tests:
                outcome = outcomes.get(test.key)
                if outcome and outcome.status == "success" and not outcome.cached:
                    self._write(self._path(test), outcome)
        except OSError:
            return

    def _write(self, path: Path, outcome: Outcome) -> None:
        part = path.with_name(f"{path.name}.{secrets.token_hex(4)}.part")
        part.write_text(outcome.model_copy(update={"grades": {}}).model_dump_json(), encoding="utf-8")
        part.replace(path)

    def _forget(self) -> None:
        """Only what has the name of an entry: the folder is the user's."""
        oldest = time.time() - KEPT_DAYS * 86_400
        for path in self.folder.iterdir():
            if _ENTRY.fullmatch(path.name):
                with suppress(OSError):  # another runner forgets it at the same moment
                    if path.stat().st_mtime < oldest:
                        path.unlink()

    def _path(self, test: TestRequest) -> Path:
        provider = self.shard.provider
        asked = {
            "type": provider.type, "base_url": provider.base_url, "options": provider.options, "repeat": test.repeat,
            "model": test.model or self.shard.target.model, "prompt": test.prompt, "system": test.system,
            "parameters": test.parameters.model_dump(mode="json"),
        }  # fmt: skip
        text = json.dumps(asked, sort_keys=True, ensure_ascii=False)
        return self.folder / f"{hashlib.sha256(text.encode(errors='surrogatepass')).hexdigest()}.json"


_UNTIMED: dict[str, Any] = {
    "cached": True, "cost_usd": 0.0, "price_source": None, "intended_at": None, "sent_at": None, "duration_ms": 0.0,
    "queue_ms": 0.0, "retry_wait_ms": 0.0, "ttft_ms": None, "itl_ms": None, "tpot_ms": None, "e2el_ms": None, "tries": 0,
    "grades": {},
}  # fmt: skip
