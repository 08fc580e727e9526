"""What the script before each load command writes, read again."""

import pytest

from runner_image.workloads.http.load.spent import told
from tests.each_case import each_case


@each_case(
    ("times", "cpu_s"),
    [
        ("0m0.000000s 0m0.000000s\n0m0.280000s 0m1.420000s\n", 1.7),  # dash
        ("0m0.003s 0m0.000s\n2m0.5s 0m0.25s\n", 120.75),  # bash
        ("0m0,003s 0m0,000s\n0m0,500s 0m0,250s\n", 0.75),  # bash in a language with a decimal comma
    ],
)
def test_the_times_of_what_the_shell_waited_for_count(times: str, cpu_s: float) -> None:
    code, seconds = told(f"137\n{times}")
    assert code == 137
    assert seconds == pytest.approx(cpu_s)


def test_half_a_file_is_no_time() -> None:
    with pytest.raises(ValueError, match="values to unpack"):
        told("0\n0m0.0s 0m0.0s\n")
