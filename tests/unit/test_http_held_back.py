"""How long threads waited for a core, as the kernel tells it."""

from pathlib import Path

import pytest

from runner_image.workloads.http.resources.held_back import waits


def test_waits_are_those_of_each_thread_and_what_is_gone_has_none(tmp_path: Path) -> None:
    for thread, text in {"7": "100 2500000000 3\n", "8": "100 500000000 3\n", "9": "odd\n"}.items():
        folder = tmp_path / "7" / "task" / thread
        folder.mkdir(parents=True)
        (folder / "schedstat").write_text(text)
    found = waits({7, 12345}, tmp_path)
    assert found == {(7, "7"): pytest.approx(2.5), (7, "8"): pytest.approx(0.5)}
