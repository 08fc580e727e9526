"""`benchfleet models query`."""

import sys
from typing import Annotated, Literal

import typer

from benchfleet.cli.models.codes import ALL_OVERLOADED, NONE_FOUND, errors_are_one
from benchfleet.cli.models.filters import Backend, Context, Everything, Features, MaxPrice, SuccessRate, filters
from benchfleet.cli.options import ApiKey, ApiUrl, AsJson, Profile, connect
from benchfleet.exceptions import NotFound

Name = Annotated[str, typer.Argument(metavar="MODEL", help="The model's id, such as gpt-oss:20b.")]
Strategy = Annotated[
    Literal["least_loaded", "cheapest", "fastest", "reliable", "balanced", "power_of_two", "pinned"],
    typer.Option(help="What makes one executor better than another."),
]
Pinned = Annotated[str | None, typer.Option("--executor", help="The executor of the strategy `pinned`.")]


def run(
    model: Name,
    strategy: Strategy = "least_loaded",
    executor_id: Pinned = None,
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
    """Show who has a model and may be asked now, the best first.

    Exit codes: 0 somebody, 3 nobody, 4 only executors that are full, 2 wrong usage, 1 an error.
    """
    from benchfleet.cli.documents.models import ModelFound
    from benchfleet.cli.models.shown import print_found
    from benchfleet.cli.output import print_document

    wanted = filters(backend, context, features, price, rate, everything=everything)
    with errors_are_one(), connect(api_url, api_key, profile) as client:
        try:
            found = client.find_model(model, wanted, strategy=strategy, executor_id=executor_id)
        except NotFound as error:
            if error.code != "model_not_found":
                raise
            found = None
    if as_json:
        print_document(ModelFound.of(model, strategy, found))
    elif found and found.executors:
        print_found(found)
    if found is None or not found.executors:
        print(f"No executor that may be asked now has {model}.", file=sys.stderr)
        raise typer.Exit(NONE_FOUND)
    if found.all_overloaded:
        print(f"Whoever has {model} is full just now.", file=sys.stderr)
        raise typer.Exit(ALL_OVERLOADED)
