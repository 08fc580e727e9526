"""The index of an image for several processors, of what different engines push."""

import json

from benchfleet.deploy.image import entry, index_of

DOCKER = "application/vnd.docker.distribution.manifest.v2+json"
OCI = "application/vnd.oci.image.manifest.v1+json"


def test_an_image_of_docker_s_kind_stands_in_docker_s_index() -> None:
    text = json.dumps({"schemaVersion": 2, "mediaType": DOCKER, "layers": []})
    found = entry(text, "sha256:1", "amd64")
    assert found == {
        "mediaType": DOCKER,
        "size": len(text),
        "digest": "sha256:1",
        "platform": {"architecture": "amd64", "os": "linux"},
    }
    assert index_of([found])["mediaType"] == "application/vnd.docker.distribution.manifest.list.v2+json"


def test_of_a_pushed_index_the_image_is_named_and_not_its_attestation() -> None:
    image = {"mediaType": OCI, "size": 5, "digest": "sha256:2", "platform": {"architecture": "arm64", "os": "linux"}}
    attestation = {**image, "digest": "sha256:3", "platform": {"architecture": "unknown", "os": "unknown"}}
    text = json.dumps({"schemaVersion": 2, "manifests": [attestation, image]})
    found = entry(text, "sha256:4", "arm64")
    assert found == image
    made = index_of([entry(json.dumps({"mediaType": DOCKER}), "sha256:1", "amd64"), found])
    assert made["mediaType"] == "application/vnd.oci.image.index.v1+json"
    assert [it["digest"] for it in made["manifests"]] == ["sha256:1", "sha256:2"]


def test_a_manifest_that_does_not_tell_its_kind_is_oci_s() -> None:
    assert entry(json.dumps({"schemaVersion": 2}), "sha256:1", "amd64")["mediaType"] == OCI
