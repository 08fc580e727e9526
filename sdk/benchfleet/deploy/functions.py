"""The functions and their API: Chalice brings them, after what is in the account was written down for it."""

import json
import os
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from benchfleet.deploy import chalice_process
from benchfleet.deploy.aws import Aws
from benchfleet.deploy.errors import DeployError
from benchfleet.deploy.found import Found, look
from benchfleet.deploy.progress import Progress
from benchfleet.deploy.project import Project, copy_for_chalice
from benchfleet.deploy.record import Twins, record, twins
from benchfleet.deploy.tags import tag_all
from benchfleet.local.files import replace_whole

API_STAGE = "api"  # `api_gateway_stage` of config.json
URL_TEMPLATE = "BENCHFLEET_API_URL_TEMPLATE"


@dataclass(frozen=True)
class Wanted:
    """`environment` holds what the stack has made, by variable; `sources` are the ARNs of the queues and the stream."""

    project: Project
    stage: str
    environment: Mapping[str, str]
    sources: frozenset[str]
    copy: Path


class Functions:
    """`copy` of `Wanted` is a folder of this machine that may be deleted at any time: nothing in it is needed again."""

    def __init__(self, aws: Aws, progress: Progress) -> None:
        self._aws = aws
        self._progress = progress

    def apply(self, wanted: Wanted, *, known_url: str | None = None) -> str:
        """Deploys and returns the id of the API. `known_url` is the one that users know. Raises DeployError."""
        with chalice_process.only_one(wanted.copy, self._progress) as lock:
            copy_for_chalice(wanted.project, wanted.copy, stage=wanted.stage, environment=wanted.environment)
            self._write_record(wanted, known_url)
            environment = {**wanted.environment, "AWS_DEFAULT_REGION": self._aws.region, "AWS_REGION": self._aws.region}
            chalice_process.deploy(
                wanted.copy, stage=wanted.stage, environment=environment, lock=lock, progress=self._progress
            )
        return self._only_api(wanted, known_url)

    def look(self, wanted: Wanted) -> Found:
        return look(self._aws, wanted.stage)

    def _write_record(self, wanted: Wanted, known_url: str | None) -> None:
        found = self.look(wanted)
        extra = _twins(found, wanted, known_url)
        self._remove(extra)
        deployed = wanted.copy / ".chalice" / "deployed" / f"{wanted.stage}.json"
        deployed.parent.mkdir(exist_ok=True)
        replace_whole(deployed, json.dumps(record(found, stage=wanted.stage, gone=extra), indent=2).encode())

    def _only_api(self, wanted: Wanted, known_url: str | None) -> str:
        """Another machine may have deployed meanwhile: what it made twice goes, too."""
        found = self.look(wanted)
        extra = _twins(found, wanted, known_url)
        self._remove(extra)
        left = [api.api_id for api in found.apis if api not in extra.apis]
        tag_all(
            self._aws, replace(found, apis=tuple(api for api in found.apis if api.api_id in left)), stage=wanted.stage
        )
        if not left:
            raise DeployError("Chalice ended well, but there is no API", remedy="run the command again")
        return left[0]

    def _remove(self, extra: Twins) -> None:
        for mapping in extra.mappings:
            self._progress.resource(mapping.uuid, f"second event source of {mapping.source}", "deleting")
            self._aws.client("lambda").delete_event_source_mapping(UUID=mapping.uuid)
        for api in extra.apis:
            self._progress.resource(api.api_id, "second API of this stage", "deleting")
            self._aws.client("apigateway").delete_rest_api(restApiId=api.api_id)


def _twins(found: Found, wanted: Wanted, known_url: str | None) -> Twins:
    return twins(found, sources=wanted.sources, keep_api=api_of(known_url, [api.api_id for api in found.apis]))


def api_url(aws: Aws, api_id: str, *, environ: Mapping[str, str] = os.environ) -> str:
    """Where the API is. What stands in for AWS has it elsewhere: `BENCHFLEET_API_URL_TEMPLATE` says where."""
    suffix = "amazonaws.com.cn" if aws.partition == "aws-cn" else "amazonaws.com"
    real = f"https://{{rest_api_id}}.execute-api.{aws.region}.{suffix}/{{stage}}"
    template = environ.get(URL_TEMPLATE) or real
    return template.replace("{rest_api_id}", api_id).replace("{stage}", API_STAGE).rstrip("/")


def api_of(url: str | None, apis: Collection[str]) -> str | None:
    """Which of these ids the address names, as a label of the host or a part of the path; None for none."""
    parts = re.split(r"[/.]", url or "")
    return next((api_id for api_id in apis if api_id in parts), None)
