"""h2load 1.52 over HTTP/1.1: saturation.

Its traps, each looked after here: it exits with 0 where nothing listens; it tells of no error where the server dies; rows of its
log may have status 0; two answers to one request are two; its own statistics have no percentiles. It tells the bytes of all
bodies together, not of each.
"""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from runner_image.workloads.http.load.driver import (
    CLASSES,
    ERRORS,
    Commands,
    Ended,
    Missing,
    Request,
    Saturation,
    Target,
    ToolFailed,
    Version,
)

LOG, BODY = "h2load.log", "h2load.body"
NOT_FOUND = 127
OVERTIME_S = 30.0
SOONEST_US = 2  # no answer comes sooner: the way there and back takes longer, even on the same machine
SILENT, SILENT_S = 0.1, 0.3  # share of the time, at its end, and seconds, within which a live server answers something
REMEDY = "on Debian and Ubuntu, apt-get install nghttp2-client"
_VERSION = re.compile(r"nghttp2/(\S+)")
_REQUESTS = re.compile(
    r"requests: (\d+) total, (\d+) started, (\d+) done, (\d+) succeeded, (\d+) failed, (\d+) errored, (\d+) timeout"
)
_WHOLE_BYTES = 1024  # a body of so many comes at once
_OTHERS_BYTES = 4096  # of an answer with another status, at most
_EACH = re.compile(r"^req/s\s*:\s*([\d.]+)\s+[\d.]+\s+([\d.]+)", re.MULTILINE)  # least and mean of the connections
FEWEST_ANSWERS, LEAST_SHARE = 10, 0.1  # of the mean connection; a connection's share of it, below which it was starved
_TRAFFIC = re.compile(r"traffic: .*\((\d+)\) total, .*\(\d+\) headers.*, .*\((\d+)\) data")


class Row(NamedTuple):
    """A line of the log: when it was sent (microseconds since 1970), its status, how long it took (microseconds)."""

    sent_us: int
    status: int
    took_us: int


class H2load:
    name = "h2load"

    def __init__(self, commands: Commands) -> None:
        self._commands = commands
        self._found: Version | Missing | None = None

    def probe(self) -> Version | Missing:
        """Looked for once."""
        self._found = self._found or self._look()
        return self._found

    def _look(self) -> Version | Missing:
        ended = self._commands([self.name, "--version"], timeout_s=OVERTIME_S)
        found = _VERSION.search(ended.stdout)
        return Version(self.name, found[1]) if found else Missing(self.name, REMEDY)

    def saturate(
        self,
        target: Target,
        request: Request,
        *,
        connections: int,
        duration_s: float,
        keep_alive: bool = True,
        cores: Sequence[int] = (),
    ) -> Saturation:
        """Raises ToolFailed where h2load is missing or breaks, and without keep-alive: it does not connect again."""
        if not keep_alive:
            raise ToolFailed("h2load does not connect again after an answer: choose wrk for keep-alive off")
        whole_s = max(1, round(duration_s))
        words = [f"-D{whole_s}", *self._words(request)]
        argv = [self.name, "--h1", "-t1", f"-c{connections}", f"--log-file={LOG}", *words, target.url + request.path]
        self._commands.write(LOG, b"")
        ended = self._commands(argv, timeout_s=whole_s + OVERTIME_S, cores=cores)
        return read(ended, self._commands.read(LOG), request, connections=connections, duration_s=whole_s, argv=argv)

    def _words(self, request: Request) -> list[str]:
        words = [f"--header={name}: {value}" for name, value in request.headers]
        if request.body and request.method != "POST":
            raise ToolFailed(f"h2load sends each body as POST, not {request.method}: choose wrk")
        if request.body:
            self._commands.write(BODY, request.body)
            words.append(f"--data={BODY}")
        elif request.method != "GET":
            raise ToolFailed(f"h2load cannot send {request.method} without a body: choose wrk")
        return words


def rows(log: bytes) -> Iterator[Row]:
    """Rows without a status are of requests that had no answer."""
    for line in log.splitlines():
        fields = line.split(b"\t")
        if len(fields) == 3 and all(field.lstrip(b"-").isdigit() for field in fields):
            yield Row(*map(int, fields))


