"""State of the sound server (PulseAudio or PipeWire): its microphones and our stream.

The state is read from the text output of `pactl`. Its JSON output (version 16) replaces
descriptions with characters outside ASCII by "(null)" and writes numbers with a decimal comma in
some languages.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess

import attrs

from ..core.audio.mic_state import ReconnectAction, StreamState

PACTL_TIMEOUT_S = 3.0
_OBJECT_HEADING = re.compile(r"^(Source|Source Output) #(\d+)$", re.MULTILINE)


@attrs.frozen
class InputDevice:
    name: str
    """Value of the setting `microphone.device`."""
    description: str


@attrs.frozen
class Source:
    index: str
    name: str
    description: str
    is_monitor: bool
    """The source records what a loudspeaker plays; it is not a microphone."""
    is_suspended: bool
    """The source delivers nothing: it is idle or another program has taken it."""


@attrs.frozen
class PulseState:
    sources: tuple[Source, ...] = ()
    default: str = ""
    our_source: Source | None = None
    """Source that our newest stream records; None if there is no stream or it is unknown."""

    @property
    def microphones(self) -> list[InputDevice]:
        return [InputDevice(s.name, s.description) for s in self.sources if not s.is_monitor]


def is_available() -> bool:
    return shutil.which("pactl") is not None


def query() -> PulseState | None:
    """Return the current state, or None if no server answers; takes about 30 ms."""
    info = _pactl("info")
    listing = _pactl("list") if info is not None else None
    if info is None or listing is None:
        return None
    return parse(info, listing, os.getpid())


def parse(info: str, listing: str, pid: int) -> PulseState:
    """Parse the output of `pactl info` and `pactl list`; our streams belong to process `pid`."""
    default = re.search(r"^Default Source: (.+)$", info, re.MULTILINE)
    sources: dict[str, Source] = {}
    our_sources: dict[int, str] = {}
    headings = [match.groups() for match in _OBJECT_HEADING.finditer(listing)]
    bodies = _OBJECT_HEADING.split(listing)[3::3]
    for (kind, index), text in zip(headings, bodies, strict=True):
        fields = _fields(text)
        if kind == "Source Output" and fields.get("application.process.id") == f'"{pid}"':
            our_sources[int(index)] = fields.get("Source", "")
        elif kind == "Source" and "Name" in fields:
            name = fields["Name"]
            sources[index] = Source(
                index,
                name,
                fields.get("Description", name),
                is_monitor=fields.get("Monitor of Sink", "n/a") != "n/a",
                is_suspended=fields.get("State") == "SUSPENDED",
            )
    return PulseState(
        tuple(sources.values()),
        default.group(1) if default else "",
        sources.get(our_sources[max(our_sources)]) if our_sources else None,
    )


def decide_reconnect(pulse: PulseState, chosen: str, state: StreamState) -> ReconnectAction:
    """Decide how to continue with a stream in this state.

    When a source is removed or the default changes, the server moves the stream: to another
    microphone, which is right unless the chosen one is available, or to a monitor, which is wrong.
    """
    ours = None if state == "closed" else pulse.our_source
    taken = ours.name if ours is not None and ours.is_suspended else ""
    names = [name for name in _acceptable_sources(pulse, chosen) if name != taken]
    if state == "silent":
        was_moved = ours is not None and chosen in names and ours.name != chosen
        is_wrong = ours is not None and (ours.is_suspended or ours.name not in names or was_moved)
        if not is_wrong:
            return ReconnectAction("stay")
    if not names:
        keep = taken and not (ours and ours.is_monitor)
        return ReconnectAction("stay" if keep else "wait")
    if chosen in names:
        return ReconnectAction("open", chosen)
    return ReconnectAction("open", "" if pulse.default in names else names[0])


def _acceptable_sources(pulse: PulseState, chosen: str) -> list[str]:
    """Return the microphones, and a monitor that is chosen or the default despite a microphone."""
    selected = chosen or (pulse.default if pulse.microphones else "")
    return [row.name for row in pulse.sources if not row.is_monitor or row.name == selected]


def _fields(text: str) -> dict[str, str]:
    """Return the `Name: value` and `name = value` lines of one object; the first of a name."""
    fields: dict[str, str] = {}
    for line in text.splitlines():
        name, separator, value = line.strip().partition(": ")
        if not separator:
            name, separator, value = line.strip().partition(" = ")
        if separator:
            fields.setdefault(name, value)
        elif not line and fields:
            break  # the next object is of another kind
    return fields


def _pactl(*arguments: str) -> str | None:
    environ = os.environ | {"LC_ALL": "C.UTF-8"}  # the output is translated otherwise
    try:
        command, timeout_s = ["pactl", *arguments], PACTL_TIMEOUT_S
        done = subprocess.run(command, env=environ, capture_output=True, timeout=timeout_s)
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout.decode("utf-8", "replace") if done.returncode == 0 else None
