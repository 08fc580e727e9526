"""What is mutated, and by which tests it must be found out. A room's tests are quick ones: they are run for each mutant."""

from collections.abc import Mapping
from dataclasses import dataclass

_LAMBDA_TESTS = (
    "tests/unit/test_domain_*.py",
    "tests/services/test_*.py",
    "tests/unit/test_services_*.py",
    "tests/unit/test_store_expressions.py",
    "tests/unit/test_logs.py",
    "tests/contract/test_*.py",
)


@dataclass(frozen=True)
class Room:
    """`package` is copied whole, `sources` of it are mutated; both are paths without `sdk/`, as they are imported."""

    package: str
    sources: tuple[str, ...]
    tests: tuple[str, ...]
    prose: bool = False  # are texts with spaces part of what it does, and not words for people?


ROOMS: Mapping[str, Room] = {
    "domain": Room("chalicelib", ("chalicelib/domain/*.py",), _LAMBDA_TESTS),
    "services": Room(
        "chalicelib",
        ("chalicelib/services/*.py", "chalicelib/services/*/*.py"),
        ("tests/services/test_services_*.py", "tests/unit/test_services_*.py", "tests/unit/test_keyring.py"),
    ),
    "expressions": Room("chalicelib", ("chalicelib/store/expressions.py",), _LAMBDA_TESTS, prose=True),
    "auth": Room(
        "chalicelib",
        ("chalicelib/services/keyring.py", "chalicelib/services/tasks/attempt_tokens.py", "chalicelib/api/endpoint.py"),
        (
            "tests/unit/test_api_bodies.py",
            "tests/unit/test_api_endpoint.py",
            "tests/unit/test_domain_errors.py",
            "tests/unit/test_keyring.py",
            "tests/unit/test_services_attempt_tokens.py",
        ),
    ),
    "signatures": Room(
        "local_emulator",
        ("local_emulator/signed_headers.py", "local_emulator/s3_gate.py"),
        (
            "tests/integration/test_emulator_doors.py",
            "tests/integration/test_emulator_s*_gate.py",
            "tests/unit/test_emulator_signed_headers.py",
        ),
    ),
    "archive": Room(
        "chalicelib",
        ("chalicelib/archive/unpack.py", "chalicelib/archive/bundle.py"),
        ("tests/unit/test_archive_*.py",),
    ),
    "bounds": Room("benchfleet_contract", ("benchfleet_contract/bounds.py",), ("tests/unit/test_contract_bounds.py",)),
    "statistics": Room(
        "benchfleet_results", ("benchfleet_results/statistics/*.py",), ("tests/unit/test_statistics.py",)
    ),
}
