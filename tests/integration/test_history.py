"""The history and its thread, with real files."""

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
from sayso.core.settings.settings import HistorySettings as Rule
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
    values = {"text": f"Words of {id_}.", "outcome": "inserted"} | others
    return HistoryEntry(id=id_, started=started, timings={"final": 12.5}, **values)


@pytest.fixture
def told():
    return []


@pytest.fixture
def history(tmp_path, told):
    return HistoryStore(tmp_path / "state" / "history.db", on_problem=told.append)


def test_what_was_put_is_found(history):
    usage = (
        UsageRecord(endpoint="OpenAI", seconds=2, tokens=7, cost_usd=0.01),
        UsageRecord(endpoint="Attic"),
    )
    wanted = entry("a", program="editor", duration_s=1.5, usage=usage, audio="a.flac")
    history.put(wanted)
    assert history.entries() == [wanted]
    assert history.find("last") == wanted
    assert stat.S_IMODE(history.path.stat().st_mode) == 0o600
    with sqlite3.connect(history.path) as db:
        assert db.execute("PRAGMA journal_mode").fetchone()[0] == "wal"
    db.close()


def test_reading_a_history_that_is_not_there_makes_none(history):
    assert (history.entries(), history.ids(), history.programs()) == ([], set(), [])
    assert not history.path.parent.exists()


def test_newest_first_and_no_more_than_asked(history):
    for id_, days in (("b", 2), ("c", 0), ("a", 1)):
        history.put(entry(id_, days))
    assert [e.id for e in history.entries(2)] == ["c", "a"]


SEARCHES = {
    "a word": ("lemons", ["x"]),
    "part of a word": ("lem", ["x"]),
    "words in any order": ("rye milk", ["x"]),
    "another case": ("MILK", ["x"]),
    "accents": ("schon", ["y"]),
    "accents that are written": ("schön", ["y"]),
    "no spaces between words": ("会議", ["z"]),
    "all": ("", ["z", "y", "x"]),
    "none": ("milk tea", []),
    "characters that mean something to SQL": ("%_'", []),
}


@pytest.mark.parametrize(("words", "found"), SEARCHES.values(), ids=SEARCHES)
def test_search(history, words, found):
    for id_, text in (("x", "Milk, two lemons, rye."), ("y", "Schön!"), ("z", "明日の会議")):
        history.put(entry(id_, text=text, program=id_))
    assert [e.id for e in history.entries(search=words)] == found
    assert [e.id for e in history.entries(search=words, program="x")] == [
        i for i in found if i == "x"
    ]


def test_a_take_is_found_by_the_beginning_of_its_id(history):
    for id_ in ("2026-a1", "2026-a2", "2026-b", "2026-a"):
        history.put(entry(id_))
    assert history.find("2026-b").id == "2026-b"
    assert history.find("2026-a1").id == "2026-a1"
    assert history.find("2026-a").id == "2026-a"
    with pytest.raises(ProblemError, match="Several"):
        history.find("2026")
    for nothing in ("x", "", "%"):
        with pytest.raises(ProblemError, match="No take"):
            history.find(nothing)


def test_what_is_deleted_is_not_in_the_file_any_more(history):
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
    assert history.count_expired(Rule(keep="7d"), NOW_S) == 2
    assert sorted(history.purge(Rule(keep="7d"), NOW_S)) == ["failed.flac", "old.flac"]
    assert history.purge(Rule(keep="7d", sound_days=0), NOW_S) == ["new.flac"]
    assert [e.audio for e in history.entries()] == ["now.flac", ""]
    assert history.purge(Rule(keep="never"), NOW_S) == []
    assert [e.id for e in history.entries()] == ["now"]


def test_always_keeps_the_words_and_a_week_of_sound(history):
    history.put(entry("old", 400, audio="old.flac"))
    assert history.purge(Rule(keep="always"), NOW_S) == ["old.flac"]
    assert [(e.id, e.audio) for e in history.entries()] == [("old", "")]


def test_sound_is_kept_for_as_long_as_is_said_and_no_longer_than_its_words(history):
    history.put(entry("old", 20, audio="old.flac"))
    history.put(entry("new", 2, audio="new.flac"))
    assert history.purge(Rule(keep="1y", sound_days=30), NOW_S) == []
    assert history.purge(Rule(keep="1y", sound_days=7), NOW_S) == ["old.flac"]
    assert history.purge(Rule(keep="1y", sound_days=1), NOW_S) == ["new.flac"]
    assert history.ids() == {"old", "new"}


def test_an_older_version_is_brought_up_to_date_with_what_is_in_it(history):
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
"""The file as the first Sayso with a history left it."""


def test_a_file_of_the_first_version_is_brought_up_to_date_with_what_is_in_it(history):
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
    ledger = UsageStore(history.path)
    assert ledger.days() == []
    ledger.add(NOVEMBER, [OPENAI])
    history.put(attrs.evolve(old, usage=(OPENAI,)))
    assert history.find("a").cost_usd == 0.017
    db = sqlite3.connect(history.path)
    assert db.execute("SELECT cost_usd FROM takes").fetchone()[0] == 0.017
    db.close()


