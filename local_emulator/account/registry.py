"""ECR as a registry of images: what `docker push` and `docker pull` say, for the repositories of the account.

https://distribution.github.io/distribution/spec/api/. The engine speaks plain HTTP to loopback addresses only, so an
image's name begins with the address of the emulated AWS. Layers are kept in files; images appear in ECR.
"""

import base64
import hashlib
import json
import re
import secrets
import shutil
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

from moto.backends import get_backend
from moto.ecr import models

from local_emulator.account.answers import Start, answer, answer_json
from local_emulator.account.iam.requests import ApiRequest
from local_emulator.config import ACCOUNT

BEGINNING = "/v2/"
TOKEN_S = 12 * 3600
_NAME = r"(?P<name>[a-z0-9]+(?:[._/-][a-z0-9]+)*)"
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}\Z")
_ROUTES = [
    (re.compile(rf"/v2/{_NAME}/blobs/uploads/\Z"), "uploads"),
    (re.compile(rf"/v2/{_NAME}/blobs/uploads/(?P<upload>[0-9a-f-]+)\Z"), "upload"),
    (re.compile(rf"/v2/{_NAME}/blobs/(?P<digest>sha256:[0-9a-f]+)\Z"), "blob"),
    (re.compile(rf"/v2/{_NAME}/manifests/(?P<reference>[A-Za-z0-9_.:-]+)\Z"), "manifest"),
    (re.compile(rf"/v2/{_NAME}/tags/list\Z"), "tags"),
]


@contextmanager
def served_at(address: str) -> Iterator[None]:
    """New repositories of moto say meanwhile that this is where they are."""

    class Repository(models.Repository):
        def __init__(self, *args: Any, **kwargs: Any) -> None:
            super().__init__(*args, **kwargs)
            self.uri = f"{address}/{self.name}"

    before, models.Repository = models.Repository, Repository  # type: ignore[misc]
    try:
        yield
    finally:
        models.Repository = before  # type: ignore[misc]


class Passwords:
    """Those that GetAuthorizationToken gave."""

    def __init__(self, address: str) -> None:
        self._address = address
        self._given: set[str] = set()

    def accepts(self, password: str) -> bool:
        return password in self._given

    def handle(self, request: ApiRequest, environ: dict[str, Any], start: Start) -> list[bytes] | None:
        """None leaves the request to moto."""
        if request.operation != "GetAuthorizationToken":
            return None
        self._given.add(password := secrets.token_urlsafe(24))
        token = base64.b64encode(f"AWS:{password}".encode()).decode()
        endpoint = f"http://{self._address}"
        told = {"authorizationToken": token, "expiresAt": time.time() + TOKEN_S, "proxyEndpoint": endpoint}
        return answer_json(start, 200, {"authorizationData": [told]})


