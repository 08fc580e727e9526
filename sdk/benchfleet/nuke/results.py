"""What holds results: the table and the bucket. They are deleted only with a flag of their own."""

import time
from collections.abc import Callable, Iterator
from typing import Any

from benchfleet.deploy.aws import Aws
from benchfleet.deploy.progress import Progress
from benchfleet.deploy.wanted import main_name
from benchfleet.nuke.missing import unless_gone
from benchfleet.nuke.tagged import is_ours
from benchfleet.nuke.thing import Thing

TABLE, BUCKET = "table", "bucket"
_EVERY_S = 2.0
_KEYS_AT_ONCE = 1_000  # DeleteObjects takes no more


class Results:
    """Those of one stage. `sleep` takes seconds."""

    def __init__(self, aws: Aws, stage: str, *, sleep: Callable[[float], None] = time.sleep) -> None:
        self._aws = aws
        self._stage = stage
        self._sleep = sleep

    def find(self) -> list[Thing]:
        return [*self._table(), *self._buckets()]

    def delete(self, progress: Progress) -> None:
        """Both, with all that is in them. Deletion protection is turned off, which is told."""
        for thing in self.find():
            if thing.kind == TABLE:
                self._delete_table(thing.name, progress)
            else:
                self._delete_bucket(thing.name, progress)

    def _table(self) -> Iterator[Thing]:
        found = self._described()
        if found is None or found["TableStatus"] == "DELETING":
            return
        client = self._aws.client("dynamodb")
        if is_ours(client.list_tags_of_resource(ResourceArn=found["TableArn"]).get("Tags"), self._stage):
            protected = "deletion protection" * bool(found.get("DeletionProtectionEnabled"))
            yield Thing(TABLE, found["TableName"], self._aws.region, protected)

    def _described(self) -> Any:
        client, name = self._aws.client("dynamodb"), main_name(self._stage)
        answer = unless_gone(lambda: client.describe_table(TableName=name))
        return answer["Table"] if answer else None

    def _buckets(self) -> Iterator[Thing]:
        client = self._aws.client("s3")
        for name in (it["Name"] for it in client.list_buckets()["Buckets"]):
            if name.startswith(f"{main_name(self._stage)}-"):
                tags = unless_gone(lambda name=name: client.get_bucket_tagging(Bucket=name)["TagSet"])  # type: ignore[misc]
                if is_ours(tags, self._stage):
                    yield Thing(BUCKET, name, self._aws.region)

    def _delete_table(self, name: str, progress: Progress) -> None:
        client = self._aws.client("dynamodb")
        if self._described().get("DeletionProtectionEnabled"):
            progress.note(f"table {name}: its deletion protection is turned off")
            client.update_table(TableName=name, DeletionProtectionEnabled=False)
        while (found := self._described()) is not None:
            if found["TableStatus"] == "ACTIVE" and not found.get("DeletionProtectionEnabled"):
                progress.resource(name, TABLE, "deleting")
                unless_gone(lambda: client.delete_table(TableName=name))
            self._sleep(_EVERY_S if self._described() is not None else 0.0)

    def _delete_bucket(self, name: str, progress: Progress) -> None:
        client = self._aws.client("s3")
        progress.resource(name, BUCKET, "deleting")
        for page in self._aws.pages("s3", "list_object_versions", Bucket=name):
            objects = [
                {"Key": it["Key"], "VersionId": it["VersionId"]}
                for it in (*page.get("Versions", []), *page.get("DeleteMarkers", []))
            ]
            for start in range(0, len(objects), _KEYS_AT_ONCE):
                some = {"Objects": objects[start : start + _KEYS_AT_ONCE], "Quiet": True}
                client.delete_objects(Bucket=name, Delete=some)
        for page in self._aws.pages("s3", "list_multipart_uploads", Bucket=name):
            for it in page.get("Uploads", []):
                client.abort_multipart_upload(Bucket=name, Key=it["Key"], UploadId=it["UploadId"])
        unless_gone(lambda: client.delete_bucket(Bucket=name))
