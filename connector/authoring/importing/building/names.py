"""Keys of actions and inputs, by rules that give one description names of one kind.

A key is a verb and a noun, from the operation ids where these say it, else from the summaries, else from method and
path. Where two operations want one key, the shorter path has it, and what is deprecated comes last.
"""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING, Literal

from connector.authoring.importing.building.texts import join_key, split_words
from connector.definition.case import to_kebab_case, to_snake_case
from connector.first_use import prepare_pattern

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from connector.authoring.importing.description import Operation

KeySource = Literal["id", "summary", "path"]
MAX_KEY_LENGTH = 48
_VERB_LIST = """
    accept accesses acknowledge activate add answer append apply approve archive assign associate attach authorize
    authenticate ban batch begin block book bulk calculate cancel capture change charge check claim clear clone
    close commit compare complete compose compute configure confirm connect convert copy count create deactivate
    decline decrypt delete demote deny deploy deregister describe destroy detach detect determine disable
    disassociate disconnect discard dismiss dispatch download duplicate edit enable encrypt end enroll estimate
    evaluate exchange execute expand expire export extend fetch filter finalize find finish follow forget force
    generate get give grant group hide hold import increment init initialize initiate insert install introspect
    invalidate invite invoke issue join kick leave link list load lock login logout lookup make manage mark match
    merge migrate modify move mute notify obtain open order override overwrite parse patch pause pay perform permit
    pin ping place post preview process promote provision publish pull purge push put query read reactivate rebuild
    receive recover redeem redeliver refresh refund register reject release reload remove rename render renew reopen
    reorder reparent replace replay reply report request require rerun resend reset resize resolve restart restore
    resume retrieve retry return reverse review revert revoke rotate run save scan schedule search select send set
    share show sign simulate skip sort start stop store submit subscribe suspend swap sync synchronize terminate
    test toggle track transfer transition trash trigger unarchive unassign unban unblock undo unfollow unhide
    uninstall unlink unlock unmute unpin unpublish unregister unset unshare unstar unsubscribe unsuspend untag
    unwatch update upgrade upload upsert use validate verify view vote void wait watch withdraw write
"""
_VERBS = frozenset(_VERB_LIST.split())
_NOISE = frozenset(("a", "an", "the", "api", "v1", "v2", "v3", "v4", "v10"))
_HISSING = prepare_pattern(r"(?:ss|x|zz|ch|sh|o)es\Z")
_NOUNS = ("report", "group", "book", "order", "review", "test", "link", "post", "share", "list", "use")
_MIN_SHARE = 0.5
_MIN_RATIO = 0.85  # of good ids to good summaries; with fewer, names of one description would be of two kinds
_MAX_WORD = 12  # a longer one is several, jammed together
_SHORT_WORD = 4  # such as ties, which is no plural of ty


def name_actions(operations: Sequence[Operation], source: KeySource | None = None) -> dict[str, str]:
    """Return the key of each operation, by its request line."""
    chosen = source or choose_source(operations)
    order = sorted(operations, key=lambda item: (item.deprecated, item.path.count("/"), len(item.path), item.request))
    used: set[str] = set()
    keys: dict[str, str] = {}
    for operation in order:
        key = next(key for key in _iter_candidates(operation, chosen) if key and to_kebab_case(key) not in used)
        used.add(to_kebab_case(key))
        keys[operation.request] = key
    return keys


def choose_source(operations: Sequence[Operation]) -> KeySource:
    """Return what names the operations best: their ids, else their summaries, else their paths."""
    good_ids = sum(_is_good_id(operation) for operation in operations)
    good_summaries = sum(starts_with_verb(split_words(operation.summary)) for operation in operations)
    if operations and good_ids > max(_MIN_SHARE * len(operations), _MIN_RATIO * good_summaries):
        return "id"
    return "summary" if operations and good_summaries > _MIN_SHARE * len(operations) else "path"


def _is_good_id(operation: Operation) -> bool:
    words = split_words(operation.operation_id)
    if not any(map(_to_verb, words)) or (len(words) == 1 and len(words[0]) > _MAX_WORD):
        return False
    path = split_words(re.sub(r"/v\d+(?=/)", "", operation.path))
    return "".join(words[1:]) not in ("".join(path), "".join(split_words(operation.path)))


def _to_verb(word: str) -> str:
    """Return a word as a verb in its base form, or an empty text."""
    if word in _VERBS:
        return word
    stem = f"{word[:-3]}y" if word.endswith("ies") else word[:-2] if _HISSING.search(word) else word[:-1]
    return stem if word.endswith("s") and stem in _VERBS and stem not in _NOUNS else ""


def tells_what_is_done(sentence: str) -> bool:
    """Whether a sentence begins with a verb: Lists, Creates, Get; in a name, such a word may be a noun."""
    words = split_words(sentence)
    return starts_with_verb(words) or (bool(words) and words[0].removesuffix("s") in _VERBS)


def starts_with_verb(words: list[str]) -> bool:
    """Whether words begin with what is done, in any form: creates, create."""
    return bool(words and _to_verb(words[0]))


