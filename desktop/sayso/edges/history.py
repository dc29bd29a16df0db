"""The history: one row in SQLite to each take that is over.

Any thread and any process may use it: every call opens its own connection, readers never
wait for a writer (WAL), and writers wait for each other. A damaged file is set aside and a
new one begun. Where the file cannot be written, dictation goes on without it.

Commits survive a kill -9. After a power cut the last ones may be gone (synchronous NORMAL);
then the recordings they were about are on disk without a row, and are rescued.
"""

from __future__ import annotations

import contextlib
import json
import os
import sqlite3
import time
import unicodedata
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, TypeVar

import attrs

from ..core.entry import Entry
from ..core.problems import Problem, ProblemError
from ..core.retention import UNRESOLVED, sound_days, text_days
from ..core.settings import History as Rule

T = TypeVar("T")
LONGEST_WAIT_S = 10.0
"""For another writer."""
DAY_S = 86400
MIGRATIONS: tuple[str, ...] = (
    """
    CREATE TABLE takes (
        id TEXT PRIMARY KEY,
        started TEXT NOT NULL,
        offset_min INTEGER NOT NULL,
        text TEXT NOT NULL,
        folded TEXT NOT NULL,
        outcome TEXT NOT NULL,
        engine TEXT NOT NULL,
        inserted_by TEXT NOT NULL,
        duration_s REAL NOT NULL,
        timings TEXT NOT NULL,
        error TEXT NOT NULL,
        program TEXT NOT NULL,
        audio TEXT NOT NULL,
        cost REAL
    );
    CREATE INDEX takes_by_start ON takes (started, id);
    """,
)
"""Each leads from the version that is its place in the list to the next."""
_FIELDS = tuple(field.name for field in attrs.fields(Entry))
_ORDER = "ORDER BY started DESC, id DESC"


@attrs.frozen
class History:
    path: Path
    warn: Callable[[Problem], object] = attrs.field(default=lambda _: None)
    """Told when a damaged file was set aside; from the thread that met it."""
    migrations: tuple[str, ...] = MIGRATIONS

    # What is in it; each raises ProblemError where the file cannot be read

    def entries(self, limit: int | None = None, words: str = "", program: str = "") -> list[Entry]:
        """Newest first. Of `words` each must occur, whatever its case and accents."""
        where, values = ["1"], []
        for word in folded(words).split():
            where.append("instr(folded, ?)")
            values.append(word)
        if program:
            where.append("program = ?")
            values.append(program)
        query = f"SELECT * FROM takes WHERE {' AND '.join(where)} {_ORDER} LIMIT ?"
        most = -1 if limit is None else limit
        return self._read(lambda db: [_entry(row) for row in db.execute(query, [*values, most])])

    def find(self, name: str) -> Entry:
        """By its id, the beginning of it that no other has, or 'last' for the newest.

        Raises:
            ProblemError: No take or several are called so, or the file cannot be read.
        """
        if name == "last":
            found = self.entries(1)
        else:
            query = "SELECT * FROM takes WHERE substr(id, 1, ?) = ? ORDER BY length(id) LIMIT 2"
            values = (len(name), name)
            found = self._read(lambda db: [_entry(row) for row in db.execute(query, values)])
        if not found or not name:
            known = "The history is empty." if name == "last" else f"No take is called {name!r}."
            raise ProblemError(Problem(known, "See them with: sayso history list"))
        if len(found) > 1 and found[0].id != name:
            raise ProblemError(Problem(f"Several takes begin with {name!r}.", "Add some letters."))
        return found[0]

    def ids(self) -> set[str]:
        return self._read(lambda db: set(_all_ids(db)))

    def programs(self) -> list[str]:
        query = "SELECT DISTINCT program FROM takes WHERE program != '' ORDER BY program"
        return self._read(lambda db: [row[0] for row in db.execute(query)])

    def going(self, rule: Rule, now_s: float) -> int:
        """How many takes that rule would delete now."""
        return self._read(lambda db: len(_expired(db, rule, now_s)))

    # Changes; each raises ProblemError where the file cannot be written

    def put(self, entry: Entry) -> None:
        """Write a new take, or the take anew."""
        row = entry.as_dict() | {"timings": json.dumps(dict(entry.timings))}
        names = [*row, "folded"]
        query = f"INSERT OR REPLACE INTO takes ({','.join(names)}) VALUES ({_marks(len(names))})"
        self._change(lambda db: db.execute(query, [*row.values(), folded(entry.text)]))

    def delete(self, ids: Iterable[str]) -> list[str]:
        """Returns the names of their sound files, which are the caller's to delete."""
        return self._change(lambda db: _delete(db, list(ids)))

    def purge(self, rule: Rule, now_s: float) -> list[str]:
        """Delete what the rule keeps no longer; the sound files that may go."""
        return self._change(lambda db: _purge(db, rule, now_s))

    # The file

    def _read(self, query: Callable[[sqlite3.Connection], T]) -> T:
        return self._use(query, make=False)

    def _change(self, change: Callable[[sqlite3.Connection], T]) -> T:
        return self._use(change, make=True)

    def _use(self, act: Callable[[sqlite3.Connection], T], *, make: bool) -> T:
        try:
            try:
                with self._open(make) as db:
                    return act(db)
            except sqlite3.DatabaseError as error:
                if _code(error) not in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB):
                    raise
                self._set_aside(error)
                with self._open(make) as db:
                    return act(db)
        except (sqlite3.Error, OSError) as error:
            raise _explained(error) from error

    @contextlib.contextmanager
    def _open(self, make: bool) -> Iterator[sqlite3.Connection]:
        """A transaction; one that only reads makes no file."""
        there = make or self.path.exists()
        if make and not self.path.exists():
            self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            os.close(os.open(self.path, os.O_CREAT | os.O_RDWR, 0o600))
        db = sqlite3.connect(
            self.path if there else ":memory:", timeout=LONGEST_WAIT_S, isolation_level=None
        )
        try:
            db.row_factory = sqlite3.Row
            db.executescript("PRAGMA synchronous = NORMAL; PRAGMA secure_delete = ON;")
            if db.execute("PRAGMA user_version").fetchone()[0] != len(self.migrations):
                self._migrate(db)
            db.execute("BEGIN IMMEDIATE" if make else "BEGIN")
            yield db
            db.execute("COMMIT")
        except BaseException:
            if db.in_transaction:
                db.rollback()
            raise
        finally:
            db.close()

    def _migrate(self, db: sqlite3.Connection) -> None:
        """Step by step to the newest version; a crash leaves one of the versions whole."""
        db.execute("PRAGMA journal_mode = WAL")
        while True:
            db.execute("BEGIN IMMEDIATE")
            version = db.execute("PRAGMA user_version").fetchone()[0]  # another may have been here
            if version > len(self.migrations):
                raise ProblemError(
                    Problem(
                        "The history was written by a newer Sayso.",
                        "Install that one again to see it. Dictation works all the same.",
                    )
                )
            if version == len(self.migrations):
                db.execute("COMMIT")
                return
            for statement in self.migrations[version].split(";"):
                db.execute(statement)
            db.execute(f"PRAGMA user_version = {version + 1}")
            db.execute("COMMIT")

    def _set_aside(self, error: sqlite3.DatabaseError) -> None:
        aside = self.path.with_name(f"{self.path.stem}-damaged-{time.strftime('%Y%m%d-%H%M%S')}.db")
        self.path.replace(aside)
        for end in ("-wal", "-shm"):
            self.path.with_name(self.path.name + end).unlink(missing_ok=True)
        what = "The history was damaged, and Sayso has begun a new one."
        self.warn(Problem(what, f"The old one is kept as {aside.name}.", detail=str(error)))


