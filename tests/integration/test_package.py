"""`chalice package`, for real: clean templates for CloudFormation and Terraform, and a zip that is complete.

Most of it in `make proof`: a clean checkout downloads wheels for it.
"""

import json
import platform
import re
import subprocess
import sys
import zipfile
from dataclasses import dataclass
from importlib.metadata import distribution
from pathlib import Path
from typing import Any

import pytest
from benchfleet.deploy.gateway_responses import gateway_responses

from benchmarks.package_size import chalice, copy_sources
from tests.variants import one_now

pytestmark = pytest.mark.timeout(400)  # it downloads wheels, on a machine that may be busy
STREAM = "arn:aws:dynamodb:eu-central-1:123456789012:table/benchfleet-dev/stream/2026-11-29T01:00:00.000"
TERRAFORM_STREAM = '${aws_cloudformation_stack.benchfleet.outputs["StreamArn"]}'
# What the runtime of a Python function brings: boto3 with what it stands on.
RUNTIME = ("boto3", "botocore", "jmespath", "python-dateutil", "s3transfer", "six", "urllib3")
IMPORT_ALL = """
import importlib, pkgutil, sys
for name in ("app", "chalicelib", "benchfleet_contract", "benchfleet_results"):
    package = importlib.import_module(name)
    for found in pkgutil.walk_packages(getattr(package, "__path__", []), f"{name}."):
        importlib.import_module(found.name)
print(*sorted({getattr(m, "__file__", None) or "" for m in list(sys.modules.values())}), sep="\\n")
"""


@dataclass(frozen=True)
class Packaged:
    """`sam` is merged with `functions-dev.json`, as documented; `traced` has X-Ray on; `terraform` is its template."""

    folder: Path
    sam: dict[str, Any]
    traced: dict[str, Any]
    terraform: dict[str, Any]


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("package") / "project"
    copy_sources(folder)
    return folder


@pytest.fixture(scope="module")
def packaged(project: Path) -> Packaged:
    """In one project: Chalice builds the zip once."""
    merged = "--merge-template", ".chalice/functions-dev.json"
    for done in (
        chalice(project, "package", "--stage", "dev", *merged, "sam"),
        chalice(project, "package", "--stage", "prod", "plain", stream_arn=STREAM),
        chalice(project, "package", "--stage", "dev", "--pkg-format", "terraform", "tf", stream_arn=TERRAFORM_STREAM),
        _with_x_ray(project),
    ):
        assert done.returncode == 0, done.stderr
    templates = ("sam/sam.json", "traced/sam.json", "tf/chalice.tf.json")
    return Packaged(project, *(json.loads((project / name).read_text(encoding="utf-8")) for name in templates))


def _with_x_ray(project: Path) -> subprocess.CompletedProcess[str]:
    """As somebody packages it who has switched it on."""
    config = project / ".chalice" / "config.json"
    before = config.read_text(encoding="utf-8")
    config.write_text(before.replace('"xray": false', '"xray": true'), encoding="utf-8")
    try:
        return chalice(project, "package", "--stage", "dev", "traced", stream_arn=STREAM)
    finally:
        config.write_text(before, encoding="utf-8")


@pytest.mark.proof
def test_cfn_lint_has_nothing_to_say_of_what_is_packaged(packaged: Packaged) -> None:
    lint = "from cfnlint.runner import main; main()"
    templates = [str(packaged.folder / name / "sam.json") for name in ("sam", "plain", "traced")]
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", lint, "--", *templates], capture_output=True, text=True
    )
    assert (done.stdout.strip(), done.returncode) == ("", 0), done.stderr


@pytest.mark.system
@pytest.mark.parametrize(
    ("command", "stream_arn"),
    one_now(
        (("package", "out"), None),
        (("deploy",), "arn:aws:dynamodb:eu-central-1:123456789012:table/benchfleet-dev"),
    ),
)
def test_without_the_stream_nothing_is_packaged_and_the_remedy_is_told(
    project: Path, command: tuple[str, ...], stream_arn: str | None
) -> None:
    done = chalice(project, *command, stream_arn=stream_arn)
    assert done.returncode == 1
    assert done.stderr.startswith("BENCHFLEET_STREAM_ARN is ")
    assert "Traceback" not in done.stderr
    assert not (project / "out").exists()


