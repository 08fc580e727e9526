"""`benchfleet runs explain`."""

from typing import Annotated

import typer

from benchfleet.cli.options import ApiKey, ApiUrl, AsJson, Profile, connection
from benchfleet.cli.run_ids import complete, resolve

Given = Annotated[
    str,
    typer.Argument(
        metavar="RUN_ID|TASK_ID", help="A run, `latest`, or one task: <run id>.<number>.", autocompletion=complete
    ),
]


def run(
    given: Given, api_url: ApiUrl = None, api_key: ApiKey = None, profile: Profile = None, as_json: AsJson = False
) -> None:
    """Tell why tasks wait or failed: what no runner offers, who fell silent, the end of the log, what to do next."""
    import httpx

    from benchfleet.api.http_clients import plain_client
    from benchfleet.cli.explanation import print_explanation
    from benchfleet.cli.output import print_document
    from benchfleet.client import Client
    from benchfleet.exceptions import RunFailed
    from benchfleet.explaining.collecting import explain

    where = connection(api_url, api_key, profile, of=given)
    with (
        Client(where.api_url, key=where.key) as client,
        plain_client(httpx.URL(where.api_url).host, timeout_s=30) as http,
    ):
        explanation = explain(client, resolve(client, given), http=http, api_url=where.api_url)
    if as_json:
        print_document(explanation)
    else:
        print_explanation(explanation)
    if lost := [finding.words for finding in explanation.findings if finding.kind == "lost"]:
        raise RunFailed(f"{explanation.run_id}: {lost[0]}")
