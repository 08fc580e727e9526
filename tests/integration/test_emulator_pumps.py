"""Schedules fire, messages are redelivered and put aside, stream records arrive in order and are retried."""

import json
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest
from botocore.exceptions import ClientError
from chalice.app import Chalice, Rate

from local_emulator.functions import Functions
from local_emulator.pumps.pump import retry_delay_s
from local_emulator.pumps.queues import QueuePump
from local_emulator.pumps.schedules import AppSchedules, SchedulerService
from local_emulator.pumps.streams import StreamPump
from tests.conftest import Aws, HandClock

ROLE = "arn:aws:iam::123456789012:role/scheduler"
TARGET = "arn:aws:lambda:eu-west-1:123456789012:function:benchfleet-dev-scheduled_run"


class Recorder:
    """A handler that remembers its events and fails as often as it is told to."""

    def __init__(self, *, failures: int = 0) -> None:
        self.events: list[Any] = []
        self.failures = failures

    def __call__(self, event: Any) -> None:
        self.events.append(event)
        if self.failures > 0:
            self.failures -= 1
            raise RuntimeError("not this time")


def small_app(calls: list[tuple[str, Any]]) -> Functions:
    app = Chalice("small", configure_logs=False)

    @app.schedule(Rate(1, unit=Rate.MINUTES), name="sweep")
    def sweep(event: Any) -> None:
        calls.append(("sweep", event.time))

    @app.lambda_function(name="scheduled_run")
    def scheduled_run(event: Any, context: Any) -> None:
        calls.append((context.function_name, event))
        if event.get("fail"):
            raise RuntimeError("asked to")

    return Functions(app)


# schedules of the app


def test_an_app_schedule_fires_once_a_minute() -> None:
    clock, calls = HandClock(), list[tuple[str, Any]]()
    schedules = AppSchedules(small_app(calls), clock=clock, every_s=None)
    for _ in range(25):  # 250 seconds
        clock.pass_s(10)
        schedules.step()
    assert [name for name, _ in calls] == ["sweep"] * 4


def test_an_app_schedule_that_was_missed_fires_once_not_often() -> None:
    clock, calls = HandClock(), list[tuple[str, Any]]()
    schedules = AppSchedules(small_app(calls), clock=clock, every_s=None)
    clock.pass_s(3600)
    schedules.step()
    schedules.step()
    assert len(calls) == 1


def test_its_rate_can_be_replaced() -> None:
    clock, calls = HandClock(), list[tuple[str, Any]]()
    schedules = AppSchedules(small_app(calls), clock=clock, every_s=0.5)
    for _ in range(4):
        clock.pass_s(0.5)
        schedules.step()
    assert len(calls) == 4


# EventBridge Scheduler


class Scheduled:
    """A schedule in the emulated AWS, and the service that fires it. Its event names it and the time it was due."""

    def __init__(
        self, aws: Aws, *, expression: str, text: str | None = None, window: Any = None, **options: Any
    ) -> None:
        self.calls: list[tuple[str, Any]] = []
        self.client = aws.client("scheduler")
        self.name = f"s-{uuid4().hex}"
        given = text or json.dumps({"name": self.name, "at": "<aws.scheduler.scheduled-time>"})
        self.client.create_schedule(
            Name=self.name,
            ScheduleExpression=expression,
            FlexibleTimeWindow=window or {"Mode": "OFF"},
            Target={"Arn": TARGET, "RoleArn": ROLE, "Input": given},
            **options,
        )
        self.clock = HandClock()
        made = self.client.get_schedule(Name=self.name)["CreationDate"]  # moto's own, of real time
        self.clock.now = made - timedelta(milliseconds=1)
        self.service = SchedulerService(lambda: self.client, small_app(self.calls), clock=self.clock)

    def pass_s(self, seconds: float) -> list[Any]:
        """The events that arrive within the next so many seconds."""
        self.calls.clear()
        self.clock.pass_s(seconds)
        self.service.step()
        return [event for _, event in self.calls if event.get("name") == self.name]

    def exists(self) -> bool:
        return self.name in [found["Name"] for found in self.client.list_schedules()["Schedules"]]

    def remove(self) -> None:
        if self.exists():
            self.client.delete_schedule(Name=self.name)


@pytest.fixture
def scheduled(aws: Aws) -> Iterator[Callable[..., Scheduled]]:
    made: list[Scheduled] = []

    def make(expression: str, **options: Any) -> Scheduled:
        made.append(Scheduled(aws, expression=expression, **options))
        return made[-1]

    yield make
    for schedule in made:
        schedule.remove()


def test_a_rate_fires_at_once_and_at_each_turn(scheduled: Any) -> None:
    schedule = scheduled("rate(1 minutes)")
    assert len(schedule.pass_s(30)) == 1
    assert schedule.pass_s(29) == []
    assert len(schedule.pass_s(2)) == 1
    assert schedule.pass_s(20) == []
    assert len(schedule.pass_s(40)) == 1


