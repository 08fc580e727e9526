"""One provider as a shard uses it: its settings, its key, its address."""

import hashlib
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from benchfleet_contract.fleets.plan import ProviderSettings, Target, TestRequest
from benchfleet_contract.fleets.targets import ALIASES, KEY_VARIABLES

from runner_image.errors import TaskError
from runner_image.workloads.llm.client.bedrock import secret
from runner_image.workloads.llm.client.dialect import Ask, Dialect
from runner_image.workloads.llm.client.table import Known, known

SELECTED_FOR_S = 5.0  # an executor of the registry is asked for anew after that


@dataclass
class Provider:
    """`select` gives the address of an executor that serves a model; only providers of type `executor` use it."""

    target: Target
    settings: ProviderSettings
    key: str | None = field(default=None, repr=False)
    select: Callable[[str], str] | None = None
    _selected: dict[str, tuple[float, str]] = field(default_factory=dict)

    @property
    def known(self) -> Known:
        return known(self.settings.type)

    @property
    def dialect(self) -> Dialect:
        return self.known.dialect

    @property
    def fingerprint(self) -> str:
        """What shares a quota: the provider and its key, of which only a hash is told."""
        told = hashlib.sha256(f"{self.settings.base_url or ''}\0{self.key or ''}".encode()).hexdigest()[:16]
        return f"{self.target.provider}-{told}"

    def ask(self, test: TestRequest) -> Ask:
        """May ask the registry for an executor, which is a request: not to be called from an event loop then."""
        model = test.model or self.target.model
        return Ask(
            model=model,
            prompt=test.prompt,
            system=test.system,
            parameters=test.parameters,
            base_url=self._address(model),
            key=self.key,
            headers=self.settings.headers,
            options=self.settings.options,
        )

    def _address(self, model: str) -> str:
        if self.settings.type == "executor" and self.select:
            since, address = self._selected.get(model, (0.0, ""))
            if not address or time.monotonic() - since > SELECTED_FOR_S:
                address = self.select(model)
                self._selected[model] = (time.monotonic(), address)
            return address.rstrip("/")
        return (self.settings.base_url or self.known.base_url or "").rstrip("/")

    @property
    def selects(self) -> bool:
        return self.settings.type == "executor"


def provider(
    target: Target,
    settings: ProviderSettings,
    environment: Mapping[str, str],
    *,
    select: Callable[[str], str] | None = None,
) -> Provider:
    """Raises TaskError for a type that nobody knows, for one without an address, and for a key that is not here."""
    try:
        found = known(settings.type)
    except KeyError:
        message = f"No provider of type {settings.type!r} is known: a newer runner may know it"
        raise TaskError(message, error_type="unknown_provider") from None
    if not (settings.base_url or found.base_url or settings.type == "executor"):
        message = f"The provider {target.provider!r} has no address: set base_url in its settings"
        raise TaskError(message, error_type="missing_address")
    return Provider(target, settings, _key(target, settings, environment), select)


def _key(target: Target, settings: ProviderSettings, environment: Mapping[str, str]) -> str | None:
    """The usual variable's key goes to the usual address only; to another one, only what its settings name."""
    usual = KEY_VARIABLES.get(ALIASES.get(settings.type, settings.type)) if settings.base_url is None else None
    name = settings.api_key_env or usual
    if name and environment.get(name, "").strip():
        return environment[name].strip()  # of a file it often has a line end, which no header can have
    if settings.secret:
        return secret(settings.secret)
    if name is None:
        return None
    message = f"This runner has no {name}, the key of the provider {target.provider!r}: start it with this variable set"
    raise TaskError(message, error_type="missing_credentials")
