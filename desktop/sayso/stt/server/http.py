"""One request to a speech server over HTTP: the only module of this room that makes any.

Redirects are not followed (they would carry key and sound elsewhere), answers are bounded and
not compressed, and certificates and proxies are this computer's own.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import ssl
from collections.abc import AsyncIterator, Iterator, Mapping
from typing import TYPE_CHECKING, Any

import attrs

from ...core.problems import Problem, ProblemError
from ...core.settings.urls import is_loopback
from ..realtime import messages
from .errors import messages as refusals
from .errors.connection import connection_failed, error_detail, proxy_failed
from .errors.http_status import from_http_status

if TYPE_CHECKING:
    import httpx2

CONNECT_TIMEOUT_S = 10.0
WRITE_TIMEOUT_S = 20.0
"""Until the next piece of what is sent has left."""
MAX_RESPONSE_BYTES = 1 << 20
"""An hour of fast speech is 70,000 characters."""
JSON, SDP, EVENT_STREAM = "application/json", "application/sdp", "text/event-stream"


@attrs.frozen
class HttpResponse:
    status: int
    media_type: str
    """Media type, without parameters."""
    body: bytes = attrs.field(repr=False)
    headers: Mapping[str, str] = attrs.field(factory=dict, repr=False)

    @property
    def ok(self) -> bool:
        return 200 <= self.status < 300

    def json_object(self) -> dict[str, Any] | None:
        """The JSON object it is; None where it is none."""
        try:
            value = json.loads(self.body)
        except (ValueError, RecursionError):
            return None
        return value if isinstance(value, dict) else None


@attrs.define(eq=False)
class HttpClient:
    """Requests to one server; connections are kept for some seconds. For one loop."""

    host: str
    """For sentences."""
    tls: ssl.SSLContext | None = None
    """None: the certificates this computer trusts."""
    _client: httpx2.AsyncClient | None = attrs.field(default=None, init=False, repr=False)

    async def request(
        self, method: str, url: str, headers: Mapping[str, str], timeout_s: float, **content: Any
    ) -> HttpResponse:
        """The whole answer, whatever its status. `content` as httpx takes it: json, content.

        Raises:
            ProblemError: No connection, none in time, or an answer without an end.
        """
        async with self.stream(method, url, headers, timeout_s, **content) as response:
            return await self.read_all(response)

    @contextlib.asynccontextmanager
    async def stream(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str],
        timeout_s: float,
        *,
        upload_s: float = 0.0,
        **content: Any,
    ) -> AsyncIterator[httpx2.Response]:
        """An answer whose body is still to come.

        It begins `within_s` after all was sent, and is over with `within_s` and `sending_s`,
        which is what sending may take on a slow line.

        Raises:
            ProblemError: No connection, none in time, or lost; also while the body comes.
        """
        client = await self.open()
        with _errors_translated(self.host):
            async with (
                asyncio.timeout(timeout_s + upload_s),
                client.stream(
                    method,
                    url,
                    headers=dict(headers),
                    timeout=_timeout(timeout_s),
                    **content,
                ) as response,
            ):
                yield response

    async def read_all(self, response: httpx2.Response) -> HttpResponse:
        """Raises:
        ProblemError: It has no end.
        """
        body = bytearray()
        async for piece in response.aiter_raw():
            body += piece
            if len(body) > MAX_RESPONSE_BYTES:
                raise ProblemError(refusals.not_a_speech_server(self.host, "far too much"))
        return HttpResponse(
            response.status_code, media_type_of(response), bytes(body), response.headers
        )

    async def close(self) -> None:
        if self._client is not None:
            await self._client.aclose()

    async def open(self) -> httpx2.AsyncClient:
        """Load what requests need, 0.3 s at most; makes none."""
        if self._client is None:
            client = await asyncio.to_thread(self._create_client)
            self._client = self._client or client  # two takes may have come at once
        return self._client

    def _create_client(self) -> httpx2.AsyncClient:
        import httpx2  # 0.2 s, and not everybody has a server

        return httpx2.AsyncClient(
            headers={"User-Agent": "Sayso", "Accept-Encoding": "identity"},
            verify=self.tls or True,
            trust_env=not is_loopback(self.host),  # proxies, but not on the way to itself
            follow_redirects=False,
        )


def _timeout(timeout_s: float) -> httpx2.Timeout:
    import httpx2

    return httpx2.Timeout(timeout_s, connect=CONNECT_TIMEOUT_S, write=WRITE_TIMEOUT_S)


def media_type_of(response: httpx2.Response) -> str:
    return str(response.headers.get("content-type", "")).partition(";")[0].strip().lower()


def response_problem(host: str, model: str, answer: HttpResponse, api_key: str | None) -> Problem:
    """What an answer that is no success says; the words of servers differ, so all are looked at.

    OpenAI's error is an object, FastAPI's (speaches, vLLM) a `detail`, vLLM's may lie open.
    """
    said = answer.json_object() or {}
    error = said.get("error", said.get("detail", said))
    about = error if isinstance(error, dict) else {"message": error}
    code = refusals.error_code(about, api_key)
    words = refusals.redact(messages.string_field(about, "message"), api_key)
    if answer.status == 401:
        return refusals.api_key_rejected(host, f"{host}: HTTP 401: {words}")
    if answer.status == 429 and code not in refusals.NO_CREDIT:
        after_s = max(
            refusals.retry_after_s(answer.headers.get("retry-after", "")),
            refusals.wait_in_message_s(words),
        )
        return refusals.busy(host, f"{host}: HTTP 429: {words}", after_s)
    if code in refusals.CODES_NOT_ABOUT_OPTIONS:
        return refusals.from_error_code(host, model, code, words)
    if answer.status in (400, 404, 413, 415, 422) and words and words != "Not Found":
        return refusals.settings_rejected(host, model, code, words)
    return unexpected_response(host, answer)


def unexpected_response(host: str, answer: HttpResponse) -> Problem:
    """What an answer says that is nothing a speech server says."""
    if answer.status in (405, 426, 501):  # of sockets they say more
        return refusals.not_a_speech_server(host, f"{host}: HTTP {answer.status}")
    return from_http_status(host, answer.status, answer.headers)


@contextlib.contextmanager
def _errors_translated(host: str) -> Iterator[None]:
    """What the library raises, as a sentence."""
    import httpx2

    try:
        yield
    except TimeoutError as error:
        raise ProblemError(refusals.no_response(host, "in time")) from error
    except httpx2.RequestError as error:
        raise ProblemError(_request_problem(host, error)) from error


def _request_problem(host: str, error: httpx2.RequestError) -> Problem:
    import httpx2

    match error:
        case httpx2.TimeoutException():
            return connection_failed(host, TimeoutError(str(error)))
        case httpx2.ProxyError():
            return proxy_failed(host, error_detail(host, error))
        case httpx2.ConnectError():
            causes = [cause for cause in _causes(error) if isinstance(cause, OSError)]
            return connection_failed(host, causes[-1] if causes else OSError(str(error)))
        case httpx2.NetworkError() | httpx2.RemoteProtocolError():
            return refusals.connection_lost(host, error_detail(host, error))
        case _:
            return refusals.not_a_speech_server(host, error_detail(host, error))


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__
