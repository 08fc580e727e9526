"""From a file to a config that can be run, or to everything that is wrong with it."""

import hashlib
import json
import stat
from pathlib import Path

from benchfleet_contract.limits import MAX_BODY_BYTES

from benchfleet.config.checking import Checked, check
from benchfleet.config.run_config import RunConfig
from benchfleet.documents.document import Document, unsendable
from benchfleet.documents.json_text import parse_json
from benchfleet.documents.problems import START, Finding, InvalidConfig, SyntaxProblem
from benchfleet.documents.yaml_text import parse_yaml
from benchfleet.exceptions import ConfigError

_PARSERS = {".json": parse_json, ".yaml": parse_yaml, ".yml": parse_yaml}


def load(path: Path) -> RunConfig:
    """Raises InvalidConfig with all problems at once, or ConfigError for what is no readable file."""
    data = _read(path)
    document = _parse(path, _text(path, data))
    findings = list(unsendable(document))
    if not isinstance(document.value, dict):
        findings.append(Finding(START, "", "a config must be an object", 'start it with "workload" or "ruby_version"'))
    if findings:  # nothing more can be read
        raise InvalidConfig(path, [*document.problems, *findings])
    checked = check(document, path)
    checked.findings += [*document.problems, *_size(checked)]
    if checked.findings or checked.request is None:
        raise InvalidConfig(path, checked.findings, warnings=checked.warnings)
    return RunConfig(
        path, hashlib.sha256(data).hexdigest(), checked.body, checked.request, checked.provision, checked.instances,
        tuple(checked.warnings),
    )  # fmt: skip


def _read(path: Path) -> bytes:
    if path.suffix.lower() not in _PARSERS:
        raise ConfigError(f"{path}: a config's name ends in {', '.join(_PARSERS)}; rename it")
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            raise ConfigError(f"{path} is not a regular file; name a config file")
        with path.open("rb") as file:
            data = file.read(MAX_BODY_BYTES + 1)
    except OSError as error:
        raise ConfigError(f"cannot read {path}: {error.strerror}; is the path right?") from error
    except ValueError as error:
        raise ConfigError(f"no file can have the name {str(path)!r}: {error}") from error
    if len(data) > MAX_BODY_BYTES:
        raise ConfigError(f"{path} is too large; a config has at most {MAX_BODY_BYTES} bytes")
    return data


def _text(path: Path, data: bytes) -> str:
    if b"\0" in data:
        raise ConfigError(f"{path} is a binary file; name a config in JSON or YAML")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise ConfigError(f"{path}:{line}: not UTF-8 text; save it as UTF-8") from error


def _parse(path: Path, text: str) -> Document:
    try:
        return _PARSERS[path.suffix.lower()](text)
    except SyntaxProblem as problem:
        raise InvalidConfig(path, [problem.finding]) from problem


def _size(checked: Checked) -> list[Finding]:
    size = len(json.dumps(checked.body, ensure_ascii=False).encode())
    if size <= MAX_BODY_BYTES:
        return []
    return [Finding(START, "", f"the run has {size} bytes of JSON", f"at most {MAX_BODY_BYTES}; split it")]
