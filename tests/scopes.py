"""Which tests stay together on one worker, what they cost, and so in which order they are handed out: the dearest first.

Together stay the tests of a file, as `--dist loadfile` has it, and all that take turns (tests/engine_policy.py): on two
workers they would only wait for each other, and each of the two would start Chromium. So do those that read one run of a
fleet (the fixture `fleet`): a runner works at it once, not on every worker. And those with an emulated AWS account: one
prepared parent imports for all of them.
"""

from collections.abc import Mapping, Sequence

TAKING_TURNS = "tests that take turns"
ONE_FLEET = "tests of one fleet's run"
OF_REPORTS = "tests of reports and statistics"  # they load scipy or what draws charts, and look at one large report
WITH_AN_ACCOUNT = "tests with an emulated AWS account"
ON_THE_WIRE = "tests of AWS as it is on the wire"  # one reading of botocore's descriptions of EC2, ECS and SSM
WITH_MACHINES = "tests with machines of the emulator"  # moto's EC2 takes a second to import
TOGETHER: Mapping[str, str] = {
    "tests/browser/": TAKING_TURNS,
    "tests/integration/test_container_image.py": TAKING_TURNS,
    "tests/integration/test_runner_containers.py": TAKING_TURNS,
    "tests/integration/test_fleet_collecting.py": ONE_FLEET,
    "tests/integration/test_fleet_commands.py": ONE_FLEET,
    "tests/integration/test_fleet_guide.py": ONE_FLEET,
    "tests/unit/test_report_": OF_REPORTS,
    "tests/unit/test_http_folder.py": OF_REPORTS,
    "tests/unit/test_statistics": OF_REPORTS,
    "tests/unit/test_fleet_statistics.py": OF_REPORTS,
    "tests/integration/test_account.py": WITH_AN_ACCOUNT,
    "tests/integration/test_account_change_sets.py": WITH_AN_ACCOUNT,
    "tests/integration/test_deploy_command.py": WITH_AN_ACCOUNT,
    "tests/contract/test_aws_machines.py": ON_THE_WIRE,
    "tests/integration/test_provisioning": ON_THE_WIRE,
    "tests/integration/test_machines_ec2.py": WITH_MACHINES,
    "tests/integration/test_machines_ecs.py": WITH_MACHINES,
}

# Of a file, CPU seconds on idle cores: they need not be exact, only the order counts.
USUAL_S: Mapping[str, float] = {
    "tests/browser/": 3, "tests/contract/": 1, "tests/integration/": 1, "tests/promises/": 0.5, "tests/services/": 0.9,
}  # fmt: skip
OTHERWISE_S = 0.3
SECONDS: Mapping[str, float] = {
    TAKING_TURNS: 44,
    OF_REPORTS: 35,
    "tests/integration/test_api_schema.py": 14,
    ONE_FLEET: 13,
    "tests/integration/test_run_command.py": 11,
    "tests/integration/test_machines_of_a_run.py": 11,
    WITH_AN_ACCOUNT: 6,
    "tests/integration/test_archive_build.py": 6,
    "tests/integration/test_report_command.py": 6,
    "tests/integration/test_demo.py": 6,
    "tests/integration/test_api_tasks.py": 5,
    "tests/integration/test_runner_task.py": 5,
    "tests/integration/test_api_auth.py": 5,
    "tests/integration/test_runner_process.py": 5,
    WITH_MACHINES: 5,
    "tests/contract/test_emulated_machines.py": 5,
    "tests/integration/http/test_http_faults.py": 5,
    "tests/services/test_services_precision.py": 5,
    "tests/integration/test_emulator_command.py": 5,
    "tests/integration/test_api_deletion.py": 4,
    "tests/integration/test_api_fleets.py": 4,
    "tests/integration/http/test_http_measure.py": 4,
    "tests/integration/http/test_load_open_loop.py": 4,
    "tests/integration/http/test_life.py": 4,
    "tests/integration/test_workload_command.py": 4,
    "tests/contract/test_whole_records.py": 4,
    "tests/integration/test_cli_processes.py": 4,
    "tests/services/test_services_deleting.py": 4,
    "tests/integration/http/test_http_run.py": 4,
    "tests/integration/test_sdk_emulator.py": 4,
    "tests/integration/http/test_load_wrk.py": 4,
    "tests/integration/test_cli_runs.py": 4,
    "tests/promises/test_imports.py": 3,
    "tests/integration/test_api_uploads.py": 3,
    "tests/services/test_services_schedules.py": 3,
    "tests/integration/test_api_schedules.py": 3,
    "tests/integration/test_llm_faults.py": 3,
    "tests/integration/http/test_http_command.py": 3,
    "tests/integration/http/test_http_streams.py": 3,
    "tests/services/test_services_lifecycle.py": 3,
    "tests/integration/test_emulator_stack.py": 3,
    "tests/unit/test_fleet_prices.py": 3,
    ON_THE_WIRE: 3,
    "tests/integration/test_workload_ruby_bench.py": 3,
    "tests/integration/test_runner_isolation.py": 3,
    "tests/integration/test_api_runs.py": 2,
    "tests/integration/test_cli_delete.py": 2,
    "tests/unit/test_fleet_scoring.py": 2,
    "tests/integration/http/test_load_h2load.py": 2,
    "tests/services/test_services_machines.py": 2,
    "tests/integration/test_nuke_of_a_run.py": 2,
    "tests/integration/test_machine_script.py": 2,
    "tests/integration/test_archive_s3.py": 2,
    "tests/unit/test_sdk_download.py": 2,
    "tests/integration/test_explain.py": 2,
    "tests/integration/http/test_http_workload.py": 2,
    "tests/integration/test_api_attempt_tokens.py": 2,
    "tests/integration/test_executor_process.py": 2,
    "tests/contract/test_deletions.py": 2,
}


def scope_of(nodeid: str) -> str:
    return next((scope for start, scope in TOGETHER.items() if nodeid.startswith(start)), nodeid.partition("::")[0])


def without_processes(scope: str) -> bool:
    """Whether its tests need no emulator and no prepared parent, which take seconds to import in each worker."""
    return scope.startswith(("tests/unit/", "tests/services/", "tests/promises/", OF_REPORTS))


def seconds(scope: str) -> float:
    """What the tests of a scope take, about; a file that nobody measured takes as long as its folder's files do."""
    usual = next((usual for folder, usual in USUAL_S.items() if scope.startswith(folder)), OTHERWISE_S)
    return SECONDS.get(scope, usual)


def dearest_first(tests: Sequence[str]) -> list[str]:
    """The ids of all tests, or of all files; those of a scope stay together and in their order."""
    scopes: dict[str, list[str]] = {}
    for test in tests:
        scopes.setdefault(scope_of(test), []).append(test)
    return [test for scope in sorted(scopes, key=lambda scope: -seconds(scope)) for test in scopes[scope]]
