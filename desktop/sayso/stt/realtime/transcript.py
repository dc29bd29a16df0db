"""Text of one session, assembled from items by their item ID. Pure.

With commits by the client a take has one or a few items; servers that detect pauses make more.
Item IDs are not always consistent: LocalAI uses different IDs in `committed` and in the text,
and aimock sends none in `committed`. All sizes are limited.
"""

from __future__ import annotations

import re

import attrs

from ...core.text.sanitize import join_with_space

MAX_ITEMS = 500
MAX_CHARS = 50_000
"""The longest take, ten minutes of fast speech, has 12,000."""
MAX_ID_CHARS = 256

_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")


class TranscriptTooLongError(Exception):
    """The server sent more text or items than a take can have."""


@attrs.define(eq=False)
class _Item:
    deltas: str = ""
    final: str | None = None
    committed: bool = False
    end_bytes: int = 0


@attrs.define(eq=False)
class ItemTranscript:
    """Raises `TranscriptTooLongError` if a limit is exceeded. An item ID can be ''."""

    _order: list[_Item] = attrs.field(factory=list, init=False)
    _by_id: dict[str, _Item] = attrs.field(factory=dict, init=False)
    _final_count: int = attrs.field(default=0, init=False)
    _final_bytes: int = attrs.field(default=0, init=False)

    def __len__(self) -> int:
        return len(self._order)

    @property
    def all_final(self) -> bool:
        """True if there is an item and each one has its final text."""
        return bool(self._order) and all(item.final is not None for item in self._order)

    @property
    def text(self) -> str:
        """Whole text, in order. Final text replaces the deltas of its item."""
        return _join_items(self._order)

    def append(self, item_id: str, delta: str, *, replace: bool = False) -> None:
        """Append to the provisional text of an item, or replace it."""
        item = self._by_id.get(item_id) or self._create_item(item_id)
        item.deltas = delta if replace else item.deltas + delta
        self._check_limits()

    def set_end(self, item_id: str, end_bytes: int) -> None:
        """Set the position at which the audio of an item ends."""
        self._by_id[item_id].end_bytes = end_bytes

    def commit(self, item_id: str, previous_id: str, end_bytes: int = 0) -> None:
        """Mark the audio of an item as complete, up to `end_bytes` if that is known."""
        item = self._by_id.get(item_id) if item_id else None
        if item is None:
            item = self._single_pending(committed=False)
            item = self._assign_id(item_id, item) if item else self._create_item(item_id)
        item.committed = True
        item.end_bytes = end_bytes or item.end_bytes
        previous = self._by_id.get(previous_id)
        if previous is not None and previous is not item:
            self._order.remove(item)
            self._order.insert(self._order.index(previous) + 1, item)

    def complete(self, item_id: str, transcript: str) -> bool:
        """Set the final text of an item. Returns whether the item had been committed."""
        item = self._by_id.get(item_id)
        if item is None or not item.committed:
            other = self._single_pending(committed=True, exclude=item) or self._single_pending(
                committed=False, exclude=item
            )
            if other is not None and item is not None:
                self._order.remove(item)
            item = self._assign_id(item_id, other or item or self._create_item(item_id))
        was_committed, item.committed = item.committed, True
        item.final = transcript
        self._check_limits()
        return was_committed

    def take_final(self) -> tuple[str, int] | None:
        """Return the text that became final since the last call, and where its audio ends.

        Returns None if there is no such text. Only items without a gap before them and with a
        known end are included, so that all later text belongs to the audio after that position.
        """
        end = self._final_count
        for count, item in enumerate(self._order[self._final_count :], self._final_count + 1):
            if item.final is None:
                break
            if item.end_bytes > self._final_bytes:
                end, self._final_bytes = count, item.end_bytes
        if end == self._final_count:
            return None
        items, self._final_count = self._order[self._final_count : end], end
        return _join_items(items), self._final_bytes

    def _single_pending(self, committed: bool, exclude: _Item | None = None) -> _Item | None:
        """Return the item without final text, if there is exactly one."""
        pending = [
            item
            for item in self._order
            if item.final is None and item.committed == committed and item is not exclude
        ]
        return pending[0] if len(pending) == 1 else None

    def _create_item(self, item_id: str) -> _Item:
        item = _Item()
        self._order.append(item)
        return self._assign_id(item_id, item)

    def _assign_id(self, item_id: str, item: _Item) -> _Item:
        if len(item_id) > MAX_ID_CHARS:
            raise TranscriptTooLongError
        self._by_id[item_id] = item
        self._check_limits()
        return item

    def _check_limits(self) -> None:
        if max(len(self._by_id), len(self._order)) > MAX_ITEMS:
            raise TranscriptTooLongError
        if sum(max(len(item.deltas), len(item.final or "")) for item in self._order) > MAX_CHARS:
            raise TranscriptTooLongError


def _join_items(items: list[_Item]) -> str:
    text = ""
    for item in items:
        part = _without_control_chars(item.deltas if item.final is None else item.final)
        text += join_with_space(text, part)
    return text


def _without_control_chars(text: str) -> str:
    """Return the text without control characters, and with surrogate pairs joined.

    A delta can end between the two halves of a pair.
    """
    joined = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "ignore")
    return _CONTROL.sub("", joined).strip()
