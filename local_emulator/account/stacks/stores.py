"""Tables and buckets of templates: the types whose properties moto drops, and tables that are our own."""

from collections.abc import Mapping
from typing import Any

from local_emulator.account.clients import tags_of
from local_emulator.account.stacks.kinds import Client, Kind, Made, Properties, Unmakeable

_TABLE = {
    "TableName", "AttributeDefinitions", "KeySchema", "BillingMode", "ProvisionedThroughput", "StreamSpecification",
    "GlobalSecondaryIndexes", "LocalSecondaryIndexes", "SSESpecification", "TableClass", "Tags",
}  # fmt: skip
_TABLE_LATER = {"TimeToLiveSpecification", "PointInTimeRecoverySpecification", "DeletionProtectionEnabled"}
_FIXED = ("KeySchema", "AttributeDefinitions", "LocalSecondaryIndexes", "GlobalSecondaryIndexes", "StreamSpecification")


def _make_table(client: Client, name: str, properties: Properties) -> Made:
    wanted: dict[str, Any] = {key: value for key, value in properties.items() if key in _TABLE} | {"TableName": name}
    if "StreamSpecification" in wanted:  # in CloudFormation a stream is on by being there
        wanted["StreamSpecification"] = {"StreamEnabled": True, **wanted["StreamSpecification"]}
    if "SSESpecification" in wanted:
        given = wanted["SSESpecification"]
        wanted["SSESpecification"] = {"Enabled": _true(given.get("SSEEnabled")), **_without(given, "SSEEnabled")}
    wanted["Tags"] = tags_of(properties)
    dynamodb = client("dynamodb")
    made = dynamodb.create_table(**wanted)["TableDescription"]
    _set_on_table(client, name, properties)
    return Made(name, {"Arn": made["TableArn"], "StreamArn": made.get("LatestStreamArn")})


def _set_on_table(client: Client, name: str, properties: Properties) -> None:
    dynamodb = client("dynamodb")
    if lifetime := properties.get("TimeToLiveSpecification"):
        wanted = {"AttributeName": lifetime["AttributeName"], "Enabled": _true(lifetime["Enabled"])}
        told = dynamodb.describe_time_to_live(TableName=name)["TimeToLiveDescription"]
        if (told["TimeToLiveStatus"] == "ENABLED") != wanted["Enabled"]:
            dynamodb.update_time_to_live(TableName=name, TimeToLiveSpecification=wanted)
    if recovery := properties.get("PointInTimeRecoverySpecification"):
        on = _true(recovery["PointInTimeRecoveryEnabled"])
        dynamodb.update_continuous_backups(
            TableName=name, PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": on}
        )
    protected = _true(properties.get("DeletionProtectionEnabled", False))
    dynamodb.update_table(TableName=name, DeletionProtectionEnabled=protected)


def _find_table(client: Client, name: str) -> Made | None:
    dynamodb = client("dynamodb")
    if name not in dynamodb.list_tables()["TableNames"]:
        return None
    told = dynamodb.describe_table(TableName=name)["Table"]
    return Made(name, {"Arn": told["TableArn"], "StreamArn": told.get("LatestStreamArn")})


def _update_table(client: Client, made: Made, properties: Properties) -> Made:
    told = client("dynamodb").describe_table(TableName=made.id)["Table"]
    for name in _FIXED:
        if name in properties and name in told and _plain(properties[name]) != _plain(told[name]):
            raise Unmakeable(f"{name} of table {made.id} changed: the emulated account cannot change it in place")
    _set_on_table(client, made.id, properties)
    return made


def _plain(given: Any) -> Any:
    """Without what only AWS adds."""
    if isinstance(given, list):
        return sorted((_plain(each) for each in given), key=str)
    if isinstance(given, Mapping):
        added = ("IndexStatus", "IndexArn", "StreamEnabled", "ProvisionedThroughput")
        return {key: _plain(value) for key, value in given.items() if key not in added}
    return given


_BUCKET = {
    "BucketName", "BucketEncryption", "PublicAccessBlockConfiguration", "OwnershipControls", "VersioningConfiguration",
    "LifecycleConfiguration", "Tags",
}  # fmt: skip


def _find_bucket(client: Client, name: str) -> Made | None:
    found = name in [each["Name"] for each in client("s3").list_buckets()["Buckets"]]
    return Made(name, _attributes(client, name)) if found else None


def _make_bucket(client: Client, name: str, properties: Properties) -> Made:
    s3 = client("s3")
    region = s3.meta.region_name
    if _find_bucket(client, name):
        raise Unmakeable(f"{name} already exists")
    place = {} if region == "us-east-1" else {"CreateBucketConfiguration": {"LocationConstraint": region}}
    s3.create_bucket(Bucket=name, **place)
    return _update_bucket(client, Made(name), properties)


