"""`python tests/bench/main.py`: every promise in figures, beside the bare library in one run.

Each figure is a ratio to something measured minutes before or after on the same machine,
because milliseconds of one machine say little about another. Runs some five minutes, on a
desktop of its own. Not part of the test command.
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
    target: str = ""
    target_met: bool | None = None


@attrs.define
class Bench:
    desktop: Desktop
    folder: Path
    takes: int
    results: list[Result] = attrs.field(factory=list)

    def add(
        self, name: str, sayso: float, baseline: float, unit: str, baseline_name: str,
        target: str = "", target_met: bool | None = None,
    ) -> None:  # fmt: skip
        row = Result(name, sayso, baseline, unit, baseline_name, target, target_met)
        self.results.append(row)
        print(format_result(row), flush=True)

    def run_baseline(self, *words: str) -> dict[str, Any]:
        done = subprocess.run(
            [sys.executable, str(BASELINE_PROGRAM), *words],
            env=self.desktop.environ, capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        result: dict[str, Any] = json.loads(done.stdout)
        return result


HEADER = f"{'':52}{'Sayso':>11}{'bare':>11}{'ratio':>8}  aim"


def format_result(result: Result) -> str:
    ratio = f"{result.sayso / result.baseline:.2f}" if result.baseline else "-"
    verdict = (
        ""
        if result.target_met is None
        else f"{result.target}: {'met' if result.target_met else 'NOT MET'}"
    )
    unit = result.unit
    digits = 2 if unit == "%" else 1
    return (
        f"{result.name:52}{result.sayso:>8.{digits}f} {unit:<2}{result.baseline:>8.{digits}f} {unit:<2}{ratio:>8}"  # noqa: E501
        f"  {verdict}"
        f"\n{'':4}against {result.baseline_name}"
    )


# --- start, memory, CPU


def start_to_tray(bench: Bench, command: list[str], times: int = 5) -> float:
    """Seconds from the start of a program until the tray has its icon, median."""
    log = bench.desktop.session.logs / "tint2.log"
    spent = []
    for _ in range(times):
        before = log.read_bytes().count(b"add_icon")
        start = time.perf_counter()
        child = subprocess.Popen(
            command, env=bench.desktop.environ, stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL
        )
        # The panel writes a line when an icon is docked; nothing else tells.
        while log.read_bytes().count(b"add_icon") == before:
            assert child.poll() is None, f"{command} ended with {child.returncode}"
            assert time.perf_counter() - start < 20, f"{command} shows no icon"
            time.sleep(0.005)
        spent.append(time.perf_counter() - start)
        child.terminate()
        child.wait(timeout=10)
    return median(spent)


def idle_usage(pid: int) -> tuple[float, float]:
    """Resident MB and per cent of a core, over a while in which nothing happens."""
    process = psutil.Process(pid)
    time.sleep(5)
    before, start = process.cpu_times(), time.perf_counter()
    time.sleep(IDLE_WINDOW_S)
    after, spent_s = process.cpu_times(), time.perf_counter() - start
    busy_s = after.user + after.system - before.user - before.system
    return process.memory_info().rss / 1e6, max(0.0, busy_s) / spent_s * 100


def idle(bench: Bench) -> None:
    desktop = bench.desktop
    desktop.create_home()
    desktop.configure(engine="realtime")
    bare_command = [sys.executable, str(BASELINE_PROGRAM), "tray"]
    ours_s, bare_s = start_to_tray(bench, COMMAND), start_to_tray(bench, bare_command)
    bench.add(
        "start to tray icon shown", ours_s * 1000, bare_s * 1000, "ms", "a bare PySide6 tray",
        "< 1 s", ours_s < 1,
    )  # fmt: skip
    bare = subprocess.Popen(bare_command, env=desktop.environ)
    bare_mb, bare_cpu = idle_usage(bare.pid)
    bare.terminate()
    bare.wait()
    desktop.start_app()
    mb, cpu = idle_usage(desktop.pid)
    bench.add("idle memory (RSS), realtime engine", mb, bare_mb, "MB", "a bare PySide6 tray",
              "<= 95 MB", mb <= 95)  # fmt: skip
    bench.add("idle CPU, per cent of a core", cpu, bare_cpu, "%", "a bare PySide6 tray",
              "<= 0.3 %", cpu <= 0.3)  # fmt: skip
    ours_ms, python_ms = command_ms([*COMMAND, "status"], bench), command_ms(
        [sys.executable, "-c", "pass"], bench
    )  # fmt: skip
    bench.add("sayso status, the whole command", ours_ms, python_ms, "ms", "python -c pass",
              "< 100 ms", ours_ms < 100)  # fmt: skip
    desktop.stop_app()


def command_ms(command: list[str], bench: Bench, times: int = 20) -> float:
    environ = bench.desktop.environ

    def once() -> float:
        start = time.perf_counter()
        subprocess.run(command, env=environ, check=True, stdout=subprocess.DEVNULL)
        return (time.perf_counter() - start) * 1000

    once()
    return median(once() for _ in range(times))


# --- key to sample, key to text


@contextmanager
def app_with_service(bench: Bench, **settings: str) -> Iterator[StandIn]:
    """The app with a service that answers at once."""
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


def short_clip(bench: Bench) -> Path:
    """A second of speech and then half a second of room, at the service's rate."""
    path = bench.folder / "short.wav"
    subprocess.run(
        ["sox", str(speech_clips()[0][0]), "-r", "24000", str(path), "trim", "0.3", "1.0",
         "fade", "0", "1.0", "0.05", "pad", "0", "0.5"],
        check=True,
    )  # fmt: skip
    return path


