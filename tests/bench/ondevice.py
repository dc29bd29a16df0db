"""`python tests/bench/ondevice.py`: benchmark of the on-device engine and its alternatives.

Utterances of 3, 10, 30, 60 and 180 s are played to the engine in real time, and the key is released
at the last word, which is the most difficult case. In the same run, the same utterances are decoded
by faster-whisper after their end (beam 1 and 5), and in the same segments with full windows.
Compare values within one run only. `--quick` uses fewer and shorter utterances; a full run takes
14 minutes. `--local-agreement` compares incremental decoding with LocalAgreement instead.

Speech: `pocketsphinx-testdata` of Debian (BSD-2-Clause, Carnegie Mellon; readings from LibriVox,
public domain) and sentences spoken by espeak-ng (GPL-3.0, which does not cover its output).
Noise: sox.
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
from functools import partial
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
from sayso.stt.engine import EngineEvent, Partial  # noqa: E402
from sayso.stt.ondevice.decoding.whisper import WhisperDecoder  # noqa: E402
from sayso.stt.ondevice.engine import OnDeviceEngine  # noqa: E402
from sayso.stt.ondevice.incremental import PriorDecode, extend  # noqa: E402
from sayso.stt.ondevice.samples import RATE_HZ, Samples, from_pcm  # noqa: E402
from sayso.stt.ondevice.segmenter import Segment  # noqa: E402
from sayso.stt.ondevice.stitching import TextPart, join  # noqa: E402
from sayso.stt.ondevice.vad import VadSegmenter  # noqa: E402
from sayso.stt.reader import Reader  # noqa: E402

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
"""Approximate length in seconds to number of utterances."""
QUICK_LENGTHS = {3: 4, 10: 4, 30: 1}
NOISE_DB = 15
"""Level of the speech above the noise, in every other utterance."""
NEW_AUDIO_S = 1.0
"""Audio after the last speculative decode, in the comparison with LocalAgreement."""


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
    """Latencies and word errors of one method."""

    latencies_s: list[float] = attrs.field(factory=list)
    errors: int = 0
    count: int = 0

    def add(self, words: str, text: str, latency_s: float) -> None:
        self.latencies_s.append(latency_s)
        found = jiwer.process_words(words, normalize(text) or "-")
        self.errors += found.substitutions + found.deletions + found.insertions
        self.count += len(words.split())

    @property
    def p95_s(self) -> float:
        ordered = sorted(self.latencies_s)
        return ordered[min(len(ordered) - 1, int(0.95 * len(ordered)))]


@attrs.define
class LoadMonitor:
    """Processor time, memory and timer delays while the user speaks."""

    delays_ms: list[float] = attrs.field(factory=list)
    """Delays of a 10 ms timer in a thread, as the microphone has one."""
    cpu_s: float = 0.0
    speech_s: float = 0.0
    peak_mb: float = 0.0
    partials: int = 0
    stopped: threading.Event = attrs.field(factory=threading.Event)

    def run(self) -> None:
        process = psutil.Process()
        number = 0
        while not self.stopped.is_set():
            due = time.perf_counter() + 0.01
            self.stopped.wait(0.01)
            self.delays_ms.append(1000 * (time.perf_counter() - due))
            number += 1
            if number % 100 == 0:
                self.peak_mb = max(self.peak_mb, process.memory_info().rss / 1e6)

    def add(self, other: LoadMonitor) -> None:
        self.delays_ms += other.delays_ms
        self.cpu_s += other.cpu_s
        self.speech_s += other.speech_s
        self.partials += other.partials
        self.peak_mb = max(self.peak_mb, other.peak_mb)

    @property
    def delays(self) -> str:
        late = sorted(self.delays_ms)
        return f"{median(late):.1f} / {late[int(0.99 * len(late))]:.1f} / {late[-1]:.1f}"


def normalize(text: str) -> str:
    text = text.lower().replace("-", " ").replace("mr.", "mister").replace("10", "ten")
    return " ".join(re.sub(r"[^\w' ]", "", text).split())


def read(path: Path) -> Samples:
    return from_pcm(files.load_take(path).read(0))


def run(*command: object) -> None:
    subprocess.run([str(word) for word in command], check=True, capture_output=True)


def clips(folder: Path) -> list[tuple[Samples, str]]:
    rows = [(read(path), normalize(text)) for path, text in speech_clips()]
    raw = (TEST_DATA / "goforward.raw").read_bytes()
    rows.append((from_pcm(raw), "go forward ten meters"))
    for number, sentence in enumerate(SENTENCES):
        path, resampled = folder / f"{number}.wav", folder / f"{number}-16.wav"
        run("espeak-ng", "-v", ("en-us", "en-gb")[number % 2], "-s", 145, "-w", path, sentence)
        run("sox", "-R", path, "-r", RATE_HZ, "-c", 1, "-b", 16, resampled)
        rows.append((read(resampled), normalize(sentence)))
    return rows


def utterances(folder: Path, lengths: dict[int, int]) -> Iterator[Utterance]:
    """Generate clips with pauses of 0.3 to 1 s, two real ones for each synthetic one."""
    rows = clips(folder)
    order = [row for pair in zip(rows[:6] * 9, rows[6:] * 7, strict=False) for row in pair]
    real = rows[:6]
    noise_path = folder / "noise.wav"
    run("sox", "-R", "-n", "-r", RATE_HZ, "-c", 1, "-b", 16, noise_path,
        "synth", 200, "pinknoise", "gain", -12)  # fmt: skip
    noise = read(noise_path)
    random = np.random.default_rng(0)
    for nominal_s, count in lengths.items():
        for number in range(count):
            parts: list[Samples] = []
            said: list[str] = []
            while sum(map(len, parts)) < (nominal_s - 2.0) * RATE_HZ:
                source = real if random.random() < 0.6 else order
                samples, words = source[int(random.integers(len(source)))]
                if parts:
                    pause = random.standard_normal(int(random.uniform(0.3, 1.0) * RATE_HZ))
                    parts.append((pause * 1e-4).astype(np.float32))
                parts.append(samples)
                said.append(words)
            joined, noisy = np.concatenate(parts), number % 2 == 1
            if noisy:
                level = np.sqrt((joined**2).mean() / (noise**2).mean()) * 10 ** (-NOISE_DB / 20)
                joined = np.clip(joined + level * noise[: len(joined)], -1, 1)
            yield Utterance(nominal_s, joined.astype(np.float32), " ".join(said), noisy)


async def transcribe_live(
    engine: OnDeviceEngine, utterance: Utterance, monitor: LoadMonitor
) -> tuple[str, float]:
    """Return the text and the seconds from the end of speech to the text."""
    take = Take(number=1, id="bench", rate_hz=RATE_HZ)
    pcm = (utterance.samples * 32767).astype("<i2")

    def on_event(event: EngineEvent) -> None:
        monitor.partials += isinstance(event, Partial)

    task = asyncio.ensure_future(engine.transcribe(Reader(take), on_event))
    cpu, start = time.process_time(), time.perf_counter()
    for first in range(0, len(pcm), CHUNK_SAMPLES):
        due = start + (first + CHUNK_SAMPLES) / RATE_HZ
        await asyncio.sleep(max(0.0, due - time.perf_counter()))
        take.append(pcm[first : first + CHUNK_SAMPLES].tobytes())
    monitor.cpu_s += time.process_time() - cpu
    monitor.speech_s += utterance.duration_s
    take.end()
    released = time.perf_counter()
    text = await task
    return text, time.perf_counter() - released


def one_shot(model: Any, beam: int) -> Callable[[Samples], str]:
    def transcribe(samples: Samples) -> str:
        segments, _ = model.transcribe(
            samples, language="en", beam_size=beam, condition_on_previous_text=False
        )
        return "".join(segment.text for segment in segments)

    return transcribe


def segments_of(samples: Samples) -> list[Segment]:
    segmenter = VadSegmenter()
    found = [*segmenter.feed((samples * 32767).astype("<i2").tobytes()), *segmenter.finish()]
    return [part for part in found if isinstance(part, Segment)]


def full_window_segments(decoder: WhisperDecoder, samples: Samples) -> tuple[str, float]:
    """Decode the same segments in full windows with beam 1; the latency is that of the last."""
    parts, latency_s = [], 0.0
    for part in segments_of(samples):
        audio = samples[part.start : part.stop]
        start = time.perf_counter()
        found = decoder.decode_window(audio, "en", window_s=30.0, beam=1)
        latency_s = time.perf_counter() - start
        parts.append(TextPart(found.text, part.boundary))
    return join(parts), latency_s


@contextmanager
def monitored() -> Iterator[LoadMonitor]:
    monitor = LoadMonitor()
    thread = threading.Thread(target=monitor.run)
    thread.start()
    try:
        yield monitor
    finally:
        monitor.stopped.set()
        thread.join()


METHODS = ("Sayso", "one shot, beam 1", "one shot, beam 5", "full-window segments")
Table = dict[tuple[str, int], Results]


async def measure(lengths: dict[int, int], folder: Path) -> None:
    engine = OnDeviceEngine("en", models=paths.models(), cache=paths.cache())
    await engine.prepare()
    decoder = await engine.load()
    others = {f"one shot, beam {beam}": one_shot(decoder.whisper, beam) for beam in (1, 5)}
    table: Table = {(method, length): Results() for method in METHODS for length in lengths}
    load, noisy, noisy_one_shot = LoadMonitor(), Results(), Results()
    with monitored() as idle:
        await asyncio.sleep(3)
    for utterance in utterances(folder, lengths):
        words, nominal_s = utterance.words, utterance.nominal_s
        with monitored() as monitor:
            text, live_s = await transcribe_live(engine, utterance, monitor)
        load.add(monitor)
        table["Sayso", nominal_s].add(words, text, live_s)
        if utterance.noisy:
            noisy.add(words, text, live_s)
        for method, transcribe in others.items():
            start = time.perf_counter()
            text = transcribe(utterance.samples)
            latency_s = time.perf_counter() - start
            table[method, nominal_s].add(words, text, latency_s)
            if utterance.noisy and method.endswith("5"):
                noisy_one_shot.add(words, text, latency_s)
        text, latency_s = full_window_segments(decoder, utterance.samples)
        table["full-window segments", nominal_s].add(words, text, latency_s)
        print(
            f"... {utterance.duration_s:.0f} s of speech, text after {live_s:.2f} s, load "
            f"{psutil.getloadavg()[0]:.1f}",
            file=sys.stderr,
            flush=True,
        )
    await engine.close()
    show(table, lengths)
    print(f"\nWord errors in noise ({NOISE_DB} dB): Sayso {noisy.errors}/{noisy.count}, "
          f"one shot, beam 5 {noisy_one_shot.errors}/{noisy_one_shot.count}")  # fmt: skip
    print(f"While speaking: {load.cpu_s / load.speech_s:.2f} of one core, "
          f"a partial every {load.speech_s / max(1, load.partials):.1f} s, "
          f"peak memory {load.peak_mb:.0f} MB")  # fmt: skip
    print(f"Delay of a 10 ms timer (median / 99 % / maximum, ms): {load.delays}; "
          f"idle: {idle.delays}")  # fmt: skip


def show(table: Table, lengths: dict[int, int]) -> None:
    print("\nSeconds from release to text (median / p95); word errors; speed relative to beam 5")
    print(f"{'':20}" + "".join(f"{length:>26} s" for length in lengths))
    for method in METHODS:
        cells = []
        for length in lengths:
            results, reference = table[method, length], table["one shot, beam 5", length]
            cells.append(
                f"{median(results.latencies_s):.2f} /{results.p95_s:5.2f}"
                f" {100 * results.errors / results.count:4.1f} %"
                f" {median(reference.latencies_s) / median(results.latencies_s):4.1f}x"
            )
        every = [table[method, length] for length in lengths]
        errors, count = sum(r.errors for r in every), sum(r.count for r in every)
        print(f"{method:20}" + "".join(f"{cell:>28}" for cell in cells)
              + f"   all: {100 * errors / count:.1f} % of {count} words")  # fmt: skip


async def compare_local_agreement(lengths: dict[int, int], folder: Path) -> None:
    """Compare the last decode of each segment: incremental, and complete as LocalAgreement.

    LocalAgreement commits the common beginning of consecutive decodes of all pending audio, so at
    the end of a segment its text is that of the last complete decode.
    """
    engine = OnDeviceEngine("en", models=paths.models(), cache=paths.cache())
    decoder = await engine.load()
    incremental, complete = Results(), Results()
    for utterance in utterances(folder, lengths):
        texts: dict[str, list[TextPart]] = {"incremental": [], "complete": []}
        last_s = {"incremental": 0.0, "complete": 0.0}
        for part in segments_of(utterance.samples):
            audio = utterance.samples[part.start : part.stop]
            prior_count = max(0, len(audio) - round(NEW_AUDIO_S * RATE_HZ))
            prior = PriorDecode(prior_count, decoder.decode_once(audio[:prior_count], "en"))
            for name, priors in (("incremental", [prior]), ("complete", [])):
                start = time.perf_counter()
                found = extend(
                    partial(decoder.decode_once, language="en", incremental=True),
                    partial(decoder.decode_segment, language="en"),
                    audio,
                    priors,
                )
                last_s[name] = time.perf_counter() - start
                texts[name].append(TextPart(found.text, part.boundary))
        incremental.add(utterance.words, join(texts["incremental"]), last_s["incremental"])
        complete.add(utterance.words, join(texts["complete"]), last_s["complete"])
    await engine.close()
    for name, results in (("incremental", incremental), ("LocalAgreement", complete)):
        print(f"{name:16} {1000 * median(results.latencies_s):.0f} ms median for the last segment, "
              f"{results.errors} of {results.count} words wrong "
              f"({100 * results.errors / results.count:.1f} %)")  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--quick", action="store_true", help="3, 10 and 30 s, few of each")
    parser.add_argument("--local-agreement", action="store_true")
    arguments = parser.parse_args()
    lengths = QUICK_LENGTHS if arguments.quick else LENGTHS
    benchmark = compare_local_agreement if arguments.local_agreement else measure
    print(f"{psutil.cpu_count()} processors, load before: {psutil.getloadavg()[0]:.1f}")
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(benchmark(lengths, Path(folder)))


if __name__ == "__main__":
    main()
