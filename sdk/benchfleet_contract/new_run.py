"""A body of `POST /runs` as a model: its fields, from which both published schemas are made (of configs, and OpenAPI).

It says what one should send. The control plane takes more for old clients' sake, in the words of the system that it
replaces, and tells everything that is wrong at once: so bodies are read by rules (`run_request.py`), which tests hold against
the schemas. Never imported by the Lambda.
"""

from collections.abc import Callable
from typing import Annotated, Any, get_args

from pydantic import ConfigDict, Field, WithJsonSchema

from benchfleet_contract import limits, provisioning
from benchfleet_contract.document import Document
from benchfleet_contract.launches import Market
from benchfleet_contract.names import IMAGE, LABEL, NEW_RUN_ID, PRINTABLE
from benchfleet_contract.registry.models import RunModel
from benchfleet_contract.run_fields import BUDGET, WHOLE
from benchfleet_contract.run_precision import PERCENT
from benchfleet_contract.run_provision import LOCAL, MAX_COST_USD, REGION
from benchfleet_contract.states import Order
from benchfleet_contract.workloads import schemas
from benchfleet_contract.workloads.known import KNOWN_WORKLOADS

Schema = dict[str, Any]


def exactly(pattern: str) -> Schema:
    """A text that is nothing else."""
    return {"type": "string", "pattern": f"^(?:{pattern})$"}


Printable = Annotated[str, WithJsonSchema(exactly(PRINTABLE.pattern))]
_Workload = Annotated[str, WithJsonSchema({"anyOf": [{"enum": [*KNOWN_WORKLOADS]}, exactly(LABEL.pattern)]})]
_Target = Annotated[
    str | float,
    WithJsonSchema(
        {
            "anyOf": [
                exactly(PERCENT.pattern),
                {"type": "number", "minimum": limits.MIN_TARGET_PRECISION, "maximum": limits.MAX_TARGET_PRECISION},
            ]
        }
    ),
]
_Region = Annotated[str, WithJsonSchema(exactly(REGION.pattern))]
_Slots = Annotated[
    int | str,
    WithJsonSchema(
        {"anyOf": [{"type": "integer", "minimum": 1, "maximum": provisioning.MAX_SLOTS}, {"enum": ["core", "vcpu"]}]}
    ),
]
_RunId = Annotated[str, WithJsonSchema(exactly(NEW_RUN_ID.pattern))]


def _whole(name: str, words: str) -> Any:
    default, least, most = WHOLE[name]
    return Field(default=default, ge=least, le=most, description=words)


def _budget(name: str, words: str) -> Any:
    _, least, most = BUDGET[name]
    return Field(default=None, ge=least, le=most, description=words)


class RunInstance(Document):
    """One kind of machine to measure."""

    model_config = ConfigDict(extra="forbid")

    instance_type: Printable = Field(
        description="What the runners of this machine call it: a size of a cloud, or any word.",
        examples=["c8g.medium", "this-machine"],
    )
    alias: Printable | None = Field(
        default=None, description="What reports and folders call it; without it, the instance type.", examples=["c8g"]
    )


Instances = list[RunInstance | Printable]


class RunProviders(Document):
    """Instances by provider. Any name may be one: letters, digits, dot, dash and underscore, at most 64.

    In lists of the first three a plain text is both instance type and alias.
    """

    model_config = ConfigDict(extra="allow")
    __pydantic_extra__: dict[str, list[RunInstance]]

    aws: Instances = Field(default_factory=list, description="Amazon EC2 instances.")
    azure: Instances = Field(default_factory=list, description="Azure machines.")
    local: Instances = Field(default_factory=list, description="This machine: see `provision.local` of configs.")