def read(
    ended: Ended, log: bytes, request: Request, *, connections: int, duration_s: float, argv: Sequence[str]
) -> Saturation:
    if ended.code == NOT_FOUND:
        raise ToolFailed(str(Missing(H2load.name, REMEDY)))
    counts = _REQUESTS.search(ended.stdout)
    if ended.code or counts is None:
        raise ToolFailed(f"h2load gave no report (exit code {ended.code}): {(ended.stderr or ended.stdout)[-500:]}")
    errored, timed_out = int(counts[6]), int(counts[7])
    answered = [row for row in rows(log) if row.status > 0]
    errors = {**dict.fromkeys(ERRORS, 0), "read": errored + _unasked(answered), "timeout": timed_out}
    if not answered and not errored:
        errors["connect"] = connections
    if _fell_silent(answered, duration_s):
        errors["read"] += max(1, int(counts[2]) - int(counts[3]))
    wrong = _wrong_bodies(ended.stdout, request, answered, connections)
    right = sum(row.status == request.expected_status for row in answered)
    return Saturation(
        tool=H2load.name,
        argv=tuple(argv),
        connections=connections,
        keep_alive=True,
        duration_s=duration_s,
        requests=len(answered),
        ok=right - wrong,
        by_class=_by_class(answered),
        wrong_body=wrong,
        errors=errors,
        bytes=_bytes(ended.stdout),
        in_flight=sum(row.took_us for row in answered) / 1e6 / duration_s if answered else None,
        starved=starved(ended.stdout, duration_s),
        client_cpu_s=ended.cpu_s,
        raw=ended.stdout + ended.stderr,
    )


def _fell_silent(answered: Sequence[Row], duration_s: float) -> bool:
    """Whether answers ended well before the time: h2load counts no error where a server dies, and does not connect again."""
    if not answered:
        return False
    first, last = min(row.sent_us for row in answered), max(row.sent_us + row.took_us for row in answered)
    longest = max(row.took_us for row in answered)
    return duration_s * 1e6 - (last - first) > max(SILENT * duration_s, SILENT_S) * 1e6 + longest


def starved(stdout: str, duration_s: float) -> int | None:
    """1 where the slowest connection had all but no answers, however many others there were. None where it is not told."""
    found = _EACH.search(stdout)
    if found is None:
        return None
    least, mean = float(found[1]), float(found[2])
    return int(mean * duration_s >= FEWEST_ANSWERS and least < LEAST_SHARE * mean)


def _unasked(answered: Sequence[Row]) -> int:
    """Answers that nobody asked for: h2load takes each for that to the next request, which it has just sent."""
    return sum(row.took_us <= SOONEST_US for row in answered)


def _by_class(answered: Sequence[Row]) -> dict[str, int]:
    counts = Counter(f"{row.status // 100}xx" for row in answered)
    known = {name: counts[name] for name in CLASSES[:-1]}
    return {**known, "other": len(answered) - sum(known.values())}


def _bytes(stdout: str) -> int | None:
    traffic = _TRAFFIC.search(stdout)
    return int(traffic[1]) if traffic else None


def _wrong_bodies(stdout: str, request: Request, answered: Sequence[Row], connections: int) -> int:
    """All right answers where their bytes do not add up; h2load does not say which ones are wrong.

    Bodies that were under way when the time was up are counted by it, but not as answers: at most one for each connection.
    Of answers with another status the bytes are not known.
    """
    traffic, right = _TRAFFIC.search(stdout), [row for row in answered if row.status == request.expected_status]
    if request.response_bytes is None or traffic is None or not right:
        return 0
    over = int(traffic[2]) - len(right) * request.response_bytes
    slack = len(right) // 2  # so that one byte less, or more, in each answer is seen
    under_way = connections * request.response_bytes if request.response_bytes > _WHOLE_BYTES else 0
    others = (len(answered) - len(right)) * _OTHERS_BYTES
    return 0 if -slack <= over <= slack + under_way + others else len(right)
