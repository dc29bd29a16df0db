"""`python tests/bench/ondevice.py`: the engine on this computer beside its alternatives.

Utterances of 3, 10, 30, 60 and 180 s are spoken to it in real time, the key coming up at the
last word, which is the hardest. In the same run the same utterances go to faster-whisper as a
whole after their end (beam 1 and 5), and to the same segments without the short window. What
counts are ratios within one run. `--quick` leaves out the long ones; in full it takes
fourteen minutes. Not part of the test command.

Speech: `pocketsphinx-testdata` of Debian (BSD-2-Clause, Carnegie Mellon; its readings are from
LibriVox, public domain) and sentences that espeak-ng (GPL-3.0, which does not extend to what it
says) speaks. Noise: sox.
"""

from __future__ import annotations

import argparse
import asyncio
import re
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import Any

import attrs
import jiwer
import numpy as np
import psutil

sys.path[0] = str(Path(__file__).parents[1])
sys.path.insert(1, str(Path(__file__).parents[2] / "desktop"))

from desktop.sound import TEST_DATA, speech_clips  # noqa: E402
from sayso.audio import files  # noqa: E402
from sayso.core.dictation.take import Take  # noqa: E402
from sayso.storage import paths  # noqa: E402
from sayso.stt.engine import EngineEvent, Partial  # noqa: E402  # noqa: E402
from sayso.stt.ondevice.decoding.whisper import WhisperDecoder  # noqa: E402
from sayso.stt.ondevice.engine import OnDeviceEngine  # noqa: E402
from sayso.stt.ondevice.samples import Samples  # noqa: E402
from sayso.stt.ondevice.segmenter import Segment  # noqa: E402
from sayso.stt.ondevice.stitching import TextPart, join  # noqa: E402
from sayso.stt.ondevice.vad import VadSegmenter  # noqa: E402
from sayso.stt.reader import Reader  # noqa: E402

RATE_HZ = 16000
CHUNK_SAMPLES = RATE_HZ // 50
SENTENCES = (
    "Please send the report to the office before noon.",
    "We walked along the river until the sun went down.",
    "The meeting has been moved to Thursday afternoon.",
    "They found a small hotel near the old bridge.",
    "It is easy to tell the depth of a well.",
    "Glue the sheet to the dark blue background.",
    "She asked him to close the window and open the door.",
    "The train to the city leaves at nine every morning.",
)
LENGTHS = {3: 8, 10: 8, 30: 4, 60: 5, 180: 2}
"""Seconds, and how many utterances of about that."""
NOISE_DB = 15
"""Speech above noise, in every other utterance."""


@attrs.frozen
class Utterance:
    nominal_s: int
    samples: Samples
    words: str
    noisy: bool

    @property
    def duration_s(self) -> float:
        return len(self.samples) / RATE_HZ


@attrs.define
class Results:
    """Of one way and one length."""

    waits_s: list[float] = attrs.field(factory=list)
    errors: int = 0
    count: int = 0

    def add(self, utterance: Utterance, text: str, waited_s: float) -> None:
        self.waits_s.append(waited_s)
        found = jiwer.process_words(utterance.words, normalize(text) or "-")
        self.errors += found.substitutions + found.deletions + found.insertions
        self.count += len(utterance.words.split())

    @property
    def p95_s(self) -> float:
        return sorted(self.waits_s)[min(len(self.waits_s) - 1, int(0.95 * len(self.waits_s)))]


@attrs.define
class LoadMonitor:
    """What a run costs while somebody speaks."""

    late_ms: list[float] = attrs.field(factory=list)
    """Of a timer of 10 ms in a thread, as capture has one."""
    cpu_s: float = 0.0
    speech_s: float = 0.0
    peak_mb: float = 0.0
    partials: int = 0
    over: threading.Event = attrs.field(factory=threading.Event)

    def run(self) -> None:
        process = psutil.Process()
        number = 0
        while not self.over.is_set():
            due = time.perf_counter() + 0.01
            self.over.wait(0.01)
            self.late_ms.append(1000 * (time.perf_counter() - due))
            number += 1
            if number % 100 == 0:
                self.peak_mb = max(self.peak_mb, process.memory_info().rss / 1e6)


def normalize(text: str) -> str:
    text = text.lower().replace("-", " ").replace("mr.", "mister").replace("10", "ten")
    return " ".join(re.sub(r"[^\w' ]", "", text).split())


def read(path: Path) -> Samples:
    return np.frombuffer(files.load_take(path).read(0), "<i2").astype(np.float32) / 32768


