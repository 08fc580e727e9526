"""Sizes of Fargate as names of instance types."""

import pytest

from chalicelib.domain.launches import LaunchFailed
from chalicelib.provisioning.fargate import Size, size_of
from tests.each_case import each_case


@each_case(
    ("name", "size", "cores"),
    [
        ("fargate-0.25vcpu-0.5gb", Size(256, 512, "x86_64"), 1),
        ("fargate-.5vcpu-1gb", None, 0),
        ("fargate-1vcpu-2gb", Size(1024, 2048, "x86_64"), 1),
        ("fargate-4vcpu-30gb-arm64", Size(4096, 30_720, "arm64"), 4),
        ("fargate-4vcpu-30gb", Size(4096, 30_720, "x86_64"), 2),
        ("fargate-16vcpu-120gb-arm64", Size(16_384, 122_880, "arm64"), 16),
        ("fargate-1vcpu-1gb", None, 0),
        ("fargate-1vcpu-2.5gb", None, 0),
        ("fargate-8vcpu-17gb", None, 0),
        ("fargate-3vcpu-6gb", None, 0),
        ("fargate-0vcpu-2gb", None, 0),
        ("fargate-1vcpu-2gb-x86", None, 0),
        ("c8g.medium", None, 0),
    ],
)
def test_a_size_is_one_that_fargate_has(name: str, size: Size | None, cores: int) -> None:
    if size is not None:
        assert size_of(name) == size
        facts = size.facts
        assert (facts.cores, facts.architecture) == (cores, size.architecture)
        assert facts.memory_bytes == size.memory_mib * 2**20
        return
    with pytest.raises(LaunchFailed) as caught:
        size_of(name)
    assert caught.value.code == "unsupported"
    assert name in caught.value.words


def test_the_remedy_names_the_memories_that_go_with_the_cpu() -> None:
    with pytest.raises(LaunchFailed) as caught:
        size_of("fargate-0.5vcpu-8gb")
    assert caught.value.remedy == "take one of 1, 2, 3, 4 GB"
