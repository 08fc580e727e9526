"""The official image of the ruby that is to be measured."""

import re
from collections.abc import Mapping

from benchfleet_contract.workloads.ruby_bench import RubyBenchOptions

from runner_image.image.labels import RUBY_LABEL
from runner_image.isolation.protocol import OfficialImage
from runner_image.workloads.ruby_bench.suite import same_ruby

VARIABLE = "RUBY_VERSION"  # of the official images
PACKAGES = ("python3", "git", "ca-certificates", "clang", "libclang-dev", "nodejs", "npm")  # as our own image has them
_VERSION = re.compile(r"\d+\.\d+(\.\d+)?(-?(preview|rc)\d+)?")


def official(options: RubyBenchOptions, ruby_version: str | None) -> OfficialImage | None:
    """`ruby:<version>`; None where a ruby or a suite of the user's own is to be measured, or any ruby will do."""
    wanted = (options.ruby_version or ruby_version or "").removeprefix("ruby-")
    own = options.ruby != "ruby" or options.path is not None
    if own or not options.require_ruby_version or not _VERSION.fullmatch(wanted):
        return None
    tag = re.sub(r"(?<=\d)(preview|rc)", r"-\1", wanted)

    def is_in(facts: Mapping[str, str]) -> bool:
        found = facts.get(RUBY_LABEL) or facts.get(VARIABLE) or ""
        return bool(found) and same_ruby(wanted, f"ruby {found}", engine="ruby", engine_version=found)

    return OfficialImage(f"ruby:{tag}", PACKAGES, is_in)
