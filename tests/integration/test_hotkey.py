"""The hotkey controller in a real event loop, with a simulated source of keys."""

import asyncio

from event_loop import run
from fakes import FakeHotkey
from sayso.core.dictation import events as e
from sayso.core.problems import ProblemKind
from sayso.core.settings.settings import HotkeySettings
from sayso.dictation.hotkey import HotkeyController

FAILURE = ProblemKind("test.failure", "It does not work.")()
HELD = frozenset({"ctrl_r"})


class Listener:
    def __init__(self):
        self.intents = []
        self.problems = []
        self.restored = 0

    @property
    def is_recording(self):
        return bool(self.intents) and isinstance(self.intents[-1], e.Start)

    def on_intent(self, event, at_s):
        self.intents.append(event)

    def on_other_key(self, at_s): ...

    def on_problem(self, problem):
        self.problems.append(problem)

    def on_hotkey_restored(self):
        self.restored += 1


class QueriedHotkey(FakeHotkey):
    """Runs `on_query` in the event loop after each question for the pressed keys."""

    def __init__(self):
        super().__init__()
        self.loop = asyncio.get_running_loop()
        self.queried = asyncio.Event()
        self.on_query = lambda: None

    def pressed_now(self):
        pressed = super().pressed_now()
        self.loop.call_soon_threadsafe(self.on_query)
        self.loop.call_soon_threadsafe(self.queried.set)
        return pressed


def started(problem=None, settings=None):
    """Decorate a test that receives a started controller, its source and its listener."""

    def decorate(scenario):
        async def test():
            source, listener = QueriedHotkey(), Listener()
            source.problem = problem
            controller = HotkeyController(
                settings or HotkeySettings(), source, listener, poll_interval_s=0.01
            )
            await controller.start()
            await scenario(controller, source, listener)
            await controller.close()

        return lambda: run(test, 5)

    return decorate


async def wait_until(condition):
    while not condition():  # noqa: ASYNC110
        await asyncio.sleep(0.001)


@started()
async def test_a_missed_release_ends_the_recording(controller, source, listener):
    source.key("ctrl_r", True)
    await wait_until(lambda: len(listener.intents) == 2)
    assert listener.intents == [e.Start(), e.Stop()]


@started()
async def test_an_outdated_answer_does_not_end_a_new_press(controller, source, listener):
    def release_and_press():
        source.key("ctrl_r", False)
        source.key("ctrl_r", True)
        source.pressed, source.on_query = HELD, lambda: None

    source.on_query = release_and_press
    source.key("ctrl_r", True)
    for _ in range(3):
        source.queried.clear()
        await source.queried.wait()
    assert listener.intents == [e.Start(), e.Stop(), e.Start()]


@started()
async def test_a_system_that_cannot_report_pressed_keys_is_not_polled(controller, source, listener):
    source.pressed = None
    source.key("ctrl_r", True)
    await source.queried.wait()
    source.queried.clear()
    await asyncio.sleep(0.05)
    assert not source.queried.is_set()
    assert listener.intents == [e.Start()]


@started()
async def test_a_shortcut_that_the_system_matches_starts_and_stops(controller, source, listener):
    source.listener.hotkey_down(1.0)
    source.listener.hotkey_up(2.0)
    await wait_until(lambda: len(listener.intents) == 2)
    assert listener.intents == [e.Start(), e.Stop()]


@started(settings=HotkeySettings(chord="f9"))
async def test_the_hotkey_is_grabbed_except_while_a_chord_is_recorded(controller, source, listener):
    chords = []
    controller.record_chord(chords.append)
    await wait_until(lambda: source.grabbed[-1] == "")
    source.key("f8", True)
    source.key("f8", False)
    await wait_until(lambda: chords)
    controller.record_chord(None)
    controller.configure(HotkeySettings(chord="f8"))
    await wait_until(lambda: source.grabbed[-1] == "f8")
    assert chords == ["f8"]
    assert source.grabbed[:2] == ["f9", ""]


@started(problem=FAILURE)
async def test_a_source_that_cannot_start_is_reported(controller, source, listener):
    assert listener.problems == [FAILURE]
    assert source.grabbed == []


@started()
async def test_the_loss_and_the_return_of_the_source_are_reported(controller, source, listener):
    source.listener.lost(FAILURE)
    source.listener.restored()
    await wait_until(lambda: listener.restored)
    assert listener.problems == [FAILURE]