class Registry:
    """`accepts` says whether a password of Basic authentication is one that ECR gave."""

    def __init__(self, folder: Path, *, accepts: Callable[[str], bool], lock: Any) -> None:
        self._folder = folder
        self._accepts = accepts
        self._lock = lock
        self._manifests: dict[tuple[str, str], tuple[str, bytes]] = {}  # repository, digest → media type, bytes
        folder.mkdir(parents=True, exist_ok=True)

    def has(self, image: str) -> bool:
        """Of a name with the registry's address, and a tag or a digest. Callers hold the lock."""
        name, _, digest = image.partition("@")
        name = name.partition("/")[2]
        name, _, tag = name.partition(":")
        repository = self._repository(name)
        reference = digest or (self._digest(repository, tag or "latest") if repository else None)
        return (name, reference) in self._manifests

    def repository_arn(self, image: str) -> str | None:
        """None where no repository has this name. Callers hold the lock."""
        repository = self._repository(image.partition("@")[0].partition("/")[2].partition(":")[0])
        return str(repository.arn) if repository else None

    def __call__(self, environ: dict[str, Any], start: Start) -> list[bytes]:
        headers = {"Docker_Distribution_Api_Version": "registry/2.0"}
        if not self._is_known(environ.get("HTTP_AUTHORIZATION", "")):
            return _error(start, 401, "UNAUTHORIZED", WWW_Authenticate='Basic realm="ecr"', **headers)
        path, _, query = environ["RAW_URI"].partition("?")
        if path == BEGINNING:
            return answer(start, 200, b"{}", **headers)
        for pattern, kind in _ROUTES:
            if match := pattern.match(path):
                return self._route(kind, match.groupdict(), environ, parse_qs(query), start)
        return _error(start, 404, "NOT_FOUND")

    def _route(
        self, kind: str, named: dict[str, str], environ: dict[str, Any], query: dict[str, list[str]], start: Start
    ) -> list[bytes]:
        with self._lock:
            if self._repository(named["name"]) is None:
                return _error(start, 404, "NAME_UNKNOWN", f"The repository with name '{named['name']}' does not exist")
        match environ["REQUEST_METHOD"], kind:
            case "POST", "uploads":
                return self._begin(named["name"], start)
            case (("PATCH" | "PUT"), "upload"):
                return self._append(named, environ, query, start)
            case (("GET" | "HEAD"), "blob"):
                return self._blob(named["digest"], environ["REQUEST_METHOD"], start)
            case "PUT", "manifest":
                return self._put_manifest(named, environ, start)
            case (("GET" | "HEAD"), "manifest"):
                return self._get_manifest(named, start)
            case "GET", "tags":
                return self._tags(named["name"], start)
        return _error(start, 405, "UNSUPPORTED")

    def _is_known(self, authorization: str) -> bool:
        scheme, _, text = authorization.partition(" ")
        try:
            user, _, password = base64.b64decode(text).decode().partition(":")
        except ValueError:
            return False
        return scheme == "Basic" and user == "AWS" and self._accepts(password)

    def _begin(self, name: str, start: Start) -> list[bytes]:
        upload = str(uuid.uuid4())
        (self._folder / f"upload-{upload}").touch()
        return answer(start, 202, Location=f"/v2/{name}/blobs/uploads/{upload}", Docker_Upload_UUID=upload, Range="0-0")

    def _append(
        self, named: dict[str, str], environ: dict[str, Any], query: dict[str, list[str]], start: Start
    ) -> list[bytes]:
        part = self._folder / f"upload-{named['upload']}"
        if not part.exists():
            return _error(start, 404, "BLOB_UPLOAD_UNKNOWN")
        with part.open("ab") as file:
            shutil.copyfileobj(environ["wsgi.input"], file)
            size = file.tell()
        place = f"/v2/{named['name']}/blobs/uploads/{named['upload']}"
        if environ["REQUEST_METHOD"] == "PATCH":
            return answer(start, 202, Location=place, Docker_Upload_UUID=named["upload"], Range=f"0-{max(size - 1, 0)}")
        digest = query.get("digest", [""])[0]
        with part.open("rb") as file:
            found = "sha256:" + hashlib.file_digest(file, "sha256").hexdigest()
        if found != digest:
            return _error(start, 400, "DIGEST_INVALID")
        part.rename(self._file(digest))
        return answer(start, 201, Location=f"/v2/{named['name']}/blobs/{digest}", Docker_Content_Digest=digest)

    def _blob(self, digest: str, method: str, start: Start) -> list[bytes]:
        file = self._file(digest)
        if not file.exists():
            return _error(start, 404, "BLOB_UNKNOWN")
        body = b"" if method == "HEAD" else file.read_bytes()
        headers = {"Docker_Content_Digest": digest, "Content_Length": str(file.stat().st_size)}
        return answer(start, 200, body, "application/octet-stream", **headers)

    def _put_manifest(self, named: dict[str, str], environ: dict[str, Any], start: Start) -> list[bytes]:
        body = environ["wsgi.input"].read()
        kind = environ.get("CONTENT_TYPE", "application/vnd.docker.distribution.manifest.v2+json")
        digest = "sha256:" + hashlib.sha256(body).hexdigest()
        missing = [each for each in _referred(body) if not self._file(each).exists()]
        if missing:
            return _error(start, 400, "MANIFEST_BLOB_UNKNOWN", f"these are not there: {', '.join(missing)}")
        reference = named["reference"]
        tag = None if reference.startswith("sha256:") else reference
        with self._lock:
            repository = self._repository(named["name"])
            if (
                tag
                and repository.image_tag_mutability == "IMMUTABLE"
                and self._digest(repository, tag) not in (None, digest)
            ):
                words = f"The image tag '{tag}' already exists in the '{named['name']}' repository and cannot be overwritten."
                return _error(start, 400, "TAG_INVALID", words)
            self._manifests[named["name"], digest] = (kind, body)
            self._file(digest).write_bytes(body)
            self._show(repository, tag, digest, kind, body)
        return answer(start, 201, Location=f"/v2/{named['name']}/manifests/{digest}", Docker_Content_Digest=digest)

    def _show(self, repository: Any, tag: str | None, digest: str, kind: str, body: bytes) -> None:
        """The image in ECR, its old bearer of the tag without it."""
        for image in repository.images:
            if tag in image.image_tags:
                image.remove_tag(tag)
        known = next((image for image in repository.images if image.image_digest == digest), None)
        if known is None:
            known = models.Image(
                ACCOUNT,
                None,  # type: ignore[arg-type]
                body.decode(),
                repository.name,
                image_manifest_mediatype=kind,
                digest=digest,
            )
            repository.images.append(known)
        if tag and tag not in known.image_tags:
            known.update_tag(tag)

    def _get_manifest(self, named: dict[str, str], start: Start) -> list[bytes]:
        with self._lock:
            reference = named["reference"]
            digest = reference if _DIGEST.match(reference) else self._digest(self._repository(named["name"]), reference)
            found = self._manifests.get((named["name"], digest or ""))
        if found is None or digest is None:
            return _error(start, 404, "MANIFEST_UNKNOWN", "Requested image not found")
        return answer(start, 200, found[1], found[0], Docker_Content_Digest=digest)

    def _tags(self, name: str, start: Start) -> list[bytes]:
        with self._lock:
            tags = sorted(tag for image in self._repository(name).images for tag in image.image_tags if tag)
        return answer(start, 200, json.dumps({"name": name, "tags": tags}).encode())

    def _digest(self, repository: Any, tag: str) -> str | None:
        found = next((image for image in repository.images if tag in image.image_tags), None)
        return str(found.image_digest) if found else None

    def _repository(self, name: str) -> Any:
        for backend in get_backend("ecr")[ACCOUNT].values():
            if name in backend.repositories:
                return backend.repositories[name]
        return None

    def _file(self, digest: str) -> Path:
        return self._folder / digest.replace(":", "-")


def _referred(body: bytes) -> list[str]:
    """The digests of what a manifest or an index refers to."""
    try:
        manifest = json.loads(body)
    except ValueError:
        return []
    layers = [layer for layer in manifest.get("layers", []) if "urls" not in layer]
    return [
        each["digest"]
        for each in (*layers, *([manifest["config"]] if "config" in manifest else []), *manifest.get("manifests", []))
    ]


def _error(start: Start, status: int, code: str, message: str = "", **headers: str) -> list[bytes]:
    body = json.dumps({"errors": [{"code": code, "message": message or code.lower().replace("_", " ")}]}).encode()
    return answer(start, status, body, **headers)
