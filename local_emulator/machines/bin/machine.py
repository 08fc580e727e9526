"""`shutdown`, `aws`, and all else that this machine asks of the emulator: machine.py URL COMMAND [ARGUMENT...].

What the command printed comes back, and its exit code. URL is the machine's own; who has it is the machine.
"""

import base64
import json
import sys
import urllib.error
import urllib.request

_DIRECT = urllib.request.build_opener(urllib.request.ProxyHandler({}))
TIMEOUT_S = 120


def ask(url: str, command: str, arguments: list[str]) -> tuple[int, bytes, bytes]:
    """Exit code, standard output, standard error."""
    body = json.dumps({"arguments": arguments}).encode()
    request = urllib.request.Request(f"{url}/machine/{command}", data=body, method="POST")  # noqa: S310  ours
    try:
        with _DIRECT.open(request, timeout=TIMEOUT_S) as reply:
            said = json.load(reply)
    except (OSError, ValueError) as error:
        return 255, b"", f"{command}: the machine's host does not answer: {error}\n".encode()
    return said["code"], base64.b64decode(said["out"]), base64.b64decode(said["err"])


def main(url: str, command: str, *arguments: str) -> int:
    try:
        words = [_content(word) for word in arguments] if command == "aws" else list(arguments)
    except (OSError, UnicodeDecodeError) as error:
        print(f"\naws: [ERROR]: Error parsing parameter: Unable to load paramfile: {error}", file=sys.stderr)
        return 252
    code, out, err = ask(url, command, words)
    sys.stdout.buffer.write(out)
    sys.stderr.buffer.write(err)
    return code


def _content(word: str) -> str:
    """What stands in a file of this machine, where `file://` names one."""
    if not word.startswith("file://"):
        return word
    with open(word.removeprefix("file://"), encoding="utf-8") as file:
        return file.read()


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
