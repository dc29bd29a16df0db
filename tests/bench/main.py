"""Measure Sayso beside the bare libraries: `python tests/bench/main.py [BENCHMARK ...]`.

Each figure is compared with a baseline that is measured minutes before or after on the same
machine, because times of one machine say little about another. It takes about five minutes on a
virtual desktop of its own, and is not part of the test suite.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import Any

import attrs
import psutil

sys.path[0] = str(Path(__file__).parents[1])

from desktop.desktop_fixture import COMMAND, Desktop  # noqa: E402
from desktop.editors import Editor, GtkEditor, Xterm  # noqa: E402
from desktop.sound import speech_clips, wait_until  # noqa: E402
from service import StandIn, in_thread  # noqa: E402

BASELINE_PROGRAM = Path(__file__).with_name("baseline.py")
TEXT = "The quick brown fox jumps over the lazy dog, and nobody minds."
IDLE_WINDOW_S = 30.0


@attrs.frozen
class Result:
    name: str
    sayso: float
    baseline: float
    unit: str
    baseline_name: str
    limit: float | None = None
    """Largest acceptable value."""

    @property
    def ratio(self) -> float:
        return self.sayso / self.baseline if self.baseline else 0.0

    @property
    def is_missed(self) -> bool:
        return self.limit is not None and self.sayso > self.limit

    def __str__(self) -> str:
        digits = 2 if self.unit == "%" else 1
        values = (f"{v:>8.{digits}f} {self.unit:<2}" for v in (self.sayso, self.baseline))
        target = ""
        if self.limit is not None:
            target = f"<= {self.limit:g} {self.unit}: {'NOT MET' if self.is_missed else 'met'}"
        line = f"{self.name:52}{''.join(values)}{self.ratio:>8.2f}  {target}"
        return f"{line}\n{'':4}compared with {self.baseline_name}"


@attrs.define
class Bench:
    desktop: Desktop
    folder: Path
    takes: int
    results: list[Result] = attrs.field(factory=list)

    def add(self, *values: Any) -> None:
        self.results.append(Result(*values))
        print(self.results[-1], flush=True)

    def run_baseline(self, *arguments: str) -> dict[str, Any]:
        done = subprocess.run(
            [sys.executable, str(BASELINE_PROGRAM), *arguments],
            env=self.desktop.environ, capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        result: dict[str, Any] = json.loads(done.stdout)
        return result


HEADER = f"{'':52}{'Sayso':>11}{'baseline':>11}{'ratio':>8}  target"


# Start, memory, CPU


def start_to_tray_ms(bench: Bench, command: list[str], times: int = 5) -> float:
    """Return the median time from the start of a program until its tray icon is shown."""
    log = bench.desktop.session.logs / "tint2.log"
    times_ms = []
    for _ in range(times):
        before = log.read_bytes().count(b"add_icon")
        start_s = time.perf_counter()
        child = subprocess.Popen(
            command, env=bench.desktop.environ, stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL
        )
        # The panel's log is the only notification of a new icon.
        while log.read_bytes().count(b"add_icon") == before:
            assert child.poll() is None, f"{command} ended with {child.returncode}"
            assert time.perf_counter() - start_s < 20, f"{command} shows no icon"
            time.sleep(0.005)
        times_ms.append((time.perf_counter() - start_s) * 1000)
        child.terminate()
        child.wait(timeout=10)
    return median(times_ms)


def idle_usage(pid: int) -> tuple[float, float]:
    """Return resident MB and percent of a core while the program is idle."""
    process = psutil.Process(pid)
    time.sleep(5)
    before, start_s = process.cpu_times(), time.perf_counter()
    time.sleep(IDLE_WINDOW_S)
    after, window_s = process.cpu_times(), time.perf_counter() - start_s
    busy_s = after.user + after.system - before.user - before.system
    return process.memory_info().rss / 1e6, max(0.0, busy_s) / window_s * 100


def command_ms(bench: Bench, *command: str, times: int = 20) -> float:
    """Return the median time of a command; the first run is not counted."""

    def once() -> float:
        start_s = time.perf_counter()
        subprocess.run(command, env=bench.desktop.environ, check=True, stdout=subprocess.DEVNULL)
        return (time.perf_counter() - start_s) * 1000

    return median([once() for _ in range(times + 1)][1:])


def idle(bench: Bench) -> None:
    desktop = bench.desktop
    desktop.create_home()
    desktop.configure(engine="realtime")
    tray = [sys.executable, str(BASELINE_PROGRAM), "tray"]
    start_ms, tray_ms = start_to_tray_ms(bench, COMMAND), start_to_tray_ms(bench, tray)
    bench.add("start to tray icon", start_ms, tray_ms, "ms", "a PySide6 tray icon", 1000)
    child = subprocess.Popen(tray, env=desktop.environ)
    tray_mb, tray_cpu = idle_usage(child.pid)
    child.terminate()
    child.wait()
    desktop.start_app()
    mb, cpu = idle_usage(desktop.pid)
    bench.add("idle memory (RSS), server engine", mb, tray_mb, "MB", "a PySide6 tray icon", 95)
    bench.add("idle CPU, percent of a core", cpu, tray_cpu, "%", "a PySide6 tray icon", 0.3)
    status_ms = command_ms(bench, *COMMAND, "status")
    python_ms = command_ms(bench, sys.executable, "-c", "pass")
    bench.add("command `sayso status`", status_ms, python_ms, "ms", "python -c pass", 100)
    desktop.stop_app()


# Key to audio, key to text


@contextmanager
def app_with_service(bench: Bench, **settings: str) -> Iterator[StandIn]:
    """The app with a service that responds at once."""
    desktop = bench.desktop
    desktop.create_home()
    with in_thread(StandIn([TEXT], latency_s=0)) as service:
        desktop.configure(engine="realtime", endpoint__url=service.url)
        assert desktop.sayso("key", "set", stdin=f"{service.key}\n").returncode == 0
        desktop.start_app(**settings)
        desktop.wait_until_ready()
        try:
            yield service
        finally:
            desktop.stop_app()


def create_clip(path: Path, sources: list[Path], *effects: str) -> Path:
    subprocess.run(["sox", *map(str, sources), "-r", "24000", str(path), *effects], check=True)
    return path


def short_clip(bench: Bench) -> Path:
    """Return a second of speech followed by half a second of silence."""
    effects = ("trim", "0.3", "1.0", "fade", "0", "1.0", "0.05", "pad", "0", "0.5")
    return create_clip(bench.folder / "short.wav", [speech_clips()[0][0]], *effects)


def key_up_to_text_ms(bench: Bench, clip: Path, editor: Editor) -> tuple[float, dict[str, Any]]:
    """Return the time from release to the last character in the editor, and the take.

    The editor reports when its text last changed.
    """
    desktop = bench.desktop
    editor.clear()
    before = desktop.last_take_id()
    with desktop.hold():
        desktop.wait_for(state="listening")
        desktop.sound.play(clip)
        start_s = time.time()
    take = desktop.wait_for_take(after=before)
    assert take["outcome"] == "inserted", take
    wait_until(lambda: editor.text().strip() == TEXT, "the text")
    return (editor.changed_at() - start_s) * 1000, take


def first_sample(bench: Bench) -> None:
    baseline_ms = bench.run_baseline("microphone")["first_block_ms"]
    clip = short_clip(bench)
    for keep_warm, state in (("held", "closed"), ("30s", "open")):
        with (
            app_with_service(bench, microphone__keep_warm=keep_warm),
            GtkEditor(bench.desktop.display) as editor,
        ):
            takes = [key_up_to_text_ms(bench, clip, editor)[1] for _ in range(bench.takes // 2 + 1)]
        ms = median(take["timings"]["first_sample"] for take in takes[1:])
        name = f"key down to first sample, microphone {state}"
        bench.add(name, ms, baseline_ms, "ms", "sounddevice: open to first block")


def key_up_to_text(bench: Bench) -> None:
    clip = short_clip(bench)
    with in_thread(StandIn([TEXT], key="sk-test", latency_s=0)) as service:
        url = f"{service.url}?intent=transcription"
        baseline_ms = bench.run_baseline("websocket", url, str(clip))["final_ms"]
    baseline = "websockets: commit to final text"
    for method, limit_ms in (("type", 60), ("paste", 120)):
        for editor_name, editor_class in (("GTK", GtkEditor), ("xterm", Xterm)):
            with (
                app_with_service(bench, insertion__method=method),
                editor_class(bench.desktop.display) as editor,
            ):
                runs = [key_up_to_text_ms(bench, clip, editor) for _ in range(bench.takes + 1)][1:]
            ms = median(ms for ms, _ in runs)
            final_ms = median(t["timings"]["final"] - t["timings"]["key_up"] for _, t in runs)
            name = f"key up to last character, {method}, {editor_name}"
            bench.add(name, ms, baseline_ms, "ms", baseline, limit_ms)
            bench.add("    of it: key up to final text", final_ms, baseline_ms, "ms", baseline)


def on_device(bench: Bench) -> None:
    from sayso.storage import paths
    from sayso.stt.ondevice.decoding.whisper import FULL_BEAM
    from sayso.stt.ondevice.models.catalog import WHISPER_BASE
    from sayso.stt.ondevice.models.locate import locate

    clips = [path for path, _ in speech_clips()]
    effects = ("trim", "0", "10", "fade", "0", "10", "0.05")
    clip = create_clip(bench.folder / "ten.wav", clips, *effects)
    model = locate(WHISPER_BASE, paths.models(), paths.cache())
    desktop = bench.desktop
    desktop.create_home()
    arguments = ("whisper", str(model), str(clip), str(FULL_BEAM))
    baseline_ms = [bench.run_baseline(*arguments)["final_ms"]]
    desktop.start_app(language="en")
    desktop.wait_until_ready()
    with GtkEditor(desktop.display):
        timings = [desktop.dictate(clip)["timings"] for _ in range(5)]
    desktop.stop_app()
    baseline_ms.append(bench.run_baseline(*arguments)["final_ms"])  # the speed may have changed
    ms = median(baseline_ms)
    baseline = "faster-whisper, one shot, same audio, before and after"
    for name, step, limit in (("final", "final", 1.1 * ms), ("inserted", "inserted", None)):
        value_ms = median(each[step] - each["key_up"] for each in timings)
        bench.add(f"on-device, 10 s: key up to {name} text", value_ms, ms, "ms", baseline, limit)


BENCHMARKS = {
    "idle": idle,
    "first-sample": first_sample,
    "key-up": key_up_to_text,
    "on-device": on_device,
}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("benchmark", nargs="*", choices=[[], *BENCHMARKS], default=[])
    parser.add_argument("--takes", type=int, default=20, help="per figure")
    arguments = parser.parse_args()
    print(HEADER)
    with tempfile.TemporaryDirectory(prefix="sayso-bench-") as name, Desktop(Path(name)) as desktop:
        bench = Bench(desktop, Path(name), arguments.takes)
        for benchmark in arguments.benchmark or BENCHMARKS:
            BENCHMARKS[benchmark](bench)
    missed = [result.name.strip() for result in bench.results if result.is_missed]
    print(f"\nNot met: {'; '.join(missed)}" if missed else "\nAll targets are met.")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
