"""The command line in this process: what it printed, and how it ended."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from benchfleet.cli.main import main


@dataclass(frozen=True)
class CommandResult:
    code: int
    out: str
    err: str

    def document(self) -> Any:
        """The one JSON document of stdout."""
        assert self.code in (0, 1), self.err
        return json.loads(self.out)


CommandLine = Callable[..., CommandResult]


def command_line(capsys: pytest.CaptureFixture[str]) -> CommandLine:
    def call(*argv: str) -> CommandResult:
        with pytest.raises(SystemExit) as end:
            main(argv)
        out, err = capsys.readouterr()
        assert isinstance(end.value.code, int)
        return CommandResult(end.value.code, out, err)

    return call
