"""Asks the backends again and again, on a thread of its own: a slow one delays no heartbeat."""

import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping

import httpx
from benchfleet_contract.registry.descriptors import ModelDescriptor

from runner_image.executor.backends import Backend, Backends
from runner_image.executor.catalog import configured, with_found
from runner_image.executor.discovery import Discovery, Found, ProbeFailed
from runner_image.logs import Log

Catalog = Mapping[str, ModelDescriptor]


class Rediscovery:
    """`look` asks each backend once; `start` repeats that every `every_s` seconds, and after `soon`."""

    def __init__(
        self,
        file: Backends,
        *,
        http: httpx.Client,
        environment: Mapping[str, str],
        every_s: float,
        log: Log,
        changed: Callable[[Catalog], None],
    ) -> None:
        self._file, self._ask, self._environment, self._every_s = file, Discovery(http), environment, every_s
        self._log, self._changed = log, changed
        self._failures: Counter[str] = Counter()
        self._wanted, self._closed, self._looked = threading.Event(), threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True, name="discovery")
        self.models: Catalog = configured(file)
        self.looks, self.looked_at = 0, time.monotonic()

    def start(self, *, first_within_s: float) -> None:
        """Returns once every backend was asked, or when time is up."""
        self._thread.start()
        self._looked.wait(first_within_s)

    def soon(self) -> None:
        self._wanted.set()

    def close(self) -> None:
        self._closed.set()
        self._wanted.set()

    def look(self) -> Catalog:
        for backend in self._file.backends:
            found = self._asked(backend)
            failures = self._failures[backend.name]
            self.models = with_found(self.models, found, backend, failures=failures)
        return self.models

    def _run(self) -> None:
        while not self._closed.is_set():
            self._wanted.clear()
            self._changed(self.look())
            self.looks, self.looked_at = self.looks + 1, time.monotonic()
            self._looked.set()
            self._wanted.wait(self._every_s)

    def _asked(self, backend: Backend) -> Found | None:
        try:
            found = self._ask(backend, backend.key(self._environment))
        except ProbeFailed as failed:
            self._failures[backend.name] += 1
            self._log.warning("backend_not_asked", backend=backend.name, error=str(failed))
            return None
        self._failures[backend.name] = 0
        for model_id, reason in found.left_out:
            self._log.warning("model_left_out", backend=backend.name, model_id=model_id, reason=reason)
        return found
