import attrs
import pytest

from sayso.audio.pulse import InputDevice, PulseState, Source, decide_reconnect, parse
from sayso.core.audio.mic_state import ReconnectAction

INFO = "Server Name: pulseaudio\nDefault Sink: out\nDefault Source: built-in\nCookie: 1\n"
LISTING = """Module #0
\tName: module-native-protocol-unix

Source #1
\tState: SUSPENDED
\tName: out.monitor
\tDescription: Monitor of out
\tMonitor of Sink: out

Source #2
\tState: RUNNING
\tName: built-in
\tMonitor of Sink: n/a
\tProperties:
\t\tdevice.description = "x"

Source Output #6
\tSource: 1
\tProperties:
\t\tapplication.process.id = "4711"

Source Output #7
\tSource: 2
\tProperties:
\t\tapplication.process.id = "4711"

Source Output #8
\tSource: 1
\tProperties:
\t\tapplication.process.id = "12"

Client #3
\tDriver: protocol-native.c
"""
MONITOR = Source("1", "out.monitor", "Monitor of out", is_monitor=True, is_suspended=False)
BUILT_IN = Source("2", "built-in", "built-in", is_monitor=False, is_suspended=False)
HEADSET = Source("3", "headset", "A headset", is_monitor=False, is_suspended=False)


def taken(source: Source) -> Source:
    return attrs.evolve(source, is_suspended=True)


def test_the_state_contains_the_source_of_our_newest_stream() -> None:
    server = parse(INFO, LISTING, 4711)
    assert server == PulseState((taken(MONITOR), BUILT_IN), "built-in", BUILT_IN)
    assert parse(INFO, LISTING, 5).our_source is None
    assert parse("", "", 5) == PulseState()


MONITOR_LISTING = """Source #0
\tState: SUSPENDED
\tName: alsa_output.pci-0000.analog-stereo.monitor
\tDescription: Monitor of Built-in Audio
\tMonitor of Sink: alsa_output.pci-0000.analog-stereo
\tProperties:
\t\tdevice.class = "monitor"
"""
BUILT_IN_LISTING = """Source #1
\tState: RUNNING
\tName: alsa_input.pci-0000.analog-stereo
\tDescription: Internes Mikrofon: Größe “L”
\tMonitor of Sink: n/a
\tPorts:
\t\tanalog-input: Name: not this (type: Mic)
\tProperties:
\t\tdevice.description = "another"
"""
NAMELESS_LISTING = "Source #2\n\tName: bluez_input.00_11\n"
BUILT_IN_DEVICE = InputDevice("alsa_input.pci-0000.analog-stereo", "Internes Mikrofon: Größe “L”")
NAMELESS_DEVICE = InputDevice("bluez_input.00_11", "bluez_input.00_11")
LISTINGS = {
    "no server": ("", []),
    "a monitor is not a microphone": (MONITOR_LISTING, []),
    "descriptions are not changed": (f"{MONITOR_LISTING}\n{BUILT_IN_LISTING}", [BUILT_IN_DEVICE]),
    "no description": (NAMELESS_LISTING, [NAMELESS_DEVICE]),
    "several": (f"{BUILT_IN_LISTING}\n{NAMELESS_LISTING}", [BUILT_IN_DEVICE, NAMELESS_DEVICE]),
}


@pytest.mark.parametrize(("listing", "devices"), LISTINGS.values(), ids=LISTINGS)
def test_microphones_are_parsed_from_the_listing(listing: str, devices: list[InputDevice]) -> None:
    assert parse("", listing, 0).microphones == devices


def recording(ours: Source | None, *others: Source) -> PulseState:
    return PulseState((MONITOR, *others, *([ours] if ours else [])), "built-in", ours)


STAY, WAIT = ReconnectAction("stay"), ReconnectAction("wait")
OPEN_DEFAULT = ReconnectAction("open")
OPEN_HEADSET = ReconnectAction("open", "headset")
ACTIONS = {
    "muted": (recording(BUILT_IN, HEADSET), "", "silent", STAY),
    "moved to another microphone": (recording(HEADSET), "built-in", "silent", STAY),
    "moved although the chosen one is available": (
        *(recording(HEADSET, BUILT_IN), "built-in", "silent"),
        ReconnectAction("open", "built-in"),
    ),
    "moved to a monitor, no microphone is left": (recording(MONITOR), "", "silent", WAIT),
    "moved to a monitor, another microphone is left": (
        *(recording(MONITOR, HEADSET), "", "silent", OPEN_HEADSET),
    ),
    "moved to a monitor, the default is available": (
        *(recording(MONITOR, BUILT_IN, HEADSET), "", "silent", OPEN_DEFAULT),
    ),
    "a monitor was chosen": (recording(MONITOR, BUILT_IN), "out.monitor", "silent", STAY),
    "a monitor was made the default": (
        *(PulseState((MONITOR, HEADSET), "out.monitor", MONITOR), "", "silent", STAY),
    ),
    "a monitor became the default because no microphone is left": (
        *(PulseState((MONITOR,), "out.monitor", MONITOR), "", "silent", WAIT),
    ),
    "the source is unknown": (recording(None, BUILT_IN), "", "silent", STAY),
    "taken by another program": (
        *(recording(taken(BUILT_IN), HEADSET), "", "stalled", OPEN_HEADSET),
    ),
    "taken, no other microphone": (recording(taken(BUILT_IN)), "", "stalled", STAY),
    "the chosen one is taken": (
        *(recording(taken(HEADSET), BUILT_IN), "headset", "stalled", OPEN_DEFAULT),
    ),
    "stalled without a reason": (recording(BUILT_IN), "", "stalled", OPEN_DEFAULT),
    "ended, the chosen one is available": (
        *(recording(None, BUILT_IN, HEADSET), "headset", "closed", OPEN_HEADSET),
    ),
    "ended, the chosen one is gone": (
        *(recording(None, BUILT_IN), "headset", "closed", OPEN_DEFAULT),
    ),
    "ended, no microphone": (recording(None), "headset", "closed", WAIT),
}


@pytest.mark.parametrize(("server", "chosen", "state", "action"), ACTIONS.values(), ids=ACTIONS)
def test_the_server_state_decides_how_to_continue(server, chosen, state, action) -> None:
    assert decide_reconnect(server, chosen, state) == action