def test_a_newer_version_is_left_alone_and_told(history):
    newer = attrs.evolve(
        history, migrations=(*MIGRATIONS, "ALTER TABLE takes ADD COLUMN mood TEXT")
    )
    newer.put(entry("a"))
    with pytest.raises(ProblemError, match="newer Sayso"):
        history.put(entry("b"))
    assert [e.id for e in newer.entries()] == ["a"]


def test_a_migration_that_breaks_leaves_the_version_before(history):
    history.put(entry("a"))
    broken = attrs.evolve(
        history, migrations=(*MIGRATIONS, "ALTER TABLE takes ADD COLUMN mood TEXT; NO SQL")
    )
    with pytest.raises(ProblemError, match="cannot be used"):
        broken.entries()
    assert history.entries() == [entry("a")]


@pytest.mark.parametrize("damage", ["all of it", "a page"])
def test_a_damaged_file_is_set_aside_and_dictation_goes_on(history, told, damage):
    for number in range(200):
        history.put(entry(f"{number:03}", text="word " * 50))
    data = bytearray(history.path.read_bytes())
    if damage == "all of it":
        data[:] = os.urandom(len(data))
    else:
        data[4096:-4096] = os.urandom(len(data) - 8192)
    history.path.write_bytes(data)
    history.put(entry("new"))
    assert [e.id for e in history.entries()] == ["new"]
    (problem,) = told
    assert "begun a new one" in problem.message
    assert len(list(history.path.parent.glob("history-damaged-*.db"))) == 1


def test_a_locked_file_is_waited_for(history):
    history.put(entry("a"))
    db = sqlite3.connect(history.path, isolation_level=None, check_same_thread=False)
    db.execute("BEGIN IMMEDIATE")
    assert [e.id for e in history.entries()] == ["a"], "readers do not wait"
    release = threading.Timer(0.3, db.rollback)
    release.start()
    history.put(entry("b"))
    release.join()
    db.close()
    assert history.ids() == {"a", "b"}


def test_a_file_that_stays_locked_is_told(history, monkeypatch):
    monkeypatch.setattr("sayso.storage.database.LOCK_TIMEOUT_S", 0.05)
    history.put(entry("a"))
    db = sqlite3.connect(history.path, isolation_level=None)
    db.execute("BEGIN IMMEDIATE")
    with pytest.raises(ProblemError, match="busy"):
        history.put(entry("b"))
    db.close()


