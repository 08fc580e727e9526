"""Brings ruby-bench into the work dir and makes sure that the rubies are the ones that were asked for."""

import re
from pathlib import Path

from benchfleet_contract.workloads.ruby_bench import RubyBenchOptions

from runner_image.workloads.commands import CommandResult, ask, demand, infrastructure
from runner_image.workloads.protocol import Job, Slot
from runner_image.workloads.ruby_bench.options import COMMIT, FLAGS, MARKS

SUITE_DIR = "suite"  # below the work dir: two slots never share a clone
_IDENTITY = "puts RUBY_DESCRIPTION, RUBY_VERSION, RUBY_ENGINE, RUBY_ENGINE_VERSION"
_BUILD = """{"configure_args" => "configure_args", "CC" => "CC", "CFLAGS" => "CFLAGS", "compiler" => "CC_VERSION_MESSAGE"}
.each { |name, key| puts "build #{name}=#{RbConfig::CONFIG[key].to_s.lines.first.to_s.strip}" }"""
_QUIET_GIT = {"GIT_TERMINAL_PROMPT": "0"}  # a repository that wants a password must fail, not wait for one


def suite_dir(job: Job, options: RubyBenchOptions) -> Path:
    return Path(options.path) if options.path else job.work_dir / SUITE_DIR


def bring(job: Job, options: RubyBenchOptions, slot: Slot) -> str | None:
    """Clones the suite unless a path was given; returns its commit, None if the path is no git work tree.

    Raises WorkloadError `suite_unavailable`: cannot be fetched, or the path is not at the `commit` that was asked for.
    """
    folder = suite_dir(job, options)
    if options.path is None:
        _clone(job, options, slot, folder)
    commit = _commit(job, slot, folder, "HEAD")
    if options.path and options.commit and (commit is None or commit != _commit(job, slot, folder, options.commit)):
        raise infrastructure(f"{folder} is at {commit}, not at {options.commit}", error_type="suite_unavailable")
    return commit


def _commit(job: Job, slot: Slot, folder: Path, revision: str) -> str | None:
    """The full id of a revision, however it was written; None if the folder does not know it."""
    asked = _git(folder, "rev-parse", "-q", "--verify", f"{revision}^{{commit}}")
    found = ask(slot, job, asked, environment=_only_here(folder))
    return found.first if found.exit_code == 0 else None


def state(job: Job, options: RubyBenchOptions, slot: Slot, *, commit: str | None) -> str:
    """The suite as a version: its commit, and whether files of a given path differ from it."""
    if commit is None or options.path is None:
        return commit or "unknown"
    folder = suite_dir(job, options)
    asked = _git(folder, "status", "--porcelain", "--untracked-files=no")
    changed = ask(slot, job, asked, environment=_only_here(folder))
    return f"{commit}+changes" if changed.lines else commit


def _only_here(folder: Path) -> dict[str, str]:
    """A plain folder inside somebody's work tree must not pass for that one's commit."""
    return {"GIT_CEILING_DIRECTORIES": str(folder.parent)}


def _clone(job: Job, options: RubyBenchOptions, slot: Slot, folder: Path) -> None:
    """One commit only: the whole history would be ten times the bytes."""
    wanted = options.commit or COMMIT
    for command in (
        ["git", "init", "-q", str(folder)],
        _git(folder, "fetch", "-q", "--depth", "1", options.repo, wanted),
        _git(folder, "checkout", "-q", "FETCH_HEAD"),
    ):
        failed = f"Could not get {options.repo} at {wanted}"
        demand(slot, job, command, otherwise=failed, error_type="suite_unavailable", environment=_QUIET_GIT)


def _git(folder: Path, *words: str) -> list[str]:
    """git trusts a folder of another user only when told to; in a container that is the normal case."""
    return ["git", "-c", f"safe.directory={folder}", "-C", str(folder), *words]


def rubies(job: Job, options: RubyBenchOptions, slot: Slot) -> dict[str, str]:
    """Versions: `ruby` and, for each variant, its RUBY_DESCRIPTION.

    Raises WorkloadError `ruby_unavailable`, `wrong_variant` or `wrong_ruby_version`, all before anything is measured.
    """
    said = {variant: _identity(job, options, slot, variant) for variant in options.variants}
    for variant, identity in said.items():
        check_variant(variant, identity.first)
    first = said[options.variants[0]]
    wanted = options.ruby_version or job.ruby_version
    if options.require_ruby_version and wanted:
        _check_version(wanted, first)
    return {"ruby": first.lines[1]} | {f"ruby-{variant}": identity.first for variant, identity in said.items()}


def _identity(job: Job, options: RubyBenchOptions, slot: Slot, variant: str) -> CommandResult:
    command = [options.ruby, *FLAGS[variant], "-e", _IDENTITY]
    failed = f"{options.ruby} cannot run as {variant}"
    said = demand(slot, job, command, otherwise=failed, error_type="ruby_unavailable")
    lines = said.lines[-4:]  # a warning on stderr may stand before them
    if len(lines) < 4:
        raise infrastructure(f"{failed}: {said.last_words}", error_type="ruby_unavailable")
    return CommandResult(said.exit_code, lines)


def build(job: Job, options: RubyBenchOptions, slot: Slot) -> dict[str, str]:
    """How the ruby was built, as its RbConfig says; empty for a ruby that has none."""
    said = ask(slot, job, [options.ruby, "-rrbconfig", "-e", _BUILD])
    told = (line.removeprefix("build ").partition("=") for line in said.lines if line.startswith("build "))
    return {name: value for name, _, value in told if value}


def check_variant(variant: str, description: str) -> None:
    """Raises WorkloadError `wrong_variant` if the compiler is off that should be on, or the other way round.

    A number under the wrong name is worse than no number.
    """
    expected = MARKS.get(variant)
    for mark in MARKS.values():
        if (mark in description) != (mark == expected):
            found = "on" if mark in description else "not on"
            raise infrastructure(f"{mark} is {found} in variant {variant}: {description}", error_type="wrong_variant")


def _check_version(wanted: str, identity: CommandResult) -> None:
    description, _, engine, engine_version = identity.lines
    if not same_ruby(wanted, description, engine=engine, engine_version=engine_version):
        raise infrastructure(f"Ruby {wanted} was asked for, this is {description}", error_type="wrong_ruby_version")


def same_ruby(wanted: str, description: str, *, engine: str, engine_version: str) -> bool:
    """`3.4` takes any 3.4.x; `3.5.0-preview1` only that preview, and `3.5.0` no preview at all."""
    if engine == "ruby":
        names = {re.sub(r"p\d+$", "", [*description.split(), "", ""][1])}  # 3.1.2p20; but 3.5.0preview1
    else:
        names = {engine_version, f"{engine}-{engine_version}"}
    asked = re.sub(r"-(preview|rc|dev)", r"\1", wanted.removeprefix("ruby-"))
    return any(name == asked or name.startswith(asked + ".") for name in names)
