"""History, usage and archive with real files."""

import datetime as dt
import os
import signal
import sqlite3
import stat
import subprocess
import sys
import threading
import time

import attrs
import pytest

from sayso.core.dictation.history_entry import HistoryEntry
from sayso.core.problems import ProblemError
from sayso.core.settings.settings import HistorySettings
from sayso.core.usage import UsageRecord
from sayso.storage.archive import Archive
from sayso.storage.database import MIGRATIONS
from sayso.storage.history import HistoryStore, normalize_for_search
from sayso.storage.recordings import DAY_S, Recordings
from sayso.storage.usage import MonthBudget, UsageStore

NOW_S = time.time()
NOVEMBER = dt.date(2026, 11, 21)
OPENAI = UsageRecord(endpoint="OpenAI", seconds=60, tokens=3, cost_usd=0.017)
ON_OWN_SERVER = UsageRecord(endpoint="Attic", seconds=30)
RATE_HZ = 16000


def entry(id_, days=0.0, **others):
    started = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(NOW_S - days * DAY_S)) + ".000+00:00"
    values = {"text": f"Text of {id_}.", "outcome": "inserted"} | others
    return HistoryEntry(id=id_, started=started, timings={"final": 12.5}, **values)


@pytest.fixture
def problems():
    return []


@pytest.fixture
def history(tmp_path, problems):
    return HistoryStore(tmp_path / "state" / "history.db", on_problem=problems.append)


def test_an_entry_is_stored_with_all_its_fields(history):
    usage = (
        UsageRecord(endpoint="OpenAI", seconds=2, tokens=7, cost_usd=0.01),
        UsageRecord(endpoint="Attic"),
    )
    expected = entry("a", program="editor", duration_s=1.5, usage=usage, audio="a.flac")
    history.put(expected)
    assert history.entries() == [expected]
    assert history.find("last") == expected
    assert stat.S_IMODE(history.path.stat().st_mode) == 0o600
    with sqlite3.connect(history.path) as db:
        assert db.execute("PRAGMA journal_mode").fetchone()[0] == "wal"
    db.close()


def test_reading_a_missing_history_does_not_create_it(history):
    assert (history.entries(), history.ids(), history.programs()) == ([], set(), [])
    assert not history.path.parent.exists()


def test_entries_are_limited_and_newest_first(history):
    for id_, days in (("b", 2), ("c", 0), ("a", 1)):
        history.put(entry(id_, days))
    assert [e.id for e in history.entries(2)] == ["c", "a"]


SEARCHES = {
    "a word": ("lemons", ["x"]),
    "part of a word": ("lem", ["x"]),
    "words in any order": ("rye milk", ["x"]),
    "different case": ("MILK", ["x"]),
    "accents": ("schon", ["y"]),
    "accents in the query": ("schön", ["y"]),
    "a script without spaces": ("会議", ["z"]),
    "empty query": ("", ["z", "y", "x"]),
    "no match": ("milk tea", []),
    "characters with a meaning in SQL": ("%_'", []),
}


@pytest.mark.parametrize(("query", "found"), SEARCHES.values(), ids=SEARCHES)
def test_a_search_finds_entries_with_all_words(history, query, found):
    for id_, text in (("x", "Milk, two lemons, rye."), ("y", "Schön!"), ("z", "明日の会議")):
        history.put(entry(id_, text=text, program=id_))
    assert [e.id for e in history.entries(search=query)] == found
    assert [e.id for e in history.entries(search=query, program="x")] == [
        i for i in found if i == "x"
    ]


def test_an_entry_is_found_by_the_beginning_of_its_id(history):
    for id_ in ("2026-a1", "2026-a2", "2026-b", "2026-a"):
        history.put(entry(id_))
    assert history.find("2026-b").id == "2026-b"
    assert history.find("2026-a1").id == "2026-a1"
    assert history.find("2026-a").id == "2026-a"
    with pytest.raises(ProblemError, match="Several"):
        history.find("2026")
    for nothing in ("x", "", "%"):
        with pytest.raises(ProblemError, match="There is no dictation"):
            history.find(nothing)