def run(*command: object) -> None:
    subprocess.run([str(word) for word in command], check=True, capture_output=True)


def clips(folder: Path) -> list[tuple[Samples, str]]:
    rows = [(read(path), normalize(text)) for path, text in speech_clips()]
    raw = np.frombuffer((TEST_DATA / "goforward.raw").read_bytes(), "<i2")
    rows.append((raw.astype(np.float32) / 32768, "go forward ten meters"))
    for number, sentence in enumerate(SENTENCES):
        path, resampled = folder / f"{number}.wav", folder / f"{number}-16.wav"
        run("espeak-ng", "-v", ("en-us", "en-gb")[number % 2], "-s", 145, "-w", path, sentence)
        run("sox", "-R", path, "-r", RATE_HZ, "-c", 1, "-b", 16, resampled)
        rows.append((read(resampled), normalize(sentence)))
    return rows


def utterances(folder: Path, lengths: dict[int, int]) -> Iterator[Utterance]:
    """Clips with pauses of 0.3 to 1 s between them, two real ones to each synthetic."""
    rows = clips(folder)
    order = [row for pair in zip(rows[:6] * 9, rows[6:] * 7, strict=False) for row in pair]
    real = rows[:6]
    noise_path = folder / "noise.wav"
    run("sox", "-R", "-n", "-r", RATE_HZ, "-c", 1, "-b", 16, noise_path,
        "synth", 200, "pinknoise", "gain", -12)  # fmt: skip
    noise = read(noise_path)
    random = np.random.default_rng(0)
    for kind_s, count in lengths.items():
        for number in range(count):
            pieces: list[Samples] = []
            said: list[str] = []
            while sum(map(len, pieces)) < (kind_s - 2.0) * RATE_HZ:
                source = real if random.random() < 0.6 else order
                samples, words = source[int(random.integers(len(source)))]
                if pieces:
                    gap = random.standard_normal(int(random.uniform(0.3, 1.0) * RATE_HZ))
                    pieces.append((gap * 1e-4).astype(np.float32))
                pieces.append(samples)
                said.append(words)
            whole, noisy = np.concatenate(pieces), number % 2 == 1
            if noisy:
                level = np.sqrt((whole**2).mean() / (noise**2).mean()) * 10 ** (-NOISE_DB / 20)
                whole = np.clip(whole + level * noise[: len(whole)], -1, 1)
            yield Utterance(kind_s, whole.astype(np.float32), " ".join(said), noisy)


async def transcribe_live(
    engine: OnDeviceEngine, utterance: Utterance, watch: LoadMonitor
) -> tuple[str, float]:
    """The text, and seconds from the end of speech to it."""
    take = Take(number=1, id="bench", rate_hz=RATE_HZ)
    pcm = (utterance.samples * 32767).astype("<i2")

    def heard(what: EngineEvent) -> None:
        watch.partials += isinstance(what, Partial)

    recognising = asyncio.ensure_future(engine.transcribe(Reader(take), heard))
    cpu, begin = time.process_time(), time.perf_counter()
    for start in range(0, len(pcm), CHUNK_SAMPLES):
        due = begin + (start + CHUNK_SAMPLES) / RATE_HZ
        await asyncio.sleep(max(0.0, due - time.perf_counter()))
        take.append(pcm[start : start + CHUNK_SAMPLES].tobytes())
    watch.cpu_s += time.process_time() - cpu
    watch.speech_s += utterance.duration_s
    take.end()
    released = time.perf_counter()
    text = await recognising
    return text, time.perf_counter() - released


def one_shot(model: Any, beam: int) -> Callable[[Samples], str]:
    def text(samples: Samples) -> str:
        segments, _ = model.transcribe(
            samples, language="en", beam_size=beam, condition_on_previous_text=False
        )
        return "".join(segment.text for segment in segments)

    return text


def full_window_segments(decoder: WhisperDecoder, samples: Samples) -> tuple[str, float]:
    """The same segments, each in full with beam 1; the wait is the last one's."""
    segmenter = VadSegmenter()
    found = [*segmenter.feed((samples * 32767).astype("<i2").tobytes()), *segmenter.finish()]
    pieces, waited_s = [], 0.0
    for part in found:
        if isinstance(part, Segment):
            begin = time.perf_counter()
            draft = decoder.decode_window(
                samples[part.start : part.stop], "en", window_s=30.0, beam=1
            )
            waited_s = time.perf_counter() - begin
            pieces.append(TextPart(draft.text, part.boundary))
    return join(pieces), waited_s