def test_a_place_that_cannot_be_written_is_told(tmp_path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(ProblemError, match="cannot be used"):
        HistoryStore(tmp_path / "file" / "history.db").put(entry("a"))


def test_a_full_disk_is_told(history):
    history.put(entry("a"))

    def fill(db):
        db.execute("PRAGMA max_page_count = 5")
        db.execute("UPDATE takes SET text = zeroblob(1000000)")

    with pytest.raises(ProblemError, match="disk is full"):
        history.write(fill)
    assert history.ids() == {"a"}


def test_folding():
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
def test_a_kill_in_mid_write_loses_no_row_that_was_put(history, told, run):
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
    assert told == []


# The ledger: days, without words


@pytest.fixture
def ledger(history):
    return UsageStore(history.path, history.on_problem)


def test_what_takes_took_is_summed_by_day_and_endpoint(ledger):
    assert ledger.days() == []
    assert not ledger.path.exists()
    ledger.add(NOVEMBER, [])
    assert not ledger.path.exists()
    ledger.add(NOVEMBER, [OPENAI, ON_OWN_SERVER, OPENAI])
    ledger.add(NOVEMBER, [OPENAI])
    ledger.add(dt.date(2026, 10, 31), [ON_OWN_SERVER])
    assert [(d.day.month, d.endpoint, d.total.takes) for d in ledger.days()] == [
        (10, "Attic", 1), (11, "Attic", 1), (11, "OpenAI", 2),
    ]  # fmt: skip
    own, openai = ledger.days("2026-11")
    assert (openai.total.seconds, openai.total.tokens) == (180, 9)
    assert openai.total.cost_usd == pytest.approx(0.051)
    assert (own.total.seconds, own.total.cost_usd) == (30, None)


def test_a_price_that_becomes_known_counts_from_then_on(ledger):
    ledger.add(NOVEMBER, [ON_OWN_SERVER])
    ledger.add(NOVEMBER, [attrs.evolve(ON_OWN_SERVER, cost_usd=0.5)])
    ledger.add(NOVEMBER, [ON_OWN_SERVER])
    assert ledger.days()[0].total.cost_usd == 0.5


def test_a_month_knows_what_was_answered_about_its_budget(ledger):
    assert ledger.month(NOVEMBER) == MonthBudget("2026-11", 0.0)
    ledger.add(NOVEMBER, [OPENAI, ON_OWN_SERVER])
    ledger.mark_warned("2026-11", 5.0)
    ledger.approve("2026-11", 5.0)
    ledger.mark_warned("2026-11", 6.0)
    assert ledger.month(NOVEMBER) == MonthBudget("2026-11", 0.017, warned_usd=6.0, approved_usd=5.0)
    assert ledger.month(dt.date(2026, 12, 1)) == MonthBudget("2026-12", 0.0)


def test_two_programs_may_count_at_once(ledger):
    threads = [
        threading.Thread(target=lambda: [ledger.add(NOVEMBER, [OPENAI]) for _ in range(10)])
        for _ in range(3)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert ledger.days()[0].total.takes == 30


# The archive: rows and sound together


@pytest.fixture
def archive(tmp_path, history, told):
    made = Archive(Recordings(tmp_path / "state" / "takes"), history, on_problem=told.append)
    yield made
    made.close()


def record(archive, id_, seconds=1.0):
    file = archive.recordings.create(id_, RATE_HZ)
    file.write(b"\x10\x20" * int(RATE_HZ * seconds))
    file.close()
    return file.path


def finished_files(archive):
    """Everything asked for before is done."""
    archive._executor.submit(lambda: None).result(10)
    return sorted(path.name for path in archive.recordings.folder.glob("*"))


def test_a_take_that_is_over_has_a_row_and_a_flac(archive):
    record(archive, "a")
    archive.store(entry("a"))
    assert finished_files(archive) == ["a.flac"]
    assert archive.history.find("a").audio == "a.flac"
    take, kept = archive.load("a").result(10)
    assert (take.duration_s, kept.text) == (1.0, "Words of a.")


RETENTION_CASES = {
    "everything": (Rule(), "inserted", ["a.flac"], 1),
    "no sound": (Rule(sound_days=0), "inserted", [], 1),
    "nothing, landed": (Rule(keep="never"), "inserted", [], 0),
    "nothing, cancelled": (Rule(keep="never"), "cancelled", [], 0),
    "nothing, but it failed": (Rule(keep="never"), "failed", ["a.flac"], 1),
    "no sound, but it is held": (Rule(sound_days=0), "held", ["a.flac"], 1),
}


@pytest.mark.parametrize(
    ("rule", "outcome", "files", "rows"), RETENTION_CASES.values(), ids=RETENTION_CASES
)
def test_what_the_rule_keeps(archive, rule, outcome, files, rows):
    archive.configure(rule)
    record(archive, "a")
    archive.store(entry("a", outcome=outcome))
    assert finished_files(archive) == files
    assert len(archive.history.entries()) == rows


def test_private_words_are_gone_once_they_have_landed(archive):
    archive.configure(Rule(keep="never"))
    record(archive, "a")
    archive.store(entry("a", outcome="held"))
    archive.store(entry("a", outcome="inserted"))
    assert (finished_files(archive), archive.history.entries()) == ([], [])


def test_a_stricter_rule_is_in_force_at_once(archive):
    record(archive, "a")
    archive.store(entry("a", days=10, outcome="inserted"))
    archive.configure(Rule(keep="7d", sound_days=0))
    assert finished_files(archive) == []
    assert archive.history.entries() == []


def test_only_recordings_from_before_that_have_no_row_are_unfinished(archive):
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
def test_a_start_deletes_sound_that_is_older_than_is_said(archive, days, left):
    record(archive, "old")
    archive.recordings.compress("old")
    path = archive.recordings.folder / "old.flac"
    os.utime(path, (NOW_S - 10 * DAY_S, NOW_S - 10 * DAY_S))
    archive.history.put(entry("old", 10, audio="old.flac"))
    archive.configure(Rule(keep="1y", sound_days=days))
    assert archive.interrupted().result(10) == []
    assert finished_files(archive) == left


def test_what_is_removed_is_gone_with_its_sound(archive):
    record(archive, "a")
    archive.store(entry("a"))
    archive.delete(["a"])
    assert (finished_files(archive), archive.history.entries()) == ([], [])


@pytest.mark.expect_log
def test_a_history_that_cannot_be_written_is_told_once_and_the_sound_stays(archive, told):
    archive.history.path.mkdir(parents=True)
    for id_ in ("a", "b"):
        record(archive, id_)
        archive.store(entry(id_))
    assert finished_files(archive) == ["a.wav", "b.wav"]
    assert ["cannot be used" in problem.message for problem in told] == [True]


@pytest.mark.parametrize("keep", ["never", "7d"])
def test_what_was_used_is_counted_whatever_is_kept(archive, keep):
    archive.configure(Rule(keep=keep))
    record(archive, "a")
    archive.store(entry("a", usage=(OPENAI,)), [OPENAI])
    archive.store(entry("a", usage=(OPENAI,)))  # a change that used nothing
    archive.record_usage([OPENAI])
    archive.delete_all()
    archive.configure(Rule(keep="never"))
    finished_files(archive)
    assert archive.history.entries() == []
    (day,) = archive.usage.days()
    assert (day.endpoint, day.total.takes, day.total.seconds) == ("OpenAI", 2, 120)
    assert day.day == dt.datetime.now().astimezone().date()
    assert b"Words of a" not in archive.history.path.read_bytes()