def test_the_start_date_of_a_rate_is_its_first_firing(scheduled: Any) -> None:
    start = HandClock().now + timedelta(seconds=100)
    schedule = scheduled("rate(1 hour)", StartDate=start, EndDate=start + timedelta(hours=1))
    assert schedule.pass_s(90) == []
    assert [event["at"] for event in schedule.pass_s(20)] == [start.strftime("%Y-%m-%dT%H:%M:%SZ")]
    assert len(schedule.pass_s(3_600)) == 1
    assert schedule.pass_s(3_600) == []


def test_the_input_may_name_the_time_it_was_due(scheduled: Any) -> None:
    schedule = scheduled("rate(1 minutes)")
    schedule.pass_s(1)
    (event,) = schedule.pass_s(64)
    due = schedule.client.get_schedule(Name=schedule.name)["CreationDate"] + timedelta(seconds=60)
    assert event["at"] == due.strftime("%Y-%m-%dT%H:%M:%SZ")


def test_a_cron_follows_its_time_zone(scheduled: Any) -> None:
    local = (HandClock().now + timedelta(minutes=3)).astimezone(ZoneInfo("Asia/Kolkata"))
    schedule = scheduled(f"cron({local.minute} {local.hour} * * ? *)", ScheduleExpressionTimezone="Asia/Kolkata")
    assert len(schedule.pass_s(240)) == 1


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"expression": "cron(every now and then)"}, "Invalid Schedule Expression"),
        ({"expression": "cron(0 9 * * * *)"}, "exactly one of"),
        ({"expression": "rate(1 hour)", "ScheduleExpressionTimezone": "Mars/Olympus"}, "Timezone"),
        ({"expression": "rate(1 hour)", "window": {"Mode": "FLEXIBLE"}}, "MaximumWindowInMinutes"),
    ],
)
def test_what_aws_refuses_is_refused(scheduled: Any, wrong: dict[str, Any], words: str) -> None:
    with pytest.raises(ClientError, match="ValidationException") as refused:
        scheduled(**wrong)
    assert words in str(refused.value)


def test_a_creation_sent_again_with_its_token_is_the_same(aws: Aws, scheduled: Any) -> None:
    schedule = scheduled("rate(1 hour)", ClientToken="one")
    again = {
        "Name": schedule.name, "ScheduleExpression": "rate(1 hour)", "FlexibleTimeWindow": {"Mode": "OFF"},
        "Target": {"Arn": TARGET, "RoleArn": ROLE},
    }  # fmt: skip
    arn = schedule.client.get_schedule(Name=schedule.name)["Arn"]
    assert schedule.client.create_schedule(**again, ClientToken="one")["ScheduleArn"] == arn
    with pytest.raises(ClientError, match="ConflictException"):
        schedule.client.create_schedule(**again, ClientToken="two")


def test_a_one_time_schedule_fires_once_and_is_deleted_if_it_says_so(scheduled: Any) -> None:
    at = (HandClock().now + timedelta(seconds=100)).strftime("at(%Y-%m-%dT%H:%M:%S)")
    schedule = scheduled(at, ActionAfterCompletion="DELETE")
    assert schedule.pass_s(90) == []
    assert len(schedule.pass_s(20)) == 1
    assert not schedule.exists()


def test_a_disabled_schedule_does_not_fire(scheduled: Any) -> None:
    assert scheduled("rate(1 minutes)", State="DISABLED").pass_s(600) == []


def test_a_failing_target_does_not_keep_the_others_from_firing(scheduled: Any) -> None:
    scheduled("rate(1 minutes)", text='{"fail": true}')
    scheduled("rate(1 minutes)", text="not json")
    assert len(scheduled("rate(1 minutes)").pass_s(1)) == 1


# queues


class Queue:
    def __init__(self, aws: Aws, handler: Recorder, *, redrive_after: int) -> None:
        self.sqs = aws.client("sqs")
        name = f"q-{uuid4().hex}"
        self.dead_url = self.sqs.create_queue(QueueName=f"{name}-dlq")["QueueUrl"]
        dead = self.sqs.get_queue_attributes(QueueUrl=self.dead_url, AttributeNames=["QueueArn"])["Attributes"]
        redrive = json.dumps({"deadLetterTargetArn": dead["QueueArn"], "maxReceiveCount": redrive_after})
        self.url = self.sqs.create_queue(QueueName=name, Attributes={"RedrivePolicy": redrive})["QueueUrl"]
        self.pump = QueuePump(
            self.sqs,
            handler,
            queue_url=self.url,
            queue_arn=dead["QueueArn"].removesuffix("-dlq"),
            batch_size=1,
            redeliver_after_s=0,
        )

    def send(self, body: str) -> None:
        self.sqs.send_message(QueueUrl=self.url, MessageBody=body)

    def left(self, url: str) -> int:
        names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        found = self.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=names)["Attributes"]
        return sum(int(count) for count in found.values())


