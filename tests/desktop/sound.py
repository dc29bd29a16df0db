"""An isolated PulseAudio server with virtual microphones.

    with SoundServer() as sound:
        environ = os.environ | sound.environ       # for the program under test
        sound.play(path)                           # plays into the microphone, until the end
        sound.play(sound.synthesize("hello world"))

Nothing is shared with the user's sound server: the folder and socket are its own, and there is no
system bus. It may run as root. Every microphone is a null sink whose monitor is remapped to a
source. A `parec` process keeps it open, because an idle null sink takes up to 2 s to wake up and
the first words would be lost. Without playback such a microphone delivers digital silence, like a
muted one; `play_room_noise` gives it the noise of a room.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import canary

from .processes import Component, wait_until

if TYPE_CHECKING:
    import pytest

MICROPHONE = "virtual_mic"
RATE_HZ = 48000
TEST_DATA = Path("/usr/share/pocketsphinx/test/data")
"""Debian package pocketsphinx-testdata (BSD-2-Clause); its recordings are from LibriVox."""
NOISE_WRITER = """
import fcntl, os, sys, time
pipe = os.open(sys.argv[1], os.O_WRONLY | os.O_NONBLOCK)
fcntl.fcntl(pipe, 1031, 4096)  # F_SETPIPE_SZ: do not buffer unread audio
noise = os.urandom(2 * int(sys.argv[2]))
piece, at = len(noise) // 100, 0
begun, sent = time.monotonic(), 0
while os.path.exists(sys.argv[1]):
    time.sleep(max(0.0, begun + sent / 100 - time.monotonic()))
    at, sent = (at + piece) % len(noise), sent + 1
    try:
        os.write(pipe, noise[at : at + piece])
    except BlockingIOError:
        pass
    except BrokenPipeError:
        break