def test_deleted_text_is_removed_from_the_file(history):
    history.put(entry("a", text="Xylophone secret", audio="a.flac"))
    assert history.delete(["a", "b"]) == ["a.flac"]
    assert history.entries() == []
    pages = b"".join(path.read_bytes() for path in history.path.parent.iterdir())
    assert b"Xylophone" not in pages


def test_retention_deletes_by_age_and_outcome(history):
    for id_, days, outcome in (
        ("new", 6, "inserted"), ("old", 8, "inserted"), ("failed", 8, "failed"), ("now", 0, "held"),
    ):  # fmt: skip
        history.put(entry(id_, days, outcome=outcome, audio=f"{id_}.flac"))
    assert history.count_expired(HistorySettings(keep="7d"), NOW_S) == 2
    assert sorted(history.purge(HistorySettings(keep="7d"), NOW_S)) == ["failed.flac", "old.flac"]
    assert history.purge(HistorySettings(keep="7d", sound_days=0), NOW_S) == ["new.flac"]
    assert [e.audio for e in history.entries()] == ["now.flac", ""]
    assert history.purge(HistorySettings(keep="never"), NOW_S) == []
    assert [e.id for e in history.entries()] == ["now"]


def test_keeping_text_forever_keeps_audio_for_a_week(history):
    history.put(entry("old", 400, audio="old.flac"))
    assert history.purge(HistorySettings(keep="always"), NOW_S) == ["old.flac"]
    assert [(e.id, e.audio) for e in history.entries()] == [("old", "")]


def test_audio_is_kept_for_its_own_number_of_days(history):
    history.put(entry("old", 20, audio="old.flac"))
    history.put(entry("new", 2, audio="new.flac"))
    assert history.purge(HistorySettings(keep="1y", sound_days=30), NOW_S) == []
    assert history.purge(HistorySettings(keep="1y", sound_days=7), NOW_S) == ["old.flac"]
    assert history.purge(HistorySettings(keep="1y", sound_days=1), NOW_S) == ["new.flac"]
    assert history.ids() == {"old", "new"}


def test_an_older_version_is_migrated_with_its_data(history):
    history.put(entry("a"))
    newer = attrs.evolve(
        history, migrations=(*MIGRATIONS, "ALTER TABLE takes ADD COLUMN mood TEXT")
    )
    assert newer.entries() == [entry("a")]
    with sqlite3.connect(history.path) as db:
        assert db.execute("PRAGMA user_version").fetchone()[0] == len(MIGRATIONS) + 1
    db.close()


VERSION_1_SCHEMA = """
CREATE TABLE takes (
    id TEXT PRIMARY KEY, started TEXT NOT NULL, offset_min INTEGER NOT NULL, text TEXT NOT NULL,
    folded TEXT NOT NULL, outcome TEXT NOT NULL, engine TEXT NOT NULL, inserted_by TEXT NOT NULL,
    duration_s REAL NOT NULL, timings TEXT NOT NULL, error TEXT NOT NULL, program TEXT NOT NULL,
    audio TEXT NOT NULL, cost REAL
);
CREATE INDEX takes_by_start ON takes (started, id);
INSERT INTO takes VALUES (
    'a', '2026-11-20T09:00:00.000+00:00', 60, 'Milk, två lemons.', 'milk, tva lemons.', 'inserted',
    'realtime', 'paste', 3.25, '{"final": 12.5}', '', 'editor', 'a.flac', NULL
);
PRAGMA user_version = 1;
"""
"""The schema of the first version of Sayso with a history."""


def test_a_file_of_the_first_version_is_migrated_with_its_data(history):
    history.path.parent.mkdir()
    db = sqlite3.connect(history.path)
    db.executescript(VERSION_1_SCHEMA)
    db.close()
    (old,) = history.entries(search="tva")
    assert old == HistoryEntry(
        id="a", started="2026-11-20T09:00:00.000+00:00", offset_min=60, text="Milk, två lemons.",
        outcome="inserted", engine="realtime", inserted_by="paste", duration_s=3.25,
        timings={"final": 12.5}, program="editor", audio="a.flac",
    )  # fmt: skip
    assert (old.usage, old.cost_usd) == ((), None)
    usage_store = UsageStore(history.path)
    assert usage_store.days() == []
    usage_store.add(NOVEMBER, [OPENAI])
    history.put(attrs.evolve(old, usage=(OPENAI,)))
    assert history.find("a").cost_usd == 0.017
    db = sqlite3.connect(history.path)
    assert db.execute("SELECT cost_usd FROM takes").fetchone()[0] == 0.017
    db.close()


