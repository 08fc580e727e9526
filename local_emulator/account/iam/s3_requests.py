"""Which operation of S3 a request is, by its method, its path and its query.

https://docs.aws.amazon.com/AmazonS3/latest/API/API_Operations_Amazon_Simple_Storage_Service.html
"""

from collections.abc import Mapping
from urllib.parse import unquote

# Words of the query that make another resource of a bucket or an object → the noun in the operation's name.
_OF_BUCKETS = {
    "accelerate": "BucketAccelerateConfiguration", "acl": "BucketAcl", "cors": "BucketCors",
    "encryption": "BucketEncryption", "lifecycle": "BucketLifecycleConfiguration", "location": "BucketLocation",
    "logging": "BucketLogging", "notification": "BucketNotificationConfiguration",
    "object-lock": "ObjectLockConfiguration", "ownershipControls": "BucketOwnershipControls", "policy": "BucketPolicy",
    "policyStatus": "BucketPolicyStatus", "publicAccessBlock": "PublicAccessBlock", "replication": "BucketReplication",
    "requestPayment": "BucketRequestPayment", "tagging": "BucketTagging", "versioning": "BucketVersioning",
    "website": "BucketWebsite",
}  # fmt: skip
_OF_OBJECTS = {"acl": "ObjectAcl", "attributes": "ObjectAttributes", "tagging": "ObjectTagging"}
_VERBS = {"GET": "Get", "PUT": "Put", "DELETE": "Delete", "HEAD": "Head"}


def bucket_and_key(path: str) -> tuple[str, str]:
    bucket, _, key = path.lstrip("/").partition("/")
    return unquote(bucket), unquote(key)


def s3_operation(method: str, path: str, query: Mapping[str, str], headers: Mapping[str, str]) -> str:
    """AWS's name of the operation; empty for what is none."""
    bucket, key = bucket_and_key(path)
    if not bucket:
        return "ListBuckets" if method == "GET" else ""
    return _of_object(method, query, headers) if key else _of_bucket(method, query)


def _of_bucket(method: str, query: Mapping[str, str]) -> str:
    for word, noun in _OF_BUCKETS.items():
        if word in query:
            return _VERBS.get(method, "") and _VERBS[method] + noun
    if method == "GET":
        if "uploads" in query:
            return "ListMultipartUploads"
        return (
            "ListObjectVersions" if "versions" in query else "ListObjectsV2" if "list-type" in query else "ListObjects"
        )
    if method == "POST":
        return "DeleteObjects" if "delete" in query else ""
    return {"PUT": "CreateBucket", "DELETE": "DeleteBucket", "HEAD": "HeadBucket"}.get(method, "")


def _of_object(method: str, query: Mapping[str, str], headers: Mapping[str, str]) -> str:
    if "uploadId" in query:
        uploads = {
            "PUT": "UploadPart",
            "POST": "CompleteMultipartUpload",
            "DELETE": "AbortMultipartUpload",
            "GET": "ListParts",
        }
        operation = uploads.get(method, "")
        return "UploadPartCopy" if operation == "UploadPart" and "x-amz-copy-source" in headers else operation
    for word, noun in _OF_OBJECTS.items():
        if word in query:
            return _VERBS.get(method, "") and _VERBS[method] + noun
    if method == "POST":
        return "CreateMultipartUpload" if "uploads" in query else ""
    if method == "PUT" and "x-amz-copy-source" in headers:
        return "CopyObject"
    return {"GET": "GetObject", "HEAD": "HeadObject", "PUT": "PutObject", "DELETE": "DeleteObject"}.get(method, "")
