"""An emulated AWS account as a process: stacks, functions, policies, triggers, APIs and images over real HTTP."""

import base64
import hashlib
import io
import json
import signal
import time
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import boto3
import httpx
import pytest
from benchfleet_contract.authorities import authorities
from botocore.exceptions import ClientError

from tests.integration.emulator_process import Running

pytestmark = pytest.mark.system

ROOT = Path(__file__).parents[2]
DEADLINE_S, DOOR_S = 30, 120
CODE = """
import json, os, sys, time

def handler(event, context):
    print("asked", json.dumps(event)[:80])
    what = event.get("do")
    if what == "raise":
        raise ValueError("no such thing")
    if what == "sleep":
        time.sleep(30)
    if what == "exit":
        os._exit(7)
    if what == "environment":
        return {"name": os.environ["AWS_LAMBDA_FUNCTION_NAME"], "own": os.environ.get("COLOUR"), "pid": os.getpid(),
                "left_s": context.get_remaining_time_in_millis() // 1000, "modules": "httpx" in sys.modules}
    if what == "import":
        __import__(event["module"])
    if what == "whoami":
        import boto3
        return boto3.client("sts").get_caller_identity()["Arn"]
    if what == "parameter":
        import boto3
        return boto3.client("ssm").get_parameter(Name=event["name"])["Parameter"]["Value"]
    if "Records" in event:
        import boto3
        for record in event["Records"]:
            if "poison" in record.get("body", ""):
                raise ValueError("poison")
            boto3.client("sqs").send_message(QueueUrl=os.environ["SEEN"], MessageBody=record["eventSource"])
        return None
    if "httpMethod" in event:
        shown = {"path": event["pathParameters"], "query": event["multiValueQueryStringParameters"], "body": event["body"],
                 "encoded": event["isBase64Encoded"], "resource": event["resource"]}
        return {"statusCode": 201, "headers": {"X-Seen": "yes"}, "multiValueHeaders": {}, "body": json.dumps(shown)}
    return event
"""


class Account(Running):
    """The process, and what its own doors tell."""

    def __init__(self, folder: Path, *flags: str, truly: bool = False) -> None:
        super().__init__(folder, *flags, truly=truly)
        self.http = httpx.Client(verify=authorities({}), timeout=DOOR_S)  # of whoever has no key
        self._clients: dict[tuple[str, ...], Any] = {}

    def end(self, number: signal.Signals = signal.SIGINT) -> int:
        self.http.close()
        return super().end(number)

    def client(self, service: str, region: str | None = None, **credentials: str) -> Any:
        """One for each service and region: making a client takes longer than what is asked of it."""
        who = (credentials or self.ready)["aws_access_key_id"], (credentials or self.ready)["aws_secret_access_key"]
        name = (service, region or self.ready["region"], *who)
        if name not in self._clients:
            self._clients[name] = boto3.client(
                service,  # type: ignore[call-overload]
                endpoint_url=self.ready["aws_endpoint_url"],
                region_name=name[1],
                aws_access_key_id=who[0],
                aws_secret_access_key=who[1],
            )
        return self._clients[name]

    def door(self, path: str) -> Any:
        headers = {"Authorization": f"Bearer {self.ready['token']}"}
        url = f"{self.ready['aws_endpoint_url']}/_account/{path}"
        return self.http.get(url, headers=headers).raise_for_status().json()

    def role(self, name: str, *statements: dict[str, Any]) -> str:
        trust = {
            "Version": "2012-10-17",
            "Statement": [
                {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
            ],
        }
        iam = self.client("iam")
        arn: str = iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(trust))["Role"]["Arn"]
        logs = {"Effect": "Allow", "Action": "logs:*", "Resource": "arn:aws:logs:*:*:log-group:/aws/lambda/*"}
        document = json.dumps({"Version": "2012-10-17", "Statement": [logs, *statements]})
        iam.put_role_policy(RoleName=name, PolicyName="own", PolicyDocument=document)
        return arn

    def function(
        self, name: str, *statements: dict[str, Any], timeout_s: int = 10, **environment: str
    ) -> Callable[..., Any]:
        role = self.role(name, *statements)
        self.client("lambda").create_function(
            FunctionName=name, Role=role, Runtime="python3.11", Handler="app.handler", Code={"ZipFile": zipped(CODE)},
            Timeout=timeout_s, Environment={"Variables": environment},
        )  # fmt: skip
        return lambda **event: self.invoke(name, event)

    def invoke(self, name: str, event: dict[str, Any]) -> Any:
        done = self.client("lambda").invoke(FunctionName=name, Payload=json.dumps(event))
        answer = json.load(done["Payload"])
        return {"failed": done["FunctionError"], **answer} if "FunctionError" in done else answer