"""
"""Program that writes noise to a pipe in real time, until the pipe is deleted."""


class SoundServer(Component):
    """A sound server with one microphone; `add_microphone` adds more."""

    def __init__(self) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="sayso-sound-")
        self.folder = Path(self._folder.name)
        self._server: subprocess.Popen[bytes] | None = None
        self._children: list[subprocess.Popen[bytes]] = []
        self.modules: dict[str, list[str]] = {}
        """Module numbers of each microphone."""

    @property
    def environ(self) -> dict[str, str]:
        """Environment variables for programs that shall use this server."""
        return {
            "PULSE_SERVER": f"unix:{self.folder}/socket",
            "PULSE_RUNTIME_PATH": str(self.folder),
            "PULSE_STATE_PATH": str(self.folder),
            "PULSE_COOKIE": str(self.folder / "cookie"),
        }

    def use(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Make this process use the server; PortAudio may have been loaded for another one."""
        from sayso.audio import portaudio

        for name, value in self.environ.items():
            monkeypatch.setenv(name, value)
        monkeypatch.delenv("PULSE_SOURCE", raising=False)
        portaudio.refresh_devices()

    def start_server(self) -> None:
        """Start the server, also after `kill_server`; return when it answers."""
        native = f"module-native-protocol-unix socket={self.folder}/socket auth-anonymous=1"
        environ = os.environ | self.environ | {"HOME": str(self.folder)}
        environ.pop("DBUS_SESSION_BUS_ADDRESS", None)
        with (self.folder / "server.log").open("ab") as log:
            self._server = subprocess.Popen(
                ["pulseaudio", "-n", "--daemonize=no", "--use-pid-file=no", "--exit-idle-time=-1",
                 "--disable-shm=yes", "--realtime=no", "--high-priority=no",
                 "-L", native, "-L", "module-always-sink"],
                env=environ, stdout=log, stderr=log,
            )  # fmt: skip
        wait_until(lambda: self._run("pactl", "info").returncode == 0, "the sound server answers")

    @property
    def server_pid(self) -> int:
        assert self._server is not None
        return self._server.pid

    @property
    def is_running(self) -> bool:
        return self._server is not None and self._server.poll() is None

    def kill_server(self) -> None:
        """Simulate a crash: all streams end, and all microphones have to be added again."""
        if self._server is not None:
            self._server.kill()
            self._server.wait()
        self._server = None
        self._kill_children()
        self.modules.clear()
        for left in (self.folder / "socket", *self.folder.glob("*.pipe")):
            left.unlink(missing_ok=True)

    def add_microphone(self, name: str, description: str = "") -> None:
        """Add a microphone; the first one becomes the default."""
        sink = self._load("module-null-sink", f"sink_name={name}_in", f"rate={RATE_HZ}")
        source = self._load(
            "module-remap-source", f"source_name={name}", f"master={name}_in.monitor",
            f"source_properties='device.description=\"{description or name}\"'",
        )  # fmt: skip
        self.modules[name] = [sink, source]
        if len(self.modules) == 1:
            self.pactl("set-default-source", name)
        held = self.start("parec", "-d", name, "--latency-msec=10", "--raw", output=subprocess.PIPE)
        assert held.stdout is not None
        held.stdout.read(1)  # wait until it is awake
        drain = subprocess.Popen(["cat"], stdin=held.stdout, stdout=subprocess.DEVNULL)
        held.stdout.close()
        self._children.append(drain)

    def add_noise_microphone(self, name: str, rate_hz: int = RATE_HZ) -> None:
        """Add a microphone that delivers noise at once, in blocks of 10 ms."""
        pipe = self.folder / f"{name}.pipe"
        self.modules[name] = [
            self._load("module-pipe-source", f"source_name={name}", f"file={pipe}",
                       "format=s16le", f"rate={rate_hz}", "channels=1"),
        ]  # fmt: skip
        if len(self.modules) == 1:
            self.pactl("set-default-source", name)
        feeder = [sys.executable, "-S", "-c", NOISE_WRITER, str(pipe), str(rate_hz)]
        self._children.append(subprocess.Popen(feeder))

    def unplug(self, name: str = MICROPHONE) -> None:
        """Remove a microphone, as unplugging does."""
        for module in reversed(self.modules.pop(name)):
            self.pactl("unload-module", module)

    def suspend(self, on: bool, name: str = MICROPHONE) -> None:
        """Make a source deliver nothing, as if another program had taken it."""
        self.pactl("suspend-source", name, "1" if on else "0")

    def play(self, path: Path, name: str = MICROPHONE) -> None:
        """Play an audio file into a microphone; return when it has ended."""
        assert self.start_playing(path, name).wait(timeout=60) == 0

    def start_playing(self, path: Path, name: str = MICROPHONE) -> subprocess.Popen[bytes]:
        """Play like `play`, but return at once."""
        return self.start("paplay", f"--device={name}_in", "--latency-msec=20", str(path))

    def play_room_noise(self, name: str = MICROPHONE) -> None:
        """Play the noise of a quiet room (-60 dBFS) from now on."""
        path = self.folder / "hiss.wav"
        subprocess.run(
            ["sox", "-n", "-r", str(RATE_HZ), "-c", "1", "-b", "16", str(path),
             "synth", "120", "pinknoise", "gain", "-45"],
            check=True,
        )  # fmt: skip
        self.start_playing(path, name)

    def synthesize(self, text: str) -> Path:
        """Return a WAV file in which a synthetic voice says the text."""
        path = self.folder / f"said-{abs(hash(text))}.wav"
        subprocess.run(["espeak-ng", "-v", "en-us", "-s", "150", "-w", path, text], check=True)
        return path

    def pactl(self, *arguments: str) -> str:
        done = self._run("pactl", *arguments)
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    def close(self) -> None:
        self.kill_server()
        canary.scan(Path(self._folder.name))
        self._folder.cleanup()

    def _load(self, *arguments: str) -> str:
        return self.pactl("load-module", *arguments)

    def _run(self, *command: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            command, env=os.environ | self.environ, capture_output=True, text=True, check=False
        )

    def start(self, *command: str, output: int = subprocess.DEVNULL) -> subprocess.Popen[bytes]:
        child = subprocess.Popen(
            command, env=os.environ | self.environ, stdout=output, stderr=subprocess.DEVNULL
        )
        self._children.append(child)
        return child

    def _open(self) -> None:
        self.start_server()
        self.add_microphone(MICROPHONE)

    def _kill_children(self) -> None:
        for child in self._children:
            child.kill()
            child.wait()
        self._children.clear()


def speech_clips() -> list[tuple[Path, str]]:
    """Return recordings of speech (16 kHz mono WAV, 3 to 7 s) with their text in lower case."""
    folder = TEST_DATA / "librivox"
    rows = []
    for line in (folder / "transcription").read_text("utf-8").splitlines():
        text, _, name = line.strip().rpartition("(")
        words = text.replace("<s>", "").replace("</s>", "").strip()
        rows.append((folder / f"{name.rstrip(')')}.wav", words.lower()))
    return rows
