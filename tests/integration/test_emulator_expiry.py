"""The emulator's housekeeping removes what has outlived its time to live. moto's state is global, hence a process."""

import json
import sys

from tests import prepared_start

SCRIPT = """
import json
from datetime import UTC, datetime, timedelta
from chalicelib.store.schema import TIME_TO_LIVE
from local_emulator.cloud import Cloud
from local_emulator.config import EmulatorConfig
from local_emulator.resources import default_table

now = [datetime.now(UTC)]
nowhere = "http://127.0.0.1:1"
cloud = Cloud(EmulatorConfig(aws_port=0), api_url=nowhere, table=default_table, clock=lambda: now[0], trouble=lambda: None)
expires, dynamodb = TIME_TO_LIVE["AttributeName"], cloud.clients("dynamodb")
for name, lives_s in (("short", 60), ("long", 86400)):
    item = {"pk": {"S": name}, "sk": {"S": "x"}, expires: {"N": str(int(now[0].timestamp()) + lives_s)}}
    dynamodb.put_item(TableName=cloud.table.name, Item=item)
described = dynamodb.describe_time_to_live(TableName=cloud.table.name)["TimeToLiveDescription"]
changes = cloud.endpoint.changes
now[0] += timedelta(hours=1)
cloud.trim(handled=None)
told = cloud.read_stream(0, limit=10)[-1]
print(json.dumps({
    "left": [item["pk"]["S"] for item in cloud.table.items()], "to be saved": cloud.endpoint.changes - changes,
    "told": [told["eventName"], told["userIdentity"]["Type"]], "status": described["TimeToLiveStatus"],
}))
cloud.close()
"""


def test_housekeeping_removes_what_has_expired_and_has_it_saved() -> None:
    done = prepared_start.run([sys.executable, "-c", SCRIPT], capture_output=True, text=True, timeout=100)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout.splitlines()[-1]) == {
        "left": ["long"], "to be saved": 1, "told": ["REMOVE", "Service"], "status": "ENABLED",
    }  # fmt: skip