@pytest.mark.proof
def test_the_stream_is_a_parameter_and_nothing_in_the_template_is_made_up(packaged: Packaged) -> None:
    (event,) = packaged.sam["Resources"]["Count"]["Properties"]["Events"].values()
    assert event["Properties"]["Stream"] == {"Ref": "StreamArn"}
    assert "Default" not in packaged.sam["Parameters"]["StreamArn"]
    text = json.dumps(packaged.sam)
    assert "000000000000" not in text
    assert "${StreamArn}" not in text


@pytest.mark.proof
def test_the_gateway_answers_unknown_routes_as_we_do(packaged: Packaged) -> None:
    for kind in ("MISSING_AUTHENTICATION_TOKEN", "INVALID_SIGNATURE", "ACCESS_DENIED"):
        response = packaged.sam["Resources"]["RestAPI"]["Properties"]["GatewayResponses"][kind]
        assert response["StatusCode"] == 404
        assert json.loads(response["ResponseTemplates"]["application/json"])["code"] == "no_such_route"
    assert packaged.sam["Resources"]["RestAPI"]["Properties"]["EndpointConfiguration"] == "REGIONAL"
    assert gateway_responses(packaged.sam)["MISSING_AUTHENTICATION_TOKEN"]["statusCode"] == "404"


@pytest.mark.proof
def test_terraform_refers_to_nothing_that_is_missing(packaged: Packaged) -> None:
    """`aws_cloudformation_stack.benchfleet` is the user's own (docs/deploy.md)."""
    made = {f"{kind}.{name}" for kind, found in packaged.terraform["resource"].items() for name in found}
    named = set(
        re.findall(r"(aws_[a-z_]+\.[a-z_]+)\.", json.dumps(packaged.terraform["resource"]).replace("data.", ""))
    )
    here = {f"{kind}.{name}" for kind, found in packaged.terraform["data"].items() for name in found}
    assert named - made - here == {"aws_cloudformation_stack.benchfleet"}
    (stream,) = [
        it for it in packaged.terraform["resource"]["aws_lambda_event_source_mapping"].values() if "Stream" in str(it)
    ]
    assert stream["event_source_arn"] == TERRAFORM_STREAM


@pytest.mark.proof
def test_both_packages_have_the_same_functions(packaged: Packaged) -> None:
    functions = [it for it in packaged.sam["Resources"].values() if it["Type"] == "AWS::Serverless::Function"]
    terraform = packaged.terraform["resource"]["aws_lambda_function"]
    assert {it["Properties"]["FunctionName"] for it in functions} == {it["function_name"] for it in terraform.values()}
    assert {it["Properties"]["Handler"] for it in functions} == {it["handler"] for it in terraform.values()}


@pytest.mark.proof
def test_with_x_ray_on_the_template_traces_every_function_and_without_none(packaged: Packaged) -> None:
    for template, mode in ((packaged.traced, {"Active"}), (packaged.sam, {"PassThrough"})):
        functions = [it for it in template["Resources"].values() if it["Type"] == "AWS::Serverless::Function"]
        assert {it["Properties"].get("Tracing") for it in functions} == mode


@pytest.fixture
def unpacked(packaged: Packaged, tmp_path: Path) -> Path:
    """The zip as Lambda unpacks it, and beside it the runtime's own packages."""
    with zipfile.ZipFile(packaged.folder / "sam" / "deployment.zip") as archive:
        archive.extractall(tmp_path / "task")
    runtime = tmp_path / "runtime"
    runtime.mkdir()
    for name in RUNTIME:
        installed = distribution(name)
        tops = {file.parts[0] for file in installed.files or () if not file.parts[0].startswith(("..", "__pycache__"))}
        for top in tops:
            (runtime / top).symlink_to(Path(str(installed.locate_file(top))))
    return tmp_path


@pytest.mark.proof
@pytest.mark.skipif(
    (sys.platform, platform.machine()) != ("linux", "x86_64"), reason="the package is for Linux on x86-64"
)
def test_the_package_imports_with_its_own_files_and_the_runtime_s_boto3(unpacked: Path) -> None:
    path = [str(unpacked / "task"), str(unpacked / "runtime")]
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-B", "-c", f"import sys; sys.path[:0] = {path!r}\n{IMPORT_ALL}"],
        cwd=unpacked,
        env={},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    ours = [file for file in done.stdout.split() if "site-packages" in file or "/stack/" in file]
    assert [file for file in ours if not file.startswith(str(unpacked))] == []
    assert str(unpacked / "task" / "chalicelib" / "handlers.py") in done.stdout.split()
