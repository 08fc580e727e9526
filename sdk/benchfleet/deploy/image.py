"""The runner's image in the account's registry: built once for the same sources, pushed for each processor, named by digest."""

import hashlib
import json
import subprocess
import sys
from base64 import b64decode
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchfleet.deploy import engine
from benchfleet.deploy.aws import Aws
from benchfleet.deploy.errors import DeployError
from benchfleet.deploy.progress import Progress
from benchfleet.deploy.refusals import code_of

_SOURCES = ("runner_image", "sdk", "pyproject.toml", "requirements-dev.lock", "README.md")
_LAST_LINES, _MOST_CHARS = 40, 600
_DOCKER_INDEX = "application/vnd.docker.distribution.manifest.list.v2+json"
_DOCKER_MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"
_OCI_INDEX = "application/vnd.oci.image.index.v1+json"
_OCI_MANIFEST = "application/vnd.oci.image.manifest.v1+json"
_ACCEPTED = (_DOCKER_MANIFEST, _OCI_MANIFEST, _DOCKER_INDEX, _OCI_INDEX)

Manifest = dict[str, Any]


@dataclass(frozen=True)
class Image:
    """`uri` names it by digest; `architectures` are Docker's words: amd64, arm64."""

    uri: str
    architectures: tuple[str, ...]


@dataclass(frozen=True)
class Repository:
    """`uri` without a tag; `name` is what ECR calls it."""

    uri: str

    @property
    def name(self) -> str:
        return self.uri.partition("/")[2]


@dataclass(frozen=True)
class Base:
    """What the image is built on. `packages` are installed on top; None: the usual ones, "": it has everything."""

    image: str
    packages: str | None = None


class ImagePusher:
    """Builds and pushes the image of `sources`."""

    def __init__(self, aws: Aws, repository: Repository, progress: Progress, *, sources: Path, base: Base) -> None:
        self._aws = aws
        self._repository = repository
        self._progress = progress
        self._sources = sources
        self._base = base

    def ensure(self) -> Image:
        """The image of these sources: found, or built and pushed. Raises DeployError."""
        able = engine.architectures()
        version = version_of(self._sources, self._base)
        tag = "-".join([version, *sorted(able)])
        digest = self._digest(tag) or self._make(version, tag, able)
        for name in engine.ARCHITECTURES:
            if name not in able:
                self._progress.note(_lacks(name))
        return Image(f"{self._repository.uri}@{digest}", tuple(sorted(able)))

    def _make(self, version: str, tag: str, architectures: Sequence[str]) -> str:
        for name in architectures:
            if self._digest(f"{version}-{name}") is None:
                self._build_and_push(f"{version}-{name}", name)
        if len(architectures) == 1:
            return str(self._digest(tag))  # its own tag is the whole one
        manifests = [self._manifest(f"{version}-{name}", name) for name in architectures]
        index = index_of(manifests)
        put = self._aws.client("ecr").put_image(
            repositoryName=self._repository.name, imageManifest=json.dumps(index), imageTag=tag,
            imageManifestMediaType=index["mediaType"],
        )  # fmt: skip
        return str(put["image"]["imageId"]["imageDigest"])

    def _build_and_push(self, tag: str, architecture: str) -> None:
        name = f"{self._repository.uri}:{tag}"
        self._progress.resource(name, f"image for {architecture}", "building")
        build(name, architecture, sources=self._sources, base=self._base, progress=self._progress)
        self._progress.resource(name, f"image for {architecture}", "pushing")
        push(self._repository.uri, tag, self._credentials())

    def _credentials(self) -> dict[str, str]:
        found = self._aws.client("ecr").get_authorization_token()["authorizationData"][0]
        user, _, password = b64decode(found["authorizationToken"]).decode().partition(":")
        return {"username": user, "password": password}

    def _digest(self, tag: str) -> str | None:
        from botocore.exceptions import ClientError

        try:
            found = self._aws.client("ecr").describe_images(
                repositoryName=self._repository.name, imageIds=[{"imageTag": tag}]
            )
        except ClientError as error:
            if code_of(error) == "ImageNotFoundException":
                return None
            raise
        return str(found["imageDetails"][0]["imageDigest"])

    def _manifest(self, tag: str, architecture: str) -> Manifest:
        found = self._aws.client("ecr").batch_get_image(
            repositoryName=self._repository.name, imageIds=[{"imageTag": tag}], acceptedMediaTypes=list(_ACCEPTED)
        )["images"][0]
        return entry(found["imageManifest"], found["imageId"]["imageDigest"], architecture)


