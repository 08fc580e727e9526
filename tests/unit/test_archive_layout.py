from chalicelib.archive import layout


def test_every_key_of_a_run_lies_under_its_own_prefix() -> None:
    keys = [
        layout.request_key("r"),
        layout.plan_key("r"),
        layout.archive_key("r"),
        layout.result_key("r", 7, 2, "n0"),
        layout.error_key("r", 7, 2, "n0"),
    ]
    assert keys == [
        "runs/r/request.json",
        "runs/r/plan.jsonl",
        "runs/r/results.tar.gz",
        "runs/r/results/7/2-n0/result.tar.gz",
        "runs/r/results/7/2-n0/error.tar.gz",
    ]


def test_a_result_is_named_by_its_issued_key_or_by_the_name_that_reference_clients_make_up() -> None:
    issued = layout.result_key("r", 7, 2, "n0")
    assert layout.names_result(issued, issued=issued, run_id="r", number=7)
    assert layout.names_result("results/r/task_r.7_result.tar.gz", issued=issued, run_id="r", number=7)


def test_no_other_key_names_a_result_or_an_error() -> None:
    issued, error = layout.result_key("r", 7, 2, "n0"), layout.error_key("r", 7, 2, "n0")
    others = ["", "runs/other/results.tar.gz", layout.result_key("r", 7, 1, "n0"), "results/r/task_r.8_result.tar.gz"]
    for key in [*others, error]:
        assert not layout.names_result(key, issued=issued, run_id="r", number=7)
    for key in [*others, issued, "results/r/task_r.7_result.tar.gz"]:
        assert not layout.names_error(key, issued=error, run_id="r", number=7)
    assert layout.names_error("results/r/task_r.7_error.tar.gz", issued=error, run_id="r", number=7)
