"""Downloads the files of a model from the Hugging Face Hub; resumes interrupted downloads.

huggingface_hub is not used, because its `hf_hub_download` (2.4) deletes the downloaded part when it
is interrupted.

Source: RFC 9110 section 14 (range requests). The hub answers
`/REPOSITORY/resolve/REVISION/FILE` with the file or with a redirect to its content network.
"""

from __future__ import annotations

import ipaddress
import os
import shutil
import socket
import ssl
import threading
from collections.abc import Callable
from pathlib import Path

import attrs
import httpx2

from ....core.problems import Problem, ProblemError, ProblemKind
from ....core.problems.models import (
    CERTIFICATE_NOT_TRUSTED,
    DOWNLOAD_DAMAGED,
    HUB_BUSY,
    INTERRUPTED,
    NO_RESPONSE,
    NOT_ENCRYPTED,
    OFFLINE,
    PROXY_FAILED,
    UNEXPECTED_RESPONSE,
    WITHDRAWN,
)
from .catalog import Model, ModelFile
from .locate import file_matches

TEMPORARY_STATUSES = frozenset({408, 425, 429, 500, 502, 503, 504})

Progress = Callable[[int, int], None]
"""Receives the number of downloaded bytes and of all bytes."""


@attrs.frozen(kw_only=True)
class Hub:
    """The server to download from, and time limits."""

    url: str = attrs.field(default="https://huggingface.co")
    timeout_s: float = 15.0
    retry_pauses_s: tuple[float, ...] = (1.0, 2.0, 4.0, 8.0)
    """Pauses before the retries that follow an attempt without any progress."""
    free_bytes: Callable[[Path], int] = lambda folder: shutil.disk_usage(folder).free

    @url.validator
    def _check_url(self, _: object, value: str) -> None:
        if not _is_private(httpx2.URL(value), allow_loopback=True):
            raise ValueError(f"{value} is neither https nor on this computer")

    @property
    def name(self) -> str:
        host = httpx2.URL(self.url).host
        return "Hugging Face" if host == "huggingface.co" else host


