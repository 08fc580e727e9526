"""`benchfleet provider cloud-init`: the script with which a machine of any cloud joins a run. Asks nobody, starts nothing."""

import re
import sys
from typing import Annotated, Literal
from urllib.parse import urlsplit

import typer
from benchfleet_contract.machines.script import Cloud, Machine, script
from benchfleet_contract.names import IMAGE, LABEL, PRINTABLE, RUN_ID
from benchfleet_contract.provisioning import MAX_LIFETIME_S, MAX_SLOTS, MIN_LIFETIME_S, Slots
from benchfleet_contract.proxies import is_loopback

from benchfleet.cli.options import ApiUrl, Profile, connection
from benchfleet.cli.sentences import warn
from benchfleet.exceptions import UsageError
from benchfleet.profiles.settings import key_of

CLOUDS: dict[str, Cloud] = {"azure": "azure", "gcp": "gcp", "google": "gcp", "aws": "aws"}  # by the provider's label
_UNITS_S = {"m": 60, "h": 3_600, "d": 86_400}

Provider = Annotated[str, typer.Option(help="The provider's label in the run: azure, gcp, hetzner, …")]
InstanceType = Annotated[str, typer.Option(help="The machine's type, as the run names it.")]
RunId = Annotated[str, typer.Option(help="The run that it works for.")]
Image = Annotated[str, typer.Option(help="The runner's image, in a registry that the machine reaches; best by digest.")]
SlotsOption = Annotated[str, typer.Option("--slots", help="Containers: a number, `core` for one each, or `vcpu`.")]
ExpiresIn = Annotated[str, typer.Option(help="The machine ends so long after its boot at the latest: 90m, 4h, 2d.")]
CloudName = Annotated[
    Literal["aws", "azure", "gcp", "other"] | None,
    typer.Option("--cloud", help="Whose notices and metadata it has (default: by the provider's label, else other)."),
]
Spot = Annotated[bool, typer.Option("--spot", help="Look for the cloud's notice, and let runners end their task.")]
KeyCommand = Annotated[str, typer.Option(help="A command of the machine that prints the runner key, from a vault.")]
KeyFile = Annotated[str, typer.Option(help="A file of the machine that holds the runner key; you put it there.")]
EmbedKey = Annotated[
    str, typer.Option(metavar="-|@FILE", help="Write the runner key into the script: whoever reads that has it.")
]
LoginCommand = Annotated[str, typer.Option(help="A command of the machine that logs Docker in to the registry.")]
EndCommand = Annotated[str, typer.Option(help="A command that runs before it shuts down, such as to delete itself.")]


def run(
    provider: Provider,
    instance_type: InstanceType,
    run_id: RunId,
    image: Image,
    slots: SlotsOption = "1",
    expires_in: ExpiresIn = "4h",
    cloud: CloudName = None,
    spot: Spot = False,
    key_command: KeyCommand = "",
    key_file: KeyFile = "",
    embed_key: EmbedKey = "",
    login_command: LoginCommand = "",
    end_command: EndCommand = "",
    api_url: ApiUrl = None,
    profile: Profile = None,
) -> None:
    """Print a script for a machine of any cloud: give it as user-data, and the machine works for the run and ends.

    It orders its own end, installs Docker, fetches the runner key, and starts pinned runners. docs/providers.md has
    examples for Azure, Google Cloud and Hetzner.
    """
    _check({"--provider": (provider, LABEL), "--instance-type": (instance_type, PRINTABLE), "--run-id": (run_id, RUN_ID),
            "--image": (image, IMAGE)})  # fmt: skip
    _one_key(key_command, key_file, embed_key)
    machine = Machine(
        api_url=_reachable(connection(api_url, None, profile).api_url),
        run_id=run_id,
        provider=provider,
        instance_type=instance_type,
        image=image,
        slots=_slots(slots),
        cloud=cloud or CLOUDS.get(provider.lower(), "other"),
        spot=spot,
        most_minutes=_minutes(expires_in),
        key_command=key_command,
        key_file=key_file,
        key_text=_embedded(embed_key) if embed_key else "",
        login_command=login_command,
        end_command=end_command,
    )
    if not end_command and machine.cloud != "aws":
        _warn("most clouds bill a machine that is shut down: --end-command can delete it (docs/providers.md)")
    print(script(machine), end="")


def _check(values: dict[str, tuple[str, re.Pattern[str]]]) -> None:
    for option, (value, pattern) in values.items():
        if not pattern.fullmatch(value):
            raise UsageError(f"{option} cannot be {value!r}: letters, digits, dots, dashes and underscores do")


def _one_key(command: str, file: str, embedded: str) -> None:
    named = [
        name for name, value in (("--key-command", command), ("--key-file", file), ("--embed-key", embedded)) if value
    ]
    if len(named) != 1:
        told = f"not {' and '.join(named)}" if named else "nothing names it"
        raise UsageError(
            f"the machine needs the runner key from one place: --key-command, --key-file or --embed-key; {told}"
        )


def _embedded(source: str) -> str:
    """Never the profile's key: that is one that may create runs."""
    if source != "-" and not source.startswith("@"):
        raise UsageError(
            "--embed-key takes - for standard input, or @FILE: a key in an argument can be read by every user"
        )
    _warn(
        "the script holds the runner key: everyone who can read the machine's user-data can read it; revoke it afterwards"
    )
    return key_of(source, sys.stdin, _warn)


def _reachable(url: str) -> str:
    parts = urlsplit(url)
    if is_loopback(parts.hostname or ""):
        raise UsageError(f"no machine elsewhere reaches {url}: name a deployed API with --api-url or --profile")
    if parts.scheme == "http":
        _warn(f"{url} is not encrypted: anyone on the network path can read the key")
    return url


def _slots(text: str) -> Slots:
    if text == "core":
        return "core"
    if text == "vcpu":
        return "vcpu"
    if text.isascii() and text.isdigit() and 1 <= int(text[:9]) <= MAX_SLOTS:
        return int(text)
    raise UsageError(f"--slots cannot be {text!r}: a number from 1 to {MAX_SLOTS:,}, `core` or `vcpu`")


def _minutes(text: str) -> int:
    found = re.fullmatch(r"(\d{1,6})([mhd])", text)
    seconds = int(found[1]) * _UNITS_S[found[2]] if found else 0
    if not MIN_LIFETIME_S <= seconds <= MAX_LIFETIME_S:
        least, most = MIN_LIFETIME_S // 60, MAX_LIFETIME_S // 86_400
        raise UsageError(f"--expires-in cannot be {text!r}: write 90m, 4h or 2d, from {least}m to {most}d")
    return seconds // 60


def _warn(words: str) -> None:
    warn(f"warning: {words}")
