"""The Chalice app: registers blueprints, schedules and queue handlers, and has a Lambda log JSON; nothing else."""

import logging
import os
from typing import Any

from chalice.app import Chalice, DynamoDBEvent, Rate, SQSEvent

from chalicelib.api.fleets.views import fleets
from chalicelib.api.json_suffix import add_json_suffix
from chalicelib.api.pages import pages
from chalicelib.api.registry.views import registry
from chalicelib.api.runs.views import runs
from chalicelib.api.schedules.views import schedules
from chalicelib.api.system.views import system
from chalicelib.api.tasks.views import tasks
from chalicelib.handlers import (
    count_records,
    finalize_messages,
    provision_messages,
    see_to_schedules,
    start_scheduled_run,
    sweep_once,
)
from chalicelib.logs import write_json
from chalicelib.stream_arn import stream_arn
from chalicelib.watching import watched

if "AWS_LAMBDA_FUNCTION_NAME" in os.environ:
    write_json(logging.getLogger())

app = Chalice(app_name="benchfleet")
app.register_middleware(watched, "all")
app.register_blueprint(system)
app.register_blueprint(runs)
app.register_blueprint(tasks)
app.register_blueprint(registry)
app.register_blueprint(schedules)
app.register_blueprint(fleets)
add_json_suffix(app)
app.register_blueprint(pages)


@app.schedule(Rate(1, unit=Rate.MINUTES), name="sweep")
def sweep(event: Any) -> None:
    sweep_once()


@app.on_sqs_message(
    queue=os.environ.get("BENCHFLEET_FINALIZE_QUEUE", "benchfleet-finalize"), batch_size=1, name="finalize"
)
def finalize(event: SQSEvent) -> None:
    finalize_messages([record.body for record in event])


@app.on_sqs_message(
    queue=os.environ.get("BENCHFLEET_PROVISION_QUEUE", "benchfleet-provision"), batch_size=1, name="provision"
)
def provision(event: SQSEvent) -> None:
    provision_messages([record.body for record in event])


@app.on_dynamodb_record(
    stream_arn=stream_arn(os.environ), batch_size=1000, starting_position="TRIM_HORIZON",
    maximum_batching_window_in_seconds=1, name="count",
)  # fmt: skip
def count(event: DynamoDBEvent) -> None:
    count_records(event.to_dict()["Records"])


@app.on_sqs_message(
    queue=f"{os.environ.get('BENCHFLEET_SCHEDULE_GROUP', 'benchfleet')}-schedules", batch_size=1, name="schedules"
)
def see_to_schedule(event: SQSEvent) -> None:
    see_to_schedules([record.body for record in event])


@app.lambda_function(name="scheduled_run")
def scheduled_run(event: dict[str, Any], context: Any) -> dict[str, Any]:
    return start_scheduled_run(event)
