"""A server on loopback that gives out files as the hub does, and fails as networks do."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from sayso.stt.ondevice.models.catalog import Model
from sayso.stt.ondevice.models.manifest import Manifest, ModelFile

CONTENT = {
    "config.json": b'{"a": 1}',
    "model.bin": bytes(range(256)) * 8192,  # 2 MB
}
REVISION = "c0ffee" + "0" * 34


def make_model(name: str = "whisper-test", content: dict[str, bytes] = CONTENT) -> Model:
    files = tuple(
        ModelFile(file, len(data), hashlib.sha256(data).hexdigest())
        for file, data in content.items()
    )
    return Model(
        name=name,
        title="Test",
        summary="",
        relative_cost=1,
        repository="org/test",
        manifest=Manifest(REVISION, files),
    )


class Hub:
    def __init__(self) -> None:
        self.content = dict(CONTENT)
        self.etag: str | None = '"one"'
        self.ranges = True
        self.responses: list[Callable[[Handler], bool]] = []
        """What happens to the next requests; each says whether it was answered."""
        self.requests: list[tuple[str, dict[str, str]]] = []
        self.base = ""

    @property
    def requested_ranges(self) -> list[str]:
        return [headers.get("range", "") for path, headers in self.requests if "model.bin" in path]


class Handler(BaseHTTPRequestHandler):
    hub: Hub

    def do_GET(self) -> None:
        hub = self.hub
        headers = {name.lower(): value for name, value in self.headers.items()}
        hub.requests.append((self.path, headers))
        if hub.responses and hub.responses.pop(0)(self):
            return
        self.send_file()

    def send_file(self, until: int | None = None, shift: int = 0) -> None:
        """The file from where it is wanted; `until` cuts the connection there."""
        hub, data = self.hub, self.hub.content.get(self.path.rpartition("/")[2])
        if data is None:
            self.send_error(404)
            return
        wanted, same = self.headers.get("range", ""), self.headers.get("if-range")
        begin = 0
        if hub.ranges and wanted and same in (None, hub.etag):
            begin = int(wanted.removeprefix("bytes=").partition("-")[0])
            if begin >= len(data):
                self.send_error(416)
                return
            self.send_response(206)
            at = begin + shift
            self.send_header("content-range", f"bytes {at}-{len(data) - 1}/{len(data)}")
        else:
            self.send_response(200)
        if hub.etag:
            self.send_header("etag", hub.etag)
        self.send_header("content-length", str(len(data) - begin))
        self.end_headers()
        self.wfile.write(data[begin:until])
        if until is not None:
            self.close_connection = True

    def log_message(self, format: str, *args: object) -> None:
        pass


def cut(until: int) -> Callable[[Handler], bool]:
    """The connection breaks at this byte of the file."""

    def say(handler: Handler) -> bool:
        handler.send_file(until)
        return True

    return say


def status(code: int) -> Callable[[Handler], bool]:
    def say(handler: Handler) -> bool:
        handler.send_error(code)
        return True

    return say


def redirect(to: str) -> Callable[[Handler], bool]:
    def say(handler: Handler) -> bool:
        handler.send_response(302)
        handler.send_header("location", to)
        handler.send_header("content-length", "0")
        handler.end_headers()
        return True

    return say


def run_first(act: Callable[[], object]) -> Callable[[Handler], bool]:
    """Something happens elsewhere, then the request is answered as ever."""

    def say(handler: Handler) -> bool:
        act()
        return False

    return say


def shifted(handler: Handler) -> bool:
    """A partial answer that begins elsewhere."""
    handler.send_file(shift=1)
    return True


def truncated(until: int, gate: threading.Event) -> Callable[[Handler], bool]:
    """Some bytes, then none until the gate opens."""

    def say(handler: Handler) -> bool:
        data = handler.hub.content["model.bin"]
        handler.send_response(200)
        handler.send_header("content-length", str(len(data)))
        handler.end_headers()
        handler.wfile.write(data[:until])
        gate.wait(30)
        handler.close_connection = True
        return True

    return say


@contextmanager
def running_hub() -> Iterator[Hub]:
    hub = Hub()
    handler = type("Bound", (Handler,), {"hub": hub})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    hub.base = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield hub
    finally:
        server.shutdown()
        server.server_close()
        thread.join(5)