class NewProvision(Document):
    """How the control plane brings the machines of a provider, and ends them when their work is done."""

    model_config = ConfigDict(extra="forbid")

    provisioner: provisioning.Provisioner = Field(
        description="aws-ec2: an EC2 instance each; aws-ecs: a task on Fargate each. The provider `aws` needs no word for EC2."
    )
    regions: list[_Region] | None = Field(
        default=[],
        max_length=provisioning.MAX_REGIONS,
        json_schema_extra={"uniqueItems": True},
        description="Tried in turn where there is no capacity; without them, the region that the control plane is in.",
    )
    market: Market | None = Field(default="on-demand", description="spot is cheaper, and may be interrupted.")
    slots: _Slots | None = Field(
        default=1, description="Containers of a machine, pinned to processors: a number, or one for each core or vCPU."
    )
    image: Annotated[str, WithJsonSchema(exactly(IMAGE.pattern))] | None = Field(
        default=None, description="The runner's image; without it, that of the deployment."
    )
    disk_gb: int | None = Field(
        default=provisioning.DEFAULT_DISK_GB, ge=provisioning.MIN_DISK_GB, le=provisioning.MAX_DISK_GB,
        description="Size of a machine's disk, in GB.",
    )  # fmt: skip
    max_lifetime_s: int | None = Field(
        default=None, ge=provisioning.MIN_LIFETIME_S, le=provisioning.MAX_LIFETIME_S,
        description="Seconds after which a machine ends itself, come what may; without it, at the run's deadline.",
    )  # fmt: skip
    order: provisioning.LaunchOrder | None = Field(
        default="as-listed", description="Which instance types come first when there is not room for all."
    )


class Repeats(Document):
    """How often."""

    model_config = ConfigDict(extra="forbid")

    tasks: int = Field(
        ge=1,
        le=limits.MAX_TASKS,
        description=(
            "Tasks for each instance and subject: more of them narrow the intervals. Times instances, subjects and shards at "
            f"most {limits.MAX_TASKS}."
        ),
    )

    instances: int | None = Field(
        default=1,
        ge=1,
        le=provisioning.MAX_INSTANCES,
        description="Machines of each type, where `provision` brings them: more tell machines of one kind apart.",
    )


class NewRun(RunProviders):
    """What to run, how often and where. At least one instance must be named under some provider."""

    workload: _Workload = Field(
        default="ruby-bench",
        description="What a task executes. Names beyond the first four are for runners of your own.",
    )
    workload_options: dict[str, Any] | None = Field(
        default={}, description=f"What the workload is to do. At most {limits.MAX_OPTIONS_BYTES} bytes of JSON."
    )
    order: Order | None = Field(
        default="interleaved",
        description=(
            "In which order the tasks of an instance come. interleaved: repeat by repeat, odd ones shuffled (the body gives "
            "the seed), even ones as the repeat before and the other way round; abba: repeat by repeat, as listed and the other "
            "way round by turns; grouped: subject by subject."
        ),
    )
    shards: int | None = _whole(
        "shards",
        "Into how many tasks the benchmarks of one repeat are dealt: pyperformance, and named ones of ruby-bench.",
    )
    noise_floor: bool | None = Field(
        default=False,
        description=(
            "Measures the first subject (without subjects, the only work) once more under a second name. The report shows "
            "their difference as the run's noise floor."
        ),
    )
    ruby_version: str | None = Field(
        default=None,
        max_length=limits.MAX_LABEL_CHARS,
        description="Which ruby is measured; ruby-bench needs it. In YAML quote it: 3.10 would be the number 3.1.",
        examples=["3.4.7"],
    )
    per_instance_type: Repeats
    target_precision: _Target | None = Field(
        default=None,
        description=(
            "Ends the run early: as soon as half the width of each 95 % interval is this share of its mean, from 0.1% to 50%. "
            f"{limits.PILOT_TASKS} tasks are done in any case, or per_instance_type.tasks if those are at least "
            f"{limits.MIN_SEQUENTIAL_TASKS}. Needs max_tasks."
        ),
        examples=["1%", 0.01],
    )
    max_tasks: int | None = _budget(
        "max_tasks", "Tasks for each instance and subject at most, in a run with a target_precision."
    )
    max_time_s: int | None = _budget(
        "max_time_s",
        "Seconds after which a run with a target_precision begins no more repeats; what has begun is finished.",
    )
    lease_s: int | None = _whole("lease_s", "Seconds of silence after which a runner is taken for dead.")
    max_attempts: int | None = _whole("max_attempts", "How often a task may start.")
    deadline_s: int | None = _whole("deadline_s", "Seconds after which the run ends, come what may.")
    metadata: dict[str, Any] | None = Field(
        default={}, description=f"Kept with the run, for you. At most {limits.MAX_METADATA_BYTES} bytes of JSON."
    )
    run_id: _RunId | None = Field(
        default=None,
        description=(
            "Names the run; creating it again with the same body changes nothing. Without it, the time in seconds."
        ),
    )
    model: RunModel | str | None = Field(
        default=None,
        description="What a runner must have to get the tasks: a model that it announced, by its id. See docs/registry.md.",
    )
    provision: dict[str, NewProvision] | None = Field(
        default=None, description="Machines that the control plane brings for this run, by provider."
    )
    max_cost: float | None = Field(
        default=None, gt=0, le=MAX_COST_USD,
        description="USD that all machines of the run may cost together; none is launched, and all end, before that.",
    )  # fmt: skip
    providers: RunProviders | None = Field(
        default=None,
        description=(
            "Instances by provider. A provider may stand here or at the top level, where `subjects`, `order`, `shards`, "
            "`noise_floor`, `target_precision`, `max_tasks`, `max_time_s`, `provision`, `max_cost`, `model` and `providers` are "
            "fields unless they hold an array of instances."
        ),
    )