@contextmanager
def monitored() -> Iterator[LoadMonitor]:
    watch = LoadMonitor()
    thread = threading.Thread(target=watch.run)
    thread.start()
    try:
        yield watch
    finally:
        watch.over.set()
        thread.join()


METHODS = ("Sayso", "one shot, beam 1", "one shot, beam 5", "segments, no trim")
Table = dict[tuple[str, int], Results]


async def measure(lengths: dict[int, int], folder: Path) -> None:
    engine = OnDeviceEngine("en", models=paths.models(), cache=paths.cache())
    await engine.prepare()
    decoder = engine.decoder
    assert decoder is not None
    ways = {f"one shot, beam {beam}": one_shot(decoder.whisper, beam) for beam in (1, 5)}
    table: Table = {(way, length): Results() for way in METHODS for length in lengths}
    spoken_to, noisy = LoadMonitor(), Results()
    noisy_bar = Results()
    with monitored() as idle:
        await asyncio.sleep(3)
    for utterance in utterances(folder, lengths):
        kind_s = utterance.nominal_s
        with monitored() as watch:
            text, waited_s = await transcribe_live(engine, utterance, watch)
        heard_s = waited_s
        table["Sayso", kind_s].add(utterance, text, waited_s)
        spoken_to.late_ms += watch.late_ms
        spoken_to.cpu_s += watch.cpu_s
        spoken_to.speech_s += watch.speech_s
        spoken_to.partials += watch.partials
        spoken_to.peak_mb = max(spoken_to.peak_mb, watch.peak_mb)
        if utterance.noisy:
            noisy.add(utterance, text, waited_s)
        for way, recognise in ways.items():
            begin = time.perf_counter()
            text = recognise(utterance.samples)
            waited_s = time.perf_counter() - begin
            table[way, kind_s].add(utterance, text, waited_s)
            if utterance.noisy and way.endswith("5"):
                noisy_bar.add(utterance, text, waited_s)
        text, waited_s = full_window_segments(decoder, utterance.samples)
        table["segments, no trim", kind_s].add(utterance, text, waited_s)
        print(
            f"... {utterance.duration_s:.0f} s spoken, text after {heard_s:.2f} s, load "
            f"{psutil.getloadavg()[0]:.1f}",
            file=sys.stderr,
            flush=True,
        )
    await engine.close()
    show(table, lengths)
    print(f"\nIn noise ({NOISE_DB} dB), word errors: Sayso {noisy.errors}/{noisy.count}, "
          f"one shot, beam 5 {noisy_bar.errors}/{noisy_bar.count}")  # fmt: skip
    print(f"While speaking: {spoken_to.cpu_s / spoken_to.speech_s:.2f} of one core, "
          f"a text every {spoken_to.speech_s / max(1, spoken_to.partials):.1f} s, "
          f"peak memory {spoken_to.peak_mb:.0f} MB")  # fmt: skip
    print(f"A timer of 10 ms is late by (median / 99 % / most, ms): "
          f"{lateness(spoken_to)}; idle: {lateness(idle)}")  # fmt: skip


def lateness(watch: LoadMonitor) -> str:
    late = sorted(watch.late_ms)
    return f"{median(late):.1f} / {late[int(0.99 * len(late))]:.1f} / {late[-1]:.1f}"


def show(table: Table, lengths: dict[int, int]) -> None:
    print("\nFrom release to text, s: median / p95; word errors; how often faster than beam 5")
    print(f"{'':20}" + "".join(f"{length:>26} s" for length in lengths))
    for way in METHODS:
        cells = []
        for length in lengths:
            figures, bar = table[way, length], table["one shot, beam 5", length]
            cells.append(
                f"{median(figures.waits_s):.2f} /{figures.p95_s:5.2f}"
                f" {100 * figures.errors / figures.count:4.1f} %"
                f" {median(bar.waits_s) / median(figures.waits_s):4.1f}x"
            )
        every = [table[way, length] for length in lengths]
        errors, count = sum(f.errors for f in every), sum(f.count for f in every)
        print(f"{way:20}" + "".join(f"{cell:>28}" for cell in cells)
              + f"   all: {100 * errors / count:.1f} % of {count} words")  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--quick", action="store_true", help="3, 10 and 30 s, few of each")
    quick = parser.parse_args().quick
    lengths = {3: 4, 10: 4, 30: 1} if quick else LENGTHS
    print(f"{psutil.cpu_count()} processors, load before: {psutil.getloadavg()[0]:.1f}")
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(measure(lengths, Path(folder)))


if __name__ == "__main__":
    main()
