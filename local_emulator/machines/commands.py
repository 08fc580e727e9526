"""What a machine's programs ask of the emulator: `shutdown`, `poweroff`, `aws`, and the pull of an image."""

import base64
import json
import re
from collections.abc import Callable

from local_emulator.machines.aws_command import Clients, Said, run_aws
from local_emulator.machines.endings import BY_ITSELF, Reason
from local_emulator.machines.instances import Instance
from local_emulator.machines.pace import Pace

_SHUTDOWN_OPTIONS = frozenset({"-h", "-P", "-H", "--halt", "--poweroff", "--no-wall", "-c"})
_REGISTRY = re.compile(r"^\d{12}\.dkr\.ecr\.[a-z0-9-]+\.amazonaws\.com/")
NO_AUTH = 'Error response from daemon: Head "https://{image}": no basic auth credentials\n'
NOT_FOUND = "Error response from daemon: manifest for {image} not found: manifest unknown: Requested image not found\n"


class Commands:
    """`known_image` says whether a registry has it, `why_not_pull` (profile's ARN, image) whether its machine may not
    have it; `clients` makes those of an instance's role.
    """

    def __init__(
        self,
        *,
        pace: Pace,
        known_image: Callable[[str], bool],
        why_not_pull: Callable[[str | None, str], str | None],
        clients: Callable[[Instance], Clients],
    ) -> None:
        self._pace, self._known_image, self._why_not_pull, self._clients = pace, known_image, why_not_pull, clients

    def run(self, name: str, arguments: list[str], instance: Instance) -> Said:
        """Raises LookupError for a command that there is not."""
        if name == "aws":
            return run_aws(arguments, self._clients(instance))
        return {"shutdown": self._shutdown, "poweroff": self._power_off, "pull": self._pull}[name](arguments, instance)

    def _shutdown(self, arguments: list[str], instance: Instance) -> Said:
        """As systemd's."""
        for word in arguments:
            if word.startswith("-") and word not in _SHUTDOWN_OPTIONS:
                return Said(1, err=f"shutdown: unrecognized option '{word}'\n")
        if "-c" in arguments:
            instance.ending.cancel(BY_ITSELF.code)
            return Said(0)
        times = [word for word in arguments if not word.startswith("-")] or ["+1"]
        if times[0] == "now":
            return self._power_off([], instance)
        if not re.fullmatch(r"\+?\d+", times[0]):
            return Said(1, err=f"Failed to parse time specification: {times[0]}: Invalid argument\n")
        minutes = int(times[0])
        instance.ending.ask(_ending(instance), after_s=self._pace.minutes(minutes))
        return Said(0, err=f"Shutdown scheduled in {minutes} minutes, use 'shutdown -c' to cancel.\n")

    def _power_off(self, arguments: list[str], instance: Instance) -> Said:
        instance.ending.ask(_ending(instance))
        return Said(0)

    def _pull(self, arguments: list[str], instance: Instance) -> Said:
        """An image, and the registries in which its machine has logged in."""
        image, *registries = arguments
        registry = image.partition("/")[0]
        if _REGISTRY.match(image) and registry not in [each.removeprefix("https://") for each in registries]:
            return Said(1, err=NO_AUTH.format(image=image))
        if why := self._why_not_pull(instance.launch.profile_arn, image):
            return Said(1, err=f"Error response from daemon: {why}\n")
        if not self._known_image(image):
            return Said(1, err=NOT_FOUND.format(image=image))
        return Said(0, out=f"{image}\n")


def as_json(said: Said) -> str:
    out, err = (base64.b64encode(text.encode()).decode() for text in (said.out, said.err))
    return json.dumps({"code": said.code, "out": out, "err": err})


def _ending(instance: Instance) -> Reason:
    """What EC2 does with an instance that shut itself down: by its own setting."""
    terminates = instance.moto.instance_initiated_shutdown_behavior == "terminate"
    return Reason(BY_ITSELF.code, BY_ITSELF.message, to="terminated" if terminates else "stopped")
