"""The script of a machine's first boot, as text: quoting, size, and that it is the same each time."""

import gzip
import shlex
from dataclasses import replace
from random import Random

import pytest
from benchfleet_contract.machines.script import MAX_BYTES, Machine, packed, script

from tests.each_case import each_case

MACHINE = Machine(
    api_url="https://api.example/api",
    run_id="r-1",
    provider="aws",
    instance_type="c8g.xlarge",
    image="image@sha256:0",
    key_command="aws ssm get-parameter",
)


def test_it_fits_into_user_data_as_it_is_and_is_the_same_each_time() -> None:
    text = script(MACHINE)
    assert packed(text) == text.encode()
    assert script(MACHINE) == text


@each_case("value", ["it's $(reboot) `reboot` \\ \"; reboot; #", "two\nlines", "ünicode 🚀", "-n"])
def test_a_setting_is_one_word_of_the_shell_whatever_it_holds(value: str) -> None:
    text = script(replace(MACHINE, provider=value))
    begins = text.index("PROVIDER=")
    word = shlex.split(text[begins : text.index("\nINSTANCE_TYPE=")])
    assert word == [f"PROVIDER={value}"]


def test_a_zero_byte_is_refused() -> None:
    with pytest.raises(ValueError, match="zero byte"):
        script(replace(MACHINE, provider="a\0b"))


@each_case(("command", "text"), [("", ""), ("a", "b")])
def test_the_key_is_named_exactly_once(command: str, text: str) -> None:
    with pytest.raises(ValueError, match="named once"):
        script(replace(MACHINE, key_command=command, key_text=text))


def test_what_does_not_fit_is_gzipped_the_same_each_time() -> None:
    text = script(replace(MACHINE, end_command="x" * MAX_BYTES))
    small = packed(text)
    assert len(small) <= MAX_BYTES
    assert gzip.decompress(small).decode() == text
    assert packed(text) == small


def test_what_does_not_fit_even_so_is_refused_with_its_size() -> None:
    noise = Random(1).randbytes(40_000).hex()
    with pytest.raises(ValueError, match="bytes, gzipped; at most 16,384"):
        packed(noise)
