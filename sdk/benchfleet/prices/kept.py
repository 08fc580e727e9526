"""The user's own prices, beside those that come with the program: what `benchfleet prices update` keeps."""

import json
from collections.abc import Mapping
from pathlib import Path

from benchfleet_results.prices.books import MAX_BYTES, InvalidPrices, PriceBooks, document, of_document
from benchfleet_results.prices.shipped import shipped

from benchfleet.documents.bounded import read_text
from benchfleet.exceptions import ConfigError, DiskError
from benchfleet.local.files import replace_whole

FILE = "BENCHFLEET_PRICES"


def file_of(environ: Mapping[str, str]) -> Path:
    """`$BENCHFLEET_PRICES`, else `prices.json` in the user's own folder for data."""
    if named := environ.get(FILE):
        return Path(named)
    from platformdirs import user_data_path  # here: most commands ask for no prices

    return user_data_path("benchfleet") / "prices.json"


def known_prices(path: Path) -> PriceBooks:
    """All prices, of which the latest count. Raises ConfigError for a file that is there and holds none."""
    return shipped().with_books(kept_prices(path).books)


def kept_prices(path: Path) -> PriceBooks:
    """Those of the file, none where there is no file. Raises ConfigError."""
    if not path.exists():
        return PriceBooks()
    try:
        return of_document(json.loads(read_text(path, what="list of prices", most_bytes=MAX_BYTES)))
    except InvalidPrices as error:
        wrong = "\n".join(f"  {problem}" for problem in error.problems)
        raise ConfigError(f"{path} is no list of prices; remove it, or mend:\n{wrong}") from error
    except (ValueError, RecursionError) as error:
        raise ConfigError(f"{path} is not JSON: {error}; remove it, and run `benchfleet prices update`") from error


def keep_prices(path: Path, prices: PriceBooks) -> None:
    """Replaces the file, whole or not at all. Raises DiskError, and then it is as it was."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        replace_whole(path, text(prices).encode(), mode=0o644)
    except OSError as error:
        raise DiskError(f"cannot write {path}: {error.strerror}; nothing was changed") from error


def text(prices: PriceBooks) -> str:
    return json.dumps(document(prices), indent=1) + "\n"