def test_a_message_arrives_as_lambda_shows_it_and_is_deleted(aws: Aws) -> None:
    handler = Recorder()
    queue = Queue(aws, handler, redrive_after=5)
    queue.send('{"run_id": "1"}')
    assert queue.pump.step()
    assert not queue.pump.step()
    (record,) = handler.events[0]["Records"]
    assert (record["body"], record["eventSource"], record["awsRegion"]) == ('{"run_id": "1"}', "aws:sqs", "eu-west-1")
    assert record["attributes"]["ApproximateReceiveCount"] == "1"
    assert queue.left(queue.url) == 0


def test_a_failed_message_comes_back_until_it_succeeds(aws: Aws) -> None:
    handler = Recorder(failures=2)
    queue = Queue(aws, handler, redrive_after=5)
    queue.send("x")
    while queue.pump.step():
        pass
    assert len(handler.events) == 3
    assert (queue.left(queue.url), queue.left(queue.dead_url)) == (0, 0)


def test_a_message_that_always_fails_goes_to_the_dead_letter_queue(aws: Aws) -> None:
    handler = Recorder(failures=100)
    queue = Queue(aws, handler, redrive_after=5)
    queue.send("x")
    for _ in range(8):
        queue.pump.step()
    assert len(handler.events) == 5
    assert (queue.left(queue.url), queue.left(queue.dead_url)) == (0, 1)


def test_a_long_poll_does_not_hold_everybody_up(aws: Aws) -> None:
    queue = Queue(aws, Recorder(), redrive_after=5)
    # Were it taken at its word, the test's own time limit would end it: the client gives up after 60 s.
    for _ in range(10):
        assert "Messages" not in queue.sqs.receive_message(QueueUrl=queue.url, WaitTimeSeconds=20)


# streams


class Table:
    def __init__(self, aws: Aws) -> None:
        self.dynamodb = aws.client("dynamodb")
        self.name = f"t-{uuid4().hex}"
        made = self.dynamodb.create_table(
            TableName=self.name,
            BillingMode="PAY_PER_REQUEST",
            AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
            KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
            StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"},
        )
        self.arn = made["TableDescription"]["LatestStreamArn"]

    def put(self, *names: str) -> None:
        for name in names:
            self.dynamodb.put_item(TableName=self.name, Item={"pk": {"S": name}})

    def pump(self, aws: Aws, handler: Recorder, *, batch_size: int) -> StreamPump:
        stream = aws.dynamodb.tables.named(self.name).stream
        assert stream
        return StreamPump(stream.read, handler, stream_arn=self.arn, batch_size=batch_size)


def names_in(event: Any) -> list[str]:
    return [record["dynamodb"]["Keys"]["pk"]["S"] for record in event["Records"]]


def test_records_arrive_in_order_in_batches(aws: Aws) -> None:
    table, handler = Table(aws), Recorder()
    pump = table.pump(aws, handler, batch_size=2)
    table.put("a", "b", "c", "d", "e")
    while pump.step():
        pass
    assert [names_in(event) for event in handler.events] == [["a", "b"], ["c", "d"], ["e"]]
    table.put("f")
    pump.step()
    assert names_in(handler.events[-1]) == ["f"]


def test_a_record_looks_as_lambda_shows_it(aws: Aws) -> None:
    table, handler = Table(aws), Recorder()
    table.put("a")
    table.dynamodb.delete_item(TableName=table.name, Key={"pk": {"S": "a"}})
    table.pump(aws, handler, batch_size=10).step()
    made, gone = handler.events[0]["Records"]
    assert (made["eventName"], gone["eventName"]) == ("INSERT", "REMOVE")
    assert made["dynamodb"]["NewImage"] == gone["dynamodb"]["OldImage"] == {"pk": {"S": "a"}}
    assert isinstance(made["dynamodb"]["ApproximateCreationDateTime"], float)
    assert made["eventSourceARN"] == table.arn
    assert int(gone["dynamodb"]["SequenceNumber"]) > int(made["dynamodb"]["SequenceNumber"])


def test_a_failed_batch_is_retried_as_it_was_and_nothing_overtakes_it(aws: Aws) -> None:
    table, handler = Table(aws), Recorder(failures=2)
    pump = table.pump(aws, handler, batch_size=10)
    table.put("a", "b")
    for _ in range(2):
        with pytest.raises(RuntimeError):
            pump.step()
        table.put(f"c{handler.failures}")
        assert pump.handled is None
    pump.step()
    pump.step()
    assert [names_in(event) for event in handler.events] == [["a", "b"]] * 3 + [["c1", "c0"]]


def test_retries_slow_down_to_a_bound() -> None:
    assert [retry_delay_s(failures) for failures in (1, 2, 3, 50)] == [0.1, 0.2, 0.4, 5.0]