def folded(text: str) -> str:
    """What is searched: without case, accents and width."""
    apart = unicodedata.normalize("NFKD", text.casefold())
    return "".join(letter for letter in apart if not unicodedata.combining(letter))


def _entry(row: sqlite3.Row) -> Entry:
    values: dict[str, Any] = {name: row[name] for name in _FIELDS}
    return Entry(**values | {"timings": json.loads(row["timings"])})


def _marks(count: int) -> str:
    return ",".join("?" * count)


def _all_ids(db: sqlite3.Connection) -> list[str]:
    return [row["id"] for row in db.execute("SELECT id FROM takes")]


def _delete(db: sqlite3.Connection, ids: list[str]) -> list[str]:
    files = []
    for id_ in ids:
        for row in db.execute("DELETE FROM takes WHERE id = ? RETURNING audio", [id_]).fetchall():
            files += [row["audio"]] if row["audio"] else []
    return files


def _classes(rule: Rule) -> Iterator[tuple[str, float | None, float]]:
    """Which outcomes, for how many days the text, for how many the sound."""
    names = ",".join(f"'{outcome}'" for outcome in UNRESOLVED)
    for outcome, which in (("failed", f"IN ({names})"), ("inserted", f"NOT IN ({names})")):
        yield which, text_days(rule, outcome), sound_days(rule, outcome)  # type: ignore[arg-type]


def _before(now_s: float, days: float) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(now_s - days * DAY_S))


def _expired(db: sqlite3.Connection, rule: Rule, now_s: float) -> list[str]:
    ids = []
    for which, days, _ in _classes(rule):
        if days is not None:
            query = f"SELECT id FROM takes WHERE outcome {which} AND started <= ?"
            ids += [row["id"] for row in db.execute(query, [_before(now_s, days)])]
    return ids


def _purge(db: sqlite3.Connection, rule: Rule, now_s: float) -> list[str]:
    files = _delete(db, _expired(db, rule, now_s))
    for which, _, days in _classes(rule):
        silent = f"outcome {which} AND started <= ? AND audio != ''"
        before = [_before(now_s, days)]
        files += [r[0] for r in db.execute(f"SELECT audio FROM takes WHERE {silent}", before)]
        db.execute(f"UPDATE takes SET audio = '' WHERE {silent}", before)
    return files


def _code(error: BaseException) -> int:
    return int(getattr(error, "sqlite_errorcode", 0)) & 0xFF


def _explained(error: Exception) -> ProblemError:
    code, detail = _code(error), str(error)
    if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
        return ProblemError(
            Problem("Another program keeps the history busy.", "Try again.", detail=detail)
        )
    if code == sqlite3.SQLITE_FULL:
        return ProblemError(
            Problem("The disk is full, so the history is not kept.", "Make some space.", "", detail)
        )
    what = "The history on this computer cannot be used."
    return ProblemError(
        Problem(what, "Dictation works all the same. Check the folder it is in.", detail=detail)
    )
