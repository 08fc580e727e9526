"""`benchfleet runs explain`."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from benchfleet.cli.options import ApiKey, ApiUrl, AsJson, Profile, connection
from benchfleet.cli.run_ids import RESULTS, complete, resolve
from benchfleet.cli.runs.here import Local, Results

if TYPE_CHECKING:
    from benchfleet.explaining.document import Explanation
    from benchfleet.profiles.settings import Connection

Given = Annotated[
    str,
    typer.Argument(
        metavar="RUN_ID|TASK_ID", help="A run, `latest`, or one task: <run id>.<number>.", autocompletion=complete
    ),
]


def run(
    given: Given,
    local: Local = False,
    results: Results = RESULTS,
    api_url: ApiUrl = None,
    api_key: ApiKey = None,
    profile: Profile = None,
    as_json: AsJson = False,
) -> None:
    """Tell why tasks wait or failed: what no runner offers, who fell silent, the end of the log, what to do next."""
    from benchfleet.cli.explanation import print_explanation
    from benchfleet.cli.output import print_document
    from benchfleet.exceptions import RunFailed
    from benchfleet.profiles.settings import NoUrl

    try:
        where = None if local else connection(api_url, api_key, profile, of=given)
    except NoUrl:
        where = None
    explanation = _asked(where, given) if where else _here(given, results)
    if as_json:
        print_document(explanation)
    else:
        print_explanation(explanation)
    if lost := [finding.words for finding in explanation.findings if finding.kind == "lost"]:
        raise RunFailed(f"{explanation.run_id}: {lost[0]}")


def _asked(where: "Connection", given: str) -> "Explanation":
    import httpx

    from benchfleet.api.http_clients import plain_client
    from benchfleet.client import Client
    from benchfleet.explaining.collecting import explain

    with (
        Client(where.api_url, key=where.key) as client,
        plain_client(httpx.URL(where.api_url).host, timeout_s=30) as http,
    ):
        return explain(client, resolve(client, given), http=http, api_url=where.api_url)


def _here(given: str, results: Path) -> "Explanation":
    """Of a run, or a task's id, whose results are on this machine."""
    from benchfleet_contract.names import split_task_id

    from benchfleet.cli.runs.here import find
    from benchfleet.explaining.on_disk import explain

    whole = (results / given).is_dir() or not split_task_id(given)
    run, folder = find(given if whole else given.rpartition(".")[0], results)
    return explain(run, folder, task_id=None if whole else given)
