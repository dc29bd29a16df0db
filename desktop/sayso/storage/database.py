"""The SQLite file that holds history and usage, with its migrations.

Any thread and any process may use it: each call opens its own connection, readers never wait for a
writer (WAL), and writers wait for each other. A damaged file is renamed and a new one created.

Commits survive a kill -9. A power cut can lose the last ones (`synchronous = NORMAL`); their
recordings are then on disk without a row, and are recovered at the next start.
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

from ..core.problems import Problem, ProblemError
from ..core.problems import storage as problems
from ..core.resources import resource

T = TypeVar("T")
LOCK_TIMEOUT_S = 10.0
MIN_FREE_BYTES = 65_536
MIGRATIONS = tuple(resource(f"migrations/{n}.sql").read_text("utf-8") for n in (1, 2))
"""SQL that upgrades the version of its index to the next one."""


@attrs.frozen
class Database:
    path: Path
    on_problem: Callable[[Problem], object] = attrs.field(default=lambda _: None)
    """Called in the thread that replaced a damaged file."""
    migrations: tuple[str, ...] = MIGRATIONS
    lock_timeout_s: float = LOCK_TIMEOUT_S

    def read(self, query: Callable[[sqlite3.Connection], T]) -> T:
        """Run a query. A missing file counts as empty. Raises ProblemError if it is unreadable."""
        return self._run(query, create=False)

    def write(self, operation: Callable[[sqlite3.Connection], T]) -> T:
        """Run an operation as one transaction. Raises ProblemError if the file is unwritable."""
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
        exists = self.path.exists()
        if create and not exists:
            self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            os.close(os.open(self.path, os.O_CREAT | os.O_RDWR, 0o600))
        path = self.path if create or exists else ":memory:"
        db = sqlite3.connect(path, timeout=self.lock_timeout_s, isolation_level=None)
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
        db.execute("PRAGMA journal_mode = WAL")
        while True:
            db.execute("BEGIN IMMEDIATE")
            # Another process may have upgraded the file in the meantime.
            version = db.execute("PRAGMA user_version").fetchone()[0]
            if version > len(self.migrations):
                raise ProblemError(problems.HISTORY_NEWER())
            if version == len(self.migrations):
                db.execute("COMMIT")
                return
            for statement in self.migrations[version].split(";"):
                db.execute(statement)
            db.execute(f"PRAGMA user_version = {version + 1}")
            db.execute("COMMIT")

    def _quarantine(self, error: sqlite3.DatabaseError) -> None:
        time_stamp = time.strftime("%Y%m%d-%H%M%S")
        damaged = self.path.with_name(f"{self.path.stem}-damaged-{time_stamp}.db")
        self.path.replace(damaged)
        for suffix in ("-wal", "-shm"):
            self.path.with_name(self.path.name + suffix).unlink(missing_ok=True)
        self.on_problem(problems.HISTORY_DAMAGED(file=damaged.name, detail=str(error)))


def _error_code(error: BaseException) -> int:
    return int(getattr(error, "sqlite_errorcode", 0)) & 0xFF


def _problem_error(error: Exception, path: Path) -> ProblemError:
    code = _error_code(error)
    if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
        kind = problems.HISTORY_BUSY
    elif code == sqlite3.SQLITE_FULL or _disk_is_full(path.parent):
        kind = problems.HISTORY_DISK_FULL
    else:
        kind = problems.HISTORY_UNAVAILABLE
    return ProblemError(kind(detail=str(error)))


def _disk_is_full(folder: Path) -> bool:
    """Return whether the disk is full, because SQLite may then report another error."""
    with contextlib.suppress(OSError):
        return shutil.disk_usage(folder).free < MIN_FREE_BYTES
    return False
