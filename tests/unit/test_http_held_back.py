"""How long threads waited for a core, as the kernel tells it."""

from pathlib import Path

import pytest

from runner_image.workloads.http.resources.held_back import has_priority, kept_for_others, waits
from tests.each_case import each_case


def test_waits_are_those_of_each_thread_and_what_is_gone_has_none(tmp_path: Path) -> None:
    for thread, text in {"7": "100 2500000000 3\n", "8": "100 500000000 3\n", "9": "odd\n"}.items():
        folder = tmp_path / "7" / "task" / thread
        folder.mkdir(parents=True)
        (folder / "schedstat").write_text(text)
    found = waits({7, 12345}, tmp_path)
    assert found == {(7, "7"): pytest.approx(2.5), (7, "8"): pytest.approx(0.5)}


@each_case(("runtime", "share"), [("950000", 0.05), ("-1", 0.0), ("odd", 1.0)])
def test_what_the_kernel_keeps_from_real_time_work(tmp_path: Path, runtime: str, share: float) -> None:
    folder = tmp_path / "sys" / "kernel"
    folder.mkdir(parents=True)
    (folder / "sched_rt_runtime_us").write_text(f"{runtime}\n")
    (folder / "sched_rt_period_us").write_text("1000000\n")
    assert kept_for_others(tmp_path) == pytest.approx(share)


def test_nobody_and_what_is_gone_has_no_priority() -> None:
    assert not has_priority([])
    assert not has_priority([2**22 + 1])