def zipped(code: str) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("app.py", code)
    return out.getvalue()


def allow(action: Any, resource: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": action, "Resource": resource}


def until(look: Callable[[], Any]) -> Any:
    deadline = time.monotonic() + DEADLINE_S
    while time.monotonic() < deadline:
        if found := look():
            return found
        time.sleep(0.05)
    raise AssertionError("it did not happen in time")


@pytest.fixture(scope="module")
def account(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Account]:
    running = Account(tmp_path_factory.mktemp("account"), "--account", "--sweep-every", "0.5")
    yield running
    assert running.end() == 0, running.errors


def test_a_fresh_account_is_empty_and_says_who_one_is(account: Account) -> None:
    assert account.client("sts").get_caller_identity()["Arn"] == "arn:aws:iam::123456789012:root"
    assert [each["type"] for each in account.door("resources")["resources"]] == []


@pytest.mark.proof
def test_a_key_that_aws_makes_for_a_secret_parameter_is_no_resource_of_ones_own(account: Account) -> None:
    parameters = account.client("ssm")
    parameters.put_parameter(Name="/secret", Value="hidden", Type="SecureString")
    assert [each["type"] for each in account.door("resources")["resources"]] == ["AWS::SSM::Parameter"]
    parameters.delete_parameter(Name="/secret")
    keys = account.client("kms")
    key = keys.create_key()["KeyMetadata"]["KeyId"]
    assert [each["id"] for each in account.door("resources")["resources"]] == [key]
    keys.schedule_key_deletion(KeyId=key)
    assert account.door("resources")["resources"] == []


def test_its_own_doors_need_the_token(account: Account) -> None:
    for path in ("calls", "resources", "permissions"):
        assert account.http.get(f"{account.ready['aws_endpoint_url']}/_account/{path}").status_code == 401


def test_a_wrong_key_and_an_unknown_service_are_refused(account: Account) -> None:
    stranger = account.client("sts", aws_access_key_id="AKIAX", aws_secret_access_key="x")
    with pytest.raises(ClientError, match="InvalidClientTokenId"):
        stranger.get_caller_identity()
    with pytest.raises(ClientError, match="has no glue"):
        account.client("glue").get_databases()


@pytest.mark.proof
def test_a_stack_is_made_of_our_own_template_and_leaves_what_it_retains(account: Account) -> None:
    cloudformation = account.client("cloudformation")
    template = (ROOT / ".chalice" / "resources.json").read_text()
    values = {"Stage": "dev", "BucketName": "benchfleet-dev-x", "MonthlyBudgetUsd": "10", "AlarmEmail": "a@example.org"}
    parameters = [{"ParameterKey": key, "ParameterValue": value} for key, value in values.items()]
    cloudformation.create_stack(
        StackName="whole", TemplateBody=template, Parameters=parameters, Capabilities=["CAPABILITY_NAMED_IAM"]
    )
    (stack,) = cloudformation.describe_stacks(StackName="whole")["Stacks"]
    events = cloudformation.describe_stack_events(StackName="whole")["StackEvents"]
    assert stack["StackStatus"] == "CREATE_COMPLETE", events
    outputs = {each["OutputKey"]: each["OutputValue"] for each in stack["Outputs"]}
    described = account.client("dynamodb").describe_table(TableName=outputs["TableName"])["Table"]
    assert described["LatestStreamArn"] == outputs["StreamArn"]
    lifetime = account.client("dynamodb").describe_time_to_live(TableName=outputs["TableName"])["TimeToLiveDescription"]
    assert lifetime["TimeToLiveStatus"] == "ENABLED"
    blocked = account.client("s3").get_public_access_block(Bucket="benchfleet-dev-x")["PublicAccessBlockConfiguration"]
    assert set(blocked.values()) == {True}
    made = {each["LogicalResourceId"] for each in events if each["ResourceStatus"] == "CREATE_COMPLETE"}
    assert made >= set(json.loads(template)["Resources"]) - _conditional(template)

    cloudformation.delete_stack(StackName="whole")
    left = {each["type"] for each in account.door("resources")["resources"]}
    assert "AWS::DynamoDB::Table" in left
    assert "AWS::IAM::Role" not in left
    _sweep_up(account)


def _conditional(template: str) -> set[str]:
    return {name for name, each in json.loads(template)["Resources"].items() if "Condition" in each}


def _sweep_up(account: Account) -> None:
    """What the stack retained."""
    dynamodb, s3 = account.client("dynamodb"), account.client("s3")
    for name in dynamodb.list_tables()["TableNames"]:
        dynamodb.delete_table(TableName=name)
    for bucket in s3.list_buckets()["Buckets"]:
        s3.delete_bucket(Bucket=bucket["Name"])


def test_zones_are_those_of_the_stack_s_own_region_or_of_the_one_that_it_names(account: Account) -> None:
    asked = {"Own": "", "Here": {"Ref": "AWS::Region"}, "There": "us-west-2"}
    outputs = {name: {"Value": {"Fn::Join": [" ", {"Fn::GetAZs": region}]}} for name, region in asked.items()}
    vpc = {"Type": "AWS::EC2::VPC", "Properties": {"CidrBlock": "10.0.0.0/16"}}
    zone = {"Fn::Select": ["2", {"Fn::GetAZs": ""}]}
    subnet = {"VpcId": {"Ref": "Vpc"}, "CidrBlock": "10.0.0.0/20", "AvailabilityZone": zone}
    resources = {"Vpc": vpc, "Subnet": {"Type": "AWS::EC2::Subnet", "Properties": subnet}}
    cloudformation, ec2 = (account.client(service, region="eu-west-1") for service in ("cloudformation", "ec2"))
    template = json.dumps({"Resources": resources, "Outputs": outputs})
    cloudformation.create_stack(StackName="far", TemplateBody=template)
    (stack,) = cloudformation.describe_stacks(StackName="far")["Stacks"]
    told = {each["OutputKey"]: each["OutputValue"].split() for each in stack["Outputs"]}
    assert told["Own"] == told["Here"] == ["eu-west-1a", "eu-west-1b", "eu-west-1c"]
    assert told["There"][0] == "us-west-2a"
    mine = {"Name": "tag:aws:cloudformation:stack-name", "Values": ["far"]}
    (made,) = ec2.describe_subnets(Filters=[mine])["Subnets"]
    assert made["AvailabilityZone"] == "eu-west-1c"
    cloudformation.delete_stack(StackName="far")


def test_a_stack_that_fails_rolls_back_and_can_only_be_deleted(account: Account) -> None:
    cloudformation = account.client("cloudformation")
    account.client("s3").create_bucket(Bucket="taken")
    template = {
        "Resources": {
            "Queue": {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": "first"}},
            "Bucket": {"Type": "AWS::S3::Bucket", "DependsOn": "Queue", "Properties": {"BucketName": "taken"}},
        }
    }
    cloudformation.create_stack(StackName="broken", TemplateBody=json.dumps(template))
    (stack,) = cloudformation.describe_stacks(StackName="broken")["Stacks"]
    assert stack["StackStatus"] == "ROLLBACK_COMPLETE"
    events = cloudformation.describe_stack_events(StackName="broken")["StackEvents"]
    (failed,) = [each for each in events if each["ResourceStatus"] == "CREATE_FAILED"]
    assert (failed["LogicalResourceId"], failed["ResourceStatusReason"]) == ("Bucket", "taken already exists")
    assert account.client("sqs").list_queues().get("QueueUrls", []) == []
    template["Resources"]["Bucket"]["Properties"] = {"BucketName": "free"}
    with pytest.raises(ClientError, match="ROLLBACK_COMPLETE"):
        cloudformation.update_stack(StackName="broken", TemplateBody=json.dumps(template))
    cloudformation.delete_stack(StackName="broken")
    account.client("s3").delete_bucket(Bucket="taken")
    assert account.door("resources")["resources"] == []


def test_a_type_that_cannot_be_made_is_refused_by_name(account: Account) -> None:
    template = {"Resources": {"Odd": {"Type": "AWS::Glue::Job", "Properties": {}}}}
    with pytest.raises(ClientError, match="AWS::Glue::Job"):
        account.client("cloudformation").create_stack(StackName="odd", TemplateBody=json.dumps(template))


def test_a_function_runs_with_its_environment_and_as_its_role(account: Account) -> None:
    call = account.function("own", COLOUR="red")
    told = call(do="environment")
    assert (told["name"], told["own"], told["modules"]) == ("own", "red", False)
    assert told["left_s"] in (9, 10)
    assert call(do="environment")["pid"] == told["pid"]  # one process, kept
    assert call(do="whoami") == "arn:aws:sts::123456789012:assumed-role/own/own"
    account.client("lambda").update_function_configuration(
        FunctionName="own", Environment={"Variables": {"COLOUR": "blue"}}
    )
    assert call(do="environment")["own"] == "blue"
    logs = account.client("logs").filter_log_events(logGroupName="/aws/lambda/own")["events"]
    assert any('asked {"do": "whoami"}' in each["message"] for each in logs)


@pytest.mark.proof
def test_what_goes_wrong_in_a_function_is_told_as_lambda_tells_it(account: Account) -> None:
    call = account.function("wrong", timeout_s=1)
    raised = call(do="raise")
    assert (raised["failed"], raised["errorType"], raised["errorMessage"]) == (
        "Unhandled",
        "ValueError",
        "no such thing",
    )
    assert any("app.py" in line for line in raised["stackTrace"])
    assert call(do="import", module="moto")["errorType"] == "ModuleNotFoundError"  # nothing but the package and boto3
    assert "Task timed out after 1.00 seconds" in call(do="sleep")["errorMessage"]
    assert call(do="exit")["errorMessage"].endswith("exit status 7")
    assert call(hello=1) == {"hello": 1}  # in a new process
    account.client("lambda").update_function_configuration(FunctionName="wrong", Handler="nothing.handler")
    assert call()["errorType"] == "Runtime.ImportModuleError"
    with pytest.raises(ClientError, match="ResourceNotFoundException"):
        account.invoke("nobody", {})


def test_a_user_may_do_what_a_policy_says_and_every_call_is_known(account: Account) -> None:
    iam, ssm = account.client("iam"), account.client("ssm")
    arn = "arn:aws:ssm:us-east-1:123456789012:parameter/"
    iam.create_user(UserName="guest")
    document = json.dumps({"Version": "2012-10-17", "Statement": [allow("ssm:GetParameter", arn + "open")]})
    iam.put_user_policy(UserName="guest", PolicyName="own", PolicyDocument=document)
    key = iam.create_access_key(UserName="guest")["AccessKey"]
    guest = account.client("ssm", aws_access_key_id=key["AccessKeyId"], aws_secret_access_key=key["SecretAccessKey"])
    for name in ("/open", "/closed"):
        ssm.put_parameter(Name=name, Value=name, Type="String")
    assert guest.get_parameter(Name="/open")["Parameter"]["Value"] == "/open"
    with pytest.raises(
        ClientError, match=r"AccessDenied.*user/guest is not authorized to perform: ssm:GetParameter on"
    ):
        guest.get_parameter(Name="/closed")
    calls = account.door("calls?principal=arn:aws:iam::123456789012:user/guest")["calls"]
    assert [(each["action"], each["resource"], each["allowed"]) for each in calls] == [
        ("ssm:GetParameter", arn + "open", True),
        ("ssm:GetParameter", arn + "closed", False),
    ]


def test_a_role_may_do_what_its_policy_says_and_every_call_is_known(account: Account) -> None:
    account.client("ssm").put_parameter(Name="/one", Value="1", Type="String")
    account.client("ssm").put_parameter(Name="/two", Value="2", Type="String")
    arn = "arn:aws:ssm:us-east-1:123456789012:parameter/"
    call = account.function("reader", allow("ssm:GetParameter", [arn + "one", arn + "three"]))
    assert call(do="parameter", name="/one") == "1"
    refused = call(do="parameter", name="/two")
    assert refused["errorType"] == "AccessDeniedException"
    assert (
        "User: arn:aws:sts::123456789012:assumed-role/reader/reader is not authorized to perform: ssm:GetParameter on "
        f"resource: {arn}two because no identity-based policy allows the ssm:GetParameter action"
    ) in refused["errorMessage"]
    calls = account.door("calls?role=reader&service=ssm")["calls"]
    assert [(each["action"], each["resource"], each["allowed"]) for each in calls] == [
        ("ssm:GetParameter", arn + "one", True),
        ("ssm:GetParameter", arn + "two", False),
    ]
    (told,) = [each for each in account.door("permissions")["roles"] if each["role"] == "reader"]
    assert [each["resource"] for each in told["denied"]] == [arn + "two"]
    assert {"statement": "", "action": "ssm:GetParameter", "resource": arn + "three"} in told["unneeded"]


@pytest.mark.proof
def test_queues_and_streams_invoke_what_is_mapped_to_them(account: Account) -> None:
    sqs, dynamodb, lambdas = account.client("sqs"), account.client("dynamodb"), account.client("lambda")
    seen = sqs.create_queue(QueueName="seen")["QueueUrl"]
    dead = "arn:aws:sqs:us-east-1:123456789012:dead"
    sqs.create_queue(QueueName="dead")
    redrive = json.dumps({"deadLetterTargetArn": dead, "maxReceiveCount": 1})
    work = sqs.create_queue(QueueName="work", Attributes={"RedrivePolicy": redrive, "VisibilityTimeout": "1"})[
        "QueueUrl"
    ]
    queue = "arn:aws:sqs:us-east-1:123456789012:work"
    table = dynamodb.create_table(
        TableName="watched", BillingMode="PAY_PER_REQUEST", KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
        StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"},
    )["TableDescription"]  # fmt: skip
    stream = table["LatestStreamArn"]
    account.function("blind")
    with pytest.raises(ClientError, match="does not have permissions to call ReceiveMessage on SQS"):
        lambdas.create_event_source_mapping(EventSourceArn=queue, FunctionName="blind")
    account.function(
        "watcher",
        allow(["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"], queue),
        allow(
            ["dynamodb:DescribeStream", "dynamodb:GetRecords", "dynamodb:GetShardIterator"],
            table["TableArn"] + "/stream/*",
        ),
        allow("dynamodb:ListStreams", "*"),
        allow("sqs:SendMessage", "arn:aws:sqs:us-east-1:123456789012:seen"),
        SEEN=seen,
    )
    first = lambdas.create_event_source_mapping(EventSourceArn=queue, FunctionName="watcher", BatchSize=1)["UUID"]
    with pytest.raises(ClientError, match=f"ResourceConflictException.*{first}"):
        lambdas.create_event_source_mapping(EventSourceArn=queue, FunctionName="watcher")
    lambdas.create_event_source_mapping(EventSourceArn=stream, FunctionName="watcher", StartingPosition="TRIM_HORIZON")

    sqs.send_message(QueueUrl=work, MessageBody="hello")
    dynamodb.put_item(TableName="watched", Item={"pk": {"S": "a"}})
    got: list[str] = []

    def both() -> bool:
        got.extend(
            each["Body"] for each in sqs.receive_message(QueueUrl=seen, MaxNumberOfMessages=10).get("Messages", [])
        )
        return {"aws:sqs", "aws:dynamodb"} <= set(got)

    until(both)
    sqs.send_message(QueueUrl=work, MessageBody="poison")
    until(lambda: sqs.receive_message(QueueUrl="dead").get("Messages"))
    denied = account.door("calls?role=watcher&allowed=false")["calls"]
    assert denied == []


SWAGGER = {
    "swagger": "2.0",
    "info": {"version": "1.0", "title": "small"},
    "schemes": ["https"],
    "paths": {"/runs/{run_id}": {"post": {"responses": {}, "x-amazon-apigateway-integration": {}}}},
    "definitions": {"Empty": {"type": "object", "title": "Empty Schema"}},
    "x-amazon-apigateway-binary-media-types": ["application/octet-stream"],
}


def test_a_rest_api_serves_what_was_deployed(account: Account) -> None:
    account.function("gate")
    lambdas, gateway = account.client("lambda"), account.client("apigateway")
    arn = "arn:aws:lambda:us-east-1:123456789012:function:gate"
    uri = f"arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/{arn}/invocations"
    document: dict[str, Any] = json.loads(json.dumps(SWAGGER))
    integration = {"type": "aws_proxy", "httpMethod": "POST", "uri": uri, "responses": {}}
    document["paths"]["/runs/{run_id}"]["post"]["x-amazon-apigateway-integration"] = integration
    api = gateway.import_rest_api(body=json.dumps(document))["id"]
    url = account.ready["api_url_template"].format(rest_api_id=api, stage="api")
    assert account.http.post(f"{url}/runs/1").status_code == 403  # not deployed
    gateway.create_deployment(restApiId=api, stageName="api")
    assert account.http.post(f"{url}/runs/1").json() == {
        "message": "Internal server error"
    }  # the API may not invoke it
    lambdas.add_permission(
        FunctionName="gate", StatementId="1", Action="lambda:InvokeFunction", Principal="apigateway.amazonaws.com",
        SourceArn=f"arn:aws:execute-api:us-east-1:123456789012:{api}/*",
    )  # fmt: skip
    answer = account.http.post(f"{url}/runs/a%20b?x=1&x=2", content=b"text")
    assert (answer.status_code, answer.headers["x-seen"], answer.headers["content-type"]) == (
        201,
        "yes",
        "application/json",
    )
    assert answer.json() == {
        "path": {"run_id": "a b"}, "query": {"x": ["1", "2"]}, "body": "text", "encoded": False, "resource": "/runs/{run_id}",
    }  # fmt: skip
    octets = {"Content-Type": "application/octet-stream"}
    binary = account.http.post(f"{url}/runs/1", content=b"\xff", headers=octets).json()
    assert (binary["body"], binary["encoded"]) == (base64.b64encode(b"\xff").decode(), True)

    missing = account.http.get(f"{url}/nowhere")
    assert (missing.status_code, missing.json()) == (403, {"message": "Missing Authentication Token"})
    gateway.put_gateway_response(
        restApiId=api, responseType="MISSING_AUTHENTICATION_TOKEN", statusCode="404",
        responseTemplates={"application/json": '{"error": "No such route", "code": "no_such_route"}'},
    )  # fmt: skip
    assert account.http.get(f"{url}/nowhere").status_code == 403  # a change waits for its deployment
    gateway.create_deployment(restApiId=api, stageName="api")
    missing = account.http.get(f"{url}/nowhere")
    assert (missing.status_code, missing.json()["code"]) == (404, "no_such_route")


def test_a_rule_fires_a_function_that_lets_it(account: Account) -> None:
    sqs, events, lambdas = account.client("sqs"), account.client("events"), account.client("lambda")
    ticks = sqs.create_queue(QueueName="ticks")["QueueUrl"]
    account.function("ticker", allow("sqs:SendMessage", "arn:aws:sqs:us-east-1:123456789012:ticks"), SEEN=ticks)
    rule = events.put_rule(Name="tick", ScheduleExpression="rate(1 minute)")["RuleArn"]
    records = json.dumps({"Records": [{"eventSource": "tick"}]})
    arn = "arn:aws:lambda:us-east-1:123456789012:function:ticker"
    events.put_targets(Rule="tick", Targets=[{"Id": "1", "Arn": arn, "Input": records}])
    lambdas.add_permission(
        FunctionName="ticker",
        StatementId="1",
        Action="lambda:InvokeFunction",
        Principal="events.amazonaws.com",
        SourceArn=rule,
    )
    until(lambda: sqs.receive_message(QueueUrl=ticks).get("Messages"))
    events.remove_targets(Rule="tick", Ids=["1"])
    events.delete_rule(Name="tick")


@pytest.mark.proof
def test_an_image_is_pushed_and_appears_in_the_repository(account: Account) -> None:
    ecr = account.client("ecr")
    uri = ecr.create_repository(repositoryName="bench/runner")["repository"]["repositoryUri"]
    assert uri == f"{account.ready['registry']}/bench/runner"
    given = ecr.get_authorization_token()["authorizationData"][0]
    user, _, password = base64.b64decode(given["authorizationToken"]).decode().partition(":")
    config = json.dumps({"architecture": "amd64", "os": "linux"}).encode()
    digest = f"sha256:{hashlib.sha256(config).hexdigest()}"
    with httpx.Client(base_url=f"http://{account.ready['registry']}", auth=(user, password)) as registry:
        assert httpx.get(f"http://{account.ready['registry']}/v2/").status_code == 401
        assert registry.get("/v2/").status_code == 200
        assert registry.post("/v2/nowhere/blobs/uploads/").status_code == 404
        place = registry.post("/v2/bench/runner/blobs/uploads/").headers["location"]
        registry.patch(place, content=config).raise_for_status()
        assert registry.put(place, params={"digest": digest}).status_code == 201
        kind = "application/vnd.docker.distribution.manifest.v2+json"
        manifest = {
            "schemaVersion": 2, "mediaType": kind, "layers": [],
            "config": {"mediaType": "application/vnd.docker.container.image.v1+json", "size": len(config), "digest": digest},
        }  # fmt: skip
        put = registry.put("/v2/bench/runner/manifests/1.0", json=manifest, headers={"Content-Type": kind})
        assert put.status_code == 201
        (image,) = ecr.describe_images(repositoryName="bench/runner")["imageDetails"]
        assert (image["imageTags"], image["imageDigest"]) == (["1.0"], put.headers["docker-content-digest"])
        assert registry.get("/v2/bench/runner/manifests/1.0").json() == manifest


def test_a_schedule_invokes_with_its_own_role_and_keeps_what_it_may_not(account: Account) -> None:
    sqs, scheduler = account.client("sqs"), account.client("scheduler")
    fired = sqs.create_queue(QueueName="fired")["QueueUrl"]
    sqs.create_queue(QueueName="kept")
    queues = "arn:aws:sqs:us-east-1:123456789012:"
    account.function("scheduled", allow("sqs:SendMessage", queues + "fired"), SEEN=fired)
    arn = "arn:aws:lambda:us-east-1:123456789012:function:scheduled"
    allowed = account.role("may", allow("lambda:InvokeFunction", arn))
    barred = account.role("may-not", allow("sqs:SendMessage", queues + "kept"))
    target = {"Arn": arn, "Input": json.dumps({"Records": [{"eventSource": "<aws.scheduler.schedule-arn>"}]})}
    for name, role in (("good", allowed), ("bad", barred)):
        scheduler.create_schedule(
            Name=name, ScheduleExpression="rate(1 minute)", FlexibleTimeWindow={"Mode": "OFF"},
            Target={**target, "RoleArn": role, "DeadLetterConfig": {"Arn": queues + "kept"}},
        )  # fmt: skip
    (message,) = until(lambda: sqs.receive_message(QueueUrl=fired).get("Messages"))
    assert message["Body"].endswith(":schedule/default/good")
    (kept,) = until(lambda: sqs.receive_message(QueueUrl="kept", MessageAttributeNames=["All"]).get("Messages"))
    assert (
        "is not authorized to perform: lambda:InvokeFunction"
        in kept["MessageAttributes"]["ERROR_MESSAGE"]["StringValue"]
    )
    for name in ("good", "bad"):
        scheduler.delete_schedule(Name=name)
