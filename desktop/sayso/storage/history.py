"""The history: one row for each finished take."""

from __future__ import annotations

import json
import sqlite3
import time
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import attrs

from ..core.dictation.history_entry import UNRESOLVED, HistoryEntry, audio_days, text_days
from ..core.problems import ProblemError
from ..core.problems.storage import DICTATION_AMBIGUOUS, DICTATION_UNKNOWN, HISTORY_EMPTY
from ..core.settings.settings import HistorySettings
from ..core.usage import UsageRecord
from .database import Database

DAY_S = 86400
_ENTRY_FIELDS = tuple(field.name for field in attrs.fields(HistoryEntry))
_NEWEST_FIRST = "ORDER BY started DESC, id DESC"


class HistoryStore(Database):
    """Methods raise ProblemError if the file cannot be read or written."""

    def entries(
        self, limit: int | None = None, search: str = "", program: str = ""
    ) -> list[HistoryEntry]:
        """Return entries, newest first, that contain every word of `search`.

        Case, accents and character width are ignored.
        """
        where, values = ["1"], []
        for word in normalize_for_search(search).split():
            where.append("instr(folded, ?)")
            values.append(word)
        if program:
            where.append("program = ?")
            values.append(program)
        query = f"SELECT * FROM takes WHERE {' AND '.join(where)} {_NEWEST_FIRST} LIMIT ?"
        values.append("-1" if limit is None else str(limit))
        return self._select(query, values)

    def _select(self, query: str, values: Sequence[object]) -> list[HistoryEntry]:
        return self.read(lambda db: [_entry_from_row(row) for row in db.execute(query, values)])

    def find(self, reference: str) -> HistoryEntry:
        """Return the entry with this ID, beginning of an ID, or 'last' for the newest.

        Raises:
            ProblemError: No or several entries match.
        """
        if reference == "last":
            found = self.entries(1)
        else:
            query = "SELECT * FROM takes WHERE substr(id, 1, ?) = ? ORDER BY length(id) LIMIT 2"
            found = self._select(query, (len(reference), reference))
        if not found and reference == "last":
            raise ProblemError(HISTORY_EMPTY())
        if not found or not reference:
            raise ProblemError(DICTATION_UNKNOWN(reference=reference))
        if len(found) > 1 and found[0].id != reference:
            raise ProblemError(DICTATION_AMBIGUOUS(reference=reference))
        return found[0]

    def ids(self) -> set[str]:
        return self.read(lambda db: {row["id"] for row in db.execute("SELECT id FROM takes")})

    def programs(self) -> list[str]:
        query = "SELECT DISTINCT program FROM takes WHERE program != '' ORDER BY program"
        return self.read(lambda db: [row[0] for row in db.execute(query)])

    def count_expired(self, settings: HistorySettings, now_s: float) -> int:
        return self.read(lambda db: len(_expired_ids(db, settings, now_s)))

    def put(self, entry: HistoryEntry) -> None:
        """Insert the entry, or replace the one with its ID."""
        row = entry.as_dict()
        row |= {
            "timings": json.dumps(row["timings"]),
            "usage": json.dumps(row["usage"]),
            "folded": normalize_for_search(entry.text),
        }
        placeholders = ",".join("?" * len(row))
        query = f"INSERT OR REPLACE INTO takes ({','.join(row)}) VALUES ({placeholders})"
        self.write(lambda db: db.execute(query, list(row.values())))

    def delete(self, ids: Iterable[str]) -> list[str]:
        """Delete entries; return the names of their audio files, which the caller deletes."""
        return self.write(lambda db: _delete(db, ids))

    def purge(self, settings: HistorySettings, now_s: float) -> list[str]:
        """Delete expired text and audio; return the audio files, which the caller deletes."""
        return self.write(lambda db: _purge(db, settings, now_s))


def normalize_for_search(text: str) -> str:
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    return "".join(letter for letter in decomposed if not unicodedata.combining(letter))


def _entry_from_row(row: sqlite3.Row) -> HistoryEntry:
    values: dict[str, Any] = {name: row[name] for name in _ENTRY_FIELDS}
    usage = tuple(UsageRecord(**each) for each in json.loads(row["usage"]))
    return HistoryEntry(**values | {"timings": json.loads(row["timings"]), "usage": usage})


def _delete(db: sqlite3.Connection, ids: Iterable[str]) -> list[str]:
    files = []
    for id_ in ids:
        for row in db.execute("DELETE FROM takes WHERE id = ? RETURNING audio", [id_]).fetchall():
            files += [row["audio"]] if row["audio"] else []
    return files


def _retention_rules(settings: HistorySettings) -> Iterator[tuple[str, float | None, float]]:
    """Yield an SQL condition on the outcome, the days to keep the text, and those for audio."""
    names = ",".join(f"'{outcome}'" for outcome in UNRESOLVED)
    yield f"IN ({names})", text_days(settings, "failed"), audio_days(settings, "failed")
    yield f"NOT IN ({names})", text_days(settings, "inserted"), audio_days(settings, "inserted")


def _cutoff(now_s: float, days: float) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(now_s - days * DAY_S))


def _expired_ids(db: sqlite3.Connection, settings: HistorySettings, now_s: float) -> list[str]:
    ids = []
    for outcomes, days, _ in _retention_rules(settings):
        if days is not None:
            query = f"SELECT id FROM takes WHERE outcome {outcomes} AND started <= ?"
            ids += [row["id"] for row in db.execute(query, [_cutoff(now_s, days)])]
    return ids


def _purge(db: sqlite3.Connection, settings: HistorySettings, now_s: float) -> list[str]:
    files = _delete(db, _expired_ids(db, settings, now_s))
    for outcomes, _, days in _retention_rules(settings):
        expired = f"outcome {outcomes} AND started <= ? AND audio != ''"
        cutoff = [_cutoff(now_s, days)]
        files += [r[0] for r in db.execute(f"SELECT audio FROM takes WHERE {expired}", cutoff)]
        db.execute(f"UPDATE takes SET audio = '' WHERE {expired}", cutoff)
    return files
