"""The hotkey in a real loop: what the system says is believed only while it is fresh."""

import asyncio
import time

from sayso.core.dictation import events as e
from sayso.core.settings.settings import HotkeySettings as Settings
from sayso.dictation import hotkey
from sayso.dictation.hotkey import HotkeyController, IntentListener

HELD = frozenset({"ctrl_r"})


def run(scenario):
    """The wishes of a scenario that gets the hotkey and what the system says is down."""
    wishes = []

    async def main():
        asked = asyncio.Event()
        system = {"down": frozenset(), "then": lambda: None}
        loop = asyncio.get_running_loop()

        def really_down():
            down = system["down"]
            loop.call_soon_threadsafe(system["then"])
            loop.call_soon_threadsafe(asked.set)
            return down

        key = HotkeyController(
            Settings(),
            IntentListener(
                on_intent=lambda event, _: wishes.append(event), on_other_key=lambda _: None
            ),
            is_recording=lambda: bool(wishes) and isinstance(wishes[-1], e.Start),
            pressed_now=really_down,
        )
        await asyncio.wait_for(scenario(key, system, asked), 5)
        key.close()

    asyncio.run(main())
    return wishes


def test_a_release_that_was_missed_ends_the_hold(monkeypatch):
    monkeypatch.setattr(hotkey, "POLL_INTERVAL_S", 0.01)

    async def scenario(key, system, asked):
        key.key("ctrl_r", True, time.monotonic())
        await asked.wait()
        while key._polling:
            await asyncio.wait([key._polling])

    assert run(scenario) == [e.Start(), e.Stop()]


def test_a_press_while_the_system_is_asked_is_not_ended_by_the_old_answer(monkeypatch):
    monkeypatch.setattr(hotkey, "POLL_INTERVAL_S", 0.01)

    async def scenario(key, system, asked):
        def again():
            key.key("ctrl_r", False, time.monotonic())
            key.key("ctrl_r", True, time.monotonic())
            system.update(down=HELD, then=lambda: None)

        system["then"] = again
        key.key("ctrl_r", True, time.monotonic())
        for _ in range(3):
            asked.clear()
            await asked.wait()

    assert run(scenario) == [e.Start(), e.Stop(), e.Start()]
