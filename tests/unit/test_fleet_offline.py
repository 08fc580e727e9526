"""Commands of fleets that ask nobody: a manifest checked, folders rebuilt, compared, scored again and packed."""

import json
import os
import tarfile
from pathlib import Path

import jsonschema
import pytest
from benchfleet.cli.documents.schema import schema_of
from benchfleet.cli.frame import application
from benchfleet.fleet.aggregating import write
from benchfleet_results.fleets.aggregate import aggregate
from typer.testing import CliRunner, Result

from tests.unit.fleet_results import AT, a_benchmark, a_test
from tests.unit.sdk_network import Json

CASES = [
    {
        "id": "a",
        "prompt": "say {{word}}",
        "variables": {"word": "four"},
        "expected": "four",
        "config": {"max_tokens": 10},
    },
    {"id": "b", "prompt": "x" * 40, "expected": "five"},
]
MANIFEST = {
    "fleet_id": "f", "repositories": [{"id": "one", "name": "One", "dataset_path": "d.json"}],
    "providers": ["mine:m", "ollama:llama"], "settings": {"max_cost": 2},
}  # fmt: skip
PROVIDERS = '[providers.mine]\ntype = "openai-compatible"\nbase_url = "http://x/v1"\nprice = {input_mtok = 1, output_mtok = 2}\n'


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in [name for name in os.environ if name.startswith("BENCHFLEET_")]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    Path("d.json").write_text(json.dumps({"name": "d", "version": "1.0.0", "test_cases": CASES}))
    Path("m.json").write_text(json.dumps(MANIFEST))
    Path("fleet.toml").write_text(PROVIDERS)
    return tmp_path


def cli(*words: str, code: int = 0) -> Result:
    done = CliRunner().invoke(application(), ["fleet", *words])
    assert done.exit_code == code, done.stderr
    return done


def document(command: str, *words: str, code: int = 0) -> Json:
    made: Json = json.loads(cli(command, *words, "--json", code=code).stdout)
    jsonschema.Draft202012Validator(schema_of(f"fleet {command}")).validate(made)
    return made


def a_run(run_id: str, *, right: bool = True, output: Path = Path("fleet-results")) -> Path:
    tests = [a_test("a", cost_usd=0.5, passed=right, score=float(right)), a_test("b", "failure")]
    made = aggregate("f", [a_benchmark("one", "mine_m", tests)], timestamp=AT, run_id=run_id, status="partial")
    write(made, output / run_id)
    return output / run_id


def test_a_manifest_is_shown_with_what_it_costs() -> None:
    told = document("validate", "-m", "m.json")
    assert (told["plan"]["requests"], told["plan"]["shards"], told["max_cost_usd"]) == (4, 2, 2.0)
    assert [(one["repository_id"], one["target"], one["requests"]) for one in told["shards"]] == [
        ("one", "mine:m", 2), ("one", "ollama:llama", 2),
    ]  # fmt: skip
    first, second = told["targets"]
    assert (first["prompt_tokens"], first["completion_tokens"]) == (2 + 10, 10 + 4096)  # a budget limits every answer
    assert 4106 * 2 / 1e6 < first["at_most_usd"] < 0.01
    assert (second["at_most_usd"], told["at_most_usd"]) == (None, None)  # its price is not known
    shown = cli("validate", "-m", "m.json")
    assert "4 requests in 2 benchmarks, 2 models" in shown.stdout
    assert "max_cost is 2 USD" in shown.stdout


def test_all_that_is_wrong_is_told_at_once_with_its_place() -> None:
    Path("d.json").write_text('{"name": "d", "version": "1.0.0",\n "test_cases": [{"id": "a", "prompt": "{{no}}"}]}')
    Path("m.json").write_text(json.dumps(MANIFEST | {"providers": ["mine:m", "nobody:m"]}, indent=1))
    done = cli("validate", "-m", "m.json", code=4)
    assert done.stdout == ""
    places = {Path(line.partition(": ")[0]).name.rpartition(":")[0] for line in done.stderr.splitlines()[1:]}
    assert places == {"m.json:12", "d.json:2"}
    assert "nobody" in done.stderr
    Path("fleet.toml").write_text("[providers.mine]\nbase_url = 3\n")
    cli("validate", "-m", "m.json", code=3)


def test_a_folder_is_rebuilt_byte_by_byte() -> None:
    folder = a_run("f-1")
    told = document("aggregate", str(folder), "--out", "again")
    assert told["files"][-1] == "fleet-results.json"
    assert Path("again/one/mine_m/results.json").read_bytes() == (folder / "one/mine_m/results.json").read_bytes()
    assert "Written: " in cli("aggregate", str(folder), "--formats", "json").stdout
    cli("aggregate", "none", code=4)


def test_two_runs_are_compared_by_id_or_path() -> None:
    a_run("f-1"), a_run("f-2", right=False, output=Path("elsewhere"))
    told = document("compare", "elsewhere/f-2", "f-1")
    score = next(one for one in told["comparisons"] if one["measure"] == "score")
    assert (score["first"], score["difference"], score["tests"]) == ("mine_m", -1.0, 1)
    assert "mine_m" in cli("compare", "elsewhere/f-2", "f-1").stdout
    cli("compare", "f-1", "f-9", code=4)


def test_answers_are_scored_again_without_a_call() -> None:
    folder = a_run("f-1", right=False)
    told = document("rescore", "f-1", "-m", "m.json", "--out", "again")
    assert told["unknown"] == []
    again = json.loads(Path("again/fleet-results.json").read_text())["fleet_summary"]["quality"]
    assert (again["passed"], again["scored"]) == (1, 2)
    before = json.loads((folder / "fleet-results.json").read_text())["fleet_summary"]["quality"]
    assert before["passed"] == 0
    Path("d.json").write_text(json.dumps({"name": "d", "version": "1.0.0", "test_cases": CASES[:1]}))
    assert "one/b is not in the manifest any more" in cli("rescore", "f-1", "-m", "m.json").stderr


def test_old_runs_are_packed_and_their_folders_removed() -> None:
    old, new = a_run("f-1"), a_run("f-2")
    os.utime(old / "fleet-results.json", (1, 1))
    (Path("fleet-results") / "f-3").mkdir()
    told = document("archive", "--older-than", "30d")
    assert told["archives"] == ["fleet-results/archive/f-1.tar.gz"]
    assert (old.exists(), new.exists()) == (False, True)
    with tarfile.open(told["archives"][0]) as packed:
        assert "f-1/fleet-results.json" in packed.getnames()
    cli("archive", "f-3", code=2)
    a_run("f-1")
    assert "is there already" in cli("archive", "f-1", code=2).stderr
    assert old.exists()
    for words in ((), ("f-2", "--older-than", "1d"), ("../f-2",)):
        cli("archive", *words, code=2)
    assert "No run" in cli("archive", "--older-than", "30d").stderr
