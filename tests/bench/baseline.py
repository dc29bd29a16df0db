"""Baselines of the benchmarks: the bare libraries without Sayso.

`python baseline.py tray|microphone|websocket|whisper ARGUMENTS` prints its result as JSON.
"""

from __future__ import annotations

import asyncio
import base64
import json
import sys
import time
import wave
from statistics import median


def tray() -> None:
    """Show a tray icon until the process is terminated."""
    from PySide6.QtGui import QColor, QIcon, QPixmap
    from PySide6.QtWidgets import QApplication, QSystemTrayIcon

    app = QApplication([])
    app.setQuitOnLastWindowClosed(False)
    pixmap = QPixmap(22, 22)
    pixmap.fill(QColor("teal"))
    icon = QSystemTrayIcon(QIcon(pixmap))
    icon.show()
    app.exec()


def microphone(times: int = 20) -> None:
    """Measure the median time from opening the microphone to the first block."""
    import threading

    import sounddevice

    def once() -> float:
        arrived = threading.Event()
        start = time.perf_counter()
        with sounddevice.RawInputStream(
            channels=1, dtype="int16", latency="low", blocksize=240,
            callback=lambda *_: arrived.set(),
        ):  # fmt: skip
            assert arrived.wait(10)
            return (time.perf_counter() - start) * 1000

    once()  # the first one also starts PortAudio
    print(json.dumps({"first_block_ms": median(once() for _ in range(times))}))


def websocket(url: str, path: str, times: int = 20) -> None:
    """Send the audio in real time, and measure the median time from commit to final text."""

    async def once() -> float:
        from websockets.asyncio.client import connect

        async with connect(
            url, compression=None, additional_headers={"Authorization": "Bearer sk-test"}
        ) as ws:

            async def until(*kinds: str) -> None:
                while json.loads(await ws.recv())["type"] not in kinds:
                    pass

            await until("session.created")
            rate = {"type": "audio/pcm", "rate": 24000}
            audio_input = {
                "format": rate,
                "turn_detection": None,
                "transcription": {"model": "gpt-live-transcribe"},
            }
            session = {"type": "transcription", "audio": {"input": audio_input}}
            await ws.send(json.dumps({"type": "session.update", "session": session}))
            await until("session.updated")
            for frame in frames:
                audio = base64.b64encode(frame).decode()
                await ws.send(json.dumps({"type": "input_audio_buffer.append", "audio": audio}))
                await asyncio.sleep(0.02)
            start = time.perf_counter()
            await ws.send(json.dumps({"type": "input_audio_buffer.commit"}))
            await until("conversation.item.input_audio_transcription.completed")
            return (time.perf_counter() - start) * 1000

    with wave.open(path) as file:
        assert file.getframerate() == 24000
        pcm = file.readframes(file.getnframes())
    frames = [pcm[start : start + 960] for start in range(0, len(pcm), 960)]

    async def run_all() -> list[float]:
        return [await once() for _ in range(times)]

    print(json.dumps({"final_ms": median(asyncio.run(run_all()))}))


def whisper(model: str, path: str, beam: str, times: int = 5) -> None:
    """Transcribe a file with the engine's options, and measure the median time."""
    from faster_whisper import WhisperModel, decode_audio

    loaded = WhisperModel(model, device="cpu", compute_type="int8", cpu_threads=1)
    audio = decode_audio(path)
    text = ""
    spent = []
    for _ in range(times + 1):
        start = time.perf_counter()
        segments, _ = loaded.transcribe(
            audio, language="en", beam_size=int(beam), condition_on_previous_text=False
        )
        text = "".join(segment.text for segment in segments)
        spent.append((time.perf_counter() - start) * 1000)
    print(json.dumps({"final_ms": median(spent[1:]), "text": text.strip()}))


def main() -> None:
    name, *arguments = sys.argv[1:]
    {"tray": tray, "microphone": microphone, "websocket": websocket, "whisper": whisper}[name](
        *arguments
    )


if __name__ == "__main__":
    main()
