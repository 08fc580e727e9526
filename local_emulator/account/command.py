"""`benchfleet emulator --account`."""

from contextlib import ExitStack
from pathlib import Path

from local_emulator.account.account import Account
from local_emulator.account.settings import AccountConfig
from local_emulator.announce import announce_rows
from local_emulator.ready_file import ready_file


def bring_up(running: ExitStack, config: AccountConfig, *, ready_path: Path | None, as_json: bool) -> None:
    """Raises EmulatorError."""
    ready = running.enter_context(Account(config)).ready
    running.enter_context(ready_file(ready_path, ready))
    announce_rows(ready, ready.rows(), title="an empty AWS account", as_json=as_json)
