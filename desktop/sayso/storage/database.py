"""The file that history and usage are kept in: SQLite, brought up to date step by step.

Any thread and any process may use it: every call opens its own connection, readers never
wait for a writer (WAL), and writers wait for each other. A damaged file is set aside and a
new one begun. Where the file cannot be written, dictation goes on without it.

Commits survive a kill -9. After a power cut the last ones may be gone (synchronous NORMAL);
then the recordings they were about are on disk without a row, and are rescued.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import sqlite3
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeVar

import attrs

from ..core.problems import Problem, ProblemError, untyped_problem

T = TypeVar("T")
LOCK_TIMEOUT_S = 10.0
"""For another writer."""
MIN_FREE_BYTES = 65_536
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
    """
    ALTER TABLE takes RENAME COLUMN cost TO cost_usd;
    ALTER TABLE takes ADD COLUMN usage TEXT NOT NULL DEFAULT '[]';
    CREATE TABLE days (
        day TEXT NOT NULL,
        endpoint TEXT NOT NULL,
        takes INTEGER NOT NULL,
        seconds REAL NOT NULL,
        tokens INTEGER NOT NULL,
        cost_usd REAL,
        PRIMARY KEY (day, endpoint)
    ) WITHOUT ROWID;
    CREATE TABLE budgets (
        month TEXT PRIMARY KEY,
        warned_usd REAL NOT NULL DEFAULT 0,
        allowed_usd REAL NOT NULL DEFAULT 0
    ) WITHOUT ROWID;
    """,
)
"""Each leads from the version that is its place in the list to the next."""


@attrs.frozen
class Database:
    path: Path
    on_problem: Callable[[Problem], object] = attrs.field(default=lambda _: None)
    """Told when a damaged file was set aside; from the thread that met it."""
    migrations: tuple[str, ...] = MIGRATIONS

    def read(self, query: Callable[[sqlite3.Connection], T]) -> T:
        """What `query` finds; a file that is not there is empty, and is not made.

        Raises:
            ProblemError: The file cannot be read.
        """
        return self._run(query, create=False)

    def write(self, operation: Callable[[sqlite3.Connection], T]) -> T:
        """All of it or nothing.

        Raises:
            ProblemError: The file cannot be written.
        """
        return self._run(operation, create=True)

    def _run(self, operation: Callable[[sqlite3.Connection], T], *, create: bool) -> T:
        try:
            try:
                with self._transaction(create) as db:
                    return operation(db)
            except sqlite3.DatabaseError as error:
                if _error_code(error) not in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB):
                    raise
                self._quarantine(error)
                with self._transaction(create) as db:
                    return operation(db)
        except (sqlite3.Error, OSError) as error:
            raise _problem_error(error, self.path) from error

    @contextlib.contextmanager
    def _transaction(self, create: bool) -> Iterator[sqlite3.Connection]:
        """A transaction; one that only reads makes no file."""
        there = create or self.path.exists()
        if create and not self.path.exists():
            self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            os.close(os.open(self.path, os.O_CREAT | os.O_RDWR, 0o600))
        db = sqlite3.connect(
            self.path if there else ":memory:", timeout=LOCK_TIMEOUT_S, isolation_level=None
        )
        try:
            db.row_factory = sqlite3.Row
            db.executescript("PRAGMA synchronous = NORMAL; PRAGMA secure_delete = ON;")
            if db.execute("PRAGMA user_version").fetchone()[0] != len(self.migrations):
                self._migrate(db)
            db.execute("BEGIN IMMEDIATE" if create else "BEGIN")
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
                    untyped_problem(
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

    def _quarantine(self, error: sqlite3.DatabaseError) -> None:
        aside = self.path.with_name(f"{self.path.stem}-damaged-{time.strftime('%Y%m%d-%H%M%S')}.db")
        self.path.replace(aside)
        for end in ("-wal", "-shm"):
            self.path.with_name(self.path.name + end).unlink(missing_ok=True)
        what = "The history was damaged, and Sayso has begun a new one."
        self.on_problem(
            untyped_problem(what, f"The old one is kept as {aside.name}.", detail=str(error))
        )


def _error_code(error: BaseException) -> int:
    return int(getattr(error, "sqlite_errorcode", 0)) & 0xFF


def _problem_error(error: Exception, path: Path) -> ProblemError:
    code, detail = _error_code(error), str(error)
    if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
        return ProblemError(
            untyped_problem("Another program keeps the history busy.", "Try again.", detail=detail)
        )
    if code == sqlite3.SQLITE_FULL or _disk_is_full(path.parent):
        return ProblemError(
            untyped_problem(
                "The disk is full, so the history is not kept.", "Make some space.", "", detail
            )
        )
    what = "The history on this computer cannot be used."
    return ProblemError(
        untyped_problem(
            what, "Dictation works all the same. Check the folder it is in.", detail=detail
        )
    )


def _disk_is_full(folder: Path) -> bool:
    """SQLite calls it another error where there is no space for its log and index either."""
    with contextlib.suppress(OSError):
        return shutil.disk_usage(folder).free < MIN_FREE_BYTES
    return False
