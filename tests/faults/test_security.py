"""The claims of docs/security.md, which names the test for each."""

from __future__ import annotations

import asyncio
import functools
import itertools
import json
import logging
import os
import stat
import subprocess
import sys
import tempfile
import textwrap
import threading
import time
import tracemalloc
import unicodedata
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import canary
from event_loop import in_event_loop
from fakes import LOUD, RATE_HZ, FakeEngine, FakePlatform
from integration.worker_harness import WorkerHarness
from sayso.core.dictation import events as e
from sayso.core.dictation.status import Status
from sayso.core.dictation.take import Take
from sayso.core.problems import ProblemError
from sayso.core.settings.settings import Endpoint, Settings
from sayso.core.text.sanitize import MAX_CHARS, sanitize
from sayso.dictation.active_takes import ActiveTake
from sayso.dictation.insertion import TextInserter
from sayso.dictation.worker import MAX_PARTIAL_CHARS, PARTIAL_INTERVAL_S
from sayso.storage import instance, settings_file
from sayso.storage import log as logs
from sayso.stt.reader import Reader
from sayso.stt.realtime.engine import RealtimeEngine
from sayso.stt.realtime.openai import OpenAIProtocol
from sayso.stt.realtime.session import ConnectionClosedError
from sayso.stt.realtime.transcript import MAX_CHARS as MAX_TRANSCRIPT_CHARS
from sayso.stt.realtime.transcript import MAX_ITEMS, ItemTranscript, TranscriptTooLongError
from sayso.stt.server.auth import Credentials
from sayso.stt.server.errors.redaction import MAX_QUOTED_CHARS, redact
from service import KEY, StandIn
from service.session import TRANSCRIPTION_PREFIX, Session

NOBODY = 65534
AS_OTHER_USER = ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups"]
ONE_SECOND = bytes(RATE_HZ * 2)


# The control socket


@contextmanager
def control_server(asked: list[str]) -> Iterator[None]:
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()

    def run(work: Any) -> Any:
        return asyncio.run_coroutine_threadsafe(work, loop).result(5)

    async def answer(request: str) -> str:
        asked.append(request)
        return "ok"

    async def close() -> None:
        server.close()
        await server.wait_closed()

    server = run(instance.serve(answer))
    try:
        yield
    finally:
        run(close())
        loop.call_soon_threadsafe(loop.stop)
        thread.join(5)
        loop.close()


