"""What CloudFormation is told to make fits the code, and a further region gets the same network."""

import json
import subprocess
import sys
from typing import Any

import pytest
from benchfleet_contract.places import Place

from chalicelib.store.schema import TIME_TO_LIVE, table_definition
from tests.each_case import each_case
from tests.promises.chalice_files import (
    CHALICE,
    CONFIG,
    NETWORK,
    RESOURCES,
    STAGES,
    TEMPLATE,
    functions,
    named,
    of_type,
    properties,
)

INLINE_TEMPLATE_BYTES = 51_200  # CloudFormation's limit for a TemplateBody
UNTAGGED = {  # types that take no tags, or only stand between two that have them
    "AWS::S3::BucketPolicy", "AWS::EC2::VPCGatewayAttachment", "AWS::EC2::Route", "AWS::EC2::SubnetRouteTableAssociation",
    "AWS::IAM::InstanceProfile", "AWS::SNS::TopicPolicy", "AWS::SNS::Subscription", "AWS::CloudWatch::Dashboard",
    "AWS::Budgets::Budget",
}  # fmt: skip
TAG = {"Key": "benchfleet", "Value": {"Ref": "Stage"}}


@pytest.mark.proof
def test_cfn_lint_has_nothing_to_say() -> None:
    lint = "from cfnlint.runner import main; main()"
    templates = [str(CHALICE / name) for name in ("resources.json", "network.json")]
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", lint, "--", *templates], capture_output=True, text=True, check=False
    )
    assert (done.stdout.strip(), done.returncode) == ("", 0), done.stderr


@each_case("template", [TEMPLATE, NETWORK])
def test_a_template_without_its_blanks_fits_into_a_request(template: dict[str, Any]) -> None:
    assert len(json.dumps(template, separators=(",", ":"))) < INLINE_TEMPLATE_BYTES * 0.95


@each_case("template", [TEMPLATE, NETWORK])
def test_everything_carries_the_stage_as_a_tag(template: dict[str, Any]) -> None:
    """Clean-up finds what is left by it, and functions may touch nothing without it."""
    for name, resource in template["Resources"].items():
        if resource["Type"] not in UNTAGGED:
            assert TAG in resource["Properties"].get("Tags", []), name


def test_the_table_is_the_one_that_the_code_expects() -> None:
    made = dict(properties("Table"))
    wanted = table_definition("any")
    assert made.pop("TimeToLiveSpecification") == TIME_TO_LIVE
    for name in ("TableName", "Tags", "PointInTimeRecoverySpecification", "DeletionProtectionEnabled"):
        made.pop(name)
    # In CloudFormation a stream is on by being there.
    made["StreamSpecification"] = {"StreamEnabled": True, **made["StreamSpecification"]}
    assert made == {name: value for name, value in wanted.items() if name != "TableName"}


def test_what_people_measured_is_never_deleted_with_the_stack() -> None:
    for name in ("Table", "Bucket"):
        assert (RESOURCES[name]["DeletionPolicy"], RESOURCES[name]["UpdateReplacePolicy"]) == ("Retain", "Retain")
    assert properties("Table")["PointInTimeRecoverySpecification"] == {"PointInTimeRecoveryEnabled": True}
    assert properties("Table")["DeletionProtectionEnabled"] == {"Fn::If": ["IsProd", True, False]}
    assert TEMPLATE["Conditions"]["IsProd"] == {"Fn::Equals": [{"Ref": "Stage"}, "prod"]}


def test_the_bucket_is_private_and_clears_what_nobody_reads() -> None:
    bucket = properties("Bucket")
    assert set(bucket["PublicAccessBlockConfiguration"].values()) == {True}
    assert len(bucket["PublicAccessBlockConfiguration"]) == 4
    assert "BucketEncryption" in bucket
    uploads, versions = bucket["LifecycleConfiguration"]["Rules"]
    assert uploads["AbortIncompleteMultipartUpload"] == {"DaysAfterInitiation": 1}
    assert versions["NoncurrentVersionExpiration"] == {"NoncurrentDays": 7}
    assert {"Status": "Enabled"}.items() <= uploads.items() & versions.items()
    (deny,) = properties("BucketPolicy")["PolicyDocument"]["Statement"]
    assert (deny["Effect"], deny["Condition"]) == ("Deny", {"Bool": {"aws:SecureTransport": "false"}})