def _iter_candidates(operation: Operation, source: KeySource) -> Iterator[str]:
    by_source = {"id": _name_by_id, "summary": _name_by_summary, "path": _name_by_path}
    order = [source, *(other for other in ("id", "summary", "path") if other != source)]
    if source == "id" and not _is_good_id(operation) and starts_with_verb(split_words(operation.summary)):
        order = ["summary", "id", "path"]  # an id such as `roles` does not say what is done
    for name in order:
        if name != "id" or source == "id" or _is_good_id(operation):
            yield _build_key(by_source[name](operation))
    full = _name_by_path(operation, is_full=True)
    yield _build_key(full)
    base = _build_key(by_source[source](operation)) or _build_key(full) or "call"
    for tag in operation.tags:
        yield _build_key([*split_words(base), *split_words(tag)])
    number = 2
    while True:
        yield f"{base}{number}"
        number += 1


def _build_key(words: list[str]) -> str:
    kept = words[:1] + [word for word in words[1:] if word not in _NOISE]
    by = kept.index("by") if "by" in kept else len(kept)
    if kept[by + 1 :] in (["id"], ["ids"], ["uuid"], []):
        kept = kept[:by]  # what finds one thing is its id anyway
    while len(kept) > 1 and (
        len(join_key(kept)) > MAX_KEY_LENGTH
        or kept[-1] in ("by", "for", "of", "in", "to", "from", "and", "or", "with", "on", "the", "a")
    ):
        kept.pop()
    return join_key([re.sub(r"[^a-z0-9]", "", word) for word in kept])[: MAX_KEY_LENGTH + 20]


def _name_by_id(operation: Operation) -> list[str]:
    return _put_verb_first(split_words(operation.operation_id))


def _name_by_summary(operation: Operation) -> list[str]:
    words = split_words(re.sub(r"\(.*?\)|\..*", "", operation.summary))
    return _put_verb_first(words) if starts_with_verb(words) or any(map(_to_verb, words)) else []


def _put_verb_first(words: list[str]) -> list[str]:
    if starts_with_verb(words):
        return [_to_verb(words[0]), *words[1:]]
    index = next((index for index, word in enumerate(words) if word in _VERBS), None)
    if index is None:
        return words
    verb, rest = words[index], words[index + 1 :]
    if not rest or rest[0] in ("for", "to", "from", "in", "by", "with", "on", "of", "and", "or"):
        noun = words[:index]
        if len(rest) > 1 and rest[0] in ("and", "or") and rest[1] in _VERBS:
            return [verb, *rest[:2], *noun, *rest[2:]]
        return [verb, *noun, *rest]
    noun = [
        word for word in words[:index] if word not in rest and f"{word}s" not in rest and word.rstrip("s") not in rest
    ]
    return [verb, *noun, *rest]


def _name_by_path(operation: Operation, *, is_full: bool = False) -> list[str]:
    parts = [part for part in operation.path.split("/") if part and not re.fullmatch(r"v?\d+(\.\d+)*|api|rest", part)]
    nouns = [split_words(re.sub(r"\{[^{}]*\}|\.json\Z", "", part)) for part in parts]
    is_item = bool(parts) and parts[-1].endswith(("}", "}.json"))
    nouns = [words for words in nouns if words]
    last = nouns[-1] if nouns else ["root"]
    if not is_item and starts_with_verb(last) and operation.method in ("POST", "PUT", "PATCH"):
        verb, rest = last, nouns[:-1]
    else:
        verb, rest = [_choose_verb(operation.method, last, is_item=is_item)], nouns
    kept = rest if is_full else rest[-2:]
    words = [word for noun in kept[:-1] for word in (*noun[:-1], _to_singular(noun[-1]))]
    tail = kept[-1] if kept else []
    is_one = (
        is_item or verb[0] in ("create", "add") or len(verb) > 1 or verb[0] not in ("list", "get", "delete", "update")
    )
    return [*verb, *words, *tail[:-1], *([_to_singular(tail[-1]) if is_one else tail[-1]] if tail else [])]


def _choose_verb(method: str, last: list[str], *, is_item: bool) -> str:
    if method == "GET":
        return "get" if is_item or _to_singular(last[-1]) == last[-1] else "list"
    if method == "POST":
        return "update" if is_item else "create"
    return {"PUT": "update", "PATCH": "update", "DELETE": "delete", "HEAD": "check"}.get(method, method.lower())


def _to_singular(word: str) -> str:
    if word.endswith("ies") and len(word) > _SHORT_WORD:
        return f"{word[:-3]}y"
    if word.endswith(("sses", "xes", "ches", "shes")):
        return word[:-2]
    return (
        word[:-1] if word.endswith("s") and not word.endswith(("ss", "us", "is")) and len(word) >= _SHORT_WORD else word
    )


def name_inputs(places: Mapping[str, Sequence[str]]) -> dict[str, str]:
    """Return the key of each place, given its part and names: the last name, or more where several share it."""
    keys: dict[str, str] = {}
    used: set[str] = set()
    lasts = Counter(to_snake_case(_key_of(names[-1:])) for names in places.values())
    for place, names in places.items():
        part, *path = names
        candidates = [_key_of(names[-1:])] if lasts[to_snake_case(_key_of(names[-1:]))] == 1 else []
        candidates += [_key_of(path), f"{_key_of(path)}In{part.capitalize()}"]
        candidates += [f"{_key_of(path)}{number}" for number in range(2, len(places) + 3)]
        key = next(key for key in candidates if key and to_snake_case(key) not in used)
        used.add(to_snake_case(key))
        keys[place] = key
    return keys


def _key_of(names: Sequence[str]) -> str:
    words = [word for name in names for word in split_words(name)]
    return join_key(words) or "value"
