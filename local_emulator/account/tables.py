"""DynamoDB of every region: our own tables, and what belongs to a table but not to its items."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from local_emulator.account.answers import answer, answer_error
from local_emulator.account.iam.requests import ApiRequest
from local_emulator.config import ACCOUNT
from local_emulator.dynamodb.faults import Fault, invalid, not_found
from local_emulator.dynamodb.service import DynamoDb, request_of
from local_emulator.dynamodb.table import Table

Reply = dict[str, Any]


class AccountTables:
    """`on_record` is called after a change of a table that has a stream, with the stream's ARN."""

    def __init__(self) -> None:
        self._regions: dict[str, DynamoDb] = {}
        self._backups: set[str] = set()  # ARNs of tables with point-in-time recovery
        self._protected: set[str] = set()  # ARNs of tables that may not be deleted
        self._tags: dict[str, dict[str, str]] = {}
        self.on_record: Callable[[str], None] = lambda stream_arn: None
        self._operations: dict[str, Callable[[str, Reply], Reply]] = {
            "UpdateContinuousBackups": self._update_backups,
            "DescribeContinuousBackups": self._describe_backups,
            "TagResource": self._tag,
            "UntagResource": self._untag,
            "ListTagsOfResource": self._list_tags,
            "UpdateTable": self._update,
            "CreateTable": self._create,
            "DeleteTable": self._delete,
            "DescribeTable": self._describe,
        }

    def region(self, region: str) -> DynamoDb:
        if region not in self._regions:
            self._regions[region] = DynamoDb(region=region, account=ACCOUNT)
        return self._regions[region]

    def all(self) -> list[Table]:
        return [table for service in self._regions.values() for table in service.tables]

    def of_stream(self, stream_arn: str) -> Table:
        """Raises LookupError."""
        for table in self.all():
            if table.stream and table.stream_arn == stream_arn:
                return table
        raise LookupError(f"no table has the stream {stream_arn}")

    def tags(self, arn: str) -> dict[str, str]:
        return self._tags.get(arn, {})

    def ask(self, region: str, operation: str, request: Reply) -> Reply:
        """Raises Fault."""
        ours = self._operations.get(operation)
        return ours(region, request) if ours else self.region(region).ask(operation, request)

    def handle(self, request: ApiRequest, environ: dict[str, Any], start: Callable[..., Any]) -> list[bytes]:
        try:
            reply = self.ask(request.region, request.operation, request_of(environ["wsgi.input"].read()))
        except Fault as fault:
            code = f"com.amazonaws.dynamodb.v20120810#{fault.code}"
            if fault.more:
                body = json.dumps({"__type": code, "message": fault.message, **fault.more}).encode()
                return answer(start, fault.status, body, "application/x-amz-json-1.0")
            return answer_error(start, "json", status=fault.status, code=code, message=fault.message)
        return answer(start, 200, json.dumps(reply, default=str).encode(), "application/x-amz-json-1.0")

    def _named(self, region: str, request: Reply) -> Table:
        found: Table = self.region(region).tables.named(request.get("TableName"))
        return found

    def _create(self, region: str, request: Reply) -> Reply:
        wanted = dict(request)
        protected = wanted.pop("DeletionProtectionEnabled", False)
        tags = wanted.get("Tags") or []
        self.region(region).ask("CreateTable", wanted)
        table = self._named(region, request)
        self._tags[table.arn] = {tag["Key"]: tag["Value"] for tag in tags}
        if protected:
            self._protected.add(table.arn)
        if table.stream and table.stream_arn:
            arn = table.stream_arn
            table.stream.on_record = lambda: self.on_record(arn)
        return {"TableDescription": self._describe(region, request)["Table"]}

    def _delete(self, region: str, request: Reply) -> Reply:
        table = self._named(region, request)
        if table.arn in self._protected:
            raise invalid(
                "Resource cannot be deleted as it is currently protected against deletion. "
                f"Disable deletion protection first: {table.arn}"
            )
        reply = self.region(region).ask("DeleteTable", request)
        self._tags.pop(table.arn, None)
        self._backups.discard(table.arn)
        return reply

    def _describe(self, region: str, request: Reply) -> Reply:
        reply = self.region(region).ask("DescribeTable", {"TableName": request.get("TableName")})
        reply["Table"]["DeletionProtectionEnabled"] = reply["Table"]["TableArn"] in self._protected
        return reply

    def _update(self, region: str, request: Reply) -> Reply:
        table = self._named(region, request)
        unknown = set(request) - {"TableName", "DeletionProtectionEnabled", "BillingMode"}
        if unknown:
            raise invalid(f"The emulator's DynamoDB does not know {', '.join(sorted(unknown))} of UpdateTable")
        if "DeletionProtectionEnabled" in request:
            change = self._protected.add if request["DeletionProtectionEnabled"] else self._protected.discard
            change(table.arn)
        return {"TableDescription": self._describe(region, request)["Table"]}

    def _update_backups(self, region: str, request: Reply) -> Reply:
        arn = self._named(region, request).arn
        wanted = request["PointInTimeRecoverySpecification"]["PointInTimeRecoveryEnabled"]
        (self._backups.add if wanted else self._backups.discard)(arn)
        return self._describe_backups(region, request)

    def _describe_backups(self, region: str, request: Reply) -> Reply:
        on = self._named(region, request).arn in self._backups
        recovery = {"PointInTimeRecoveryStatus": "ENABLED" if on else "DISABLED"}
        if on:
            now = datetime.now(UTC).timestamp()
            recovery |= {"EarliestRestorableDateTime": now, "LatestRestorableDateTime": now}  # type: ignore[dict-item]
        told = {"ContinuousBackupsStatus": "ENABLED", "PointInTimeRecoveryDescription": recovery}
        return {"ContinuousBackupsDescription": told}

    def _tag(self, region: str, request: Reply) -> Reply:
        tags = self._tags.setdefault(self._of_arn(region, request).arn, {})
        tags.update({tag["Key"]: tag["Value"] for tag in request["Tags"]})
        return {}

    def _untag(self, region: str, request: Reply) -> Reply:
        for key in request["TagKeys"]:
            self._tags.get(self._of_arn(region, request).arn, {}).pop(key, None)
        return {}

    def _list_tags(self, region: str, request: Reply) -> Reply:
        tags = self._tags.get(self._of_arn(region, request).arn, {})
        return {"Tags": [{"Key": key, "Value": value} for key, value in tags.items()]}

    def _of_arn(self, region: str, request: Reply) -> Table:
        try:
            found: Table = self.region(region).tables.named(request.get("ResourceArn"))
        except Fault as fault:
            raise not_found(f"Requested resource not found: {request.get('ResourceArn')}") from fault
        return found
