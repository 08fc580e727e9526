"""Options that choose among models."""

from typing import TYPE_CHECKING, Annotated

import typer

from benchfleet.exceptions import UsageError

if TYPE_CHECKING:
    from benchfleet_contract.registry.models import Filters

Backend = Annotated[str | None, typer.Option("--backend", help="Only of this kind: ollama, lmstudio, vllm, openai, …")]
Context = Annotated[int | None, typer.Option("--min-context", min=1, help="Tokens of context, at least.")]
Features = Annotated[
    list[str] | None, typer.Option("--feature", help="A feature that it must have, such as vision; may be repeated.")
]
MaxPrice = Annotated[
    str | None, typer.Option("--max-price", help="Of a token, in and out alike, in the currency that was announced.")
]
SuccessRate = Annotated[float | None, typer.Option("--min-success-rate", min=0, max=1, help="A share of 1.")]
Everything = Annotated[bool, typer.Option("--unavailable", help="Also what is draining or not available now.")]


def filters(
    backend: str | None, context: int | None, features: list[str] | None, price: str | None, rate: float | None, *,
    everything: bool,
) -> "Filters":  # fmt: skip
    """Raises UsageError naming the first option that cannot be."""
    from benchfleet_contract.registry.models import Filters
    from pydantic import ValidationError

    given = {
        "backend_type": backend, "min_context_length": context, "required_features": features or [], "max_price": price,
        "min_success_rate": rate, "only_available": not everything,
    }  # fmt: skip
    try:
        return Filters.model_validate(given)
    except ValidationError as refused:
        first = refused.errors()[0]
        raise UsageError(f"{first['loc'][0]}: {first['msg']}, not {first['input']!r}") from None