def key_up_to_text_ms(bench: Bench, clip: Path, editor: Editor) -> tuple[float, dict[str, Any]]:
    """ms from letting go, the voice having ended, until the editor has the last character.

    The editor itself says when its text changed last, by the same clock.
    """
    desktop = bench.desktop
    editor.clear()
    before = desktop.last_take_id()
    with desktop.hold():
        desktop.wait_for(state="listening")
        desktop.sound.play(clip)
        start = time.time()
    take = desktop.wait_for_take(after=before)
    assert take["outcome"] == "inserted", take
    wait_until(lambda: editor.text().strip() == TEXT, "the text")
    return (editor.changed_at() - start) * 1000, take


def first_sample(bench: Bench) -> None:
    bare = bench.run_baseline("microphone")["first_block_ms"]
    clip = short_clip(bench)
    for warm, what in (("held", "microphone opened"), ("30s", "microphone warm")):
        with (
            app_with_service(bench, microphone__keep_warm=warm),
            GtkEditor(bench.desktop.display) as editor,
        ):
            taken = [key_up_to_text_ms(bench, clip, editor)[1] for _ in range(bench.takes // 2 + 1)]
            figures = [take["timings"]["first_sample"] for take in taken[1:]]
        bench.add(f"key down to first sample, {what}", median(figures), bare, "ms",
                  "bare sounddevice: open to first block")  # fmt: skip


def key_up_to_text(bench: Bench) -> None:
    clip = short_clip(bench)
    with in_thread(StandIn([TEXT], key="sk-test", latency_s=0)) as service:
        bare = bench.run_baseline("websocket", f"{service.url}?intent=transcription", str(clip))[
            "final_ms"
        ]
    for method, most_ms in (("type", 60), ("paste", 120)):
        for name, editor_class in (("GTK", GtkEditor), ("xterm", Xterm)):
            with (
                app_with_service(bench, insertion__method=method),
                editor_class(bench.desktop.display) as editor,
            ):
                taken = [key_up_to_text_ms(bench, clip, editor) for _ in range(bench.takes + 1)][1:]
            ms = median(spent for spent, _ in taken)
            final = median(t["timings"]["final"] - t["timings"]["key_up"] for _, t in taken)
            bench.add(
                f"key up to last character, {method}, {name}", ms, bare, "ms",
                "bare websockets: commit to completed", f"< {most_ms} ms", ms < most_ms,
            )  # fmt: skip
            bench.add("    of it: key up to final text", final, bare, "ms", "the same")


def on_device(bench: Bench) -> None:
    clip = bench.folder / "ten.wav"
    clips = [str(path) for path, _ in speech_clips()]
    subprocess.run(["sox", *clips, str(clip), "trim", "0", "10", "fade", "0", "10", "0.05"],
                   check=True)  # fmt: skip
    from sayso.storage import paths
    from sayso.stt.ondevice.decoding.whisper import FULL_BEAM
    from sayso.stt.ondevice.models import locate
    from sayso.stt.ondevice.models.catalog import WHISPER_BASE

    model = locate.locate(WHISPER_BASE, paths.models(), paths.cache())
    desktop = bench.desktop
    desktop.create_home()
    words = ("whisper", str(model), str(clip), str(FULL_BEAM))
    bare = [bench.run_baseline(*words)["final_ms"]]
    desktop.start_app(language="en")
    desktop.wait_until_ready()
    with GtkEditor(desktop.display):
        taken = [desktop.dictate(clip) for _ in range(5)]
    desktop.stop_app()
    bare.append(bench.run_baseline(*words)["final_ms"])  # the machine may have changed its pace
    against = "bare faster-whisper, one shot, same audio, before and after"
    up = [take["timings"]["key_up"] for take in taken]
    final = median(take["timings"]["final"] - at for take, at in zip(taken, up, strict=True))
    ms = median(take["timings"]["inserted"] - at for take, at in zip(taken, up, strict=True))
    ratio = final / median(bare)
    bench.add("on-device, 10 s of speech: key up to final text", final, median(bare), "ms",
              against, "<= 1.1x", ratio <= 1.1)  # fmt: skip
    bench.add("    and to inserted", ms, median(bare), "ms", "the same")


BENCHMARKS = {
    "idle": idle,
    "first-sample": first_sample,
    "key-up": key_up_to_text,
    "on-device": on_device,
}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("part", nargs="*", choices=[[], *BENCHMARKS], default=[], help="only these")
    parser.add_argument("--takes", type=int, default=20, help="per figure")
    given = parser.parse_args()
    print(HEADER)
    with tempfile.TemporaryDirectory(prefix="sayso-bench-") as name, Desktop(Path(name)) as desktop:
        bench = Bench(desktop, Path(name), given.takes)
        for part in given.part or BENCHMARKS:
            BENCHMARKS[part](bench)
    missed = [row.name.strip() for row in bench.results if row.target_met is False]
    print(f"\nNot met: {'; '.join(missed)}" if missed else "\nEvery aim is met.")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
