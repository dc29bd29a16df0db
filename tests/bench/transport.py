"""`sudo python tests/bench/transport.py`: network traffic of one take over each transport.

Everything runs in a network of its own (unshare, ip) that counts nothing else: headers of
IP, TCP and UDP, acknowledgements, handshakes, both directions. There is no TLS, which adds some
30 bytes to a message of the websocket. The take is real speech, and spoken as fast as it was.
"""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from pathlib import Path

import attrs
import numpy as np
import soundfile

sys.path[0] = str(Path(__file__).parents[1])

from desktop.sound import speech_clips  # noqa: E402
from sayso.core.dictation.take import Take  # noqa: E402
from sayso.core.settings.endpoint import Transport  # noqa: E402
from sayso.core.settings.settings import Endpoint  # noqa: E402
from sayso.stt.factory import create_server_engine  # noqa: E402
from sayso.stt.reader import Reader  # noqa: E402
from service import KEY, StandIn  # noqa: E402
from service.calls import CallService  # noqa: E402
from service.files import FileService  # noqa: E402
from service.http_server import HttpServer  # noqa: E402

OWN_NETWORK = "SAYSO_BENCH_NETWORK"
ADDRESS = "10.77.0.1"
"""WebRTC calls do not use 127.0.0.1."""
MTU = 1500
RATE_HZ = 16_000
CLIPS = 4
TEXT = "The quick brown fox jumps over the lazy dog, and nobody minds."


@attrs.frozen
class Row:
    transport: Transport
    wire_bytes: int
    audio_s: float
    wait_s: float
    """Time from the last sample to the text."""

    @property
    def kbit_per_s(self) -> float:
        return self.wire_bytes * 8 / 1000 / self.audio_s


def sent_bytes() -> int:
    """Return the bytes sent over the only interface (the ninth number, see proc(5))."""
    (line,) = [row for row in Path("/proc/net/dev").read_text().splitlines() if "lo:" in row]
    return int(line.partition(":")[2].split()[8])


def load_samples() -> np.ndarray:
    clips = [soundfile.read(path, dtype="int16")[0] for path, _ in speech_clips()[:CLIPS]]
    return np.concatenate(clips)


async def feed(take: Take, samples: np.ndarray) -> float:
    loop = asyncio.get_running_loop()
    began_s, block = loop.time(), RATE_HZ // 100
    for number, start in enumerate(range(0, len(samples), block)):
        await asyncio.sleep(began_s + number * 0.01 - loop.time())
        take.append(samples[start : start + block].tobytes())
    take.end()
    return loop.time()


async def measure(transport: Transport, url: str, samples: np.ndarray) -> Row:
    endpoint = Endpoint(
        url=url,
        transport=transport,
        dialect="openai",
        model="gpt-transcribe" if transport == "rest" else "gpt-live-transcribe",
    )
    engine = create_server_engine(endpoint, "en", lambda _: KEY)
    await engine.prepare()
    take = Take(number=1, id="1", rate_hz=RATE_HZ)
    before = sent_bytes()
    speaking = asyncio.create_task(feed(take, samples))
    assert await engine.transcribe(Reader(take), lambda _: None) == TEXT
    wait_s = asyncio.get_running_loop().time() - await speaking
    await engine.close()
    await asyncio.sleep(0.5)  # the closing messages count too
    return Row(transport, sent_bytes() - before, len(samples) / RATE_HZ, wait_s)


async def main() -> None:
    samples = load_samples()
    calls = CallService(StandIn([TEXT]))
    files = FileService([TEXT])
    handlers = {**calls.handlers, **files.handlers}
    async with HttpServer(handlers, websockets=calls.service, on_close=calls.close) as front:
        show(
            [
                # Not through the HTTP server, which would forward and count every byte twice.
                await measure("websocket", calls.service.url, samples),
                await measure("webrtc", front.base, samples),
                await measure("rest", front.base, samples),
            ]
        )


def show(rows: list[Row]) -> None:
    most = rows[0].wire_bytes
    print(f"One take of {rows[0].audio_s:.1f} s of speech, MTU {MTU}, everything on the wire:")
    for row in rows:
        print(
            f"  {row.transport:<10} {row.wire_bytes / 1000:7.1f} kB  {row.kbit_per_s:6.1f} kbit/s"
            f"  {most / row.wire_bytes:5.1f} times less  text after {row.wait_s:.2f} s"
        )


if __name__ == "__main__":
    if OWN_NETWORK not in os.environ:
        os.environ[OWN_NETWORK] = "1"
        os.execvp("unshare", ["unshare", "--net", sys.executable, *sys.argv])
    for command in (f"link set lo mtu {MTU} up", f"address add {ADDRESS}/32 dev lo"):
        subprocess.run(["ip", *command.split()], check=True)
    asyncio.run(main())
