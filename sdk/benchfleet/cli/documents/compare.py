"""What `benchfleet compare --json` prints."""

from pydantic import Field

from benchfleet.cli.documents.base import Document
from benchfleet.report.model.noise_floor import NoiseFloor
from benchfleet.report.pair import PairRow


class Compared(Document):
    """`b` against `a`. Every relation says how many times worse `b` is: 1.25 is a time of 125 %, or a rate of 1 / 1.25."""

    run_id: str
    a: str
    b: str
    rows: list[PairRow] = Field(description="over all benchmarks first, where there are several")
    complete_repeats: int = Field(description="repeats in which both have a result")
    repeats_on_one_instance: int = Field(description="those of them that measured both on one known instance")
    repeats_long_apart: int = Field(
        description="of those: with a wait in between that was longer than measuring, and a minute"
    )
    repeats_incomplete: int = Field(default=0, description="others, in which only one of the two has a result")
    repeats_left_out: int = Field(description="not measured together, or incomplete, and in no comparison")
    noise_floor: list[NoiseFloor] = Field(description="empty without `--noise-floor`")
    quality: str | None = Field(description="the headline of the report's data quality, null where there is none")
    warnings: list[str]
    results_dir: str
    exit_code: int
