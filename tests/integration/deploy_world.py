"""`benchfleet deploy` as a process, against an emulated AWS account; and what is in that account, in words that compare."""

import os
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.integration.test_account import Account

ROOT = Path(__file__).parents[2]
# What Chalice builds is named by its contents and kept here: pip works once, not in each session of tests.
CACHE = ROOT / "build" / "test-deploy"
BENCHFLEET = (sys.executable, "-m", "benchfleet.cli.main")
DEPLOY = ("deploy", "--skip-image", "--yes")
END_S = 240
_NAMELESS = ("AWS::EC2::", "AWS::ApiGateway::RestApi", "AWS::Lambda::EventSourceMapping")


@dataclass(frozen=True)
class Ended:
    code: int
    out: str
    err: str


@dataclass(frozen=True)
class Laptop:
    """A machine of its own: its profiles and its state. `cache` is what may be lost."""

    folder: Path
    account: Account
    more: dict[str, str] = field(default_factory=dict)

    @property
    def profiles(self) -> Path:
        return self.folder / "config.toml"

    def environment(self) -> dict[str, str]:
        ready = self.account.ready
        return {
            **{name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "BENCHFLEET_"))},
            "AWS_ENDPOINT_URL": ready["aws_endpoint_url"],
            "AWS_ACCESS_KEY_ID": ready["aws_access_key_id"],
            "AWS_SECRET_ACCESS_KEY": ready["aws_secret_access_key"],
            "AWS_REGION": ready["region"],
            "BENCHFLEET_API_URL_TEMPLATE": ready["api_url_template"],
            "BENCHFLEET_CONFIG": str(self.profiles),
            "XDG_CACHE_HOME": str(CACHE),
            "XDG_STATE_HOME": str(self.folder / "state"),
            **self.more,
        }

    def deploy(self, *flags: str) -> Ended:
        return self.run(*DEPLOY, *flags)

    def run(self, *argv: str) -> Ended:
        done = subprocess.run(
            [*BENCHFLEET, *argv], cwd=ROOT, env=self.environment(), capture_output=True, text=True, timeout=END_S
        )
        return Ended(done.returncode, done.stdout, done.stderr)

    def deploy_and_kill(self, dies: Callable[[str], bool], *flags: str, alone: bool = False) -> list[str]:
        return self.run_and_kill(dies, *DEPLOY, *flags, alone=alone)

    def run_and_kill(self, dies: Callable[[str], bool], *argv: str, alone: bool = False) -> list[str]:
        """SIGKILL at the first line that `dies` is true of; `alone` leaves the processes that it had started.

        Returns the lines until then. Fails if the command ended before.
        """
        said: list[str] = []
        with subprocess.Popen(
            [*BENCHFLEET, *argv], cwd=ROOT, env=self.environment(), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE, text=True, start_new_session=True,
        ) as process:  # fmt: skip
            for line in process.stderr or ():
                said.append(line.rstrip())
                if dies(line.rstrip()):
                    process.kill() if alone else os.killpg(process.pid, signal.SIGKILL)
                    break
        assert process.returncode == -signal.SIGKILL, said
        return said


def resources(account: Account) -> Counter[tuple[str, str, str]]:
    """Everything in the account by type, region and name; without what AWS makes up: ids, versions, log streams."""
    return Counter(_named(found) for found in account.door("resources")["resources"])


def _named(found: dict[str, Any]) -> tuple[str, str, str]:
    kind = found["type"]
    if kind == "AWS::Lambda::EventSourceMapping":
        name = found["arn"].rpartition("/stream/")[0] or found["arn"]
    elif kind.startswith(_NAMELESS):
        name = found["tags"].get("Name", "")
    else:
        name = found["id"].partition(":")[0]
    return kind, found["region"], name