def test_a_newer_version_is_not_changed_and_is_reported(history):
    newer = attrs.evolve(
        history, migrations=(*MIGRATIONS, "ALTER TABLE takes ADD COLUMN mood TEXT")
    )
    newer.put(entry("a"))
    with pytest.raises(ProblemError, match="newer version of Sayso"):
        history.put(entry("b"))
    assert [e.id for e in newer.entries()] == ["a"]


def test_a_failed_migration_leaves_the_previous_version(history):
    history.put(entry("a"))
    broken = attrs.evolve(
        history, migrations=(*MIGRATIONS, "ALTER TABLE takes ADD COLUMN mood TEXT; NO SQL")
    )
    with pytest.raises(ProblemError, match="cannot be read or written"):
        broken.entries()
    assert history.entries() == [entry("a")]


@pytest.mark.parametrize("damage", ["whole file", "one page"])
def test_a_damaged_file_is_replaced(history, problems, damage):
    for number in range(200):
        history.put(entry(f"{number:03}", text="word " * 50))
    data = bytearray(history.path.read_bytes())
    if damage == "whole file":
        data[:] = os.urandom(len(data))
    else:
        data[4096:-4096] = os.urandom(len(data) - 8192)
    history.path.write_bytes(data)
    history.put(entry("new"))
    assert [e.id for e in history.entries()] == ["new"]
    (problem,) = problems
    assert "started a new one" in problem.message
    assert len(list(history.path.parent.glob("history-damaged-*.db"))) == 1


def test_a_writer_waits_for_another_writer(history):
    history.put(entry("a"))
    db = sqlite3.connect(history.path, isolation_level=None, check_same_thread=False)
    db.execute("BEGIN IMMEDIATE")
    assert [e.id for e in history.entries()] == ["a"], "readers must not wait"
    release = threading.Timer(0.3, db.rollback)
    release.start()
    history.put(entry("b"))
    release.join()
    db.close()
    assert history.ids() == {"a", "b"}


def test_a_file_that_stays_locked_is_reported(history):
    history.put(entry("a"))
    impatient = attrs.evolve(history, lock_timeout_s=0.05)
    db = sqlite3.connect(history.path, isolation_level=None)
    db.execute("BEGIN IMMEDIATE")
    with pytest.raises(ProblemError, match="Another program"):
        impatient.put(entry("b"))
    db.close()