def new_run(reference: Callable[[str], Schema]) -> tuple[Schema, dict[str, Schema]]:
    """The schema of a body, and the named schemas that it refers to by `reference`."""
    made = _bare(NewRun.model_json_schema(ref_template=reference("{model}")["$ref"]))
    named = {name: schema for name, schema in made.pop("$defs").items() if name != "Repeats"}
    made["properties"]["per_instance_type"] = _bare(Repeats.model_json_schema())
    made["properties"]["subjects"] = schemas.subjects(reference)
    made["properties"]["provision"] |= _provision(made["properties"]["provision"], named["NewProvision"])
    return {**made, "anyOf": _precision(), **schemas.rule(reference)}, {**named, **schemas.definitions(exactly)}


def _provision(field: Schema, means: Schema) -> Schema:
    """Some providers need not say how. What stands under `local` is for the CLI."""
    (by_provider,) = (part for part in field["anyOf"] if part["type"] == "object")
    without = {**means, "required": [], "description": "On AWS, EC2 is meant unless another provisioner is named."}
    without["properties"] = {**means["properties"]}
    some = {
        name: {**without, "properties": _nullable(without["properties"], name)}
        for name in provisioning.DEFAULT_PROVISIONERS
    }
    return {"anyOf": [{**by_provider, "properties": {**some, LOCAL: {}}}, {"type": "null"}]}


def _nullable(properties: Schema, provider: str) -> Schema:
    default = provisioning.DEFAULT_PROVISIONERS[provider]
    return {**properties, "provisioner": {"enum": [*get_args(provisioning.Provisioner), None], "default": default}}


def _precision() -> list[Schema]:
    """A target comes with what it may cost at most; without one there is nothing to bound."""
    none: Schema = {"properties": {name: {"type": "null"} for name in ("target_precision", *BUDGET)}}
    names = ["target_precision", "max_tasks"]
    return [none, {"required": names, "properties": {name: {"not": {"type": "null"}} for name in names}}]


def _bare(schema: Any) -> Any:
    """Without titles, which repeat the names of what they stand at."""
    if isinstance(schema, list):
        return [_bare(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    return {key: _bare(part) for key, part in schema.items() if key != "title" or isinstance(part, dict)}
