"""Bytes from a presigned URL into a file, through broken connections and expired signatures."""

from collections.abc import Awaitable, Callable
from contextlib import aclosing
from dataclasses import dataclass, field

import httpx
from benchfleet_contract.runs import Archive

from benchfleet.api.part_file import PartFile
from benchfleet.api.refusals import refusal, translated
from benchfleet.api.retries import pause_s
from benchfleet.api.session import USER_AGENT, Session, shown, timeout
from benchfleet.exceptions import ApiError, ArchiveError, BenchfleetError, ServerError, Unreachable

_STALE = frozenset({412, 416})  # what we hold is no part of what is there now
_PARTIAL = 206


@dataclass(frozen=True)
class Source:
    """`url` is the right to read `archive` for a while: no key is sent along."""

    url: str = field(repr=False)
    archive: Archive = field(repr=False)


@dataclass
class Transfer:
    """`sign` asks for a fresh URL; `tell` is called after each piece."""

    session: Session
    part: PartFile
    sign: Callable[[], Awaitable[Source]]
    tell: Callable[[Archive], None]
    resumed: bool = False
    _etag: str | None = None

    async def fetch(self, source: Source) -> Source:
        """Returns the source that the last of the file came from. Raises BenchfleetError when nothing helps any more."""
        failures = refusals = most_bytes = 0
        while True:
            try:
                await self._read(source)
                return source
            except (Unreachable, ServerError) as error:
                failures += 1
                if self.part.size_bytes > most_bytes:  # further than ever, or it could begin anew for ever
                    failures, refusals, most_bytes = 0, 0, self.part.size_bytes
                await self._pause(error, max(0, failures - 1))
            except ApiError:
                refusals += 1
                if refusals > 1:
                    raise
                source = await self.sign()

    async def _pause(self, error: BenchfleetError, number: int) -> None:
        seconds = pause_s(error, number=number, repeatable=True, random=self.session.entropy.random)
        if seconds is None:
            raise error
        await self.session.runtime.sleep(seconds)

    async def _restart(self) -> None:
        self._etag = None
        await self.session.runtime.call(self.part.restart)

    async def _read(self, source: Source) -> None:
        request = self._request(source.url)
        with translated(request):
            response = await self.session.runtime.open(request)
        try:
            await self._accept(response)
            with translated(request):
                await self._copy(response, source.archive)
        finally:
            await self.session.runtime.release(response)
        _check_size(self.part, source.archive)

    def _request(self, url: str) -> httpx.Request:
        headers = {"User-Agent": USER_AGENT, "Accept-Encoding": "identity"}
        if self.part.size_bytes and self._etag:
            headers |= {"Range": f"bytes={self.part.size_bytes}-", "If-Match": self._etag}
        return httpx.Request("GET", url, headers=headers, extensions={"timeout": timeout().as_dict()})

    async def _accept(self, response: httpx.Response) -> None:
        """Leaves the part file as long as where the answer begins."""
        if response.status_code in _STALE:
            await self._restart()
            raise Unreachable("the archive has changed while it was downloaded")
        if not response.is_success:
            raise self._refused(response)
        begins = f"bytes {self.part.size_bytes}-"
        if response.status_code == _PARTIAL and response.headers.get("Content-Range", "").startswith(begins):
            self.resumed = True
            return
        await self._restart()
        if response.status_code == _PARTIAL:
            raise Unreachable(f"{shown(response.request.url)} sent another part than the one asked for")
        self.resumed = False
        self._etag = response.headers.get("ETag")

    def _refused(self, response: httpx.Response) -> ApiError:
        """A plain ApiError where it is not for now only: 403 is about the signature here, not about the key."""
        error = refusal(response, now_s=self.session.entropy.now())
        return error if isinstance(error, ServerError) else ApiError(str(error), status=error.status)

    async def _copy(self, response: httpx.Response, archive: Archive) -> None:
        runtime = self.session.runtime
        async with aclosing(runtime.chunks(response)) as chunks:
            async for chunk in chunks:
                await runtime.call(self.part.write, chunk)
                if archive.size_bytes is not None and self.part.size_bytes > archive.size_bytes:
                    raise ArchiveError(f"the archive has more than the {archive.size_bytes} bytes that the API says")
                self.tell(archive)


def _check_size(part: PartFile, archive: Archive) -> None:
    if archive.size_bytes is not None and part.size_bytes < archive.size_bytes:
        raise Unreachable(f"the download ended after {part.size_bytes} of {archive.size_bytes} bytes")
