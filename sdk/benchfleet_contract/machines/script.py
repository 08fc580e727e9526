"""The script of a machine's first boot: settings, each quoted for the shell, above the body of `boot.sh`.

It is `user-data` of cloud-init. The same machine has the same script in every try, to the byte: a cloud that knows a
request by its token refuses the token with other user-data. So nothing here asks for the time.
"""

import gzip
import shlex
from dataclasses import dataclass, fields
from functools import cache
from pathlib import Path
from typing import Literal

from benchfleet_contract.provisioning import MAX_LIFETIME_S, Slots

Cloud = Literal["aws", "azure", "gcp", "other"]

MAX_BYTES = 16_384  # of EC2's user-data, before base64: RunInstances, "UserData"
LONGEST_LIFE_MINUTES = MAX_LIFETIME_S // 60
GRACE_S: dict[Cloud, int] = {
    "aws": 90,
    "azure": 20,
    "gcp": 15,
    "other": 0,
}  # of the notice, for a task to end by itself


@dataclass(frozen=True)
class Machine:
    """`launch` is the name under which the control plane expects reports; without one nothing is reported.

    `name` begins every runner's id (a DNS label of at most 50 characters); empty for the machine's own host name.
    `expires_s` (Unix time; 0 for none) and `most_minutes` (from the boot on) both bound its life: the sooner one holds.
    Exactly one of `key_command` (prints the key), `key_file` (a path on the machine) and `key_text` names the runner key.
    `login_command` logs Docker in; `end_command` runs before the machine shuts down, to delete it where that is needed.
    """

    api_url: str
    run_id: str
    provider: str
    instance_type: str
    image: str
    slots: Slots = 1
    launch: str = ""
    name: str = ""
    cloud: Cloud = "aws"
    spot: bool = False
    expires_s: int = 0
    most_minutes: int = LONGEST_LIFE_MINUTES
    key_command: str = ""
    key_file: str = ""
    key_text: str = ""
    login_command: str = ""
    end_command: str = ""
    log_group: str = ""
    log_region: str = ""


def script(machine: Machine) -> str:
    """Raises ValueError if the key is named by none or several of the three fields, or a value holds a zero byte."""
    named = [field for field in ("key_command", "key_file", "key_text") if getattr(machine, field)]
    if len(named) != 1:
        raise ValueError(f"the runner key must be named once, by key_command, key_file or key_text; not {named}")
    settings = {field.name.upper(): _setting(getattr(machine, field.name)) for field in fields(machine)}
    settings["GRACE_S"] = str(GRACE_S[machine.cloud])
    lines = [f"{name}={value}" for name, value in settings.items()]
    return "\n".join(["#!/bin/bash", "# One machine of a run of benchfleet.", *lines, _body()])


def packed(text: str) -> bytes:
    """As it is while it fits, else gzipped, which cloud-init unpacks. Raises ValueError if it does not fit even so."""
    plain = text.encode()
    if len(plain) <= MAX_BYTES:
        return plain
    small = gzip.compress(plain, mtime=0)
    if len(small) > MAX_BYTES:
        raise ValueError(
            f"the script of the machine has {len(small):,} bytes, gzipped; at most {MAX_BYTES:,} may be sent"
        )
    return small


def _setting(value: object) -> str:
    if isinstance(value, bool):
        return "1" if value else "''"
    text = str(value)
    if "\0" in text:
        raise ValueError("a setting of a machine holds a zero byte, which no shell can take")
    return shlex.quote(text)


@cache
def _body() -> str:
    return (Path(__file__).parent / "boot.sh").read_text(encoding="utf-8")
