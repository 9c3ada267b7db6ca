"""The merge of three trees of words: the author's file, what the last import recorded, and what the vendor says now."""

from __future__ import annotations

from dataclasses import field
from typing import TYPE_CHECKING, Any, Final, Protocol

from connector.authoring.importing.merge.words import (
    digest_words,
    find_level_below,
    has_names,
    is_mapping_of_words,
)
from connector.first_use import dataclass

if TYPE_CHECKING:
    from connector.authoring.importing.merge.words import Digests, Level, Path


class Absent:
    """The value of a word that is not there."""

    def __repr__(self) -> str:
        return "absent"


ABSENT: Final = Absent()


@dataclass(frozen=True, slots=True)
class WordNote:
    """What became of one word: what stands in the file, and what the vendor says; either may be absent."""

    path: Path
    ours: Any
    vendors: Any


class Permissions(Protocol):
    """What can be done at a path of the author's file without losing a comment, or changing something else too."""

    def may_change(self, path: Path, /) -> bool:
        """Whether the entries of a mapping can be changed."""
        ...

    def may_replace(self, path: Path, /) -> bool:
        """Whether a value can be replaced."""
        ...

    def may_remove(self, path: Path, /) -> bool:
        """Whether an entry can be removed."""
        ...


@dataclass(slots=True)
class ThreeWayMerge:
    """One merge of a file with these permissions."""

    permissions: Permissions
    kept: list[WordNote] = field(default_factory=list)
    updated: list[WordNote] = field(default_factory=list)
    conflicts: list[WordNote] = field(default_factory=list)

    def merge(self, ours: Any, recorded: Digests | Absent, vendors: Any, level: Level, path: Path = ()) -> Any:
        """Return the merged value of a word or a mapping of words, or ABSENT."""
        if isinstance(ours, Absent):
            return self._merge_missing(recorded, vendors, level, path)
        if isinstance(vendors, Absent):
            return self._merge_removed(ours, recorded, level, path)
        if is_mapping_of_words(ours, level) and is_mapping_of_words(vendors, level):
            if path and (isinstance(recorded, Absent) or not self.permissions.may_change(path)):
                vendors_now = digest_words(vendors, level)
                is_news = vendors_now not in (recorded, digest_words(ours, level))
                return self._keep(ours, vendors, path, changed=is_news)
            return self._merge_mappings(ours, recorded if isinstance(recorded, dict) else {}, vendors, level, path)
        return self._merge_word(ours, recorded, vendors, level, path)

    def _merge_mappings(
        self, ours: dict[str, Any], recorded: dict[str, Digests], vendors: dict[str, Any], level: Level, path: Path
    ) -> dict[str, Any]:
        merged: dict[str, Any] = {}
        for key in _order_keys(ours, vendors):
            value = self.merge(
                ours.get(key, ABSENT),
                recorded.get(key, ABSENT),
                vendors.get(key, ABSENT),
                find_level_below(level, key),
                (*path, key),
            )
            if not isinstance(value, Absent):
                merged[key] = value
        return merged

    def _merge_word(self, ours: Any, recorded: Digests | Absent, vendors: Any, level: Level, path: Path) -> Any:
        """Merge a word, or one that is a mapping for one side alone."""
        ours_now, vendors_now = digest_words(ours, level), digest_words(vendors, level)
        if ours_now == vendors_now:
            return ours
        if ours_now == recorded and self.permissions.may_replace(path):
            self.updated.append(WordNote(path, ours, vendors))
            return vendors
        return self._keep(ours, vendors, path, changed=vendors_now != recorded)

    def _merge_missing(self, recorded: Digests | Absent, vendors: Any, level: Level, path: Path) -> Any:
        """Merge what the file does not have: a new word of the vendor comes, one that the author removed does not."""
        if isinstance(vendors, Absent):
            return ABSENT
        if isinstance(recorded, Absent):
            self.updated.append(WordNote(path, ABSENT, vendors))
            return vendors
        return self._keep(ABSENT, vendors, path, changed=digest_words(vendors, level) != recorded)

    def _merge_removed(self, ours: Any, recorded: Digests | Absent, level: Level, path: Path) -> Any:
        """Merge what the vendor does not have: an untouched word goes, an author's stays."""
        if isinstance(recorded, Absent):
            return self._keep(ours, ABSENT, path, changed=False)
        if digest_words(ours, level) == recorded and self.permissions.may_remove(path):
            self.updated.append(WordNote(path, ours, ABSENT))
            return ABSENT
        if has_names(level) and isinstance(ours, dict) and isinstance(recorded, dict):
            merged = self._merge_mappings(ours, recorded, {}, level, path)
            return merged if merged or not self.permissions.may_remove(path) else ABSENT
        return self._keep(ours, ABSENT, path, changed=True)

    def _keep(self, ours: Any, vendors: Any, path: Path, *, changed: bool) -> Any:
        """Keep the author's word; it is a conflict when the vendor changed it too."""
        (self.conflicts if changed else self.kept).append(WordNote(path, ours, vendors))
        return ours


def _order_keys(ours: dict[str, Any], vendors: dict[str, Any]) -> list[str]:
    """Return the author's keys in their order, each new key of the vendor after the one that it follows there."""
    order, previous = list(ours), None
    places = {key: number for number, key in enumerate(order)}
    following: dict[str | None, list[str]] = {}
    for key in vendors:
        if key in places:
            previous = key
        else:
            following.setdefault(previous, []).append(key)
    return [*following.get(None, ()), *(each for key in order for each in (key, *following.get(key, ())))]
