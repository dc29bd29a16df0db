"""What the sound server (PulseAudio, PipeWire) says of its microphones and of our stream.

Asked by `pactl`, in its listing for people: its JSON (of version 16) writes "(null)" for a
description with a letter outside ASCII, and numbers with commas in some languages.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from typing import Literal

import attrs

PACTL_TIMEOUT_S = 3.0
_OBJECT_HEADING = re.compile(r"^(Source|Source Output) #(\d+)$", re.MULTILINE)


@attrs.frozen
class InputDevice:
    """A microphone that can be chosen."""

    name: str
    """What the setting `microphone.device` holds."""
    description: str
    """What a person calls it."""


@attrs.frozen
class Source:
    """Something that can be listened to."""

    index: str
    name: str
    description: str
    is_monitor: bool
    """It is what a loudspeaker plays, and no microphone."""
    is_suspended: bool
    """It gives nothing: nobody listens, or something else has taken it."""


@attrs.frozen
class PulseState:
    """The state of the sound server at one instant."""

    sources: tuple[Source, ...] = ()
    default: str = ""
    our_source: Source | None = None
    """What our newest stream listens to; None where it has none, or it is not known."""

    @property
    def microphones(self) -> list[InputDevice]:
        return [
            InputDevice(row.name, row.description) for row in self.sources if not row.is_monitor
        ]


StreamState = Literal["silent", "still", "closed"]
"""The stream gives zeros; it gives nothing; it has ended."""


@attrs.frozen
class ReconnectAction:
    """How to go on hearing."""

    action: Literal["stay", "open", "wait"]
    """The stream is right, or nothing is better; open this device; there is none now."""
    device: str = ""
    """'' is the system's default."""


def is_available() -> bool:
    """Whether there is anybody to ask."""
    return shutil.which("pactl") is not None


def query() -> PulseState | None:
    """Its state now (about 30 ms); None where no server answers."""
    info = _pactl("info")
    listing = _pactl("list") if info is not None else None
    if info is None or listing is None:
        return None
    return parse(info, listing, os.getpid())


def parse(info: str, listing: str, pid: int) -> PulseState:
    """The state by `pactl info` and `pactl list`; our streams are those of process `pid`."""
    default = re.search(r"^Default Source: (.+)$", info, re.MULTILINE)
    sources: dict[str, Source] = {}
    places: dict[int, str] = {}
    kinds = [match.groups() for match in _OBJECT_HEADING.finditer(listing)]
    for (kind, number), text in zip(kinds, _OBJECT_HEADING.split(listing)[3::3], strict=True):
        fields = _fields(text)
        if kind == "Source Output" and fields.get("application.process.id") == f'"{pid}"':
            places[int(number)] = fields.get("Source", "")
        elif kind == "Source" and "Name" in fields:
            name = fields["Name"]
            sources[number] = Source(
                number,
                name,
                fields.get("Description", name),
                is_monitor=fields.get("Monitor of Sink", "n/a") != "n/a",
                is_suspended=fields.get("State") == "SUSPENDED",
            )
    return PulseState(
        tuple(sources.values()),
        default.group(1) if default else "",
        sources.get(places[max(places)]) if places else None,
    )


def decide_reconnect(pulse: PulseState, chosen: str, state: StreamState) -> ReconnectAction:
    """What to open when the stream is in trouble.

    A server moves streams by itself when their source goes: to another microphone, which is
    right, or to what a loudspeaker plays, which is not; and when the default changes, though
    another was chosen. A source that something else has taken stands still for as long as that
    lasts.
    """
    ours = None if state == "closed" else pulse.our_source
    taken = ours.name if ours is not None and ours.is_suspended else ""
    names = [name for name in _acceptable_sources(pulse, chosen) if name != taken]
    if state == "silent":
        lured_away = ours is not None and chosen in names and ours.name != chosen
        wrong = ours is not None and (ours.is_suspended or ours.name not in names or lured_away)
        if not wrong:
            return ReconnectAction("stay")
    if not names:
        return (
            ReconnectAction("stay")
            if taken and not (ours and ours.is_monitor)
            else ReconnectAction("wait")
        )
    if chosen in names:
        return ReconnectAction("open", chosen)
    return ReconnectAction("open", "" if pulse.default in names else names[0])


def _acceptable_sources(pulse: PulseState, chosen: str) -> list[str]:
    """What may be heard: microphones, and what plays where it was chosen or is the default
    although there is a microphone, which only a user makes it."""
    wanted = chosen or (pulse.default if pulse.microphones else "")
    return [row.name for row in pulse.sources if not row.is_monitor or row.name == wanted]


def _fields(text: str) -> dict[str, str]:
    """`Name: value` and `name = value` of one object; the first of a name counts."""
    fields: dict[str, str] = {}
    for line in text.splitlines():
        name, mark, value = line.strip().partition(": ")
        if not mark:
            name, mark, value = line.strip().partition(" = ")
        if mark:
            fields.setdefault(name, value)
        elif not line and fields:
            break  # what follows is of another kind
    return fields


def _pactl(*arguments: str) -> str | None:
    environ = os.environ | {"LC_ALL": "C.UTF-8"}  # the listing is translated
    try:
        done = subprocess.run(
            ["pactl", *arguments],
            env=environ,
            capture_output=True,
            timeout=PACTL_TIMEOUT_S,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout.decode("utf-8", "replace") if done.returncode == 0 else None