@each_case("queue", ["Finalize", "Provision", "Schedules"])
def test_a_message_stays_hidden_while_its_function_may_run(queue: str) -> None:
    longest = max(stage["lambda_functions"][queue.lower()]["lambda_timeout"] for stage in CONFIG["stages"].values())
    made = properties(f"{queue}Queue")
    assert made["VisibilityTimeout"] >= longest
    dead = {"Fn::GetAtt": [f"{queue}DeadLetters", "Arn"]}
    assert made["RedrivePolicy"] == {"deadLetterTargetArn": dead, "maxReceiveCount": 5}


def test_dead_letters_are_kept_as_long_as_possible_and_each_queue_of_them_has_an_alarm() -> None:
    dead = {name: queue for name, queue in of_type("AWS::SQS::Queue").items() if name.endswith("DeadLetters")}
    assert {queue["MessageRetentionPeriod"] for queue in dead.values()} == {14 * 86_400}
    assert len(dead) == 4
    for name in dead:
        alarm = properties(f"{name}Alarm")
        assert alarm["Dimensions"] == [{"Name": "QueueName", "Value": {"Fn::GetAtt": [name, "QueueName"]}}]
        assert (alarm["Threshold"], alarm["ComparisonOperator"]) == (0, "GreaterThanThreshold")


def test_every_alarm_tells_the_topic_and_is_quiet_where_nothing_happens() -> None:
    alarms = of_type("AWS::CloudWatch::Alarm")
    assert len(alarms) >= 10
    for name, alarm in alarms.items():
        assert alarm["AlarmActions"] == [{"Ref": "AlarmTopic"}], name
        assert alarm["TreatMissingData"] == "notBreaching", name
        assert alarm["AlarmDescription"].endswith("."), name


@each_case("stage", STAGES)
def test_errors_and_throttles_of_every_function_count(stage: str) -> None:
    names = {function.function_name for function in functions(stage).values()}
    for alarm in ("ErrorsAlarm", "ThrottlesAlarm"):
        metrics = [metric["MetricStat"]["Metric"] for metric in properties(alarm)["Metrics"] if "MetricStat" in metric]
        watched = {named(dimension["Value"], stage) for metric in metrics for dimension in metric["Dimensions"]}
        assert names <= watched


@each_case("stage", STAGES)
def test_the_log_group_of_every_function_is_the_stack_s_and_ends_some_day(stage: str) -> None:
    """Chalice cannot: its SAM template refers to a group of the API that it does not make, and Terraform knows none."""
    groups = {named(group["LogGroupName"], stage): group for group in of_type("AWS::Logs::LogGroup").values()}
    assert {f"/aws/lambda/{function.function_name}" for function in functions(stage).values()} <= set(groups)
    assert all(group["RetentionInDays"] == {"Ref": "LogRetentionDays"} for group in groups.values())
    assert not [f for f in CONFIG["stages"][stage]["lambda_functions"].values() if "log_retention_in_days" in f]


def test_the_dashboard_is_json_that_knows_every_function() -> None:
    text = named(properties("Dashboard")["DashboardBody"], "dev")
    graphs = [widget["properties"] for widget in json.loads(text)["widgets"]]
    invoked = {metric[3] for graph in graphs for metric in graph["metrics"] if metric[1] == "Invocations"}
    assert invoked >= {function.function_name for function in functions("dev").values()}


def test_runners_are_reached_by_nobody() -> None:
    group = properties("RunnerSecurityGroup")
    assert "SecurityGroupIngress" not in group
    assert not [name for name, resource in RESOURCES.items() if resource["Type"].endswith("SecurityGroupIngress")]
    assert {rule["ToPort"] for rule in group["SecurityGroupEgress"]} == {80, 443}


