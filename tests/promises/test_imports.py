"""Nothing of the Lambda's code does work when it is imported, nor reads its environment: wiring does, on first use."""

import subprocess
import sys
from pathlib import Path

import pytest

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

rooms = ("chalicelib.services.", "chalicelib.store.", "chalicelib.archive.", "chalicelib.domain.", "benchfleet_contract.")
print(*sorted(name for name in sys.modules if name.startswith(rooms)), sep="\\n")
print(*sorted(set(sys.modules) & {"boto3", "jinja2", "aws_lambda_powertools"}), sep="\\n")

from benchfleet_contract.document import Document

print(*(kind.__name__ for kind in Document.__subclasses__() if kind.__pydantic_complete__), sep="\\n")
"""


def test_a_start_loads_no_use_case_no_store_and_no_client_library_and_builds_no_document_s_checks() -> None:
    """A container serves few of the use cases, and pays for those that it serves, when it does."""
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", START], cwd=ROOT, env={}, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == [
        "benchfleet_contract.document",
        "benchfleet_contract.limits",
        "benchfleet_contract.message",
        "benchfleet_contract.names",
        "benchfleet_contract.problems",
        "benchfleet_contract.run_options",
        "benchfleet_contract.states",
        "benchfleet_contract.tasks",
        "chalicelib.domain.blocks",
        "chalicelib.domain.counting",
        "chalicelib.domain.errors",
        "chalicelib.domain.leases",
        "chalicelib.domain.outcomes",
        "chalicelib.domain.ports",
        "chalicelib.domain.records",
        "chalicelib.domain.seals",
        "chalicelib.domain.selection",
        "chalicelib.domain.transitions",
        "chalicelib.services.present",
    ]


EMULATOR = """
import sys
import local_emulator.command, local_emulator.stack
from local_emulator.dynamodb.expressions.conditions import condition

condition("attribute_not_exists(pk)", "ConditionExpression")  # a name as it is: is it a reserved word?
print(*sys.modules, sep="\\n")
"""


@pytest.fixture(scope="module")
def loaded_by_the_emulator() -> list[str]:
    done = subprocess.run([sys.executable, "-c", EMULATOR], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "local_emulator.stack" in done.stdout.split()
    return done.stdout.split()


def test_the_emulator_s_tables_load_nothing_of_moto_s_dynamodb(loaded_by_the_emulator: list[str]) -> None:
    """Which costs time at the first write, and packages that only tests have."""
    assert [name for name in loaded_by_the_emulator if name.startswith("moto.dynamodb")] == []


def test_the_plain_emulator_loads_nothing_of_the_emulated_account(loaded_by_the_emulator: list[str]) -> None:
    """CloudFormation alone takes seconds, and 100 MB."""
    heavy = ("local_emulator.account", "moto.cloudformation", "moto.ec2.models", "moto.awslambda")
    assert [name for name in loaded_by_the_emulator if name.startswith(heavy)] == []
