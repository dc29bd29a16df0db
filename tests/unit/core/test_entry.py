import csv
import json

import pytest

from sayso.core import settings as s
from sayso.core.entry import Entry, exported, of_take
from sayso.core.problems import Problem
from sayso.core.retention import UNRESOLVED, described, sound_days, text_days
from sayso.core.settings import History
from sayso.core.take import Take

WORDS = Entry(
    id="a", started="2026-11-21T13:32:05.250+00:00", offset_min=60, text="Hello, “world”.",
    outcome="inserted", engine="on-device", duration_s=1.5, program="editor",
)  # fmt: skip
SILENT = Entry(id="b", started="2026-11-21T23:59:00.000+00:00", offset_min=-480, outcome="failed")


def test_an_entry_is_what_the_take_was():
    take = Take(number=1, id="x", rate_hz=16000, engine="on-device", text="Hi.")
    take.add(bytes(32000))
    take.outcome, take.problem = "held", Problem("The window is gone.", "Copy them.")
    take.step("key_up", 900.04)
    entry = of_take(take, started_s=1795269600.5, offset_min=60, program="editor")
    assert entry.started == "2026-11-21T14:00:00.500+00:00"
    assert f"{entry.local:%H:%M}" == "15:00"
    assert (entry.error, entry.duration_s) == ("The window is gone. Copy them.", 1.0)
    assert entry.timings == {"key_up": 900.0}


SHOWN = {
    "words": (WORDS, "Hello, “world”."),
    "failed": (SILENT, "Not recognised yet"),
    "nothing": (Entry(id="", started="", outcome="nothing"), "Nothing heard"),
    "cancelled": (Entry(id="", started="", outcome="cancelled"), "Cancelled"),
}


@pytest.mark.parametrize(("entry", "shown"), SHOWN.values(), ids=SHOWN)
def test_what_is_shown(entry, shown):
    assert entry.shown == shown


def test_export_as_text_has_times_and_words():
    assert exported([WORDS, SILENT], "txt") == "2026-11-21 14:32\nHello, “world”.\n"


def test_export_as_json_has_everything():
    first, second = json.loads(exported([WORDS, SILENT], "json"))
    assert (first["text"], first["timings"], second["outcome"]) == ("Hello, “world”.", {}, "failed")


@pytest.mark.parametrize("text", ['say "hi", twice', "two\nlines", "ö"], ids=["quotes", "nl", "ö"])
def test_export_as_csv_is_read_back(text):
    entry = Entry(id="c", started=WORDS.started, text=text)
    heading, row = list(csv.reader(exported([entry], "csv").splitlines(keepends=True)))
    assert (heading[-1], row[-1]) == ("text", text)


@pytest.mark.parametrize("text", ["=1+1", "+49 40", "-x", "@SUM(A1)"])
def test_words_are_no_formula_in_a_spreadsheet(text):
    entry = Entry(id="c", started=WORDS.started, text=text)
    assert list(csv.reader(exported([entry], "csv").splitlines()))[1][-1] == f"'{text}"


KEPT = {
    # keep, keep_sound, outcome: days of words, days of sound
    "week": ("7d", True, "inserted", 7, 7),
    "week, no sound": ("7d", False, "inserted", 7, 0),
    "month": ("30d", True, "inserted", 30, 7),
    "year": ("1y", True, "cancelled", 365, 7),
    "always": ("always", True, "nothing", None, 7),
    "always, failed": ("always", False, "failed", None, 1),
    "never": ("never", True, "inserted", 0, 0),
    "never, cancelled": ("never", True, "cancelled", 0, 0),
    "never, failed": ("never", True, "failed", 1, 1),
    "never, held": ("never", False, "held", 1, 1),
    "never, rescued": ("never", False, "rescued", 1, 1),
    "week, no sound, failed": ("7d", False, "failed", 7, 1),
}


@pytest.mark.parametrize(("keep", "sound", "outcome", "days", "of_sound"), KEPT.values(), ids=KEPT)
def test_what_is_kept_for_how_long(keep, sound, outcome, days, of_sound):
    rule = History(keep=keep, keep_sound=sound)
    assert (text_days(rule, outcome), sound_days(rule, outcome)) == (days, of_sound)


@pytest.mark.parametrize("keep", ["never", "7d", "30d", "1y", "always"])
@pytest.mark.parametrize("outcome", [*UNRESOLVED, "inserted", "nothing", "cancelled"])
def test_sound_never_outlives_its_words(keep, outcome):
    for sound in (True, False):
        rule = History(keep=keep, keep_sound=sound)
        days = text_days(rule, outcome)
        assert days is None or sound_days(rule, outcome) <= days
        assert described(rule).endswith(".")


def test_the_settings_name_the_rule():
    settings = s.put(s.put(s.Settings(), "history.keep", "1y"), "history.keep_sound", False)
    assert settings.history == History(keep="1y", keep_sound=False)
    assert "for 1 year" in described(settings.history)
