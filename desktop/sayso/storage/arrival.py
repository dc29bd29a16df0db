"""The files of a model on their way over the network: in pieces, resumed, hashed as they land.

Source: RFC 9110 section 14 (ranges) and 13.1.5 (If-Range). The hub answers
`/REPOSITORY/resolve/REVISION/FILE` with the file or a redirect to its content network.
"""

from __future__ import annotations

import contextlib
import hashlib
import ipaddress
import os
import shutil
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, TYPE_CHECKING

import attrs
import httpx2

from ..core.problems import Problem, ProblemError, replaced, untyped_problem
from ..stt.ondevice.models.catalog import Model
from ..stt.ondevice.models.manifest import ModelFile

if TYPE_CHECKING:
    from hashlib import _Hash

HUB = "https://huggingface.co"
BLOCK_BYTES = 1 << 18
LONGEST_CHAIN = 8
"""Of redirects."""
ETAG = ".etag"
PASSING = frozenset({408, 425, 429, 500, 502, 503, 504})
"""Answers that may be others in a moment."""
KEPT = "What has arrived is kept: the next download goes on from there."

Progress = Callable[[int, int], None]
"""Bytes that are here, bytes in all."""


def _free_bytes(folder: Path) -> int:
    return shutil.disk_usage(folder).free


@attrs.frozen(kw_only=True)
class Source:
    """Where and how patiently; only tests ask for another than this."""

    base: str = attrs.field(default=HUB)
    timeout_s: float = 15.0
    """For a connection, and for each piece of an answer."""
    pauses_s: tuple[float, ...] = (1.0, 2.0, 4.0, 8.0)
    """Between attempts that bring nothing; after the last one it is given up."""
    free_bytes: Callable[[Path], int] = _free_bytes

    @base.validator
    def _encrypted(self, _: object, value: str) -> None:
        if not _allowed(httpx2.URL(value), plain_loopback=True):
            raise ValueError(f"{value} is neither https nor on this computer")


class Fetch:
    """All files of a model, into a folder."""

    def __init__(
        self,
        model: Model,
        part: Path,
        progress: Progress,
        cancelled: threading.Event,
        source: Source,
    ) -> None:
        self._model, self._part, self._source = model, part, source
        self._progress, self._cancelled = progress, cancelled
        self._before = 0
        """Bytes of the files that are whole."""

    def run(self) -> bool:
        """Every file, one after the other; False when it was cancelled. Blocks.

        Raises:
            ProblemError: It cannot be had, or is not what was published.
            OSError: It cannot be written.
        """
        with httpx2.Client(timeout=self._source.timeout_s) as client:
            for file in self._model.files:
                with (self._part / file.name).open("a+b") as landed:
                    arrival = Arrival(file, landed)
                    if not self._whole(client, arrival):
                        return False
                    os.fsync(landed.fileno())
                self._before += file.size_bytes
        return True

    def _whole(self, client: httpx2.Client, arrival: Arrival) -> bool:
        """Until the file is complete, in as many attempts as bring something."""
        for _ in arrival.hash_what_is_there():
            self._tell(arrival)
            if self._cancelled.is_set():
                return False
        failures, furthest = 0, arrival.bytes
        while not arrival.complete:
            problem = self._tried(client, arrival)
            if self._cancelled.is_set():
                return False
            failures = 0 if arrival.bytes > furthest else failures + 1
            furthest = max(furthest, arrival.bytes)
            if failures > len(self._source.pauses_s):
                raise ProblemError(problem)
            if failures and self._cancelled.wait(self._source.pauses_s[failures - 1]):
                return False
        if not arrival.right:
            arrival.start_anew("")
            raise ProblemError(
                untyped_problem(
                    f"The model {self._model.title} did not arrive as it was published: "
                    f"{arrival.file.name} is different.",
                    "Download it again, perhaps from another network.",
                    "recognition",
                )
            )
        return True

    def _tried(self, client: httpx2.Client, arrival: Arrival) -> Problem:
        """One attempt; what to tell if it brought nothing."""
        try:
            self._attempt(client, arrival)
        except httpx2.TransportError as error:
            return _of_transport(error, self._host)
        except _Busy as busy:
            return busy.problem
        except (httpx2.InvalidURL, UnicodeError) as error:
            raise ProblemError(self._strange(f"it leads to no address: {error}")) from error
        return _broken_off()

    def _attempt(self, client: httpx2.Client, arrival: Arrival) -> None:
        url = f"{self._base}/{arrival.file.name}"
        with self._answer(client, httpx2.URL(url), arrival.wanted()) as answer:
            if answer.status_code == 206 and arrival.goes_on(answer.headers):
                pass
            elif answer.status_code in (200, 206):
                # 200: the server has another file now, or knows no ranges. 206: not ours.
                arrival.start_anew(answer.headers.get("etag", ""))
                if answer.status_code == 206:
                    return
            else:
                self._refused(answer, arrival)
                return
            for block in answer.iter_raw():
                arrival.take(block)
                self._tell(arrival)
                if self._cancelled.is_set() or arrival.complete:
                    return

    @contextlib.contextmanager
    def _answer(
        self, client: httpx2.Client, url: httpx2.URL, headers: dict[str, str]
    ) -> Iterator[httpx2.Response]:
        """The last of a chain of redirects, each of which stays encrypted."""
        plain = httpx2.URL(self._source.base).scheme == "http"
        for _ in range(LONGEST_CHAIN):
            if not _allowed(url, plain_loopback=plain):
                raise ProblemError(
                    untyped_problem(
                        f"{self._host} leads to an address that is not encrypted.",
                        "Try again from another network.",
                        "recognition",
                        f"{url.scheme}://{url.host}",
                    )
                )
            with client.stream("GET", url, headers=headers) as answer:
                if not answer.has_redirect_location:
                    yield answer
                    return
                url = answer.url.join(answer.headers["location"])
        raise ProblemError(self._strange("it leads in circles"))

    def _refused(self, answer: httpx2.Response, arrival: Arrival) -> None:
        status = answer.status_code
        if status == 416:  # what is here is no beginning of what is there
            arrival.start_anew("")
        elif status in PASSING:
            raise _Busy(
                untyped_problem(
                    f"{self._host} is busy.",
                    f"Try again in a few minutes. {KEPT}",
                    "recognition",
                    f"HTTP {status}",
                )
            )
        elif status in (401, 403, 404, 410):
            raise ProblemError(
                untyped_problem(
                    f"{self._host} does not give out the model {self._model.title} any more.",
                    "Choose another.",
                    "recognition",
                    f"HTTP {status}",
                )
            )
        else:
            raise ProblemError(self._strange(f"HTTP {status}"))

    def _strange(self, detail: str) -> Problem:
        return untyped_problem(
            f"{self._host} gave an answer Sayso does not know.", KEPT, "recognition", detail
        )

    def _tell(self, arrival: Arrival) -> None:
        self._progress(self._before + arrival.bytes, self._model.size_bytes)

    @property
    def _host(self) -> str:
        return httpx2.URL(self._source.base).host

    @property
    def _base(self) -> str:
        model = self._model
        return f"{self._source.base}/{model.repository}/resolve/{model.manifest.revision}"