@pytest.fixture
def runtime(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A runtime folder that other users can reach, unlike those of pytest."""
    with tempfile.TemporaryDirectory(prefix="sayso-runtime-") as name:
        os.chmod(name, 0o755)
        monkeypatch.setenv("XDG_RUNTIME_DIR", name)
        yield Path(name)
        canary.scan(Path(name))


CLIENT_PROGRAM = """
import socket, sys
c = socket.socket(socket.AF_UNIX)
c.settimeout(5)
try:
    c.connect(sys.argv[1])
    c.sendall(b"keep-key api.openai.com stolen\\n")
    print("answer", c.recv(100))
except OSError as error:
    print(type(error).__name__)
"""


def call_as_other_user(path: Path) -> str:
    return subprocess.run(
        [*AS_OTHER_USER, "/usr/bin/python3", "-c", CLIENT_PROGRAM, str(path)],
        capture_output=True, text=True, check=True, timeout=20, cwd="/",
    ).stdout.strip()  # fmt: skip


def test_another_user_cannot_reach_the_socket(runtime: Path) -> None:
    asked: list[str] = []
    with control_server(asked):
        assert stat.S_IMODE((runtime / "sayso.sock").stat().st_mode) == 0o600
        assert call_as_other_user(runtime / "sayso.sock") == "PermissionError"
        assert instance.request("status") == "ok"
    assert asked == ["status"]


def test_another_user_who_reaches_the_socket_gets_no_response(runtime: Path) -> None:
    asked: list[str] = []
    with control_server(asked):
        (runtime / "sayso.sock").chmod(0o777)  # as if changed by hand
        no_response = ("answer b''", "ConnectionResetError", "BrokenPipeError")
        assert call_as_other_user(runtime / "sayso.sock") in no_response
        assert instance.request("status") == "ok"
    assert asked == ["status"]


SERVER_PROGRAM = """
import os, socket, sys
s = socket.socket(socket.AF_UNIX)
s.bind(sys.argv[1])
os.chmod(sys.argv[1], 0o777)
s.listen()
print("listens", flush=True)
c, _ = s.accept()
c.settimeout(5)
print("received", c.recv(100), flush=True)
"""


def test_no_key_is_sent_to_a_socket_of_another_user(runtime: Path) -> None:
    runtime.chmod(0o777)
    server = subprocess.Popen(
        [*AS_OTHER_USER, "/usr/bin/python3", "-c", SERVER_PROGRAM, str(runtime / "sayso.sock")],
        stdout=subprocess.PIPE, text=True, cwd="/",
    )  # fmt: skip
    assert server.stdout is not None
    with server, server.stdout:
        assert server.stdout.readline() == "listens\n"
        assert instance.request(f"keep-key api.openai.com {KEY}") is None
        assert server.stdout.read() == "received b''\n"


# Files


def test_every_file_is_private_with_any_umask(
    runtime: Path, caplog: pytest.LogCaptureFixture
) -> None:
    before = os.umask(0)
    try:
        write_everything(runtime)
    finally:
        os.umask(before)
    files = {path for path in runtime.rglob("*") if not path.is_dir()}
    kinds = {path.suffix for path in files}
    assert {".json", ".db", ".flac", ".log", ".1", ".sock", ".lock"} <= kinds
    modes = {path.name: oct(stat.S_IMODE(path.stat().st_mode)) for path in files}
    assert set(modes.values()) == {"0o600"}, modes
    for folder in ("state/takes", "state/log"):
        assert stat.S_IMODE((runtime / folder).stat().st_mode) == 0o700


def write_everything(home: Path) -> None:
    settings_file.save(home / "settings.json", Settings())
    root, sayso = logging.getLogger(), logging.getLogger("sayso")
    state = [(root, root.level), (sayso, sayso.level)]
    logs.log_to_file(home / "state" / "log" / "sayso.log")
    (handler,) = sayso.handlers
    try:
        sayso.info("x" * logs.MAX_LOG_BYTES)
        sayso.info("the next file")
    finally:
        for log, level in state:
            log.removeHandler(handler)
            log.setLevel(level)
        sayso.propagate = True
        handler.close()
    lock = instance.FileLock(instance.lock_path())
    with control_server([]):
        dictate(home / "state", FakeEngine("Mine."))
        lock.close()
        os.link(home / "sayso.sock", home / "linked.sock")  # the server deletes its own socket


def dictate(folder: Path, engine: FakeEngine) -> list[Status]:
    """Dictate with the engine, and return every status that was shown."""
    harness = WorkerHarness(folder / "takes", on_device_engine=engine)
    harness.worker.post(e.Start())
    assert harness.microphone.is_open.wait(5)
    for _ in range(100):
        harness.microphone.deliver(LOUD)
    harness.worker.post(e.Stop())
    statuses = [harness.statuses.get(timeout=20)]
    while statuses[-1].state not in ("idle", "failed") or not statuses[-1].has_audio:
        statuses.append(harness.statuses.get(timeout=20))
    harness.worker.stop()
    return statuses


# The key


def test_a_leaked_key_fails_the_run(tmp_path: Path) -> None:
    leaky = tmp_path / "test_leaky.py"
    leaky.write_text(
        textwrap.dedent("""
        import logging
        from canary import KEY
        def test_file(tmp_path):
            assert (tmp_path / "a file").write_text("x" * 2_000_000 + KEY)
        def test_log():
            assert logging.getLogger("anything").debug("%s", KEY) is None
        def test_output():
            assert print(KEY) is None
        def test_nothing(): assert KEY
        """)
    )
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "canary_plugin", "-p", "no:cacheprovider",
         f"--basetemp={tmp_path / 'base'}", f"--rootdir={tmp_path}", str(leaky)],
        env=os.environ | {"PYTHONPATH": str(Path(canary.__file__).parent),
                          "SAYSO_CANARY": "sk-canary-of-the-inner-run"},
        capture_output=True, text=True, check=False, timeout=60, cwd=tmp_path,
    )  # fmt: skip
    assert done.returncode == 1, done.stdout + done.stderr
    assert "4 passed" in done.stdout
    found = [line for line in done.stdout.splitlines() if line.startswith("The API key")]
    assert len(found) == 3
    assert {"a file", "test_log", "test_output"} == {
        name for name in ("a file", "test_log", "test_output", "test_nothing")
        if any(line.endswith(name) for line in found)
    }  # fmt: skip


def take(seconds: float = 0.5) -> Take:
    made = Take(number=1, id="1", rate_hz=RATE_HZ)
    made.append(ONE_SECOND[: int(seconds * RATE_HZ) * 2])
    made.end()
    return made


@in_event_loop()
async def test_connections_do_not_log_headers(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, "websockets")
    async with StandIn(["Hello."]) as service:
        engine = RealtimeEngine(Endpoint(url=service.url), "en", lambda _: KEY)
        assert await engine.transcribe(Reader(take()), lambda _: None) == "Hello."
        await engine.close()
    assert not [r for r in caplog.records if r.name.startswith("websockets")]


# Text and messages of a server

PIECES = [
    *("\x1b[2J", "\x1b]52;c;cm0=\x07", "\x9b31m", "\r\n", "\n", "\t", "\x00", "\x7f"),
    *("\u202e", "\u2066", "\u2069", "\u061c", "\u200e", "\ufeff", "\u2028", "\ud800"),
    *("rm -rf /", "你好", "é", " ", "\U000e0041", "\U0001f3f4", "\U000e007f"),
]
HOSTILE_TEXT = st.one_of(
    st.text(st.characters()), st.lists(st.sampled_from(PIECES), max_size=40).map("".join)
)
FORBIDDEN_KINDS = {"Cc", "Cs", "Zl", "Zp"}


def is_harmless(text: str, newlines: bool) -> bool:
    allowed = {"\n", "\t"} if newlines else set()
    return len(text) <= MAX_CHARS + 1 and not any(
        (unicodedata.category(c) in FORBIDDEN_KINDS or unicodedata.bidirectional(c) in BIDI_CLASSES)
        and c not in allowed
        for c in text
    )


BIDI_CLASSES = {"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"}


@given(HOSTILE_TEXT, st.booleans(), st.sampled_from(["auto", "type", "paste", "copy"]))
@settings(max_examples=150, deadline=None)
@in_event_loop()
async def test_text_from_an_engine_is_inserted_without_harmful_characters(
    text: str, newlines: bool, method: Any
) -> None:
    platform = FakePlatform()
    inserter = TextInserter(platform.typist, platform.focus, platform.clipboard)
    insertion = Settings().insertion.__class__(method=method, newlines=newlines)
    chosen = Settings(insertion=insertion)
    take = ActiveTake(Take(number=1, id="1"), key_down_s=0.0)
    for _ in range(2):
        await inserter.insert(take, text, True, chosen)
    await inserter.close()
    clipboard = platform.clipboard
    inserted = [*platform.typist.typed, *clipboard.pasted, *clipboard.copied]
    assert len(inserted) == 2
    assert all(is_harmless(one, newlines) for one in inserted)


EVENTS = ["session.created", "session.updated", f"{TRANSCRIPTION_PREFIX}delta", f"{TRANSCRIPTION_PREFIX}completed",  # noqa: E501
          f"{TRANSCRIPTION_PREFIX}failed", "input_audio_buffer.committed", "input_audio_buffer.cleared",  # noqa: E501
          "error", "anything else"]  # fmt: skip
ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(st.characters()),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)
SERVER_MESSAGES = st.one_of(
    st.binary(max_size=60),
    st.text(max_size=60),
    st.fixed_dictionaries(
        {"type": st.sampled_from(EVENTS)},
        optional={
            name: st.one_of(ANY_JSON, st.sampled_from(["a", "b", "c"]))
            for name in ("item_id", "previous_item_id", "delta", "transcript", "usage", "error")
        },
    ).map(json.dumps),
)


@given(st.lists(SERVER_MESSAGES, max_size=30), st.integers(0, 30))
@settings(max_examples=100, deadline=None)
def test_arbitrary_server_messages_raise_nothing_and_use_bounded_memory(
    messages: list[Any], commit_at: int
) -> None:
    dialect = OpenAIProtocol(
        Endpoint(url="wss://example.com/v1", model="whisper-1"), Credentials(KEY)
    )
    for number, message in enumerate(messages):
        if number == commit_at and dialect._configured and dialect._phase == "ready":
            dialect.append_audio(ONE_SECOND)
            dialect.commit()
        for event in dialect.receive(message):
            assert KEY not in repr(event)
    assert len(dialect._transcript.text) <= MAX_TRANSCRIPT_CHARS + MAX_ITEMS


FLOOD_CASES: dict[str, Callable[[ItemTranscript, int], object]] = {
    "one growing item": lambda items, n: items.append("a", "x" * 1000),
    "many items": lambda items, n: items.append(f"{n}", "x"),
    "many item ids": lambda items, n: items.commit(f"{n}", ""),
    "long item ids": lambda items, n: items.append(f"{n}" + "i" * 1_000_000, "x"),
    "many final texts": lambda items, n: items.complete(f"{n}", "x" * 900_000),
}


@pytest.mark.parametrize("flood", FLOOD_CASES.values(), ids=FLOOD_CASES)
def test_a_flood_of_items_ends_the_session(flood: Callable[[ItemTranscript, int], object]) -> None:
    items = ItemTranscript()
    tracemalloc.start()
    try:
        with pytest.raises(TranscriptTooLongError):
            list(map(functools.partial(flood, items), range(10_000)))
        assert tracemalloc.get_traced_memory()[1] < 20e6
    finally:
        tracemalloc.stop()


async def send_deltas_forever(session: Session) -> bool:
    item = session.service.new_id("item")
    while True:
        await session.send(
            f"{TRANSCRIPTION_PREFIX}delta", item_id=item, content_index=0, delta="word " * 20
        )


async def send_huge_frame(session: Session) -> bool:
    await session.ws.send(json.dumps({"type": "x", "filler": "x" * (30 << 20)}))
    return False


@pytest.mark.parametrize(
    ("mischief", "sentence"),
    [
        (send_deltas_forever, "There is no speech server at"),
        (send_huge_frame, "There is no speech server at"),
    ],
    ids=["deltas", "a frame of 30 MB"],
)
@in_event_loop()
async def test_a_flood_over_a_real_connection_is_refused(mischief: Any, sentence: str) -> None:
    async with StandIn(misbehavior={"updated": mischief}) as service:

        async def both(session: Session) -> bool:
            await session.send("session.updated", session=session.session)
            return bool(await mischief(session))

        service.misbehavior["updated"] = both
        engine = RealtimeEngine(Endpoint(url=service.url), "en", lambda _: KEY)
        with pytest.raises(ProblemError, match=sentence):
            await engine.transcribe(Reader(take()), lambda _: None)
        await engine.close()


@in_event_loop()
async def test_ignored_messages_do_not_fill_the_memory() -> None:
    """Ignored messages are dropped. Before the session is ready, reading ends after ten seconds."""
    held: list[float] = []
    flooded = asyncio.Event()

    async def send_frames_forever(session: Session) -> bool:
        filler = json.dumps({"type": "conversation.item.added", "filler": "x" * 900_000})
        for number in itertools.count():
            await session.ws.send(filler)
            if number == 150:
                flooded.set()
        return False

    async with StandIn(misbehavior={"created": send_frames_forever}) as service:
        engine = RealtimeEngine(Endpoint(url=service.url), "en", lambda _: KEY)
        reading = asyncio.create_task(engine.transcribe(Reader(take()), lambda _: None))
        before = resident_bytes()
        await flooded.wait()
        held.append(resident_bytes() - before)
        reading.cancel()
        await asyncio.wait([reading])
        await engine.close()
    assert held[0] < 80e6


def resident_bytes() -> int:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


class VerboseEngine(FakeEngine):
    """An engine with very many and long partials."""

    def __init__(self, text: str, times: int) -> None:
        super().__init__(text)
        self._babble, self._times = text, times

    async def transcribe(self, audio: Reader, on_event: Any) -> str:
        from sayso.stt.engine import Partial

        for number in range(self._times):
            on_event(Partial(f"{self._babble} {number}"))
            await asyncio.sleep(0)
        async for _ in audio.chunks(RATE_HZ):
            pass
        return "done"


def test_partial_text_is_limited_in_rate_and_length(tmp_path: Path) -> None:
    started_s = time.monotonic()
    statuses = dictate(tmp_path, VerboseEngine("word " * 20_000, 3000))
    assert len(statuses) <= (time.monotonic() - started_s) / PARTIAL_INTERVAL_S + 20
    assert 0 < max(len(status.partial) for status in statuses) <= MAX_PARTIAL_CHARS


SLOW_TEXT_CASES: dict[str, Callable[[], str]] = {
    "inserted text: spaces": lambda: sanitize("a" + " " * 200_000 + "b", keep_newlines=False),
    "inserted text: tabs": lambda: sanitize("a" + "\t " * 100_000 + "b", keep_newlines=True),
    "inserted text: flags": lambda: sanitize("\U0001f3f4\U000e0061" * 100_000, keep_newlines=False),
    "quoted message: one word": lambda: redact("a" * 1_000_000),
    "quoted message: stars": lambda: redact("*" * 1_000_000),
    "quoted message: keys": lambda: redact("Bearer " * 150_000, KEY),
}


@pytest.mark.parametrize("work", SLOW_TEXT_CASES.values(), ids=SLOW_TEXT_CASES)
def test_hostile_text_is_cleaned_quickly(work: Callable[[], str]) -> None:
    began_s = time.process_time()
    assert len(work()) <= MAX_CHARS
    assert time.process_time() - began_s < 0.5


@given(st.integers(900, 1100), st.text(st.characters(), max_size=5))
def test_a_truncated_key_is_redacted(before: int, between: str) -> None:
    """The pattern of a key does not match half a key."""
    shown = redact(f"{' ' * before}{between} {KEY} {'and more ' * 50}", KEY)
    assert not any(KEY[at : at + 6] in shown for at in range(3, len(KEY) - 5))
    assert len(shown) <= MAX_QUOTED_CHARS


@in_event_loop()
async def test_a_flood_of_messages_ends_a_call() -> None:
    from sayso.stt.webrtc.call import MAX_QUEUED_MESSAGES, Call, OpusTrack  # takes 0.7 s

    waiting: list[int] = []
    call = Call(OpusTrack(RATE_HZ, lambda _: None))
    for _ in range(MAX_QUEUED_MESSAGES * 3):
        call._on_message("x" * 60_000)
    waiting.append(call._messages.qsize())
    for _ in range(MAX_QUEUED_MESSAGES):
        await call.recv()
    with pytest.raises(ConnectionClosedError):
        await call.recv()
    await call.close()
    assert waiting == [MAX_QUEUED_MESSAGES + 1]
