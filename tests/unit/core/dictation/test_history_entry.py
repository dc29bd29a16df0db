import attrs
import pytest

from sayso.core.dictation.history_entry import (
    UNRESOLVED,
    HistoryEntry,
    audio_days,
    describe_retention,
    entry_from_take,
    text_days,
    with_retry,
)
from sayso.core.dictation.take import Take
from sayso.core.problems import ProblemKind
from sayso.core.settings import settings as s
from sayso.core.settings.settings import HistorySettings
from sayso.core.usage import UsageRecord

FOCUS_LOST = ProblemKind("test.focus_lost", "The window is closed.", "Copy the text.")
INSERTED = HistoryEntry(
    id="a", started="2026-11-21T13:32:05.250+00:00", offset_min=60, text="Hello, “world”.",
    outcome="inserted", engine="on-device", duration_s=1.5, program="editor",
)  # fmt: skip
FAILED = HistoryEntry(
    id="b", started="2026-11-21T23:59:00.000+00:00", offset_min=-480, outcome="failed"
)


def test_an_entry_is_created_from_a_take():
    take = Take(number=1, id="x", rate_hz=16000, engine="on-device", text="Hi.")
    take.append(bytes(32000))
    take.outcome, take.problem = "held", FOCUS_LOST()
    take.mark("key_up", 900.04)
    entry = entry_from_take(take, started_s=1795269600.5, offset_min=60, program="editor")
    assert entry.started == "2026-11-21T14:00:00.500+00:00"
    assert f"{entry.local_time:%H:%M}" == "15:00"
    assert (entry.error, entry.duration_s) == (FOCUS_LOST().sentence, 1.0)
    assert entry.timings == {"key_up": 900.0}


RETRIES = {
    # entry, new text, text, outcome
    "failed, then text": (FAILED, "Now.", "Now.", "rescued"),
    "failed, then no text": (FAILED, "", "", "nothing"),
    "inserted": (INSERTED, "Other.", "Other.", "inserted"),
    "inserted, then no text": (INSERTED, "", INSERTED.text, "inserted"),
    "held, then no text": (attrs.evolve(INSERTED, outcome="held"), "", INSERTED.text, "held"),
    "held, then text": (attrs.evolve(INSERTED, outcome="held"), "Now.", "Now.", "rescued"),
}


@pytest.mark.parametrize(("entry", "new_text", "text", "outcome"), RETRIES.values(), ids=RETRIES)
def test_a_retry_updates_the_entry(entry, new_text, text, outcome):
    take = Take(number=-1, id="a", engine="Attic")
    take.usage.append(UsageRecord(endpoint="Attic", seconds=2, cost_usd=0.5))
    first = attrs.evolve(
        entry, usage=(UsageRecord(endpoint="OpenAI", cost_usd=0.25),), error="Broke."
    )
    again = with_retry(first, take, new_text)
    assert (again.text, again.outcome, again.engine, again.error) == (text, outcome, "Attic", "")
    assert again.cost_usd == 0.75


DISPLAYED = {
    "text": (INSERTED, "Hello, “world”."),
    "failed": (FAILED, "Not transcribed yet"),
    "nothing": (HistoryEntry(id="", started="", outcome="nothing"), "Nothing heard"),
    "cancelled": (HistoryEntry(id="", started="", outcome="cancelled"), "Canceled"),
}


@pytest.mark.parametrize(("entry", "text"), DISPLAYED.values(), ids=DISPLAYED)
def test_an_entry_displays_its_text_or_the_reason(entry, text):
    assert entry.display_text == text


KEPT = {
    # keep, sound_days, outcome, days of the text, days of the audio
    "week": ("7d", 7, "inserted", 7, 7),
    "week, no audio": ("7d", 0, "inserted", 7, 0),
    "month": ("30d", 7, "inserted", 30, 7),
    "year": ("1y", 7, "cancelled", 365, 7),
    "always": ("always", 7, "nothing", None, 7),
    "always, failed": ("always", 0, "failed", None, 1),
    "never": ("never", 7, "inserted", 0, 0),
    "never, cancelled": ("never", 7, "cancelled", 0, 0),
    "never, failed": ("never", 7, "failed", 1, 1),
    "never, held": ("never", 0, "held", 1, 1),
    "never, recovered": ("never", 0, "rescued", 1, 1),
    "audio for longer than the text": ("7d", 30, "inserted", 7, 7),
    "a month of both": ("30d", 30, "inserted", 30, 30),
    "a year of audio": ("always", 365, "cancelled", None, 365),
    "a day of audio, failed": ("7d", 1, "failed", 7, 1),
    "week, no audio, failed": ("7d", 0, "failed", 7, 1),
}


@pytest.mark.parametrize(
    ("keep", "sound_days", "outcome", "text", "audio"), KEPT.values(), ids=KEPT
)
def test_the_retention_depends_on_settings_and_outcome(keep, sound_days, outcome, text, audio):
    settings = HistorySettings(keep=keep, sound_days=sound_days)
    assert (text_days(settings, outcome), audio_days(settings, outcome)) == (text, audio)


@pytest.mark.parametrize("keep", ["never", "7d", "30d", "1y", "always"])
@pytest.mark.parametrize("outcome", [*UNRESOLVED, "inserted", "nothing", "cancelled"])
def test_audio_is_never_kept_longer_than_its_text(keep, outcome):
    for sound in (0, 1, 7, 30, 365):
        settings = HistorySettings(keep=keep, sound_days=sound)
        days = text_days(settings, outcome)
        assert days is None or audio_days(settings, outcome) <= days
        assert describe_retention(settings).endswith(".")


def test_the_retention_is_described():
    settings = s.put(s.put(s.Settings(), "history.keep", "1y"), "history.sound_days", 0)
    assert settings.history == HistorySettings(keep="1y", sound_days=0)
    assert "for 1 year" in describe_retention(settings.history)
