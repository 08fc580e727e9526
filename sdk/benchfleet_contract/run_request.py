"""Reads a `POST /runs` body: everything that is wrong with it at once, in the reference system's words where it has some.

The CLI reads configs with the same code before it asks the control plane.
"""

import json
from collections.abc import Mapping
from typing import Any, get_args

from benchfleet_contract import limits
from benchfleet_contract.names import LABEL, NEW_RUN_ID, run_id_of
from benchfleet_contract.reading import Reading, is_too_deep
from benchfleet_contract.run_fields import BUDGET, WHOLE, Whole, number_of
from benchfleet_contract.run_instances import is_field, read_instances
from benchfleet_contract.run_model import read_model
from benchfleet_contract.run_noise_floor import read_noise_floor, with_noise_floor
from benchfleet_contract.run_precision import check_room, read_precision
from benchfleet_contract.run_provision import read_fleet
from benchfleet_contract.run_subjects import read_subjects
from benchfleet_contract.run_work import Work, check_options, check_shards, read_ruby_version
from benchfleet_contract.runs import Instance, Precision, RunRequest
from benchfleet_contract.states import Order
from benchfleet_contract.workloads.known import warning_about


def read_run_request(body: Mapping[str, Any]) -> Reading:
    """Never raises: what is wrong stands in the reading's `problems`."""
    reading = Reading()
    instances = read_instances(body, reading)
    workload = _workload(body, reading)
    subjects = read_subjects(body, reading)
    ruby_version = read_ruby_version(body, workload, subjects, reading)
    tasks = _tasks(body.get("per_instance_type"), reading)
    run_id = _run_id(body, reading)
    options = _document(body, "workload_options", limits.MAX_OPTIONS_BYTES, reading)
    work = Work(workload, ruby_version, options or {}, subjects)
    right = options is not None and check_options(work, reading)
    order = _order(body, reading)
    shards = _shards(body, reading)
    if right and shards > 1:
        check_shards(work, shards, reading)
    metadata = _document(body, "metadata", limits.MAX_METADATA_BYTES, reading) or {}
    lease = _whole(body, "lease_s", reading)
    attempts = _whole(body, "max_attempts", reading)
    deadline = _whole(body, "deadline_s", reading)
    noise_floor = read_noise_floor(body, reading)
    measured = [given.subject for given in subjects if given.subject]
    if noise_floor and (measured or workload):
        measured = with_noise_floor(measured, workload, reading)
    max_tasks, max_time = (_budget(body, name, reading) for name in BUDGET)
    precision = read_precision(body, tasks=tasks, max_tasks=max_tasks, max_time_s=max_time, reading=reading)
    if precision:
        check_room(precision, max_tasks or 0, reading)
        _warn_of_pilot(tasks, precision, reading)
    most, where = (max_tasks or 0, "max_tasks") if precision else (tasks, "per_instance_type.tasks")
    _sizes(instances, most, max(1, len(subjects) + noise_floor, 2 * noise_floor), shards, where, reading)
    fleet = read_fleet(body, instances, reading)
    model = read_model(body, instances, reading)
    reading.close()
    if not reading.problems:
        reading.request = RunRequest(
            run_id=run_id, ruby_version=ruby_version, workload=workload, workload_options=options or {},
            tasks_per_instance=most, lease_s=lease, max_attempts=attempts, deadline_s=deadline, metadata=metadata,
            instances=instances, subjects=measured, order=order, shards=shards, noise_floor=noise_floor,
            precision=precision, model=model, provision=fleet.provision, instances_each=fleet.instances_each,
            max_cost=fleet.max_cost,
        )  # fmt: skip
    return reading


def _workload(body: Mapping[str, Any], reading: Reading) -> str:
    name = body.get("workload", "ruby-bench")
    if isinstance(name, str) and LABEL.fullmatch(name):
        if words := warning_about(name):
            reading.warnings.append(words)
        return name
    remedy = "the name of a workload, such as ruby-bench or pyperformance"
    reading.refuse("workload", name, "Workload is invalid", remedy)
    return ""


