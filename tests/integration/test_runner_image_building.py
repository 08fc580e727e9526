"""`make image` and `make image-base`: never silent, one line for what failed, and a base that runs the default workload."""

import io
import os
import subprocess
import sys
from pathlib import Path

import pytest
from benchfleet_contract.workloads.ruby_bench import RubyBenchOptions

from runner_image.image import debian_base
from runner_image.image.build_steps import BuildError, Steps
from runner_image.workloads.ruby_bench.options import command
from tests.each_case import each_case

SAYS = [sys.executable, "-c", "import sys; print('to stdout'); print('to stderr', file=sys.stderr)"]
DOCKER = """[ "$1" = image ] || { [ "$1" = import ] && [ -s "$2" ]; } || { echo "$1 is beyond me" >&2; exit 7; }"""
DEBOOTSTRAP = 'for root; do :; done; mkdir -p "$root"; echo "I: Retrieving"; echo x > "$root/file"'


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_a_stage_is_told_wherever_stderr_goes() -> None:
    stream = io.StringIO()
    Steps("image", stream).begin("docker builds")
    assert stream.getvalue() == "image: docker builds\n"


@pytest.mark.parametrize(("stream", "lines"), [(Terminal(), ["to stderr", "to stdout"]), (io.StringIO(), [])])
def test_what_programs_say_is_passed_on_to_a_terminal_only(stream: io.StringIO, lines: list[str]) -> None:
    Steps("image", stream).run(SAYS)
    assert sorted(stream.getvalue().splitlines()) == lines


def test_a_failed_step_ends_with_its_last_words_even_if_nobody_saw_them() -> None:
    with pytest.raises(BuildError, match=r"(?s)exit code 3:\n.*last words"):
        Steps("image", io.StringIO()).run([sys.executable, "-c", "import sys; print('last words'); sys.exit(3)"])


def test_words_that_are_no_utf8_end_no_build() -> None:
    terminal = Terminal()
    Steps("image", terminal).run([sys.executable, "-c", r"import os; os.write(1, b'caf\xe9\n')"])
    assert terminal.getvalue() == "caf\N{REPLACEMENT CHARACTER}\n"


@each_case(("program", "words"), [("no-such-program", "is not installed"), ("/", "cannot be started")])
def test_a_program_that_cannot_be_started_is_named(program: str, words: str) -> None:
    with pytest.raises(BuildError, match=f"{program} {words}"):
        Steps("image", io.StringIO()).run([program])


def run_module(module: str, *arguments: str, programs: Path, cache: Path) -> subprocess.CompletedProcess[str]:
    """`programs` come before the machine's own."""
    environment = {**os.environ, "PATH": f"{programs}:{os.environ['PATH']}", "XDG_CACHE_HOME": str(cache)}
    line = [sys.executable, "-m", module, *arguments]
    return subprocess.run(line, env=environment, capture_output=True, text=True, timeout=60, check=False)


@pytest.fixture
def programs(tmp_path: Path) -> Path:
    folder = tmp_path / "bin"
    folder.mkdir()
    for name, script in (("docker", DOCKER), ("debootstrap", DEBOOTSTRAP)):
        (folder / name).write_text(f"#!/bin/sh\n{script}\n")
        (folder / name).chmod(0o755)
    return folder


def test_image_base_tells_each_stage_on_stderr_and_its_name_on_stdout(programs: Path, tmp_path: Path) -> None:
    done = run_module("runner_image.image.debian_base", programs=programs, cache=tmp_path)
    assert (done.returncode, done.stdout) == (0, f"{debian_base.image_name()}\n"), done.stderr
    stages = [line.split()[1] for line in done.stderr.splitlines()]
    assert stages == ["debootstrap", "tar", "docker"], done.stderr


def test_image_tells_the_stage_that_failed_and_why(programs: Path, tmp_path: Path) -> None:
    done = run_module("runner_image.image.build_image", "--base", "debian:x", programs=programs, cache=tmp_path)
    assert done.returncode == 3
    assert done.stderr.startswith("image: docker builds the system on debian:x")
    assert "ended with exit code 7" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_cache_that_cannot_be_written_is_one_line(programs: Path, tmp_path: Path) -> None:
    cache = tmp_path / "file"
    cache.write_text("")
    done = run_module("runner_image.image.debian_base", programs=programs, cache=cache)
    assert (done.returncode, len(done.stderr.splitlines())) == (3, 1), done.stderr
    assert str(cache) in done.stderr


def test_the_base_holds_what_the_default_workload_needs() -> None:
    """ruby to measure, bundler for the suite's gems, and what compiles them."""
    assert command(RubyBenchOptions(), out_path=Path("/work"))[0] == "ruby"
    assert {"git", "ruby", "ruby-dev", "ruby-bundler", "build-essential"} <= set(debian_base.PACKAGES)
