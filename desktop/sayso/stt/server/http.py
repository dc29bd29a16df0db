"""HTTP client for one speech server.

Redirects are not followed, because they would carry API key and audio to another host. Responses
are limited in size and not compressed. Certificates and proxies are those of this computer.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterator, Mapping
from typing import TYPE_CHECKING, Any

import attrs

from ...core.problems import Problem, ProblemError
from ...core.problems import server as problems
from ...core.settings.urls import host_of, is_loopback
from .errors import messages
from .errors.connection import connection_failed, error_detail, proxy_failed
from .errors.http_status import from_http_status, retry_after_s
from .errors.redaction import error_code, redact
from .json_fields import parse_object, string_field

if TYPE_CHECKING:
    import httpx2

CONNECT_TIMEOUT_S = 10.0
WRITE_TIMEOUT_S = 20.0
MAX_RESPONSE_BYTES = 1 << 20
"""One hour of fast speech has 70,000 characters."""
SDP, EVENT_STREAM = "application/sdp", "text/event-stream"


@attrs.frozen
class HttpResponse:
    status: int
    media_type: str
    body: bytes = attrs.field(repr=False)
    headers: Mapping[str, str] = attrs.field(factory=dict, repr=False)

    @property
    def ok(self) -> bool:
        return 200 <= self.status < 300

    def json_object(self) -> dict[str, Any] | None:
        return parse_object(self.body)


@attrs.define(eq=False)
class HttpClient:
    """Sends requests to one server. For one event loop."""

    _client: httpx2.AsyncClient | None = attrs.field(default=None, init=False, repr=False)

    async def request(
        self, method: str, url: str, headers: Mapping[str, str], timeout_s: float, **content: Any
    ) -> HttpResponse:
        """Return the whole response, with any status; `content` is passed to httpx2."""
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
        """Send a request and yield the response before its body is read.

        The response must begin within `timeout_s` after the upload and end within `timeout_s`
        plus `upload_s`, the time that the upload may take on a slow network.

        Raises:
            ProblemError: No connection, no response in time, or connection lost, also while
                the body is read.
        """
        client = await self.open(url)
        with _errors_translated(host_of(url)):
            async with (
                asyncio.timeout(timeout_s + upload_s),
                client.stream(
                    method, url, headers=dict(headers), timeout=_timeout(timeout_s), **content
                ) as response,
            ):
                yield response

    async def read_all(self, response: httpx2.Response) -> HttpResponse:
        """Read the body; raises `ProblemError` if it exceeds `MAX_RESPONSE_BYTES`."""
        body = bytearray()
        async for chunk in response.aiter_raw():
            body += chunk
            if len(body) > MAX_RESPONSE_BYTES:
                host = host_of(str(response.url))
                raise ProblemError(messages.not_a_speech_server(host, "response too large"))
        media_type = media_type_of(response)
        return HttpResponse(response.status_code, media_type, bytes(body), response.headers)

    async def close(self) -> None:
        if self._client is not None:
            await self._client.aclose()

    async def open(self, url: str) -> httpx2.AsyncClient:
        """Load the HTTP library, which takes up to 0.3 s. Sends nothing."""
        if self._client is None:
            client = await asyncio.to_thread(self._create_client, host_of(url))
            self._client = self._client or client  # another take may have been faster
        return self._client

    def _create_client(self, host: str) -> httpx2.AsyncClient:
        import httpx2  # takes 0.2 s and is needed only for servers

        return httpx2.AsyncClient(
            headers={"User-Agent": "Sayso", "Accept-Encoding": "identity"},
            trust_env=not is_loopback(host),  # no proxy to this computer
            follow_redirects=False,
        )


def media_type_of(response: httpx2.Response) -> str:
    return str(response.headers.get("content-type", "")).partition(";")[0].strip().lower()


def response_problem(host: str, model: str, response: HttpResponse, api_key: str | None) -> Problem:
    """Return the problem for an unsuccessful response.

    OpenAI's error is an object, FastAPI's (speaches, vLLM) a `detail`, and vLLM's can be the whole
    response.
    """
    fields = response.json_object() or {}
    error = fields.get("error", fields.get("detail", fields))
    error = error if isinstance(error, dict) else {"message": error}
    code = error_code(error, api_key)
    message = redact(string_field(error, "message"), api_key)
    detail = f"{host}: HTTP {response.status}: {message}"
    if response.status == 401:
        return messages.server_problem(problems.KEY_REJECTED, host, detail)
    if response.status == 429 and messages.CODES.get(code) is not problems.NO_CREDIT:
        wait_s = retry_after_s(response.headers.get("retry-after", ""))
        return messages.busy(host, detail, max(wait_s, messages.wait_in_message_s(message)))
    if code in messages.CODES_NOT_ABOUT_OPTIONS:
        return messages.from_error(host, model, code, message)
    if response.status in (400, 404, 413, 415, 422) and message and message != "Not Found":
        return messages.from_error(host, model, code, message, ready=False)
    return unexpected_response(host, response)


def unexpected_response(host: str, response: HttpResponse) -> Problem:
    """Return the problem for a response that is not that of a speech server."""
    if response.status in (405, 426, 501):  # these mean something else for a WebSocket
        return messages.not_a_speech_server(host, f"{host}: HTTP {response.status}")
    return from_http_status(host, response.status, response.headers)


def _timeout(timeout_s: float) -> httpx2.Timeout:
    import httpx2

    return httpx2.Timeout(timeout_s, connect=CONNECT_TIMEOUT_S, write=WRITE_TIMEOUT_S)


@contextlib.contextmanager
def _errors_translated(host: str) -> Iterator[None]:
    import httpx2

    try:
        yield
    except TimeoutError as error:
        raise ProblemError(messages.no_response(host, "timeout")) from error
    except httpx2.RequestError as error:
        raise ProblemError(_request_problem(host, error)) from error


def _request_problem(host: str, error: httpx2.RequestError) -> Problem:
    import httpx2

    match error:
        case httpx2.TimeoutException():
            return connection_failed(host, TimeoutError(str(error)))
        case httpx2.ProxyError():
            return proxy_failed(host, error)
        case httpx2.ConnectError():
            causes = [cause for cause in _causes(error) if isinstance(cause, OSError)]
            return connection_failed(host, causes[-1] if causes else OSError(str(error)))
        case httpx2.NetworkError() | httpx2.RemoteProtocolError():
            return messages.connection_lost(host, error_detail(host, error))
        case _:
            return messages.not_a_speech_server(host, error_detail(host, error))


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__
