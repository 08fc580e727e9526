"""What is dropped of a log is counted once, whether its writer appends or goes on where it was."""

from pathlib import Path

from runner_image.workloads.http.life.log_cap import LogCap
from tests.each_case import each_case


@each_case("mode", ["wb", "ab"])
def test_what_was_dropped_is_counted_once(tmp_path: Path, mode: str) -> None:
    path, cap = tmp_path / "log", LogCap([tmp_path / "log"], most_bytes=100_000)
    with path.open(mode) as log:
        for _ in range(10):
            log.write(b"x" * 150_000)
            log.flush()
            cap.look()
    assert 1_500_000 - 100_000 <= cap.cut_bytes <= 1_500_000 + 10 * 8_192
