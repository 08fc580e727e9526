"""What can keep an emulator from starting. Each message is one line that says what to do.

EmulatorError
├── PortInUse
├── AddressUnusable
├── StateFolderBusy
├── StateFolderUnusable
├── StateNotKept
├── StateLost
├── ReadyFileUnusable
└── AlreadyRunning
"""


class EmulatorError(Exception):
    """The emulator cannot run here."""

    exit_code = 3


class PortInUse(EmulatorError):
    def __init__(self, host: str, *, port: int, flag: str) -> None:
        super().__init__(f"port {port} on {host} is in use: stop its owner or pass {flag} 0 for a free one")


class AddressUnusable(EmulatorError):
    def __init__(self, host: str, *, port: int, reason: str, flag: str) -> None:
        where = host or "''"
        super().__init__(f"cannot listen on {where} port {port}: {reason}; pass a {flag} that is this machine's")


class StateFolderBusy(EmulatorError):
    def __init__(self, folder: object, *, owner: str) -> None:
        super().__init__(f"state folder {folder} is in use by another emulator (pid {owner}): stop it or pass another")


class StateFolderUnusable(EmulatorError):
    def __init__(self, folder: object, *, reason: str) -> None:
        super().__init__(f"state folder {folder} cannot be used: {reason}; pass an empty or another --state folder")


class StateNotKept(EmulatorError):
    """A snapshot could not be written: what came after the one before is in memory only."""

    remedy = "make room there, or mend its rights; a snapshot is tried again every few seconds"

    def __init__(self, folder: object, *, reason: str) -> None:
        super().__init__(
            f"state folder {folder} cannot be written: {reason}; nothing is acknowledged until it can: {self.remedy}"
        )
        self.folder, self.reason = folder, reason


class StateLost(EmulatorError):
    """The last snapshot, at the end, could not be written."""

    def __init__(self, trouble: StateNotKept) -> None:
        super().__init__(
            f"state folder {trouble.folder} could not be written at the end: {trouble.reason}; "
            "what changed since its last snapshot (state.json) is lost: make room there before the next start"
        )


class ReadyFileUnusable(EmulatorError):
    def __init__(self, path: object, *, reason: str) -> None:
        super().__init__(f"ready file {path} cannot be written: {reason}")


class AlreadyRunning(EmulatorError):
    def __init__(self) -> None:
        super().__init__("this process already runs an emulator: the emulated AWS is global to a process")