class ModelDownload:
    """Downloads all files of a model into a folder, and continues incomplete ones."""

    def __init__(
        self, model: Model, folder: Path, progress: Progress, canceled: threading.Event, hub: Hub
    ) -> None:
        self._model, self._folder, self._hub = model, folder, hub
        self._progress, self._canceled = progress, canceled
        self._finished_bytes = 0
        """Total size of the files before the current one."""
        self._continued = False
        """True if the current file consists of more than one response, which may not match."""

    def run(self) -> bool:
        """Block until the end; return False if `canceled` was set.

        A canceled download ends at once while data arrives, else after `hub.timeout_s`.

        Raises:
            ProblemError: A file is not available, or differs from the published file.
            OSError: A file cannot be written.
        """
        client = httpx2.Client(
            timeout=self._hub.timeout_s,
            follow_redirects=True,
            max_redirects=8,
            event_hooks={"request": [self._check_encryption]},
        )
        with client:
            for file in self._model.files:
                if not self._download(client, file):
                    return False
                self._finished_bytes += file.size_bytes
        return True

    def _download(self, client: httpx2.Client, file: ModelFile) -> bool:
        path = self._folder / file.name
        for may_retry in (True, False):
            self._continued = _size(path) > 0
            if not self._complete(client, file, path):
                return False
            if file_matches(path, file.sha256):
                break
            os.truncate(path, 0)
            if not (may_retry and self._continued):
                raise self._error(DOWNLOAD_DAMAGED, file=file.name)
        return True

    def _complete(self, client: httpx2.Client, file: ModelFile, path: Path) -> bool:
        """Request a file until it is complete; return False if canceled."""
        if _size(path) > file.size_bytes:
            os.truncate(path, 0)
        failures, largest = 0, _size(path)
        while _size(path) < file.size_bytes:
            problem = self._try_request(client, file, path)
            if self._canceled.is_set():
                return False
            failures = 0 if _size(path) > largest else failures + 1
            largest = max(largest, _size(path))
            if failures > len(self._hub.retry_pauses_s):
                raise ProblemError(problem)
            if failures and self._canceled.wait(self._hub.retry_pauses_s[failures - 1]):
                return False
        return True

    def _try_request(self, client: httpx2.Client, file: ModelFile, path: Path) -> Problem:
        """Make one request; return the problem to report if there was no progress."""
        try:
            return self._request(client, file, path)
        except httpx2.TransportError as error:
            if isinstance(error.__context__, httpx2.InvalidURL):
                raise self._error(UNEXPECTED_RESPONSE, detail=str(error)) from error
            return self._transport_problem(error)
        except (httpx2.TooManyRedirects, httpx2.InvalidURL, UnicodeError) as error:
            raise self._error(UNEXPECTED_RESPONSE, detail=str(error)) from error

    def _request(self, client: httpx2.Client, file: ModelFile, path: Path) -> Problem:
        size = _size(path)
        headers = {"accept-encoding": "identity"} | ({"range": f"bytes={size}-"} if size else {})
        revision = self._model.revision
        url = f"{self._hub.url}/{self._model.repository}/resolve/{revision}/{file.name}"
        with path.open("ab") as target, client.stream("GET", url, headers=headers) as response:
            status = response.status_code
            continues = response.headers.get("content-range", "").startswith(f"bytes {size}-")
            if size and status in (200, 206, 416) and not (status == 206 and continues):
                target.truncate(0)  # the response does not continue the downloaded part
                size = 0
            if status == 200 or (status == 206 and continues):
                self._continued |= size > 0
                for block in response.iter_raw():
                    target.write(block[: file.size_bytes - size])
                    size = min(file.size_bytes, size + len(block))
                    self._progress(self._finished_bytes + size, self._model.size_bytes)
                    if size == file.size_bytes or self._canceled.is_set():
                        break
                target.flush()
                os.fsync(target.fileno())
            elif status in TEMPORARY_STATUSES:
                return HUB_BUSY(hub=self._hub.name, detail=f"HTTP {status}")
            elif status in (401, 403, 404, 410):
                raise self._error(WITHDRAWN, detail=f"HTTP {status}")
            elif status not in (206, 416):
                raise self._error(UNEXPECTED_RESPONSE, detail=f"HTTP {status}")
        return INTERRUPTED()

    def _check_encryption(self, request: httpx2.Request) -> None:
        """Refuse requests to unencrypted addresses; called for each redirect too."""
        allow_loopback = httpx2.URL(self._hub.url).scheme == "http"
        if not _is_private(request.url, allow_loopback=allow_loopback):
            address = f"{request.url.scheme}://{request.url.host}"
            raise self._error(NOT_ENCRYPTED, detail=address)

    def _transport_problem(self, error: httpx2.TransportError) -> Problem:
        causes = []
        cause: BaseException | None = error
        while cause is not None:
            causes.append(cause)
            cause = cause.__cause__ or cause.__context__
        if isinstance(error, httpx2.ProxyError):
            kind = PROXY_FAILED
        elif any(isinstance(cause, ssl.SSLCertVerificationError) for cause in causes):
            kind = CERTIFICATE_NOT_TRUSTED
        elif any(isinstance(cause, socket.gaierror) for cause in causes):
            kind = OFFLINE
        elif isinstance(error, httpx2.ConnectError | httpx2.TimeoutException):
            kind = NO_RESPONSE
        else:
            kind = INTERRUPTED
        return kind(hub=self._hub.name, detail=f"{type(error).__name__}: {error}")

    def _error(self, kind: ProblemKind, detail: str = "", file: str = "") -> ProblemError:
        problem = kind(hub=self._hub.name, model=self._model.title, file=file, detail=detail)
        return ProblemError(problem)


def _is_private(url: httpx2.URL, *, allow_loopback: bool) -> bool:
    """Return whether requests to this address are encrypted or stay on this computer."""
    if url.scheme == "https" and url.host:
        return True
    if url.scheme != "http" or not allow_loopback:
        return False
    try:
        return ipaddress.ip_address(url.host).is_loopback
    except ValueError:
        return False


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0
