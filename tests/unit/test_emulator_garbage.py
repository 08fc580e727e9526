"""What the emulator loads late and keeps is no work for the garbage collector."""

import gc

import pytest

from local_emulator.garbage import staying


def test_what_is_made_meanwhile_stays_and_nothing_is_collected() -> None:
    before = gc.get_freeze_count()
    with staying():
        assert not gc.isenabled()
        kept = [[number] for number in range(1_000)]
    assert gc.get_freeze_count() - before >= len(kept)


@pytest.mark.parametrize("was_on", [True, False])
def test_the_collector_is_as_it_was_even_if_loading_fails(*, was_on: bool) -> None:
    if not was_on:
        gc.disable()
    try:
        with pytest.raises(ImportError), staying():
            raise ImportError
        assert gc.isenabled() is was_on
    finally:
        gc.enable()
