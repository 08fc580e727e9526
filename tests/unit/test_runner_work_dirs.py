"""What killed runners left is removed; what is alive, kept, linked or somebody else's is not."""

import os
from pathlib import Path

import pytest

from runner_image.logs import Log
from runner_image.task.work_dirs import LOCK, remove_orphans, work_dir


def left(work_root: Path, name: str = "task-runner-r.1-abc") -> Path:
    """As a runner leaves it that was killed."""
    root = work_root / name
    (root / "work").mkdir(parents=True)
    (root / "work" / "output.txt").write_text("x")
    (root / LOCK).touch(mode=0o600)
    return root


def test_what_a_dead_runner_left_is_removed(tmp_path: Path) -> None:
    records: list[object] = []
    root = left(tmp_path)
    assert remove_orphans(tmp_path, log=Log(sinks=(lambda r: records.append((r["event"], r["path"])),))) == [root]
    assert records == [("orphan_removed", str(root))]
    assert list(tmp_path.iterdir()) == []


def test_a_live_runners_folder_stays_and_goes_with_its_task(tmp_path: Path) -> None:
    with work_dir(tmp_path, "r.1", keep=False, log=Log()) as root:
        assert remove_orphans(tmp_path, log=Log()) == []
        assert (root / "work").is_dir()
    assert list(tmp_path.iterdir()) == []


def test_what_was_kept_is_never_taken_for_forgotten(tmp_path: Path) -> None:
    with work_dir(tmp_path, "r.1", keep=True, log=Log()) as root:
        pass
    assert remove_orphans(tmp_path, log=Log()) == []
    assert root.is_dir()


def test_foreign_folders_files_and_links_are_left_alone(tmp_path: Path) -> None:
    elsewhere = left(tmp_path / "elsewhere", "precious")
    (tmp_path / "task-runner-link").symlink_to(elsewhere)
    (tmp_path / "task-runner-file").write_text("mine")
    (tmp_path / "task-runner-unmarked" / "work").mkdir(parents=True)
    odd = tmp_path / "task-runner-odd"
    (odd / LOCK).mkdir(parents=True)
    linked = tmp_path / "task-runner-linked-lock"
    linked.mkdir()
    (linked / LOCK).symlink_to(elsewhere / LOCK)
    piped = tmp_path / "task-runner-piped"
    piped.mkdir()
    os.mkfifo(piped / LOCK)
    before = sorted(tmp_path.rglob("*"))
    assert remove_orphans(tmp_path, log=Log()) == []
    assert sorted(tmp_path.rglob("*")) == before


def test_links_inside_are_removed_and_not_followed(tmp_path: Path) -> None:
    precious = tmp_path / "precious"
    precious.mkdir(mode=0o500)
    (tmp_path / "root").mkdir()
    root = left(tmp_path / "root")
    (root / "work" / "away").symlink_to(precious)
    locked = root / "work" / "locked"
    (locked / "deep").mkdir(parents=True)
    locked.chmod(0)
    assert remove_orphans(tmp_path / "root", log=Log()) == [root]
    assert precious.stat().st_mode & 0o777 == 0o500


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
def test_another_users_folder_is_left_alone(tmp_path: Path) -> None:
    root = left(tmp_path)
    os.chown(root, 65534, 65534)
    assert remove_orphans(tmp_path, log=Log()) == []
    os.chown(root, 0, 0)
    os.chown(root / LOCK, 65534, 65534)
    assert remove_orphans(tmp_path, log=Log()) == []


def test_a_work_root_that_is_not_there_is_no_problem(tmp_path: Path) -> None:
    assert remove_orphans(tmp_path / "later", log=Log()) == []


def test_folders_within_each_other_without_end_are_removed(tmp_path: Path) -> None:
    """Else a benchmark leaves what fails its task, ends its slot and stops every later start of a runner."""
    with work_dir(tmp_path, "r.1", keep=False, log=Log()) as root:
        nest(root / "work", levels=1_200)
    assert list(tmp_path.iterdir()) == []
    nest(left(tmp_path) / "work", levels=1_200)
    assert len(remove_orphans(tmp_path, log=Log())) == 1
    assert list(tmp_path.iterdir()) == []


def nest(folder: Path, *, levels: int) -> None:
    """No path to the innermost one is short enough for the system: each is made from within the one before."""
    inside = os.open(folder, os.O_RDONLY)
    for _ in range(levels):
        os.mkdir("deeper", dir_fd=inside)
        outside, inside = inside, os.open("deeper", os.O_RDONLY, dir_fd=inside)
        os.close(outside)
    os.close(inside)
