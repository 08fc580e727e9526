"""What `benchfleet http …` prints with `--json`."""

from benchfleet_contract.http_results import HttpResult, Tool

from benchfleet.cli.documents.base import Document


class HttpMeasured(Document):
    """Each start of a server, in the order in which they were measured."""

    folder: str
    results: list[HttpResult]


class HttpProfiled(Document):
    """`result.profiles`: one for each workload; their files are below `folder`."""

    folder: str
    result: HttpResult


class HttpStreamed(Document):
    """`result.streams`: one for each kind of stream that was asked for."""

    folder: str
    result: HttpResult


class HttpDetected(Document):
    """`framework` or `error`, never both."""

    folder: str
    framework: str | None
    why: list[str]
    error: str | None


class FrameworkTold(Document):
    """`engine`: the server that runs it. `has_app`: this project has one, so `compare` can measure it by name."""

    name: str
    language: str
    engine: str | None
    has_app: bool


class HttpFrameworks(Document):
    frameworks: list[FrameworkTold]


class HttpSuites(Document):
    """Names of workloads by suite."""

    suites: dict[str, list[str]]


class HttpTools(Document):
    """`missing`: how to get it."""

    tools: list[Tool]