def entry(text: str, digest: str, architecture: str) -> Manifest:
    """The image of one processor as an index names it. Some engines push an index even of a single image: then its own entry."""
    document = json.loads(text)
    for inner in document.get("manifests", []):
        if inner.get("platform", {}).get("architecture") == architecture:
            return dict(inner)
    platform = {"architecture": architecture, "os": "linux"}
    kind = document.get("mediaType", _OCI_MANIFEST)
    return {"mediaType": kind, "size": len(text.encode()), "digest": digest, "platform": platform}


def index_of(manifests: Sequence[Manifest]) -> dict[str, Any]:
    """Docker's own kind may only hold Docker's manifests."""
    kind = _DOCKER_INDEX if all(it["mediaType"] == _DOCKER_MANIFEST for it in manifests) else _OCI_INDEX
    return {"schemaVersion": 2, "mediaType": kind, "manifests": list(manifests)}


def version_of(sources: Path, base: Base) -> str:
    """A name that follows from everything that goes into the image."""
    told = hashlib.sha256(repr(base).encode())
    for path in (found for name in _SOURCES for found in sorted(_files(sources / name))):
        told.update(f"{path.relative_to(sources)}\0".encode())
        told.update(path.read_bytes())
    return told.hexdigest()[:16]


def build(name: str, architecture: str, *, sources: Path, base: Base, progress: Progress) -> None:
    """By the project's own program, whose stages are told. Raises DeployError with what it said last."""
    command = [sys.executable, "-m", "runner_image.image.build_image", "--base", base.image, "--tag", name]
    packages = [] if base.packages is None else ["--system-packages", base.packages]
    said: deque[str] = deque(maxlen=_LAST_LINES)
    with subprocess.Popen(
        [*command, "--platform", f"linux/{architecture}", *packages], cwd=sources, stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, errors="replace",
    ) as process:  # fmt: skip
        for line in process.stderr or ():
            said.append(line)
            if line.startswith("image: "):
                progress.note(f"    {line.strip()}")
    if process.returncode != 0:
        raise DeployError(
            f"the runner's image for {architecture} could not be built: {' '.join(''.join(said).split())[-_MOST_CHARS:]}",
            remedy="`make image` shows the whole build; --skip-image leaves the image as it is",
        )


def push(repository: str, tag: str, credentials: dict[str, str]) -> str:
    """The digest that the registry gave it. Raises DeployError."""
    import docker
    from docker.errors import DockerException

    try:
        client = docker.from_env()
        told = list(client.images.push(repository, tag=tag, auth_config=credentials, stream=True, decode=True))
    except DockerException as error:
        raise _not_pushed(repository, str(error)) from error
    if refused := next((line["error"] for line in told if "error" in line), None):
        raise _not_pushed(repository, refused)
    return str(next(line["aux"]["Digest"] for line in reversed(told) if "aux" in line))


def _not_pushed(repository: str, words: str) -> DeployError:
    return DeployError(
        f"the runner's image could not be pushed to {repository}: {' '.join(words.split()).rstrip('.')}",
        remedy="check the network and the permission ecr:PutImage, then run the command again",
    )


def _files(path: Path) -> list[Path]:
    if path.is_file():
        return [path]
    return [found for found in path.rglob("*") if found.is_file() and "__pycache__" not in found.parts]


def _lacks(architecture: str) -> str:
    machines = {
        "arm64": "Graviton machines (c8g, m7g, t4g …) and Fargate on ARM64",
        "amd64": "x86-64 machines and Fargate",
    }
    return (
        f"the image has no {architecture}: {machines[architecture]} cannot run it. "
        f"Docker needs buildx and binfmt for linux/{architecture}, or deploy from a machine of that kind"
    )
