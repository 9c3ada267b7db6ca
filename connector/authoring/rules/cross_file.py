"""Rules that hold over all actions together."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from connector.authoring.draft import Mistake
from connector.core.redaction import shown

if TYPE_CHECKING:
    from collections.abc import Iterator

    from connector.authoring.draft import Draft
    from connector.authoring.folder_reader import Sources
    from connector.authoring.parity.page_record import Record
    from connector.definition.action import Action
    from connector.definition.fields import Input
    from connector.errors import Finding

RULE = "same-key-same-meaning"
_MEANING = ("label", "type", "choices")


class Otherwise(NamedTuple):
    """An input whose label, type or choices are not those that its key has in most other actions."""

    draft: Draft[Action]
    key: str
    what: str
    message: str


def same_key_same_meaning(sources: Sources, record: Record | None) -> Iterator[Finding]:
    """One key has one label, type and choices in all actions, but where parity.yaml says why not."""
    declared = list(enumerate(record.differs)) if record else []
    met: set[int] = set()
    for one in otherwise(sources):
        listed = [number for number, told in declared if (told.input, told.what) == (one.key, one.what)]
        met.update(listed)
        if not any(one.draft.model.action in declared[number][1].actions for number in listed):
            mistake = Mistake(("inputs", one.key, one.what), RULE, f"{one.key!r}: {one.message}")
            yield from one.draft.told([mistake])
    whole = {draft.model.action for draft in sources.actions if draft.whole}
    for number, told in declared:
        judged = whole.issuperset(set(told.actions) & set(sources.keys))
        if number not in met and judged and sources.record is not None:
            message = f"{told.what} of {told.input!r} is the same everywhere; take this out."
            yield sources.record.finding(("differs", number), RULE, message)


def otherwise(sources: Sources) -> Iterator[Otherwise]:
    """Yield every input that is not as its key is in most actions."""
    by_key: dict[str, list[tuple[Draft[Action], Input]]] = {}
    for draft in sources.actions:
        for key, spec in draft.model.inputs.items():
            by_key.setdefault(key, []).append((draft, spec))
    for key, found in by_key.items():
        for what in _MEANING:
            values = [_meaning(spec, what) for _, spec in found]
            usual = max(values, key=values.count)
            where = found[values.index(usual)][0].where(("inputs", key, what), key=True)
            for (draft, _), value in zip(found, values, strict=True):
                if value != usual:
                    message = f"{what} is {_said(value)} here, and {_said(usual)} at {where}."
                    yield Otherwise(draft, key, what, message)


def _meaning(spec: Input, what: str) -> Any:
    if what != "choices":
        return getattr(spec, what)
    return (spec.choices or {}, spec.choices_file)


def _said(value: Any) -> str:
    if not isinstance(value, tuple):
        return shown(value)
    choices, file = value
    return shown(", ".join([*choices, *([file] if file else [])])) if choices or file else "no choice"
