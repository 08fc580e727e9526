"""Nothing of the Lambda's code does work when it is imported, nor reads its environment: wiring does, on first use."""

import subprocess
import sys
from pathlib import Path

from benchmarks.import_cost import ENVIRONMENT

ROOT = Path(__file__).parents[2]
IMPORT_ALL = """
import importlib, pkgutil, socket, sys

def refuse(*arguments, **named):
    raise AssertionError("a connection while importing")

socket.socket.connect = refuse
import chalicelib
for found in pkgutil.walk_packages(chalicelib.__path__, "chalicelib."):
    importlib.import_module(found.name)
print(*sorted(sys.modules), sep="\\n")
"""


def import_all() -> list[str]:
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", IMPORT_ALL],
        cwd=ROOT,
        env={},
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.split()


def test_every_module_imports_with_an_empty_environment_and_no_client_library() -> None:
    loaded = set(import_all())
    assert not loaded & {
        "httpx",
        "jinja2",
        "docker",
        "typer",
        "rich",
        "benchfleet",
        "runner_image",
        "local_emulator",
        "moto",
    }


START = """
import sys
import app
print(*sys.modules)
"""


def test_a_cold_start_loads_nothing_that_a_first_request_may_not_need() -> None:
    """Kinds of work, what reads bodies of runs, clients of AWS and what writes logs are imported when they are used."""
    environment = {**ENVIRONMENT, "PYTHONPATH": str(ROOT / "vendor")}
    done = subprocess.run(
        [sys.executable, "-c", START], cwd=ROOT, env=environment, capture_output=True, text=True, check=True
    )
    loaded = set(done.stdout.split())
    assert "chalicelib.services.runs.create_run" in loaded
    late = {"boto3", "aws_lambda_powertools", "benchfleet_contract.workloads.kinds", "chalicelib.store.table"}
    assert not loaded & late


TABLES = """
import sys
import local_emulator.stack
from local_emulator.dynamodb.expressions.conditions import condition

condition("attribute_not_exists(pk)", "ConditionExpression")  # a name as it is: is it a reserved word?
print(*(name for name in sys.modules if name.startswith("moto.dynamodb")))
"""


def test_the_emulator_s_tables_load_nothing_of_moto_s_dynamodb() -> None:
    """Which costs time at the first write, and packages that only tests have."""
    done = subprocess.run([sys.executable, "-c", TABLES], cwd=ROOT, capture_output=True, text=True)
    assert (done.stdout, done.returncode) == ("\n", 0), done.stderr
