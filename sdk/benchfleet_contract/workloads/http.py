"""http: a web framework's server, built, started, loaded, watched and stopped."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import Field, StringConstraints, model_validator

from benchfleet_contract.workloads.kinds import Kind, Part, split
from benchfleet_contract.workloads.options import Options

_Name = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9._-]*$")]
_Absolute = Annotated[str, StringConstraints(pattern=r"^/")]
_Url = Annotated[str, StringConstraints(pattern=r"^(https?|file)://[^\s]+$")]
_Sha256 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
_Commit = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{40}([0-9a-f]{24})?$")]
_Folder = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_][^\x00]*$")]
_Connections = Annotated[int, Field(ge=1, le=4096)]
_Fraction = Annotated[float, Field(gt=0, le=1)]


class AppSource(Options):
    """Where the app comes from: one of `path`, `archive` and `git`. Left out: the app of this project with that name."""

    path: _Absolute | None = Field(default=None, description="A folder of the machine that measures.")
    archive: _Url | None = Field(default=None, description="A .tar.gz or .zip; needs sha256.")
    sha256: _Sha256 | None = Field(default=None, description="Of the archive.")
    git: _Url | None = Field(default=None, description="A repository; needs commit.")
    commit: _Commit | None = Field(default=None, description="The full commit id.")
    folder: _Folder | None = Field(default=None, description="Of the app, within the archive or repository.")

    @model_validator(mode="after")
    def _one_source(self) -> "AppSource":
        given = [name for name in ("path", "archive", "git") if getattr(self, name)]
        if len(given) != 1:
            raise ValueError(f"Option app must have exactly one of path, archive and git, has {len(given)}")
        if (self.archive is None) != (self.sha256 is None):
            raise ValueError("Option app.archive needs app.sha256, and sha256 is for an archive only")
        if (self.git is None) != (self.commit is None):
            raise ValueError("Option app.git needs app.commit, and commit is for a repository only")
        if self.folder and (self.path or ".." in self.folder.split("/")):
            raise ValueError("Option app.folder must stay within an archive or a repository")
        return self


class HttpOptions(Options):
    """Each task starts the server once. `quick` replaces times, ladder and fractions by short ones."""

    framework: _Name | None = Field(
        default=None, description="A name of the registry; else it is detected.", examples=["fastapi"]
    )
    app: AppSource | None = Field(default=None, description="The app's source; else the project's own app.")
    suites: list[_Name] = Field(
        default=["all"], min_length=1, description="Suites of workloads, as `benchfleet http suite` lists them."
    )
    workloads: list[_Name] = Field(default=[], description="These workloads only.", examples=[["json-small"]])
    fixtures: _Absolute | None = Field(
        default=None, description="A file or folder of fixtures of the machine that measures, instead of workloads."
    )
    quick: bool = Field(default=False, description="Short times, three workloads: to try it.")
    primer_s: float = Field(default=2.0, ge=0, le=60, description="Seconds at 8 connections first.")
    warmup_s: float = Field(default=3.0, ge=0, le=600, description="Seconds at the highest concurrency.")
    duration_s: float = Field(default=8.0, gt=0, le=600, description="Seconds of each rung of the ladder.")
    concurrencies: list[_Connections] = Field(default=[16, 64], min_length=1, description="The ladder.")
    rate_duration_s: float = Field(default=8.0, gt=0, le=600, description="Seconds at each fixed rate.")
    fractions: list[_Fraction] = Field(
        default=[0.25, 0.5, 0.75, 0.9], description="Fixed rates, as fractions of the saturation rate."
    )
    tries: int = Field(
        default=3,
        ge=1,
        le=20,
        description="How often a rung, rate or stream is measured at most: again where it was disturbed.",
    )
    keep_alive: bool = Field(default=True, description="Else each request has a connection of its own.")
    driver: Literal["auto", "wrk", "h2load"] = Field(default="auto", description="The tool for saturation.")
    ready_s: float = Field(default=30.0, gt=0, le=600, description="Seconds from the start to the first 2xx.")
    memory_limit_mb: int | None = Field(
        default=None, ge=16, description="MiB that the server may take; else 3/4 of the machine's."
    )
    build_timeout_s: float = Field(default=900.0, gt=0, description="Seconds for the build.")
    seed: int = Field(default=0, ge=0, le=2**32 - 1, description="Of the arrivals at fixed rates.")
    streams: list[Literal["websocket", "sse"]] = Field(
        default=[], description="Streams that are loaded after the workloads, on the same server."
    )
    stream_connections: int = Field(default=50, ge=1, le=2000, description="Streams at the same time.")
    stream_interval_s: float = Field(default=0.1, ge=0.005, le=60, description="Seconds between messages of a stream.")
    stream_duration_s: float = Field(default=10.0, gt=0, le=600, description="Seconds of messages.")
    profiler: Literal["none", "auto", "py-spy", "cpu-prof", "rbspy", "perf"] = Field(
        default="none", description="A second pass with a profiler, never ranked. auto: by the app's runtime."
    )

    @model_validator(mode="after")
    def _streams_have_messages(self) -> "HttpOptions":
        if len(set(self.streams)) < len(self.streams):
            raise ValueError("Option streams names one twice: name each once")
        asked = self.effective()
        most = asked.stream_duration_s / 2
        if asked.streams and asked.stream_interval_s > most:
            raise ValueError(
                f"Option stream_interval_s ({asked.stream_interval_s:g}) is too long for stream_duration_s "
                f"({asked.stream_duration_s:g}), which must hold two messages or more: take at most {most:g}"
            )
        return self

    def effective(self) -> "HttpOptions":
        """These options, with what `quick` stands for put in."""
        if not self.quick:
            return self
        short = {"primer_s": 0.5, "warmup_s": 0.5, "duration_s": 2.0, "rate_duration_s": 2.0, "stream_duration_s": 2.0}
        suites = ["quick"] if self.suites == ["all"] else self.suites
        return self.model_copy(update={**short, "concurrencies": [32], "fractions": [0.5], "suites": suites})


def _plan(options: Mapping[str, Any], shards: int) -> list[Part]:
    """By workloads where they are named, else by suites."""
    field = "workloads" if options.get("workloads") else "suites"
    return split({"suites": ["all"], **options}, field, shards)


KIND = Kind("http", HttpOptions, _plan, cores=2, processes_only=True)  # a core for the server, one for its load
