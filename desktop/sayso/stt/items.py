"""The pieces of text of one conversation, each known by the server's item id.

With manual commits there is one item to a take; servers that listen for pauses make more.
Ids are not trusted further than needed: LocalAI names the item otherwise in `committed` than
in the text, aimock does not name it there at all. Everything is bounded.
"""

from __future__ import annotations

import re

import attrs

MOST_ITEMS = 500
MOST_CHARS = 200_000
"""An hour of fast speech is 70,000."""
MOST_ID_CHARS = 256
"""OpenAI's have about 30."""

_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")


class TooMuchError(Exception):
    """More than anybody says."""


@attrs.define(eq=False)
class _Item:
    deltas: str = ""
    final: str | None = None
    committed: bool = False


@attrs.define(eq=False)
class Items:
    """Raises `TooMuchError` where the bounds are passed; an id may be ''."""

    _order: list[_Item] = attrs.field(factory=list, init=False)
    _by_id: dict[str, _Item] = attrs.field(factory=dict, init=False)

    def __len__(self) -> int:
        return len(self._order)

    @property
    def ended(self) -> bool:
        """There is an item, and none waits for its final."""
        return bool(self._order) and all(item.final is not None for item in self._order)

    @property
    def text(self) -> str:
        """All of it in order; what is final in place of its deltas."""
        pieces = (
            _readable(item.deltas if item.final is None else item.final) for item in self._order
        )
        return " ".join(piece for piece in pieces if piece)

    def add(self, item_id: str, delta: str) -> None:
        """Text that follows what there is of the item."""
        item = self._by_id.get(item_id) or self._made(item_id)
        item.deltas += delta
        self._check()

    def replace(self, item_id: str, words: str) -> None:
        """All the text there is of the item, for now."""
        item = self._by_id.get(item_id) or self._made(item_id)
        item.deltas = words
        self._check()

    def commit(self, item_id: str, previous_id: str) -> None:
        """The item's sound is complete."""
        item = self._by_id.get(item_id) if item_id else None
        if item is None:
            item = self._only(committed=False)
            item = self._named(item_id, item) if item else self._made(item_id)
        item.committed = True
        previous = self._by_id.get(previous_id)
        if previous is not None and previous is not item:
            self._order.remove(item)
            self._order.insert(self._order.index(previous) + 1, item)

    def complete(self, item_id: str, transcript: str) -> bool:
        """The item's text is final. Returns whether the item had been committed."""
        item = self._by_id.get(item_id)
        if item is None or not item.committed:
            other = self._only(committed=True, but=item) or self._only(committed=False, but=item)
            if other is not None and item is not None:
                self._order.remove(item)
            item = self._named(item_id, other or item or self._made(item_id))
        known, item.committed = item.committed, True
        item.final = transcript
        self._check()
        return known

    def _only(self, committed: bool, but: _Item | None = None) -> _Item | None:
        """The one item that waits, if it is one."""
        waiting = [
            item
            for item in self._order
            if item.final is None and item.committed == committed and item is not but
        ]
        return waiting[0] if len(waiting) == 1 else None

    def _made(self, item_id: str) -> _Item:
        item = _Item()
        self._order.append(item)
        return self._named(item_id, item)

    def _named(self, item_id: str, item: _Item) -> _Item:
        if len(item_id) > MOST_ID_CHARS:
            raise TooMuchError
        self._by_id[item_id] = item
        self._check()
        return item

    def _check(self) -> None:
        if max(len(self._by_id), len(self._order)) > MOST_ITEMS:
            raise TooMuchError
        if sum(max(len(item.deltas), len(item.final or "")) for item in self._order) > MOST_CHARS:
            raise TooMuchError


def _readable(text: str) -> str:
    """Without control characters, and with characters outside the first plane put together.

    A delta may end between the halves of one.
    """
    whole = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "ignore")
    return _CONTROL.sub("", whole).strip()
