"""`benchfleet models discover`."""

import sys
from typing import Annotated

import typer

from benchfleet.cli.models.codes import NONE_FOUND, errors_are_one
from benchfleet.cli.models.filters import Backend, Context, Everything, Features, MaxPrice, SuccessRate, filters
from benchfleet.cli.options import ApiKey, ApiUrl, AsJson, Profile, connect

Prefix = Annotated[str, typer.Option("--prefix", help="Only ids that begin so.")]


def run(
    prefix: Prefix = "",
    backend: Backend = None,
    context: Context = None,
    features: Features = None,
    price: MaxPrice = None,
    rate: SuccessRate = None,
    everything: Everything = False,
    api_url: ApiUrl = None,
    api_key: ApiKey = None,
    profile: Profile = None,
    as_json: AsJson = False,
) -> None:
    """List the models that executors have now, each once.

    Exit codes: 0 some, 3 none, 2 wrong usage, 1 an error.
    """
    from benchfleet.cli.models.shown import print_models, print_models_document

    wanted = filters(backend, context, features, price, rate, everything=everything)
    with errors_are_one(), connect(api_url, api_key, profile) as client:
        found = list(client.models(wanted, prefix=prefix))
    if as_json:
        print_models_document(found)
    elif found:
        print_models(found)
    if not found:
        print("No live executor has such a model.", file=sys.stderr)
        raise typer.Exit(NONE_FOUND)
