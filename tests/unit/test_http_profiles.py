"""What profilers write, as files of speedscope; which one suits which runtime; and what is hottest."""

import json
from typing import Any

from runner_image.workloads.http.profiling import cpuprofile, perf_script, profilers, speedscope
from runner_image.workloads.http.profiling.speedscope import Sample
from tests.each_case import each_case


def frame(name: str, url: str = "", line: int = -1) -> dict[str, Any]:
    return {"functionName": name, "url": url, "lineNumber": line}


V8 = {
    "nodes": [
        {"id": 1, "callFrame": frame("(root)"), "children": [2, 3]},
        {"id": 2, "callFrame": frame("(idle)")},
        {"id": 3, "callFrame": frame("serve", "file:///app/server.js", 6), "children": [4]},
        {"id": 4, "callFrame": frame("", "node:internal/json", 0)},
    ],
    "samples": [3, 2, 4, 4],
    "timeDeltas": [9, 100, 50, 200],
}
PERF = """python3 12 1.0:
\tffffffff81000130 entry_SYSCALL_64 ([kernel.kallsyms])
\t           20b1d open64+0x1d (/usr/lib/ld-linux.so.2)
\t    7fcd260488a8 [unknown] ([unknown])

hyper 13 1.1:
\t            822a <hyper::proto::Conn<I,B> as Foo>::poll (/app/target/release/hyper-bench)
"""


def test_a_cpuprofile_becomes_stacks_of_what_ran() -> None:
    serve, inner = "serve (server.js:7)", "(anonymous) (json:1)"
    assert cpuprofile.samples(V8) == [Sample((serve,), 100), Sample((serve, inner), 200), Sample((serve, inner), 0)]


def test_perf_s_text_becomes_stacks_with_the_innermost_last() -> None:
    first, second = perf_script.samples(PERF.splitlines())
    assert first.stack == ("[unknown]", "open64 (ld-linux.so.2)", "entry_SYSCALL_64 ([kernel.kallsyms])")
    assert second.stack == ("<hyper::proto::Conn<I,B> as Foo>::poll (hyper-bench)",)


def test_the_hottest_are_told_by_their_own_time() -> None:
    told = speedscope.document("f", [Sample(("a", "b"), 3), Sample(("a",), 1), Sample(("c", "b"), 4)], unit="none")
    assert [(one.frame, one.share) for one in speedscope.hottest(told)] == [("b", 0.875), ("a", 0.125)]
    assert speedscope.count(told) == 3
    assert told["profiles"][0]["endValue"] == 8
    assert told["$schema"] == "https://www.speedscope.app/file-format-schema.json"


def test_frames_with_files_and_threads_are_added_up() -> None:
    told = {
        "shared": {"frames": [{"name": "run", "file": "/a/b/app.py", "line": 3}]},
        "profiles": [{"samples": [[0], []], "weights": [1, 1]}, {"samples": [[0]], "weights": [2]}],
    }
    assert [(one.frame, one.share) for one in speedscope.hottest(told)] == [("run (app.py)", 1.0)]


def test_nothing_seen_has_nothing_hottest() -> None:
    assert speedscope.hottest(speedscope.document("f", [], unit="none")) == []


@each_case(
    ("wanted", "runtime", "name"),
    [
        ("auto", "python", "py-spy"),
        ("auto", "python3.14t", "py-spy"),
        ("auto", "node", "cpu-prof"),
        ("auto", "ruby", "rbspy"),
        ("auto", "rustc", "perf"),
        ("auto", "bun", "perf"),
        ("perf", "python", "perf"),
    ],
)
def test_the_runtime_chooses_the_profiler(wanted: str, runtime: str, name: str) -> None:
    assert profilers.chosen(wanted, runtime).name == name


def test_commands_name_the_process_the_time_and_the_file() -> None:
    said = profilers.words(profilers.PY_SPY.attach, pid=7, pids="7,8", seconds=2, rate=100, raw="/w/raw")
    assert " ".join(said[1:]) == (
        "record --pid 7 --duration 2 --rate 100 --subprocesses --format speedscope --output /w/raw"
    )
    said = profilers.words(profilers.RBSPY.attach, pid=7, pids="7,8", seconds=2, rate=100, raw="/w/raw")
    assert " ".join(said) == (  # https://rbspy.github.io/using-rbspy/record.html: two files, both in our folder
        "rbspy record --pid 7 --duration 2 --rate 100 --subprocesses --silent --format speedscope --file /w/raw "
        "--raw-file /w/raw.gz"
    )
    assert profilers.NODE.is_built_in
    assert profilers.words(profilers.NODE.flags, folder="/w")[1:3] == ["--cpu-prof-dir=/w", "--require"]


def test_what_a_profiler_wrote_is_read_by_its_own_rule() -> None:
    made = profilers.NODE.convert(json.dumps(V8).encode(), "hono json-small")
    assert made["name"] == "hono json-small"
    assert profilers.PERF.convert(PERF.encode(), "hyper")["profiles"][0]["unit"] == "none"