def test_a_folder_that_cannot_be_written_is_reported(tmp_path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(ProblemError, match="cannot be read or written"):
        HistoryStore(tmp_path / "file" / "history.db").put(entry("a"))


def test_a_full_disk_is_reported(history):
    history.put(entry("a"))

    def fill(db):
        db.execute("PRAGMA max_page_count = 5")
        db.execute("UPDATE takes SET text = zeroblob(1000000)")

    with pytest.raises(ProblemError, match="disk is full"):
        history.write(fill)
    assert history.ids() == {"a"}


def test_search_ignores_case_accents_and_width():
    assert normalize_for_search("ÉCOLE Straße ﬁn") == "ecole strasse fin"


WRITER = """
import os, sys
sys.path[:] = sys.argv[2:]
from pathlib import Path
from sayso.core.dictation.history_entry import HistoryEntry
from sayso.storage.history import HistoryStore

history = HistoryStore(Path(sys.argv[1]))
for number in range(10_000):
    history.put(HistoryEntry(id=f"{number:05}", started="2026", text="word " * 30))
    os.write(1, b".")
"""


@pytest.mark.parametrize("run", range(5))
def test_a_kill_during_a_write_loses_no_finished_row(history, problems, run):
    writer = subprocess.Popen(
        [sys.executable, "-S", "-c", WRITER, str(history.path), *sys.path], stdout=subprocess.PIPE
    )
    assert writer.stdout is not None
    put = len(writer.stdout.read(1 + 9 * run))
    os.kill(writer.pid, signal.SIGKILL)
    put += len(writer.stdout.read())
    writer.stdout.close()
    writer.wait()
    assert put <= len(history.ids()) <= put + 1
    history.put(entry("after"))
    assert problems == []


# Usage


@pytest.fixture
def usage_store(history):
    return UsageStore(history.path, history.on_problem)


def test_usage_is_summed_by_day_and_endpoint(usage_store):
    assert usage_store.days() == []
    assert not usage_store.path.exists()
    usage_store.add(NOVEMBER, [])
    assert not usage_store.path.exists()
    usage_store.add(NOVEMBER, [OPENAI, ON_OWN_SERVER, OPENAI])
    usage_store.add(NOVEMBER, [OPENAI])
    usage_store.add(dt.date(2026, 10, 31), [ON_OWN_SERVER])
    assert [(d.day.month, d.endpoint, d.total.takes) for d in usage_store.days()] == [
        (10, "Attic", 1), (11, "Attic", 1), (11, "OpenAI", 2),
    ]  # fmt: skip
    own, openai = usage_store.days("2026-11")
    assert (openai.total.seconds, openai.total.tokens) == (180, 9)
    assert openai.total.cost_usd == pytest.approx(0.051)
    assert (own.total.seconds, own.total.cost_usd) == (30, None)


def test_a_known_price_is_added_to_an_unknown_one(usage_store):
    usage_store.add(NOVEMBER, [ON_OWN_SERVER])
    usage_store.add(NOVEMBER, [attrs.evolve(ON_OWN_SERVER, cost_usd=0.5)])
    usage_store.add(NOVEMBER, [ON_OWN_SERVER])
    assert usage_store.days()[0].total.cost_usd == 0.5


def test_a_month_remembers_the_decisions_about_its_budget(usage_store):
    assert usage_store.month(NOVEMBER) == MonthBudget("2026-11", 0.0)
    usage_store.add(NOVEMBER, [OPENAI, ON_OWN_SERVER])
    usage_store.mark_warned("2026-11", 5.0)
    usage_store.approve("2026-11", 5.0)
    usage_store.mark_warned("2026-11", 6.0)
    assert usage_store.month(NOVEMBER) == MonthBudget(
        "2026-11", 0.017, warned_usd=6.0, approved_usd=5.0
    )
    assert usage_store.month(dt.date(2026, 12, 1)) == MonthBudget("2026-12", 0.0)


def test_several_threads_may_add_usage_at_once(usage_store):
    threads = [
        threading.Thread(target=lambda: [usage_store.add(NOVEMBER, [OPENAI]) for _ in range(10)])
        for _ in range(3)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert usage_store.days()[0].total.takes == 30


# The archive: entries and recordings


@pytest.fixture
def archive(tmp_path, history, problems):
    archive = Archive(Recordings(tmp_path / "state" / "takes"), history, on_problem=problems.append)
    yield archive
    archive.close()


def record(archive, id_, seconds=1.0):
    file = archive.recordings.create(id_, RATE_HZ)
    file.write(b"\x10\x20" * int(RATE_HZ * seconds))
    file.close()
    return file.path


def finished_files(archive):
    """Wait until the archive has done all pending work; return the names of its files."""
    archive.written().result(10)
    return sorted(path.name for path in archive.recordings.folder.glob("*"))


def test_a_stored_take_has_an_entry_and_a_flac(archive):
    record(archive, "a")
    archive.store(entry("a"))
    assert finished_files(archive) == ["a.flac"]
    assert archive.history.find("a").audio == "a.flac"
    take, kept = archive.load("a").result(10)
    assert (take.duration_s, kept.text) == (1.0, "Text of a.")


RETENTION_CASES = {
    "everything": (HistorySettings(), "inserted", ["a.flac"], 1),
    "no audio": (HistorySettings(sound_days=0), "inserted", [], 1),
    "nothing, inserted": (HistorySettings(keep="never"), "inserted", [], 0),
    "nothing, cancelled": (HistorySettings(keep="never"), "cancelled", [], 0),
    "nothing, but failed": (HistorySettings(keep="never"), "failed", ["a.flac"], 1),
    "no audio, but held": (HistorySettings(sound_days=0), "held", ["a.flac"], 1),
}


@pytest.mark.parametrize(
    ("settings", "outcome", "files", "rows"), RETENTION_CASES.values(), ids=RETENTION_CASES
)
def test_the_settings_decide_what_is_kept(archive, settings, outcome, files, rows):
    archive.configure(settings)
    record(archive, "a")
    archive.store(entry("a", outcome=outcome))
    assert finished_files(archive) == files
    assert len(archive.history.entries()) == rows


def test_text_that_is_not_kept_is_deleted_once_inserted(archive):
    archive.configure(HistorySettings(keep="never"))
    record(archive, "a")
    archive.store(entry("a", outcome="held"))
    archive.store(entry("a", outcome="inserted"))
    assert (finished_files(archive), archive.history.entries()) == ([], [])


def test_stricter_settings_apply_at_once(archive):
    record(archive, "a")
    archive.store(entry("a", days=10, outcome="inserted"))
    archive.configure(HistorySettings(keep="7d", sound_days=0))
    assert finished_files(archive) == []
    assert archive.history.entries() == []


def test_older_recordings_without_an_entry_are_interrupted(archive):
    for id_ in ("cut", "known", "new"):
        record(archive, id_)
    archive.history.put(entry("known", audio="known.wav"))
    (archive.recordings.folder / "empty.wav").write_bytes(b"")
    for id_ in ("cut", "known", "empty"):
        os.utime(archive.recordings.folder / f"{id_}.wav", (NOW_S - 60, NOW_S - 60))
    assert archive.interrupted().result(10) == ["cut"]
    assert finished_files(archive) == ["cut.wav", "known.flac", "new.wav"]
    assert archive.history.find("known").audio == "known.flac"


@pytest.mark.parametrize(("days", "left"), [(7, []), (30, ["old.flac"])])
def test_a_start_deletes_expired_audio(archive, days, left):
    record(archive, "old")
    archive.recordings.compress("old")
    path = archive.recordings.folder / "old.flac"
    os.utime(path, (NOW_S - 10 * DAY_S, NOW_S - 10 * DAY_S))
    archive.history.put(entry("old", 10, audio="old.flac"))
    archive.configure(HistorySettings(keep="1y", sound_days=days))
    assert archive.interrupted().result(10) == []
    assert finished_files(archive) == left


def test_a_deleted_take_loses_its_audio(archive):
    record(archive, "a")
    archive.store(entry("a"))
    archive.delete(["a"])
    assert (finished_files(archive), archive.history.entries()) == ([], [])


@pytest.mark.expect_log
def test_an_unwritable_history_is_reported_once_and_the_audio_kept(archive, problems):
    archive.history.path.mkdir(parents=True)
    for id_ in ("a", "b"):
        record(archive, id_)
        archive.store(entry(id_))
    assert finished_files(archive) == ["a.wav", "b.wav"]
    assert ["cannot be read or written" in problem.message for problem in problems] == [True]


@pytest.mark.parametrize("keep", ["never", "7d"])
def test_usage_is_recorded_even_if_the_take_is_not_kept(archive, keep):
    archive.configure(HistorySettings(keep=keep))
    record(archive, "a")
    archive.store(entry("a", usage=(OPENAI,)), [OPENAI])
    archive.store(entry("a", usage=(OPENAI,)))  # a change without new usage
    archive.record_usage([OPENAI])
    archive.delete_all()
    archive.configure(HistorySettings(keep="never"))
    finished_files(archive)
    assert archive.history.entries() == []
    (day,) = archive.usage.days()
    assert (day.endpoint, day.total.takes, day.total.seconds) == ("OpenAI", 2, 120)
    assert day.day == dt.datetime.now().astimezone().date()
    assert b"Text of a" not in archive.history.path.read_bytes()