def _tasks(per_instance_type: Any, reading: Reading) -> int:
    value = per_instance_type.get("tasks") if isinstance(per_instance_type, dict) else None
    where, remedy = "per_instance_type.tasks", 'how many tasks for each instance: "per_instance_type": {"tasks": 3}'
    label = "Tasks per instance type"
    if per_instance_type not in (None, "") and not isinstance(per_instance_type, dict):
        reading.refuse("per_instance_type", per_instance_type, "Per instance type must be an object", remedy)
    elif value in (None, ""):
        reading.refuse(where, value, [f"{label} can't be blank", f"{label} is not a number"], remedy)
    elif (count := number_of(value)) is None:
        reading.refuse(where, value, f"{label} is not a number", remedy)
    elif count <= 0:
        reading.refuse(where, value, f"{label} must be greater than 0", remedy)
    else:
        return max(1, int(min(count, limits.MAX_TASKS + 1)))
    return 0


def _run_id(body: Mapping[str, Any], reading: Reading) -> str | None:
    value = body.get("run_id")
    if value is None:
        return None
    run_id = run_id_of(value)
    if run_id is None or not NEW_RUN_ID.fullmatch(run_id):
        remedy = (
            "leave it out, or start with a letter or digit, go on with letters, digits, dot, dash, underscore; at most 128, "
            "no .json at the end, and not the word latest"
        )
        reading.refuse("run_id", value, "External is invalid", remedy)
    return run_id


def _document(body: Mapping[str, Any], name: str, most: int, reading: Reading) -> dict[str, Any] | None:
    """None for what cannot be used."""
    value = body.get(name)
    if value is None:
        return {}
    label = name.replace("_", " ").capitalize()
    if not isinstance(value, dict):
        reading.refuse(name, value, f"{label} must be an object", "a JSON object")
        return None
    size = len(json.dumps(value).encode())
    if size > most:
        reading.refuse(name, f"{size} bytes", f"{label} is too large", f"at most {most} bytes of JSON")
        return None
    if is_too_deep(value):
        reading.refuse_too_deep(name, label)
        return None
    return value


def _order(body: Mapping[str, Any], reading: Reading) -> Order:
    value = body.get("order") if is_field("order", body.get("order")) else None
    orders: tuple[Order, ...] = get_args(Order)
    if value is not None and value not in orders:
        reading.refuse("order", value, "Order is invalid", f"{', '.join(orders[:-1])} or {orders[-1]}")
    return next((order for order in orders if order == value), orders[0])


def _shards(body: Mapping[str, Any], reading: Reading) -> int:
    given = {key: body[key] for key in ("shards",) if key in body and is_field(key, body[key])}
    return _whole(given, "shards", reading)


def _whole(body: Mapping[str, Any], name: str, reading: Reading, span: Whole | None = None) -> int:
    value, (default, least, most) = body.get(name), span or WHOLE[name]
    if value is None:
        return default
    count = number_of(value)
    if count is not None and count == int(count) and least <= count <= most:
        return int(count)
    label = name.removesuffix("_s").replace("_", " ").capitalize()
    unit = " seconds" if name.endswith("_s") else ""
    words = f"{label} must be a whole number from {least} to {most}{unit}"
    reading.refuse(name, value, words, f"leave it out for {default}" if default else f"such as {max(least, 50)}")
    return default


def _budget(body: Mapping[str, Any], name: str, reading: Reading) -> int | None:
    """None where it is not there."""
    value = body.get(name)
    if value is None or not is_field(name, value):
        return None
    return _whole(body, name, reading, BUDGET[name]) or None


def _warn_of_pilot(tasks: int, precision: Precision, reading: Reading) -> None:
    if 0 < tasks < precision.pilot:
        words = f"with a target precision, {precision.pilot} tasks are done in any case"
        reading.warnings.append(f"per_instance_type.tasks: {words}, not {tasks}")


def _sizes(instances: list[Instance], tasks: int, subjects: int, shards: int, where: str, reading: Reading) -> None:
    count = len(instances) * tasks * subjects * shards
    if count > limits.MAX_TASKS:
        words = f"Run has too many tasks: {count} of at most {limits.MAX_TASKS}"
        reading.refuse(where, tasks, words, "split it into several runs")
    kinds = len({(i.provider, i.instance_type) for i in instances})
    if kinds * subjects > limits.MAX_GROUPS:
        each = f" times {subjects} subjects" if subjects > 1 else ""
        words = f"Run has too many instance types: {kinds}{each} of at most {limits.MAX_GROUPS}"
        reading.refuse("(providers)", kinds * subjects, words, "split it into several runs")
