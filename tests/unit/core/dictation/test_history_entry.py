import attrs
import pytest

from sayso.core.dictation.history_entry import (
    HistoryEntry,
    entry_from_take,
    with_retry,
)
from sayso.core.dictation.retention import UNRESOLVED, audio_days, describe_retention, text_days
from sayso.core.dictation.take import Take
from sayso.core.problems import untyped_problem
from sayso.core.settings import settings as s
from sayso.core.settings.settings import HistorySettings
from sayso.core.usage import UsageRecord

WORDS = HistoryEntry(
    id="a", started="2026-11-21T13:32:05.250+00:00", offset_min=60, text="Hello, “world”.",
    outcome="inserted", engine="on-device", duration_s=1.5, program="editor",
)  # fmt: skip
SILENT = HistoryEntry(
    id="b", started="2026-11-21T23:59:00.000+00:00", offset_min=-480, outcome="failed"
)


def test_an_entry_is_what_the_take_was():
    take = Take(number=1, id="x", rate_hz=16000, engine="on-device", text="Hi.")
    take.append(bytes(32000))
    take.outcome, take.problem = "held", untyped_problem("The window is gone.", "Copy them.")
    take.mark("key_up", 900.04)
    entry = entry_from_take(take, started_s=1795269600.5, offset_min=60, program="editor")
    assert entry.started == "2026-11-21T14:00:00.500+00:00"
    assert f"{entry.local_time:%H:%M}" == "15:00"
    assert (entry.error, entry.duration_s) == ("The window is gone. Copy them.", 1.0)
    assert entry.timings == {"key_up": 900.0}


AGAIN = {
    # before, words now: words, outcome
    "failed, now it works": (SILENT, "Now.", "Now.", "rescued"),
    "failed, nothing in it": (SILENT, "", "", "nothing"),
    "inserted stays so": (WORDS, "Other.", "Other.", "inserted"),
    "no words take none away": (WORDS, "", WORDS.text, "inserted"),
    "held words stay held": (attrs.evolve(WORDS, outcome="held"), "", WORDS.text, "held"),
    "held words, other words": (attrs.evolve(WORDS, outcome="held"), "Now.", "Now.", "rescued"),
}


@pytest.mark.parametrize(("before", "text", "words", "outcome"), AGAIN.values(), ids=AGAIN)
def test_a_take_that_was_tried_again(before, text, words, outcome):
    take = Take(number=-1, id="a", engine="Attic")
    take.add_usage(UsageRecord(endpoint="Attic", seconds=2, cost_usd=0.5))
    first = attrs.evolve(
        before, usage=(UsageRecord(endpoint="OpenAI", cost_usd=0.25),), error="Broke."
    )
    again = with_retry(first, take, text)
    assert (again.text, again.outcome, again.engine, again.error) == (words, outcome, "Attic", "")
    assert again.cost_usd == 0.75


SHOWN = {
    "words": (WORDS, "Hello, “world”."),
    "failed": (SILENT, "Not recognised yet"),
    "nothing": (HistoryEntry(id="", started="", outcome="nothing"), "Nothing heard"),
    "cancelled": (HistoryEntry(id="", started="", outcome="cancelled"), "Cancelled"),
}


@pytest.mark.parametrize(("entry", "shown"), SHOWN.values(), ids=SHOWN)
def test_what_is_shown(entry, shown):
    assert entry.display_text == shown


KEPT = {
    # keep, sound_days, outcome: days of words, days of sound
    "week": ("7d", 7, "inserted", 7, 7),
    "week, no sound": ("7d", 0, "inserted", 7, 0),
    "month": ("30d", 7, "inserted", 30, 7),
    "year": ("1y", 7, "cancelled", 365, 7),
    "always": ("always", 7, "nothing", None, 7),
    "always, failed": ("always", 0, "failed", None, 1),
    "never": ("never", 7, "inserted", 0, 0),
    "never, cancelled": ("never", 7, "cancelled", 0, 0),
    "never, failed": ("never", 7, "failed", 1, 1),
    "never, held": ("never", 0, "held", 1, 1),
    "never, rescued": ("never", 0, "rescued", 1, 1),
    "sound for longer than the words": ("7d", 30, "inserted", 7, 7),
    "month of both": ("30d", 30, "inserted", 30, 30),
    "year of sound": ("always", 365, "cancelled", None, 365),
    "a day of sound, failed": ("7d", 1, "failed", 7, 1),
    "week, no sound, failed": ("7d", 0, "failed", 7, 1),
}


@pytest.mark.parametrize(("keep", "sound", "outcome", "days", "of_sound"), KEPT.values(), ids=KEPT)
def test_what_is_kept_for_how_long(keep, sound, outcome, days, of_sound):
    rule = HistorySettings(keep=keep, sound_days=sound)
    assert (text_days(rule, outcome), audio_days(rule, outcome)) == (days, of_sound)


@pytest.mark.parametrize("keep", ["never", "7d", "30d", "1y", "always"])
@pytest.mark.parametrize("outcome", [*UNRESOLVED, "inserted", "nothing", "cancelled"])
def test_sound_never_outlives_its_words(keep, outcome):
    for sound in (0, 1, 7, 30, 365):
        rule = HistorySettings(keep=keep, sound_days=sound)
        days = text_days(rule, outcome)
        assert days is None or audio_days(rule, outcome) <= days
        assert describe_retention(rule).endswith(".")


def test_the_settings_name_the_rule():
    settings = s.put(s.put(s.Settings(), "history.keep", "1y"), "history.sound_days", 0)
    assert settings.history == HistorySettings(keep="1y", sound_days=0)
    assert "for 1 year" in describe_retention(settings.history)
