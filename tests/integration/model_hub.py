"""A local server that delivers model files as the hub does, and simulates network failures."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from sayso.stt.ondevice.models.catalog import Model, ModelFile

CONTENT = {
    "config.json": b'{"a": 1}',
    "model.bin": bytes(range(256)) * 8192,  # 2 MB
}
REVISION = "c0ffee" + "0" * 34


def make_model(name: str = "whisper-test") -> Model:
    files = tuple(
        ModelFile(file, len(data), hashlib.sha256(data).hexdigest())
        for file, data in CONTENT.items()
    )
    return Model(
        name=name,
        title="Test",
        summary="",
        relative_cost=1,
        repository="org/test",
        revision=REVISION,
        files=files,
    )


class FakeHub:
    def __init__(self) -> None:
        self.content = dict(CONTENT)
        self.supports_ranges = True
        self.responses: list[Callable[[Handler], bool]] = []
        """Handlers of the next requests; a handler returns whether it sent a response."""
        self.requests: list[tuple[str, dict[str, str]]] = []
        """Path and headers of each request."""
        self.url = ""

    @property
    def requested_ranges(self) -> list[str]:
        """Range header of each request for the weights."""
        return [headers.get("range", "") for path, headers in self.requests if "model.bin" in path]


class Handler(BaseHTTPRequestHandler):
    hub: FakeHub

    def do_GET(self) -> None:
        headers = {name.lower(): value for name, value in self.headers.items()}
        self.hub.requests.append((self.path, headers))
        if self.hub.responses and self.hub.responses.pop(0)(self):
            return
        self.send_file()

    def send_file(self, until: int | None = None, shift: int = 0) -> None:
        """Send the requested range.

        Args:
            until: Close the connection before this byte of the file.
            shift: Added to the start of the range in the response header.
        """
        data = self.hub.content.get(self.path.rpartition("/")[2])
        if data is None:
            self.send_error(404)
            return
        start, requested = 0, self.headers.get("range", "")
        if self.hub.supports_ranges and requested:
            start = int(requested.removeprefix("bytes=").partition("-")[0])
            if start >= len(data):
                self.send_error(416)
                return
            self.send_response(206)
            content_range = f"bytes {start + shift}-{len(data) - 1}/{len(data)}"
            self.send_header("content-range", content_range)
        else:
            self.send_response(200)
        self.send_header("content-length", str(len(data) - start))
        self.end_headers()
        self.wfile.write(data[start:until])
        if until is not None:
            self.close_connection = True

    def log_message(self, format: str, *args: object) -> None:
        pass


def cut(until: int) -> Callable[[Handler], bool]:
    """Close the connection before this byte of the file."""

    def respond(handler: Handler) -> bool:
        handler.send_file(until)
        return True

    return respond


def status(code: int, **headers: str) -> Callable[[Handler], bool]:
    def respond(handler: Handler) -> bool:
        handler.send_response(code)
        for name, value in headers.items():
            handler.send_header(name, value)
        handler.send_header("content-length", "0")
        handler.end_headers()
        return True

    return respond


def redirect(location: str) -> Callable[[Handler], bool]:
    return status(302, location=location)


def run_first(action: Callable[[], object]) -> Callable[[Handler], bool]:
    """Run an action, then send the normal response."""

    def respond(handler: Handler) -> bool:
        action()
        return False

    return respond


def normal(handler: Handler) -> bool:
    return False


def shifted(handler: Handler) -> bool:
    """Send a partial response that starts at another byte."""
    handler.send_file(shift=1)
    return True


def stall(until: int, gate: threading.Event) -> Callable[[Handler], bool]:
    """Send the bytes before `until`, then nothing until the gate is set."""

    def respond(handler: Handler) -> bool:
        data = handler.hub.content["model.bin"]
        handler.send_response(200)
        handler.send_header("content-length", str(len(data)))
        handler.end_headers()
        handler.wfile.write(data[:until])
        gate.wait(30)
        handler.close_connection = True
        return True

    return respond


@contextmanager
def running_hub() -> Iterator[FakeHub]:
    hub = FakeHub()
    handler = type("BoundHandler", (Handler,), {"hub": hub})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    hub.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield hub
    finally:
        server.shutdown()
        server.server_close()
        thread.join(5)