def test_a_zone_more_is_a_subnet_more() -> None:
    subnets = of_type("AWS::EC2::Subnet")
    assert [subnet["AvailabilityZone"]["Fn::Select"][0] for subnet in subnets.values()] == list("012345")
    assert len({subnet["CidrBlock"] for subnet in subnets.values()}) == 6
    conditions = [RESOURCES[name].get("Condition") for name in subnets]
    assert conditions == [None, None, *(f"AtLeast{count}Zones" for count in range(3, 7))]


def _places(template: dict[str, Any]) -> dict[str, Any]:
    """What both templates make, without what only the main region has: roles, image and key are named by reference."""
    shared = {name: template["Resources"][name] for name in NETWORK["Resources"]}
    for name in ("TaskAmd64", "TaskArm64"):
        task = json.loads(json.dumps(shared[name]))
        (container,) = task["Properties"]["ContainerDefinitions"]
        del container["Image"], container["Secrets"][0]["ValueFrom"]
        del task["Properties"]["ExecutionRoleArn"], task["Properties"]["TaskRoleArn"]
        shared[name] = task
    return shared


def test_a_further_region_has_the_same_network_cluster_and_tasks() -> None:
    assert _places(NETWORK) == _places(TEMPLATE)
    assert not [name for name, resource in NETWORK["Resources"].items() if resource["Type"].startswith("AWS::IAM::")]


def test_parameters_of_a_further_region_are_outputs_of_the_main_one() -> None:
    own = set(TEMPLATE["Parameters"])
    assert {name for name in NETWORK["Parameters"] if name not in own} <= set(TEMPLATE["Outputs"])
    assert "RunnerImage" in TEMPLATE["Outputs"]


@each_case("template", [TEMPLATE, NETWORK])
def test_the_outputs_say_all_of_a_place(template: dict[str, Any]) -> None:
    outputs = {
        "subnets": "Subnets", "security_group": "SecurityGroup", "instance_profile_arn": "InstanceProfileArn",
        "cluster": "ClusterArn", "image": "RunnerImage", "runner_key_parameter": "RunnerKeyParameterArn",
        "log_group": "RunnerLogGroup", "task_definitions": "TaskDefinitionAmd64",
    }  # fmt: skip
    assert set(outputs) == set(Place.model_fields)
    assert {*outputs.values(), "TaskDefinitionArm64"} <= set(template["Outputs"])


@each_case(("name", "architecture"), [("TaskAmd64", "X86_64"), ("TaskArm64", "ARM64")])
def test_a_task_gets_the_key_as_a_secret_and_ends_slowly_enough(name: str, architecture: str) -> None:
    task = properties(name)
    (container,) = task["ContainerDefinitions"]
    assert task["RuntimePlatform"] == {"CpuArchitecture": architecture, "OperatingSystemFamily": "LINUX"}
    (secret,) = container["Secrets"]
    assert secret["Name"] == "BENCHFLEET_API_KEY"
    assert secret["ValueFrom"]["Fn::Sub"].endswith(":parameter/benchfleet-${Stage}/runner-key")
    assert "Environment" not in container
    assert container["StopTimeout"] == 120  # of SIGTERM before KILL: Fargate's most
    # an init process would keep the key in its environment, which benchmarks of the same user read in /proc/1/environ
    assert "LinuxParameters" not in container


def test_the_page_about_deploying_tells_of_every_file() -> None:
    page = (CHALICE.parent / "docs" / "deploy.md").read_text(encoding="utf-8")
    for path in CHALICE.glob("*.json"):
        head, _, _ = path.name.partition("-")
        assert f"`.chalice/{head}" in page, path.name


def test_the_page_about_deploying_explains_every_variable_of_the_functions() -> None:
    page = (CHALICE.parent / "docs" / "deploy.md").read_text(encoding="utf-8")
    for stage in STAGES:
        for name in CONFIG["stages"][stage]["environment_variables"]:
            assert f"`{name}`" in page.rpartition("## Environment of the functions")[2], name
