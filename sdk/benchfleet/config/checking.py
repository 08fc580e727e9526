"""Everything that is wrong with a config, and everything worth a warning: by the API's own rules, and the master's."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchfleet_contract.problems import Problem
from benchfleet_contract.run_instances import CLASSIC_PROVIDERS, PROVIDERS, is_field, is_provider, named_providers
from benchfleet_contract.run_request import read_run_request
from benchfleet_contract.runs import RunRequest
from benchfleet_contract.workloads.kinds import kind
from benchfleet_contract.workloads.known import KNOWN_WORKLOADS

from benchfleet.config import fields
from benchfleet.config.provision import LOCAL_FIELDS, Provision, read_provision, whole
from benchfleet.documents.document import Document, name_of, shown
from benchfleet.documents.problems import Finding, Remark

_TEXTS = ("ruby_version", "name", "workload", "run_id", "instance_type", "alias", "isolation", "image")


@dataclass
class Checked:
    """`request` is None where the API's rules found problems."""

    body: dict[str, Any]
    request: RunRequest | None = None
    provision: Provision = field(default_factory=Provision)
    instances: int = 1
    findings: list[Finding] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)


def check(document: Document, path: Path) -> Checked:
    """The document's value must be an object."""
    return _Check(document, path).run()


class _Check:
    def __init__(self, document: Document, path: Path) -> None:
        self._document = document
        self._config: Mapping[str, Any] = document.value
        self._path = path
        self._found = Checked(body=_posted(document.value))

    def run(self) -> Checked:
        found = self._found
        self._refuse_keys()
        self._refuse_lost_providers()
        found.provision = read_provision(self._config.get(fields.PROVISION), self._refuse)
        found.instances = self._instances()
        reading = read_run_request(found.body)
        found.request = reading.request
        self._take(reading.problems)
        self._refuse_containers()
        remarks = sorted([*self._strange_values(reading.warnings), *self._strange_fields()])
        found.warnings = [remark.line(self._path) for remark in remarks]
        return found

    def _refuse(self, name: str, message: str, remedy: str) -> None:
        text = self._document.as_written(name)
        if text is not None and text.lower() not in ("null", "~", "") and _wants_text(name, message):
            remedy = f'quote it: "{text}"'
        value = text or shown(self._document.value_at(name)) if self._document.has(name) else ""
        self._found.findings.append(Finding(self._document.place(name), name, message, remedy, value))

    def _take(self, problems: list[Problem]) -> None:
        """The API says two things of one empty field, for old clients; a person needs one."""
        told = {finding.field for finding in self._found.findings}
        for problem in problems:
            if problem.field not in told:
                told.add(problem.field)
                self._refuse(problem.field, problem.message, problem.remedy)

    def _refuse_keys(self) -> None:
        for name in fields.KEYS:
            if name in self._config:
                mark = self._document.key_place(name)
                self._found.findings.append(Finding(mark, name, fields.NO_KEYS, fields.LOGIN))

    def _refuse_lost_providers(self) -> None:
        """The API takes null for none; in a file it is a list that somebody forgot to write."""
        for name in CLASSIC_PROVIDERS:
            if name in self._config and self._config[name] is None:
                self._refuse(name, "must be a list of instances", f'such as "{name}": [{{"instance_type": "…"}}]')

    def _refuse_containers(self) -> None:
        """For a kind of work that only processes can do."""
        work = kind(self._found.request.workload) if self._found.request else None
        if work and work.processes_only and self._found.provision.local.isolation == "docker":
            message = f"{work.name} runs in processes only: its programs are those of the machine"
            self._refuse("provision.local.isolation", message, "process, or leave it out")

    def _instances(self) -> int:
        per = self._config.get("per_instance_type")
        value = per.get("instances", 1) if isinstance(per, dict) else 1
        count = whole(value, fields.MAX_INSTANCES)
        if count is None:
            words = f"must be a whole number from 1 to {fields.MAX_INSTANCES}"
            self._refuse("per_instance_type.instances", words, "how many runners each entry gets; leave it out for 1")
        return count or 1

    def _strange_values(self, warnings: Iterable[str]) -> Iterator[Remark]:
        """The API's warnings: a field, a colon, words."""
        for text in warnings:
            name, _, words = text.partition(": ")
            near = fields.meant(str(self._config.get(name)), KNOWN_WORKLOADS) if name == "workload" else ""
            yield Remark(self._document.place(name), name, words + near)

    def _strange_fields(self) -> Iterator[Remark]:
        for path, words in self._strange_names():
            yield Remark(self._document.key_place(*path), name_of(path), words)

    def _strange_names(self) -> Iterator[tuple[tuple[str | int, ...], str]]:
        for name, value in self._config.items():
            if name in fields.INSTEAD:
                yield (name,), fields.legacy(name)
            elif name not in fields.TOP and name not in fields.KEYS and not is_provider(name, value):
                listed = bool(value) and isinstance(value, list | dict)
                hint = "; a provider's list holds objects with an instance_type" if listed else ""
                yield (name,), fields.unknown(name, fields.TOP) + hint
        for named in named_providers(self._found.body):
            if isinstance(named.entries, list):
                path = (named.provider,) if named.where == named.provider else (PROVIDERS, named.provider)
                yield from self._strange_in_entries(path, named.entries)
        yield from _strange(("per_instance_type",), self._config.get("per_instance_type"), fields.PER_INSTANCE_TYPE)
        provision = self._config.get(fields.PROVISION)
        if isinstance(provision, dict):
            yield from _strange((fields.PROVISION, "local"), provision.get("local"), LOCAL_FIELDS)
            yield from self._idle(provision)

    def _strange_in_entries(
        self, path: tuple[str, ...], entries: list[Any]
    ) -> Iterator[tuple[tuple[str | int, ...], str]]:
        for index, entry in enumerate(entries):
            yield from _strange((*path, index), entry, fields.ENTRY)

    def _idle(self, provision: Mapping[str, Any]) -> Iterator[tuple[tuple[str | int, ...], str]]:
        there = [named.provider for named in named_providers(self._found.body)]
        if fields.LOCAL in provision and fields.LOCAL not in there:
            yield (fields.PROVISION, fields.LOCAL), f"ignored: the config has no instances of {fields.LOCAL}"


