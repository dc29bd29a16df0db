"""The pieces of text of one conversation, each known by the server's item id.

With manual commits there is one item to a take; servers that listen for pauses make more.
Ids are not trusted further than needed: LocalAI names the item otherwise in `committed` than
in the text, aimock does not name it there at all. Everything is bounded.
"""

from __future__ import annotations

import re

import attrs

from ...core.text.sanitize import join_with_space

MAX_ITEMS = 500
MAX_CHARS = 50_000
"""Ten minutes of fast speech, the longest take, are 12,000."""
MAX_ID_CHARS = 256
"""OpenAI's have about 30."""

_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")


class TranscriptTooLongError(Exception):
    """More than anybody says."""


@attrs.define(eq=False)
class _Item:
    deltas: str = ""
    final: str | None = None
    committed: bool = False
    end_bytes: int = 0
    """Where its audio ends; 0 where that is not known."""


@attrs.define(eq=False)
class ItemTranscript:
    """Raises `TooMuchError` where the bounds are passed; an id may be ''."""

    _order: list[_Item] = attrs.field(factory=list, init=False)
    _by_id: dict[str, _Item] = attrs.field(factory=dict, init=False)
    _final_count: int = attrs.field(default=0, init=False)
    """So many of the first are final, up to a known place in the audio."""
    _final_bytes: int = attrs.field(default=0, init=False)

    def __len__(self) -> int:
        return len(self._order)

    @property
    def all_final(self) -> bool:
        """There is an item, and none waits for its final."""
        return bool(self._order) and all(item.final is not None for item in self._order)

    @property
    def text(self) -> str:
        """All of it in order; what is final in place of its deltas."""
        return _join_items(self._order)

    @property
    def ids(self) -> frozenset[str]:
        return frozenset(self._by_id)

    def append(self, item_id: str, delta: str) -> None:
        """Text that follows what there is of the item."""
        item = self._by_id.get(item_id) or self._create_item(item_id)
        item.deltas += delta
        self._check_limits()

    def replace(self, item_id: str, text: str) -> None:
        """All the text there is of the item, for now."""
        item = self._by_id.get(item_id) or self._create_item(item_id)
        item.deltas = text
        self._check_limits()

    def set_end(self, item_id: str, end_bytes: int) -> None:
        """Where the audio of an item ends."""
        self._by_id[item_id].end_bytes = end_bytes

    def commit(self, item_id: str, previous_id: str, end_bytes: int = 0) -> None:
        """The item's sound is complete; where it ends, if that is known."""
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
        """The item's text is final. Returns whether the item had been committed."""
        item = self._by_id.get(item_id)
        if item is None or not item.committed:
            other = self._single_pending(committed=True, exclude=item) or self._single_pending(
                committed=False, exclude=item
            )
            if other is not None and item is not None:
                self._order.remove(item)
            item = self._assign_id(item_id, other or item or self._create_item(item_id))
        known, item.committed = item.committed, True
        item.final = transcript
        self._check_limits()
        return known

    def take_final(self) -> tuple[str, int] | None:
        """Text that has become final since it was last asked, and where its audio ends.

        Only from the beginning on without a gap, and only where the end is known: what comes
        later is then the text of all the audio from there.
        """
        end = self._final_count
        for count, item in enumerate(self._order[self._final_count :], self._final_count + 1):
            if item.final is None:
                break
            if item.end_bytes > self._final_bytes:
                end, self._final_bytes = count, item.end_bytes
        if end == self._final_count:
            return None
        fresh, self._final_count = self._order[self._final_count : end], end
        return _join_items(fresh), self._final_bytes

    def _single_pending(self, committed: bool, exclude: _Item | None = None) -> _Item | None:
        """The one item that waits, if it is one."""
        waiting = [
            item
            for item in self._order
            if item.final is None and item.committed == committed and item is not exclude
        ]
        return waiting[0] if len(waiting) == 1 else None

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
        text += join_with_space(
            text, _without_control_chars(item.deltas if item.final is None else item.final)
        )
    return text


def _without_control_chars(text: str) -> str:
    """Without control characters, and with characters outside the first plane put together.

    A delta may end between the halves of one.
    """
    whole = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "ignore")
    return _CONTROL.sub("", whole).strip()
