"""The command line in this process: what it printed, and how it ended."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from benchfleet.cli.main import main


@dataclass(frozen=True)
class Said:
    code: int
    out: str
    err: str

    def document(self) -> Any:
        """The one JSON document of stdout."""
        assert self.code in (0, 1), self.err
        return json.loads(self.out)


CommandLine = Callable[..., Said]


def command_line(capsys: pytest.CaptureFixture[str]) -> CommandLine:
    def call(*argv: str) -> Said:
        with pytest.raises(SystemExit) as end:
            main(argv)
        out, err = capsys.readouterr()
        assert isinstance(end.value.code, int)
        return Said(end.value.code, out, err)

    return call
