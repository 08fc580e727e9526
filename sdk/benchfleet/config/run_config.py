"""A config that can be run."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from benchfleet_contract.run_instances import PROVIDERS, is_provider
from benchfleet_contract.runs import RunRequest

from benchfleet.config.fields import PROVISION
from benchfleet.config.provision import Provision
from benchfleet.exceptions import UsageError


@dataclass(frozen=True)
class RunConfig:
    """`sha256` (hex) is the file's; `body` is what `POST /runs` gets; `instances` is how many runners each entry gets."""

    path: Path
    sha256: str
    body: dict[str, Any]
    request: RunRequest
    provision: Provision
    instances: int
    warnings: tuple[str, ...]

    @property
    def providers(self) -> tuple[str, ...]:
        """In the order in which their tasks are made."""
        return tuple(dict.fromkeys(instance.provider for instance in self.request.instances))

    def only(self, providers: Iterable[str]) -> "RunConfig":
        """The same run on these providers alone. Raises UsageError for none, and for one that the config has not."""
        wanted = set(providers)
        strange = sorted(wanted - set(self.providers))
        if strange or not wanted:
            words = f"no provider {', '.join(strange)}" if strange else "no provider chosen"
            raise UsageError(f"{words} in {self.path}; it has {', '.join(self.providers)}")
        body = {key: value for key, value in self.body.items() if key in wanted or not is_provider(key, value)}
        if isinstance(inner := body.get(PROVIDERS), dict):
            body[PROVIDERS] = {key: value for key, value in inner.items() if key in wanted}
        if isinstance(means := body.get(PROVISION), dict):
            body[PROVISION] = {key: value for key, value in means.items() if key in wanted}
        kept = [instance for instance in self.request.instances if instance.provider in wanted]
        brought = {key: value for key, value in self.request.provision.items() if key in wanted}
        request = self.request.model_copy(update={"instances": kept, "provision": brought})
        return replace(self, body=body, request=request)
