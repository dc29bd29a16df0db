"""The microphone stream controller: scripts of events, and random events in any order."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from sayso.core.audio import mic_state as m
from sayso.core.audio.dropouts import Dropout
from sayso.core.audio.watchdog import MicTimeouts
from sayso.core.problems import ProblemKind
from sayso.core.problems import audio as problems

RATE_HZ, BLOCK_BYTES, BLOCK_MS = 16_000, 640, 20
BUSY = ProblemKind("test.busy", "The device is busy.")()
STAY, WAIT = m.ReconnectAction("stay"), m.ReconnectAction("wait")
LIMITS = MicTimeouts()
OPENED = m.Notify("on_opened", (RATE_HZ,))
OPEN_FAILED = m.Notify("on_open_failed", (None,))
INTERRUPTION_CHANGED = m.Notify("on_interruption_changed")


def lost(problem):
    return m.Notify("on_lost", (problem,))


class Stream:
    """A `MicState` with a clock, and the commands it has returned."""

    def __init__(self, device="", *, watched=True, is_open=True):
        self.state, self.now_ms, self.asleep_ms = m.MicState(device, LIMITS), 1000.0, 0.0
        self.commands = []
        self.do(self.state.open())
        if watched:
            self.watch()
        if is_open:
            self.opened()

    def do(self, commands):
        self.commands += commands

    def take(self, *kinds):
        """Return the commands since the last call, of these kinds only if any are given."""
        commands, self.commands = self.commands, []
        return [each for each in commands if not kinds or isinstance(each, kinds)]

    def notified(self, method):
        """Return the argument of each call of this listener method since the last call."""
        return [each.arguments[0] for each in self.take(m.Notify) if each.method == method]

    def dropouts(self):
        return self.notified("on_dropout")

    def last(self, kind):
        return [each for each in self.commands if isinstance(each, kind)][-1]

    def watch(self):
        self.do(self.state.watch(self.now_ms, self.asleep_ms))

    def unwatch(self):
        commands, dropout = self.state.unwatch(self.now_ms)
        self.do(commands)
        return dropout

    def opened(self):
        self.do(self.state.opened(self.last(m.OpenDevice).number, RATE_HZ, self.now_ms))

    def fails(self, problem=BUSY, *, is_missing=False):
        number = self.last(m.OpenDevice).number
        self.do(self.state.open_failed(number, problem, is_missing=is_missing, now_ms=self.now_ms))

    def answer(self, answer):
        self.do(self.state.answered(self.last(m.QueryServer).number, answer, self.now_ms))

    def end(self):
        self.do(self.state.ended(self.state.number, self.now_ms))

    def blocks(self, duration_ms=BLOCK_MS, *, silent=False):
        for _ in range(int(duration_ms) // BLOCK_MS):
            self.now_ms += BLOCK_MS
            self.do(self.state.block(BLOCK_BYTES, silent, self.now_ms))

    def wait(self, duration_ms):
        """Let time pass without blocks."""
        for _ in range(int(duration_ms) // 50):
            self.now_ms += 50
            self.do(self.state.tick(self.now_ms, self.asleep_ms))


def confirmed(device=""):
    """Return an open stream of a microphone that has delivered audio."""
    stream = Stream(device)
    stream.answer(STAY)
    stream.blocks(200)
    stream.commands.clear()
    return stream


def kinds(commands):
    return [type(each).__name__ for each in commands]


# Opening and closing


def test_the_stream_is_opened_once():
    stream = Stream(watched=False, is_open=False)
    stream.do(stream.state.open())
    assert stream.take() == [m.OpenDevice(1, "")]
    stream.do(stream.state.opened(1, RATE_HZ, 0))
    stream.do(stream.state.open())
    assert stream.take() == [OPENED]


def test_blocks_of_an_unwatched_stream_are_delivered():
    stream = Stream(watched=False)
    stream.take()
    stream.blocks(40, silent=True)
    assert stream.take() == [m.DeliverBlock()] * 2


def test_a_missing_device_is_replaced_by_the_default_with_a_warning():
    stream = Stream("headset", is_open=False, watched=False)
    stream.fails(is_missing=True)
    assert stream.take() == [m.OpenDevice(1, "headset"), m.OpenDevice(1, "")]
    stream.do(stream.state.opened(1, RATE_HZ, 0))
    warning = m.Notify("on_warning", (problems.DEFAULT_USED(device="headset"),))
    assert stream.take() == [warning, OPENED]


@pytest.mark.parametrize(
    ("watched", "report"),
    [(True, lost(BUSY)), (False, m.Notify("on_open_failed", (BUSY,)))],
    ids=["watched", "unwatched"],
)
def test_a_failed_opening_is_reported(watched, report):
    stream = Stream(watched=watched, is_open=False)
    stream.fails()
    assert stream.take()[-1] == report


def test_a_failure_of_the_default_after_a_missing_device_is_reported():
    stream = Stream("headset", is_open=False)
    stream.fails(is_missing=True)
    stream.fails(is_missing=True)
    assert stream.take()[-1] == lost(BUSY)


def test_a_stream_closed_during_its_opening_is_closed_afterwards():
    stream = Stream(watched=False, is_open=False)
    stream.do(stream.state.close())
    assert m.CloseDevice() not in stream.commands
    stream.opened()
    assert stream.take()[-2:] == [m.CloseDevice(), OPEN_FAILED]


def test_an_unwatched_stream_that_ends_may_be_opened_again():
    stream = Stream(watched=False)
    stream.end()
    assert stream.take()[-1] == OPEN_FAILED
    stream.do(stream.state.open())
    assert kinds(stream.take()) == ["OpenDevice"]


# Which source is recorded


def test_a_watched_stream_asks_whether_its_source_is_a_microphone():
    stream = Stream()
    assert stream.take(m.QueryServer) == [m.QueryServer(1, "", "silent")]


def test_without_any_microphone_the_take_is_lost_at_once():
    stream = Stream()
    stream.answer(WAIT)
    assert stream.take()[-1] == lost(problems.MISSING())
    assert not stream.state.is_watched


def test_a_source_that_became_a_monitor_interrupts_and_its_audio_counts_as_lost():
    stream = confirmed()
    stream.blocks(300, silent=True)  # a loudspeaker that plays nothing
    stream.answer(m.ReconnectAction("open", "headset"))
    assert stream.state.is_interrupted
    stream.answer(m.ReconnectAction("open", "headset"))
    stream.opened()
    stream.take()
    stream.blocks()
    assert stream.dropouts() == [Dropout(320)]


def test_zeros_are_checked_and_silence_is_reported_once():
    stream = confirmed()
    stream.blocks(LIMITS.zeros_ms + 40, silent=True)
    assert kinds(stream.take(m.QueryServer)) == ["QueryServer"]
    stream.do(stream.state.answered(2, STAY, stream.now_ms))
    stream.blocks(2 * LIMITS.silence_ms, silent=True)
    assert stream.notified("on_warning") == [problems.SILENT()]


def test_the_source_is_checked_about_once_a_second():
    stream, queries = confirmed(), 0
    for _ in range(100):
        stream.blocks(40)
        stream.wait(50)
        if stream.take(m.QueryServer):
            queries += 1
            stream.do(stream.state.answered(queries + 1, STAY, stream.now_ms))
    assert 8 <= queries <= 9


# Interruptions


def stalled():
    stream = confirmed()
    stream.wait(LIMITS.block_ms)
    assert kinds(stream.commands) == ["QueryServer", "Notify"]
    assert stream.last(m.QueryServer).state == "stalled"
    return stream


def ended():
    stream = confirmed()
    stream.end()
    assert kinds(stream.commands) == [*("CloseDevice", "QueryServer", "Notify")]
    assert stream.last(m.QueryServer).state == "closed"
    return stream


def slept():
    stream = confirmed()
    stream.asleep_ms = 60_000
    stream.wait(50)
    return stream


@pytest.mark.parametrize("interrupted", [stalled, ended, slept])
def test_an_interrupted_stream_is_opened_again_as_the_server_says(interrupted):
    stream = interrupted()
    assert stream.state.is_interrupted
    stream.answer(m.ReconnectAction("open", "headset"))
    assert stream.last(m.OpenDevice).device == "headset"
    stream.opened()
    stream.take()
    stream.blocks()
    notice, change, block = stream.take()
    (dropout,) = notice.arguments
    assert dropout.duration_ms > 0
    assert dropout.during_sleep == (interrupted is slept)
    assert (change, block) == (INTERRUPTION_CHANGED, m.DeliverBlock())
    assert not stream.state.is_interrupted


def test_opening_is_retried_until_it_succeeds():
    stream = ended()
    for _ in range(3):
        stream.answer(m.ReconnectAction("open", ""))
        stream.fails()
        stream.take()
        stream.wait(LIMITS.reopen_ms)
        assert [each.state for each in stream.commands] == ["closed"]


def test_without_a_microphone_the_server_is_asked_again():
    stream = ended()
    stream.answer(WAIT)
    stream.take()
    stream.wait(LIMITS.reopen_ms)
    assert kinds(stream.take()) == ["QueryServer"]


def test_a_reopened_stream_without_blocks_has_stalled():
    stream = ended()
    stream.answer(m.ReconnectAction("open", ""))
    stream.opened()
    stream.take()
    stream.wait(LIMITS.reopened_block_ms)
    assert [each.state for each in stream.take(m.QueryServer)] == ["stalled"]


def test_a_reopened_stream_that_ends_while_it_is_opened_is_opened_again():
    stream = ended()
    stream.answer(m.ReconnectAction("open", ""))
    stream.end()
    stream.opened()
    stream.take()
    stream.wait(LIMITS.reopen_ms)
    assert [each.state for each in stream.take(m.QueryServer)] == ["closed"]


def test_silence_before_an_interruption_does_not_count_afterwards():
    stream = confirmed()
    stream.blocks(1500, silent=True)
    stream.answer(m.ReconnectAction("open", "headset"))
    stream.answer(m.ReconnectAction("open", "headset"))
    stream.opened()
    stream.blocks(1000, silent=True)
    assert stream.notified("on_warning") == []


def test_a_stream_that_resumes_has_lost_only_what_it_does_not_deliver_late():
    stream = stalled()
    stream.answer(STAY)
    stream.take()
    stream.wait(200)
    for _ in range(10):  # 200 ms of late audio
        stream.do(stream.state.block(BLOCK_BYTES, False, stream.now_ms))
    assert not stream.state.is_interrupted
    assert stream.dropouts() == []
    stream.blocks(100)
    stream.wait(LIMITS.late_blocks_ms)
    (dropout,) = stream.dropouts()
    assert dropout.duration_ms == pytest.approx(700 - 200 - 100, abs=320)


def test_the_dropout_of_a_resumed_stream_is_reported_at_the_end_of_the_take():
    stream = stalled()
    stream.blocks()
    stream.take()
    assert stream.unwatch() == Dropout()
    assert len(stream.dropouts()) == 1


@pytest.mark.parametrize(
    ("has_audio", "fails", "problem"),
    [
        (True, True, problems.DISCONNECTED()),
        (False, True, BUSY),
        (False, False, problems.NOT_STARTED()),
    ],
    ids=["after audio", "the opening failed", "no audio"],
)
def test_the_take_is_lost_after_the_time_limit(has_audio, fails, problem):
    stream = confirmed() if has_audio else Stream()
    stream.end()
    if fails:
        stream.answer(m.ReconnectAction("open", ""))
        stream.fails()
    stream.take()
    limit_ms = LIMITS.interruption_ms if has_audio else LIMITS.start_interruption_ms
    stream.wait(limit_ms - 100)
    assert stream.notified("on_lost") == []
    stream.wait(100)
    assert stream.notified("on_lost") == [problem]
    assert stream.unwatch() == Dropout()


def test_a_take_that_ends_during_an_interruption_has_a_dropout_at_its_end():
    stream = stalled()
    stream.wait(600)
    assert stream.unwatch() == Dropout(LIMITS.block_ms + 600)
    assert not stream.state.is_interrupted


def test_answers_to_older_queries_are_ignored():
    stream = confirmed()
    stream.wait(LIMITS.block_ms)
    stream.take()
    stream.do(stream.state.answered(1, WAIT, stream.now_ms))
    assert stream.take() == []


def test_a_reopening_waits_for_an_opening_in_progress():
    stream = Stream(is_open=False)
    number = stream.state.number
    stream.end()
    stream.answer(m.ReconnectAction("open", "headset"))
    assert len(stream.take(m.OpenDevice)) == 1
    stream.do(stream.state.opened(number, RATE_HZ, stream.now_ms))
    assert [each.device for each in stream.take(m.OpenDevice)] == ["headset"]


def test_a_take_that_begins_during_a_failing_reopening_gets_its_own_attempts():
    stream = ended()
    stream.answer(m.ReconnectAction("open", ""))
    stream.unwatch()
    stream.watch()
    stream.fails()
    assert stream.state.is_interrupted
    assert kinds(stream.take())[-2:] == ["QueryServer", "Notify"]


# Any events in any order


class AnyEvents(RuleBasedStateMachine):
    """A device that behaves arbitrarily."""

    def __init__(self):
        super().__init__()
        self.state, self.now_ms, self.asleep_ms = m.MicState("headset", LIMITS), 0.0, 0.0
        self.opening, self.is_open, self.queries, self.lost_ms = [], False, [], None

    def do(self, commands):
        for command in commands:
            match command:
                case m.OpenDevice():
                    assert not self.opening, "one opening at a time"
                    self.opening.append(command)
                case m.CloseDevice():
                    self.is_open = False
                case m.QueryServer():
                    self.queries.append(command.number)

    @rule()
    def open(self):
        self.do(self.state.open())

    @rule()
    def close(self):
        if not self.state.is_watched:
            self.do(self.state.close())

    @rule()
    def watch(self):
        self.do(self.state.watch(self.now_ms, self.asleep_ms))
        self.do(self.state.open())

    @rule()
    def unwatch(self):
        commands, dropout = self.state.unwatch(self.now_ms)
        self.do(commands)
        assert dropout.duration_ms >= 0

    @precondition(lambda self: self.opening)
    @rule(outcome=st.sampled_from(["opened", "failed", "missing"]))
    def finish_opening(self, outcome):
        number = self.opening.pop().number
        if outcome == "opened":
            self.is_open = True
            self.do(self.state.opened(number, RATE_HZ, self.now_ms))
        else:
            missing = outcome == "missing"
            self.do(self.state.open_failed(number, BUSY, is_missing=missing, now_ms=self.now_ms))

    @rule(older=st.integers(0, 2))
    def end(self, older):
        if not older:
            self.is_open = False
        self.do(self.state.ended(self.state.number - older, self.now_ms))

    @precondition(lambda self: self.state.rate_hz)
    @rule(silent=st.booleans())
    def block(self, silent):
        self.do(self.state.block(BLOCK_BYTES, silent, self.now_ms))

    @precondition(lambda self: self.queries)
    @rule(action=st.sampled_from(["stay", "open", "wait"]))
    def answer(self, action):
        self.do(self.state.answered(self.queries.pop(), m.ReconnectAction(action), self.now_ms))

    @rule(duration_ms=st.integers(1, 3000), asleep_ms=st.sampled_from([0, 0, 0, 5000]))
    def tick(self, duration_ms, asleep_ms):
        self.now_ms += duration_ms
        self.asleep_ms += asleep_ms
        self.do(self.state.tick(self.now_ms, self.asleep_ms))

    @invariant()
    def an_interruption_is_watched_and_ends(self):
        assert self.state.is_watched or not self.state.is_interrupted

    @invariant()
    def the_device_is_open_if_and_only_if_the_stream_is(self):
        if self.state.rate_hz:
            assert self.is_open
        elif not self.opening:
            assert not self.is_open


TestAnyEvents = AnyEvents.TestCase


@given(st.integers(0, 60_000))
def test_an_interruption_lasts_no_longer_than_the_limit(asleep_ms):
    stream = ended()
    stream.asleep_ms = asleep_ms
    stream.answer(WAIT)
    stream.wait(LIMITS.interruption_ms)
    assert len(stream.notified("on_lost")) == 1
