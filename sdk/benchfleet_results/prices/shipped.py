"""The prices that come with the program. Read on first use."""

import json
from functools import cache
from importlib.resources import files

from benchfleet_results.prices.books import PriceBooks, of_document


@cache
def shipped() -> PriceBooks:
    """Machines of the shipped configs in five regions, and what else a deployment costs in us-east-1."""
    text = files(__package__).joinpath("shipped.json").read_text(encoding="utf-8")
    return of_document(json.loads(text))
