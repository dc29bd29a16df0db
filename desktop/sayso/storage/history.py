"""The history: one row to each take that is over. Any thread and any process may use it."""

from __future__ import annotations

import json
import sqlite3
import time
import unicodedata
from collections.abc import Iterable, Iterator
from typing import Any

import attrs

from ..core.dictation.history_entry import HistoryEntry
from ..core.dictation.retention import UNRESOLVED, audio_days, text_days
from ..core.problems import ProblemError, untyped_problem
from ..core.settings.settings import HistorySettings as Rule
from ..core.usage import UsageRecord
from .database import Database

DAY_S = 86400
_ENTRY_FIELDS = tuple(field.name for field in attrs.fields(HistoryEntry))
_ORDER = "ORDER BY started DESC, id DESC"


class HistoryStore(Database):
    # What is in it; each raises ProblemError where the file cannot be read

    def entries(
        self, limit: int | None = None, search: str = "", program: str = ""
    ) -> list[HistoryEntry]:
        """Newest first. Of `words` each must occur, whatever its case and accents."""
        where, values = ["1"], []
        for word in normalize_for_search(search).split():
            where.append("instr(folded, ?)")
            values.append(word)
        if program:
            where.append("program = ?")
            values.append(program)
        query = f"SELECT * FROM takes WHERE {' AND '.join(where)} {_ORDER} LIMIT ?"
        most = -1 if limit is None else limit
        return self.read(
            lambda db: [_entry_from_row(row) for row in db.execute(query, [*values, most])]
        )

    def find(self, reference: str) -> HistoryEntry:
        """By its id, the beginning of it that no other has, or 'last' for the newest.

        Raises:
            ProblemError: No take or several are called so, or the file cannot be read.
        """
        if reference == "last":
            found = self.entries(1)
        else:
            query = "SELECT * FROM takes WHERE substr(id, 1, ?) = ? ORDER BY length(id) LIMIT 2"
            values = (len(reference), reference)
            found = self.read(
                lambda db: [_entry_from_row(row) for row in db.execute(query, values)]
            )
        if not found or not reference:
            known = (
                "The history is empty."
                if reference == "last"
                else f"No take is called {reference!r}."
            )
            raise ProblemError(untyped_problem(known, "See them with: sayso history list"))
        if len(found) > 1 and found[0].id != reference:
            raise ProblemError(
                untyped_problem(f"Several takes begin with {reference!r}.", "Add some letters.")
            )
        return found[0]

    def ids(self) -> set[str]:
        return self.read(lambda db: set(_all_ids(db)))

    def programs(self) -> list[str]:
        query = "SELECT DISTINCT program FROM takes WHERE program != '' ORDER BY program"
        return self.read(lambda db: [row[0] for row in db.execute(query)])

    def count_expired(self, settings: Rule, now_s: float) -> int:
        """How many takes that rule would delete now."""
        return self.read(lambda db: len(_expired_ids(db, settings, now_s)))

    # Changes; each raises ProblemError where the file cannot be written

    def put(self, entry: HistoryEntry) -> None:
        """Write a new take, or the take anew."""
        row = entry.as_dict()
        row |= {"timings": json.dumps(row["timings"]), "usage": json.dumps(row["usage"])}
        names = [*row, "folded"]
        query = (
            f"INSERT OR REPLACE INTO takes ({','.join(names)}) VALUES ({_placeholders(len(names))})"
        )
        self.write(lambda db: db.execute(query, [*row.values(), normalize_for_search(entry.text)]))

    def delete(self, ids: Iterable[str]) -> list[str]:
        """Returns the names of their sound files, which are the caller's to delete."""
        return self.write(lambda db: _delete(db, list(ids)))

    def purge(self, settings: Rule, now_s: float) -> list[str]:
        """Delete what the rule keeps no longer; the sound files that may go."""
        return self.write(lambda db: _purge(db, settings, now_s))


def normalize_for_search(text: str) -> str:
    """What is searched: without case, accents and width."""
    apart = unicodedata.normalize("NFKD", text.casefold())
    return "".join(letter for letter in apart if not unicodedata.combining(letter))


def _entry_from_row(row: sqlite3.Row) -> HistoryEntry:
    values: dict[str, Any] = {name: row[name] for name in _ENTRY_FIELDS}
    usage = tuple(UsageRecord(**each) for each in json.loads(row["usage"]))
    return HistoryEntry(**values | {"timings": json.loads(row["timings"]), "usage": usage})


def _placeholders(count: int) -> str:
    return ",".join("?" * count)


def _all_ids(db: sqlite3.Connection) -> list[str]:
    return [row["id"] for row in db.execute("SELECT id FROM takes")]


def _delete(db: sqlite3.Connection, ids: list[str]) -> list[str]:
    files = []
    for id_ in ids:
        for row in db.execute("DELETE FROM takes WHERE id = ? RETURNING audio", [id_]).fetchall():
            files += [row["audio"]] if row["audio"] else []
    return files


def _retention_rules(settings: Rule) -> Iterator[tuple[str, float | None, float]]:
    """Which outcomes, for how many days the text, for how many the sound."""
    names = ",".join(f"'{outcome}'" for outcome in UNRESOLVED)
    for outcome, which in (("failed", f"IN ({names})"), ("inserted", f"NOT IN ({names})")):
        yield which, text_days(settings, outcome), audio_days(settings, outcome)  # type: ignore[arg-type]


def _cutoff(now_s: float, days: float) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(now_s - days * DAY_S))


def _expired_ids(db: sqlite3.Connection, settings: Rule, now_s: float) -> list[str]:
    ids = []
    for which, days, _ in _retention_rules(settings):
        if days is not None:
            query = f"SELECT id FROM takes WHERE outcome {which} AND started <= ?"
            ids += [row["id"] for row in db.execute(query, [_cutoff(now_s, days)])]
    return ids


def _purge(db: sqlite3.Connection, settings: Rule, now_s: float) -> list[str]:
    files = _delete(db, _expired_ids(db, settings, now_s))
    for which, _, days in _retention_rules(settings):
        silent = f"outcome {which} AND started <= ? AND audio != ''"
        before = [_cutoff(now_s, days)]
        files += [r[0] for r in db.execute(f"SELECT audio FROM takes WHERE {silent}", before)]
        db.execute(f"UPDATE takes SET audio = '' WHERE {silent}", before)
    return files
