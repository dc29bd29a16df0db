import csv
import json

import pytest

from sayso.core.dictation.history_entry import HistoryEntry
from sayso.storage.export import format_entries

INSERTED = HistoryEntry(
    id="a", started="2026-11-21T13:32:05.250+00:00", offset_min=60, text="Hello, “world”.",
    outcome="inserted", engine="on-device", duration_s=1.5, program="editor",
)  # fmt: skip
FAILED = HistoryEntry(
    id="b", started="2026-11-21T23:59:00.000+00:00", offset_min=-480, outcome="failed"
)


def csv_rows(text):
    entry = HistoryEntry(id="c", started=INSERTED.started, text=text)
    return list(csv.reader(format_entries([entry], "csv").splitlines(keepends=True)))


def test_text_has_the_local_time_and_the_text_of_each_dictation():
    assert format_entries([INSERTED, FAILED], "txt") == "2026-11-21 14:32\nHello, “world”.\n"


def test_json_has_every_field():
    first, second = json.loads(format_entries([INSERTED, FAILED], "json"))
    assert (first["text"], first["timings"], second["outcome"]) == ("Hello, “world”.", {}, "failed")


@pytest.mark.parametrize("text", ['say "hi", twice', "two\nlines", "ö"], ids=["quotes", "nl", "ö"])
def test_csv_can_be_read_back(text):
    heading, row = csv_rows(text)
    assert (heading[-1], row[-1]) == ("text", text)


@pytest.mark.parametrize("text", ["=1+1", "+49 40", "-x", "@SUM(A1)"])
def test_text_in_csv_is_not_read_as_a_formula(text):
    assert csv_rows(text)[1][-1] == f"'{text}"
