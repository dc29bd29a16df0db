import pytest

from sayso.audio.pulse import PulseState, ReconnectAction, Source, decide_reconnect, parse

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
    return Source(
        source.index, source.name, source.description, source.is_monitor, is_suspended=True
    )


def test_the_state_is_read_with_the_newest_stream_of_ours() -> None:
    server = parse(INFO, LISTING, 4711)
    assert server == PulseState((taken(MONITOR), BUILT_IN), "built-in", BUILT_IN)
    assert parse(INFO, LISTING, 5).our_source is None
    assert parse("", "", 5) == PulseState()


def at(ours: Source | None, *others: Source) -> PulseState:
    return PulseState((MONITOR, *others, *([ours] if ours else [])), "built-in", ours)


STAY, WAIT = ReconnectAction("stay"), ReconnectAction("wait")
ADVICE = {
    "muted": (at(BUILT_IN, HEADSET), "", "silent", STAY),
    "moved to another microphone": (at(HEADSET), "built-in", "silent", STAY),
    "moved although the chosen one is there": (
        *(at(HEADSET, BUILT_IN), "built-in", "silent", ReconnectAction("open", "built-in")),
    ),
    "moved to what plays, and nothing else is there": (at(MONITOR), "", "silent", WAIT),
    "moved to what plays, and another is there": (
        *(at(MONITOR, HEADSET), "", "silent", ReconnectAction("open", "headset")),
    ),
    "moved to what plays, and the default is there": (
        *(at(MONITOR, BUILT_IN, HEADSET), "", "silent", ReconnectAction("open")),
    ),
    "what plays was chosen": (at(MONITOR, BUILT_IN), "out.monitor", "silent", STAY),
    "what plays was made the default": (
        *(PulseState((MONITOR, HEADSET), "out.monitor", MONITOR), "", "silent", STAY),
    ),
    "what plays became the default for want of another": (
        *(PulseState((MONITOR,), "out.monitor", MONITOR), "", "silent", WAIT),
    ),
    "nobody knows where it is": (at(None, BUILT_IN), "", "silent", STAY),
    "taken by another program": (
        *(at(taken(BUILT_IN), HEADSET), "", "still", ReconnectAction("open", "headset")),
    ),
    "taken, and nothing else is there": (at(taken(BUILT_IN)), "", "still", STAY),
    "the chosen one is taken": (
        *(at(taken(HEADSET), BUILT_IN), "headset", "still", ReconnectAction("open")),
    ),
    "still for no reason": (at(BUILT_IN), "", "still", ReconnectAction("open")),
    "ended, the chosen one is there": (
        *(at(None, BUILT_IN, HEADSET), "headset", "closed", ReconnectAction("open", "headset")),
    ),
    "ended, the chosen one is gone": (at(None, BUILT_IN), "headset", "closed", ReconnectAction("open")),  # noqa: E501
    "ended, and nothing is there": (at(None), "headset", "closed", WAIT),
}  # fmt: skip


@pytest.mark.parametrize(("server", "chosen", "trouble", "advice"), ADVICE.values(), ids=ADVICE)
def test_where_to_go_on(server, chosen, trouble, advice) -> None:
    assert decide_reconnect(server, chosen, trouble) == advice
