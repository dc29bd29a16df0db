"""The pieces of text of one conversation, each known by the server's item id.

With manual commits there is one item to a take; servers that listen for pauses make more.
Ids are not trusted further than needed: LocalAI names the item otherwise in `committed` than
in the text, aimock does not name it there at all. Everything is bounded.
"""

from __future__ import annotations

import re

import attrs

from ...core.text.sanitize import joined

MOST_ITEMS = 500
MOST_CHARS = 50_000
"""Ten minutes of fast speech, the longest take, are 12,000."""
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
    until_bytes: int = 0
    """Where its audio ends; 0 where that is not known."""


@attrs.define(eq=False)
class Items:
    """Raises `TooMuchError` where the bounds are passed; an id may be ''."""

    _order: list[_Item] = attrs.field(factory=list, init=False)
    _by_id: dict[str, _Item] = attrs.field(factory=dict, init=False)
    _settled: int = attrs.field(default=0, init=False)
    """So many of the first are final, up to a known place in the audio."""
    _settled_bytes: int = attrs.field(default=0, init=False)

    def __len__(self) -> int:
        return len(self._order)

    @property
    def ended(self) -> bool:
        """There is an item, and none waits for its final."""
        return bool(self._order) and all(item.final is not None for item in self._order)

    @property
    def text(self) -> str:
        """All of it in order; what is final in place of its deltas."""
        return _joined(self._order)

    @property
    def ids(self) -> frozenset[str]:
        return frozenset(self._by_id)

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

    def ends(self, item_id: str, until_bytes: int) -> None:
        """Where the audio of an item ends."""
        self._by_id[item_id].until_bytes = until_bytes

    def commit(self, item_id: str, previous_id: str, until_bytes: int = 0) -> None:
        """The item's sound is complete; where it ends, if that is known."""
        item = self._by_id.get(item_id) if item_id else None
        if item is None:
            item = self._only(committed=False)
            item = self._named(item_id, item) if item else self._made(item_id)
        item.committed = True
        item.until_bytes = until_bytes or item.until_bytes
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

    def settle(self) -> tuple[str, int] | None:
        """Text that has become final since it was last asked, and where its audio ends.

        Only from the beginning on without a gap, and only where the end is known: what comes
        later is then the text of all the audio from there.
        """
        end = self._settled
        for count, item in enumerate(self._order[self._settled :], self._settled + 1):
            if item.final is None:
                break
            if item.until_bytes > self._settled_bytes:
                end, self._settled_bytes = count, item.until_bytes
        if end == self._settled:
            return None
        fresh, self._settled = self._order[self._settled : end], end
        return _joined(fresh), self._settled_bytes

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


def _joined(items: list[_Item]) -> str:
    text = ""
    for item in items:
        text += joined(text, _readable(item.deltas if item.final is None else item.final))
    return text


def _readable(text: str) -> str:
    """Without control characters, and with characters outside the first plane put together.

    A delta may end between the halves of one.
    """
    whole = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "ignore")
    return _CONTROL.sub("", whole).strip()
