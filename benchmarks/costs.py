"""What a control plane costs, from counted requests and listed prices. `python -m benchmarks.costs` writes docs/cost.md's table.

Counts are those of `results.json` (`make bench`); what is not counted there is an assumption with a name, below. Machines
that measure are not part of it: they cost what `benchfleet cost` says.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

from benchfleet_results.prices.shipped import shipped

ROOT = Path(__file__).parents[1]
PAGE, RESULTS = ROOT / "docs" / "cost.md", ROOT / "benchmarks" / "results.json"
BEGIN, END = "<!-- costs: begin -->", "<!-- costs: end -->"
REGION, DAY_S = "us-east-1", 86_400
MILLION = 1_000_000

# Assumptions: nobody counts these in `make bench`.
API_MEMORY_GB, API_CALL_S = Decimal("0.5"), Decimal("0.05")  # of config.json; a warm call
COUNT_MEMORY_GB, COUNT_BATCH, COUNT_BATCH_S = Decimal("0.5"), 100, Decimal("0.2")  # stream records together
POLL_S = 30  # an idle runner asks so often (benchfleet_contract.limits.WAIT_RETRY_S)
BEATS_A_TASK = 20  # a task of ten minutes
NOTE_EVERY_POLL = 1  # an idle runner is noted once a poll
ARCHIVE_READS_A_GB, ARCHIVE_S_A_GB = 1_000, 60  # uploads of 1 MB; gzip at one CPU
FINALIZE_MEMORY_GB = Decimal("1.769")
STREAM_READS_A_TASK = 3  # changes of status
CLAIM_READ_UNITS = 2  # of the query for candidates; all other requests of a task are writes


@dataclass(frozen=True)
class Line:
    """One row: what, and its dollars by service."""

    what: str
    usd: Mapping[str, Decimal]

    @property
    def total(self) -> Decimal:
        return sum(self.usd.values(), Decimal(0))


def counted(path: Path = RESULTS) -> dict[str, Decimal]:
    metrics = json.loads(path.read_text(encoding="utf-8"))["metrics"]
    return {metric["name"]: Decimal(str(metric["value"])) for metric in metrics}


def prices() -> dict[str, Decimal]:
    """USD by the service's unit, of the newest list."""
    books = shipped()
    found = {name: books.find(REGION, name, "services") for name in books.names(REGION, "services")}
    return {name: quote.usd for name, quote in found.items() if quote}


def api_calls(count: Decimal, usd: Mapping[str, Decimal]) -> dict[str, Decimal]:
    """Of the gateway and of the function behind it."""
    return {
        "API Gateway": count * usd["apigateway-million-requests"] / MILLION,
        "Lambda": count
        * (usd["lambda-million-requests"] / MILLION + API_MEMORY_GB * API_CALL_S * usd["lambda-gb-second"]),
    }


def million_tasks(counts: Mapping[str, Decimal], usd: Mapping[str, Decimal]) -> Line:
    """Created, claimed, kept alive for ten minutes each, completed: three requests of the API, and a heartbeat each 30 s."""
    beats = BEATS_A_TASK * counts["write units per heartbeat"]
    writes = MILLION * (counts["write units per task lifecycle"] + beats)
    reads = MILLION * CLAIM_READ_UNITS
    calls = api_calls(Decimal(MILLION * (3 + BEATS_A_TASK)), usd)
    batches = Decimal(MILLION * STREAM_READS_A_TASK) / COUNT_BATCH
    calls["Lambda"] += batches * (
        usd["lambda-million-requests"] / MILLION + COUNT_MEMORY_GB * COUNT_BATCH_S * usd["lambda-gb-second"]
    )
    dynamodb = (writes * usd["dynamodb-million-write-units"] + reads * usd["dynamodb-million-read-units"]) / MILLION
    puts = MILLION * usd["s3-thousand-puts"] / 1_000
    return Line("a million tasks of ten minutes", {**calls, "DynamoDB": dynamodb, "S3": puts})


def idle_runner_day(_counts: Mapping[str, Decimal], usd: Mapping[str, Decimal]) -> Line:
    """It polls every 30 s and gets nothing: a query of two read units, and a write that notes it."""
    polls = Decimal(DAY_S) / POLL_S
    dynamodb = (
        polls
        * (NOTE_EVERY_POLL * usd["dynamodb-million-write-units"] + 2 * usd["dynamodb-million-read-units"])
        / MILLION
    )
    return Line("an idle runner, a day", {**api_calls(polls, usd), "DynamoDB": dynamodb})


def archived_gigabyte(_counts: Mapping[str, Decimal], usd: Mapping[str, Decimal]) -> Line:
    """Uploads of 1 MB each, read once, packed, kept for a month."""
    s3 = ARCHIVE_READS_A_GB * (usd["s3-thousand-gets"] + usd["s3-thousand-puts"]) / 1_000 + 2 * usd["s3-gb-month"]
    compute = ARCHIVE_S_A_GB * FINALIZE_MEMORY_GB * usd["lambda-gb-second"]
    return Line("an archived GB of uploads, with its first month", {"Lambda": compute, "S3": s3})


def lines() -> list[Line]:
    counts, usd = counted(), prices()
    return [made(counts, usd) for made in (million_tasks, idle_runner_day, archived_gigabyte)]


def table() -> str:
    """Markdown, rounded to three digits."""
    made = lines()
    services = ("API Gateway", "Lambda", "DynamoDB", "S3")
    rows = [f"| | {' | '.join(services)} | all, USD |", "|---|" + "--:|" * (len(services) + 1)]
    for line in made:
        cells = [_dollars(line.usd[name]) if name in line.usd else "" for name in services]
        rows.append(f"| {line.what} | {' | '.join(cells)} | {_dollars(line.total)} |")
    return "\n".join(rows)


def page() -> str:
    """The page with the table as it is now."""
    text = PAGE.read_text(encoding="utf-8")
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}\n{table()}\n{END}{after}"


def _dollars(usd: Decimal) -> str:
    return f"{usd:,.0f}" if usd >= 100 else f"{usd:.3g}"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
