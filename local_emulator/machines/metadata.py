"""What a machine finds at 169.254.169.254: instance metadata of version 2, for EC2.

Pure: the facts of the machine are handed in with each request. Tokens hold as long as they were asked for.
"""

import json
import secrets
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from local_emulator.config import ACCOUNT

MOST_TOKEN_S = 21_600
TTL, TOKEN = "x-aws-ec2-metadata-token-ttl-seconds", "x-aws-ec2-metadata-token"
Reply = tuple[int, str]


@dataclass(frozen=True)
class Facts:
    """`tags` None: the machine was started without its tags in the metadata. `notice`: when spot takes it back."""

    instance_id: str
    instance_type: str
    image_id: str
    architecture: str
    region: str
    zone: str
    private_ip: str
    life_cycle: str
    profile_arn: str | None
    user_data: bytes
    launched_at: datetime
    tags: Mapping[str, str] | None
    notice: datetime | None
    tokens_required: bool = True


@dataclass
class Tokens:
    """Of one machine."""

    monotonic: Callable[[], float] = time.monotonic
    _until: dict[str, float] = field(default_factory=dict)

    def issue(self, headers: Mapping[str, str]) -> Reply:
        wanted = headers.get(TTL, "")
        if not wanted.isdecimal() or not 1 <= int(wanted) <= MOST_TOKEN_S:
            return 400, "Bad Request"
        token = secrets.token_urlsafe(42)
        self._until[token] = self.monotonic() + int(wanted)
        return 200, token

    def hold(self, token: str) -> bool:
        return self._until.get(token, 0.0) > self.monotonic()


def answer(method: str, path: str, headers: Mapping[str, str], facts: Facts, tokens: Tokens) -> Reply:
    """`path` begins with `/latest/`; header names are lower case."""
    if path == "/latest/api/token":
        return tokens.issue(headers) if method == "PUT" else (405, "Method Not Allowed")
    if method != "GET":
        return 405, "Method Not Allowed"
    given = headers.get(TOKEN)
    if not tokens.hold(given) if given is not None else facts.tokens_required:
        return 401, "Unauthorized"
    found = _documents(facts).get(path.rstrip("/").removeprefix("/latest/"))
    return (404, "Not Found") if found is None else (200, found)


def _documents(facts: Facts) -> dict[str, str]:
    name = f"ip-{facts.private_ip.replace('.', '-')}.ec2.internal"
    found = {
        "meta-data/ami-id": facts.image_id,
        "meta-data/hostname": name,
        "meta-data/instance-id": facts.instance_id,
        "meta-data/instance-life-cycle": facts.life_cycle,
        "meta-data/instance-type": facts.instance_type,
        "meta-data/local-hostname": name,
        "meta-data/local-ipv4": facts.private_ip,
        "meta-data/placement/availability-zone": facts.zone,
        "meta-data/placement/region": facts.region,
        "meta-data/services/domain": "amazonaws.com",
        "dynamic/instance-identity/document": _identity(facts),
        "user-data": facts.user_data.decode(errors="replace"),
    }
    if facts.notice:
        time_of_end = facts.notice.strftime("%Y-%m-%dT%H:%M:%SZ")
        found["meta-data/spot/instance-action"] = json.dumps({"action": "terminate", "time": time_of_end})
        found["meta-data/spot/termination-time"] = time_of_end
    if facts.profile_arn:
        found["meta-data/iam/info"] = json.dumps({"Code": "Success", "InstanceProfileArn": facts.profile_arn})
    if facts.tags is not None:
        found["meta-data/tags/instance"] = "\n".join(sorted(facts.tags))
        found |= {f"meta-data/tags/instance/{tag}": value for tag, value in facts.tags.items()}
    return found


def _identity(facts: Facts) -> str:
    document = {
        "accountId": ACCOUNT,
        "architecture": facts.architecture,
        "availabilityZone": facts.zone,
        "imageId": facts.image_id,
        "instanceId": facts.instance_id,
        "instanceType": facts.instance_type,
        "pendingTime": facts.launched_at.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "privateIp": facts.private_ip,
        "region": facts.region,
        "version": "2017-09-30",
    }
    return json.dumps(document, indent=2)