class _Busy(Exception):
    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.sentence)
        self.problem = problem


class Arrival:
    """One file as it comes, hashed on its way to the disk."""

    def __init__(self, file: ModelFile, landed: IO[bytes]) -> None:
        self.file, self._landed = file, landed
        self._digest: _Hash = hashlib.sha256()
        self.bytes = 0

    @property
    def complete(self) -> bool:
        return self.bytes >= self.file.size_bytes

    @property
    def right(self) -> bool:
        return self.bytes == self.file.size_bytes and self._digest.hexdigest() == self.file.sha256

    def hash_what_is_there(self) -> Iterator[None]:
        """What an earlier download brought; a step for each block."""
        self._landed.seek(0)
        while self.bytes <= self.file.size_bytes and (block := self._landed.read(BLOCK_BYTES)):
            self._digest.update(block)
            self.bytes += len(block)
            yield
        if self.bytes > self.file.size_bytes:
            self.start_anew("")

    def wanted(self) -> dict[str, str]:
        """The headers of a request for what is missing."""
        headers = {"accept-encoding": "identity"}
        if self.bytes:
            headers["range"] = f"bytes={self.bytes}-"
            with contextlib.suppress(FileNotFoundError):
                if etag := self._etag.read_text("utf-8"):
                    headers["if-range"] = etag
        return headers

    def goes_on(self, headers: httpx2.Headers) -> bool:
        """Whether a partial answer begins where we are."""
        return headers.get("content-range", "").startswith(f"bytes {self.bytes}-")

    def start_anew(self, etag: str) -> None:
        self._landed.seek(0)
        self._landed.truncate()
        self._digest, self.bytes = hashlib.sha256(), 0
        # A weak one may not be sent back with a range; the hash finds a mixture anyway.
        self._etag.write_text("" if etag.startswith("W/") else etag, "utf-8")

    def take(self, block: bytes) -> None:
        block = block[: self.file.size_bytes - self.bytes]
        self._landed.write(block)
        self._digest.update(block)
        self.bytes += len(block)

    @property
    def _etag(self) -> Path:
        return Path(f"{self._landed.name}{ETAG}")


def _allowed(url: httpx2.URL, *, plain_loopback: bool) -> bool:
    if url.scheme == "https" and url.host:
        return True
    if url.scheme != "http" or not plain_loopback:
        return False
    with contextlib.suppress(ValueError):
        return ipaddress.ip_address(url.host).is_loopback
    return False


def _broken_off() -> Problem:
    return untyped_problem("The download broke off.", KEPT, "recognition")


def _of_transport(error: httpx2.TransportError, host: str) -> Problem:
    detail = f"{type(error).__name__}: {error}"
    causes = list(_causes(error))
    if isinstance(error, httpx2.ProxyError):
        what, remedy = f"The proxy does not let Sayso reach {host}.", "Check the proxy's settings."
    elif any(isinstance(cause, ssl.SSLCertVerificationError) for cause in causes):
        what, remedy = f"The certificate of {host} is not trusted.", "Try from another network."
    elif any(isinstance(cause, socket.gaierror) for cause in causes):
        what, remedy = "There is no internet.", KEPT
    elif isinstance(error, httpx2.ConnectError | httpx2.TimeoutException):
        what, remedy = f"{host} did not answer.", KEPT
    else:
        return replaced(_broken_off(), detail=detail)
    return untyped_problem(what, remedy, "recognition", detail)


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__
