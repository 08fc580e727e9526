"""In which order the workers of a test run import its files."""

from tests.collecting import own_share_first

FILES = ["a", "b", "c", "d", "e"]


def test_each_worker_begins_elsewhere_and_takes_all() -> None:
    orders = [own_share_first(FILES, worker=worker, workers=3) for worker in range(3)]
    assert [order[0] for order in orders] == ["a", "b", "d"]
    assert all(sorted(order) == FILES for order in orders)


def test_more_workers_than_files_is_no_trouble() -> None:
    assert [own_share_first(["a"], worker=worker, workers=4) for worker in range(4)] == [["a"]] * 4
    assert own_share_first([], worker=1, workers=2) == []