def _wants_text(name: str, message: str) -> bool:
    """Would the value be right in quotes?"""
    return name.rpartition(".")[2] in _TEXTS or "must be a valid string" in message


def _posted(config: Mapping[str, Any]) -> dict[str, Any]:
    """What the API gets. Runners on this machine are for this command alone."""
    body = {key: value for key, value in config.items() if _is_posted(key, value)}
    if is_field(fields.PROVISION, provision := body.get(fields.PROVISION)):
        others = without_local(provision)
        body = {key: value for key, value in body.items() if key != fields.PROVISION}
        body |= {fields.PROVISION: others} if others else {}
    return body


def without_local(provision: Any) -> Mapping[str, Any]:
    """Empty for what is no object: that is told where `provision.local` is read."""
    found: Mapping[str, Any] = provision if isinstance(provision, dict) else {}
    return {name: value for name, value in found.items() if name != fields.LOCAL}


def _is_posted(key: str, value: Any) -> bool:
    return is_field(key, value) or (key not in fields.NEVER_POSTED and is_provider(key, value))


def _strange(
    path: tuple[str | int, ...], value: Any, known: tuple[str, ...]
) -> Iterator[tuple[tuple[str | int, ...], str]]:
    for name in value if isinstance(value, dict) else ():
        if name in fields.INSTEAD:
            yield (*path, name), fields.legacy(name)
        elif name not in known:
            yield (*path, name), fields.unknown(name, known)