def _update_bucket(client: Client, made: Made, properties: Properties) -> Made:
    s3, name = client("s3"), made.id
    if given := properties.get("BucketEncryption"):
        rules = [_encryption(rule) for rule in given["ServerSideEncryptionConfiguration"]]
        s3.put_bucket_encryption(Bucket=name, ServerSideEncryptionConfiguration={"Rules": rules})
    if given := properties.get("PublicAccessBlockConfiguration"):
        blocks = {key: _true(value) for key, value in given.items()}
        s3.put_public_access_block(Bucket=name, PublicAccessBlockConfiguration=blocks)
    if given := properties.get("OwnershipControls"):
        s3.put_bucket_ownership_controls(Bucket=name, OwnershipControls=given)
    if given := properties.get("VersioningConfiguration"):
        s3.put_bucket_versioning(Bucket=name, VersioningConfiguration=given)
    if given := properties.get("LifecycleConfiguration"):
        rules = [_rule(rule) for rule in given["Rules"]]
        s3.put_bucket_lifecycle_configuration(Bucket=name, LifecycleConfiguration={"Rules": rules})
    if tags := tags_of(properties):
        s3.put_bucket_tagging(Bucket=name, Tagging={"TagSet": tags})
    return Made(name, _attributes(client, name))


def _attributes(client: Client, name: str) -> dict[str, Any]:
    region = client("s3").meta.region_name
    return {
        "Arn": f"arn:aws:s3:::{name}", "DomainName": f"{name}.s3.amazonaws.com",
        "RegionalDomainName": f"{name}.s3.{region}.amazonaws.com",
    }  # fmt: skip


def _encryption(rule: Mapping[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {"ApplyServerSideEncryptionByDefault": rule["ServerSideEncryptionByDefault"]}
    return found | ({"BucketKeyEnabled": _true(rule["BucketKeyEnabled"])} if "BucketKeyEnabled" in rule else {})


_RULE = {
    "Id", "Status", "Prefix", "TagFilters", "ExpirationInDays", "AbortIncompleteMultipartUpload",
    "NoncurrentVersionExpiration", "ExpiredObjectDeleteMarker",
}  # fmt: skip


def _rule(rule: Mapping[str, Any]) -> dict[str, Any]:
    """A lifecycle rule in the words of S3's API. Raises Unmakeable."""
    if unknown := sorted(set(rule) - _RULE):
        raise Unmakeable(f"the emulated account does not know {', '.join(unknown)} of a bucket's lifecycle rule")
    found: dict[str, Any] = {"Status": rule["Status"], "Filter": _filter(rule)}
    if "Id" in rule:
        found["ID"] = rule["Id"]
    if "ExpirationInDays" in rule:
        found["Expiration"] = {"Days": int(rule["ExpirationInDays"])}
    if "ExpiredObjectDeleteMarker" in rule:
        found.setdefault("Expiration", {})["ExpiredObjectDeleteMarker"] = _true(rule["ExpiredObjectDeleteMarker"])
    if "AbortIncompleteMultipartUpload" in rule:
        days = int(rule["AbortIncompleteMultipartUpload"]["DaysAfterInitiation"])
        found["AbortIncompleteMultipartUpload"] = {"DaysAfterInitiation": days}
    if "NoncurrentVersionExpiration" in rule:
        found["NoncurrentVersionExpiration"] = {
            "NoncurrentDays": int(rule["NoncurrentVersionExpiration"]["NoncurrentDays"])
        }
    return found


def _filter(rule: Mapping[str, Any]) -> dict[str, Any]:
    tags = [{"Key": tag["Key"], "Value": tag["Value"]} for tag in rule.get("TagFilters", ())]
    prefix = rule.get("Prefix", "")
    if not tags:
        return {"Prefix": prefix}
    if len(tags) == 1 and not prefix:
        return {"Tag": tags[0]}
    return {"And": {"Prefix": prefix, "Tags": tags}}


def _true(given: Any) -> bool:
    return str(given).lower() == "true"


def _without(given: Mapping[str, Any], *names: str) -> dict[str, Any]:
    return {key: value for key, value in given.items() if key not in names}


STORES: tuple[Kind, ...] = (
    Kind(
        "AWS::DynamoDB::Table", frozenset(_TABLE | _TABLE_LATER), _make_table, name="TableName",
        end=lambda client, made, _: client("dynamodb").delete_table(TableName=made.id), update=_update_table, find=_find_table,
    ),
    Kind(
        "AWS::S3::Bucket", frozenset(_BUCKET), _make_bucket, name="BucketName",
        end=lambda client, made, _: client("s3").delete_bucket(Bucket=made.id), update=_update_bucket, find=_find_bucket,
    ),
)  # fmt: skip
