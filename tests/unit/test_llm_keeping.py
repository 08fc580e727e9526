"""What keeps outcomes safe, and connections apart."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import httpx
import pytest
from benchfleet_contract.fleets.outcomes import Outcome, read_journal

from runner_image.workloads.llm.journal import EVERY_S, FULL, Journal
from runner_image.workloads.llm.transports import Spread


def outcome(number: int, message: str = "") -> Outcome:
    return Outcome.model_validate(
        {
            "key": f"t{number}",
            "test_id": f"t{number}",
            "status": "failure",
            "error": {"kind": "server", "message": message},
        }
    )


class Kept:
    """Chunks by number, and how often each was kept."""

    def __init__(self) -> None:
        self.now = 0.0
        self.chunks: dict[int, list[str]] = {}
        self.calls: list[int] = []

    def keep(self, number: int, outcomes: Sequence[Outcome]) -> None:
        before = self.chunks.get(number, [])
        self.chunks[number] = [each.key for each in outcomes]
        assert self.chunks[number][: len(before)] == before  # what was kept stays
        self.calls.append(number)

    def clock(self) -> float:
        return self.now


def test_a_chunk_grows_until_it_is_full_and_the_next_begins(tmp_path: Path) -> None:
    kept = Kept()

    async def work() -> None:
        journal = Journal(tmp_path, kept=[], keep=kept.keep, clock=kept.clock)
        for number in range(2 * FULL + 10):
            journal.add(outcome(number))
            if number % 20 == 0:
                kept.now += EVERY_S
                await journal.kept()
        await journal.kept(now=True)
        await journal.kept(now=True)
        journal.close()

    asyncio.run(work())
    assert [key for number in sorted(kept.chunks) for key in kept.chunks[number]] == [
        f"t{n}" for n in range(2 * FULL + 10)
    ]
    assert [len(kept.chunks[number]) for number in sorted(kept.chunks)] == [FULL, FULL, 10]
    assert kept.calls == [1, 1, 1, 1, 2, 2, 2, 3, 3]
    assert len(read_journal((tmp_path / "journal.jsonl").read_text())) == 2 * FULL + 10


def test_it_is_not_kept_more_often_than_twice_a_second_and_large_answers_fill_a_chunk(tmp_path: Path) -> None:
    kept = Kept()

    async def work() -> None:
        journal = Journal(tmp_path, kept=[], keep=kept.keep, clock=kept.clock)
        journal.add(outcome(1))
        await journal.kept()
        kept.now += EVERY_S
        await journal.kept()
        await journal.kept()
        journal.add(outcome(2, "x" * 2**20))
        journal.add(outcome(3))
        assert not journal.crowded
        journal.add(outcome(4, "x" * 2**25))
        assert journal.crowded
        await journal.kept(now=True)
        assert not journal.crowded
        journal.close()

    asyncio.run(work())
    assert kept.chunks == {1: ["t1", "t2"], 2: ["t3", "t4"]}


class Counted(httpx.AsyncBaseTransport):
    """Remembers its requests; refuses `/bad`."""

    def __init__(self) -> None:
        self.paths: list[str] = []

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.paths.append(request.url.path)
        if request.url.path == "/bad":
            raise httpx.ConnectError("refused")
        return httpx.Response(200, content=self._body())

    async def _body(self) -> AsyncIterator[bytes]:
        yield b"x"


def test_each_request_under_way_has_a_transport_of_its_own_and_leaves_it_to_the_next() -> None:
    made: list[Counted] = []

    def make() -> Counted:
        made.append(Counted())
        return made[-1]

    async def work() -> None:
        async with httpx.AsyncClient(transport=Spread(make), base_url="http://x") as http:
            first = await http.send(http.build_request("GET", "/1"), stream=True)
            second = await http.send(http.build_request("GET", "/2"), stream=True)
            assert await second.aread() == b"x"
            await second.aclose()
            with pytest.raises(httpx.ConnectError):
                await http.get("/bad")
            await http.get("/3")
            await first.aclose()
            await http.get("/4")

    asyncio.run(work())
    assert [each.paths for each in made] == [["/1", "/4"], ["/2", "/bad", "/3"]]
