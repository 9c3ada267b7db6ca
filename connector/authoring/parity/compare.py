"""Compares a connector with the record of the page that it mirrors: each difference is declared, and each is real."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, NamedTuple

from connector.authoring.rules.fields import Field
from connector.authoring.rules.values import sent_as
from connector.core.inputs.coerce import Bad
from connector.definition.describe import CONNECTION, DEBUG

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from connector.authoring.draft import Draft
    from connector.authoring.folder_reader import Sources
    from connector.authoring.parity.page_record import Form, Line, Page, Record
    from connector.definition.fields import FormField
    from connector.definition.strict_yaml import Path
    from connector.errors import Finding


RULE = "parity"
Place = tuple[str, str, str | None, str]  # kind, the owner's key, the input's key, what


class Difference(NamedTuple):
    """One thing that is otherwise than on the page: whose, of which input, what, and both sides as texts."""

    kind: str
    owner: str
    input: str | None
    what: str
    page: str
    here: str

    @property
    def place(self) -> Place:
        """What a declaration must name."""
        return self.kind, self.owner, self.input, self.what


class _Owner(NamedTuple):
    """An action, connection or trigger that both sides have."""

    kind: str
    key: str
    label: str
    inputs: Mapping[str, FormField]


def differences(sources: Sources, record: Record) -> Iterator[Difference]:
    """Yield every difference between the page and the connector's readable files."""
    page, manifest = record.page, sources.manifest
    if manifest is not None:
        yield from _component(page, sources)
        for kind, forms, owners in (
            ("connection", page.connections, manifest.model.connections),
            ("trigger", page.triggers, manifest.model.triggers),
        ):
            here = [_Owner(kind, key, one.label, one.inputs) for key, one in owners.items()]
            yield from _sides(kind, forms, here, (record, sources))
    drafts = [draft for draft in sources.actions if draft.whole]
    here = [_Owner("action", draft.model.action, draft.model.label, draft.model.inputs) for draft in drafts]
    unread = set(sources.keys) - {one.key for one in here}
    forms = {key: form for key, form in page.actions.items() if key not in unread}
    yield from _sides("action", forms, here, (record, sources))
    if page.actions:
        yield from _every_action(page)


def _component(page: Page, sources: Sources) -> Iterator[Difference]:
    manifest = sources.shared
    for what, theirs, ours in (
        ("added", page.component.key, manifest.connector),
        ("label", page.component.label, manifest.label),
    ):
        if theirs != ours:
            yield Difference("component", page.component.key, None, what, theirs, ours)


def _every_action(page: Page) -> Iterator[Difference]:
    """The rows of every run are the same for all actions, as `describe` adds them."""
    ours = {CONNECTION[0]: (CONNECTION[1], True, None), DEBUG[0]: (DEBUG[1], False, "false")}
    for key, line in page.every_action.items():
        if ours.get(key) != (line.label, line.required, line.default):
            yield Difference("every action", "every_action", key, "missing", line.label, "")


def _sides(
    kind: str, forms: Mapping[str, Form], here: list[_Owner], both: tuple[Record, Sources]
) -> Iterator[Difference]:
    owners = {owner.key: owner for owner in here}
    for key, form in forms.items():
        if key not in owners:
            yield Difference(kind, key, None, "missing", form.label, "")
            continue
        yield from _inputs(owners[key], form, both)
    for key, owner in owners.items():
        if key not in forms:
            yield Difference(kind, key, None, "added", "", owner.label)


def _inputs(owner: _Owner, form: Form, both: tuple[Record, Sources]) -> Iterator[Difference]:
    if owner.label != form.label:
        yield Difference(owner.kind, owner.key, None, "label", form.label, owner.label)
    for key, line in form.inputs.items():
        spec = owner.inputs.get(key)
        if spec is None:
            yield Difference(owner.kind, owner.key, key, "missing", line.label, "")
            continue
        for what, theirs, ours in _words(Field((), key, spec), line, *both):
            yield Difference(owner.kind, owner.key, key, what, theirs, ours)
    for key, spec in owner.inputs.items():
        if key not in form.inputs:
            yield Difference(owner.kind, owner.key, key, "added", "", spec.label)


def _words(field: Field, line: Line, record: Record, sources: Sources) -> Iterator[tuple[str, str, str]]:
    """Yield what differs of one input: the word, the page's side, ours."""
    spec = field.spec
    if spec.label != line.label:
        yield "label", line.label, spec.label
    if spec.type not in record.types.get(line.type, [line.type]):
        yield "type", line.type, spec.type
    if spec.required != line.required:
        yield "required", _yes(line.required), _yes(spec.required)
    if spec.hidden != line.hidden:
        yield "hidden", _yes(line.hidden), _yes(spec.hidden)
    if getattr(spec, "aliases", None):
        yield "alias", "", ", ".join(getattr(spec, "aliases", ()))
    if spec.suggest is not None and line.default is not None and _same(field, line.default, spec.suggest, sources):
        yield "suggested", line.default, _text(spec.suggest)
    elif not _same(field, line.default, spec.default, sources):
        yield "default", line.default or "", _text(spec.default)
    if line.example is not None and not _same(field, line.example, spec.example, sources):
        yield "example", line.example, _text(spec.example)


def _same(field: Field, theirs: str | None, ours: Any, sources: Sources) -> bool:
    """Whether a text of the page and a value of ours are sent as the same."""
    if theirs is None or ours is None:
        return theirs is None and ours is None
    read: Any = [theirs] if field.spec.is_list and not getattr(field.spec, "join", None) else theirs
    try:
        return json.dumps(sent_as(field, read, sources)) == json.dumps(sent_as(field, ours, sources))
    except (Bad, TypeError):
        return theirs == _text(ours)


def _yes(there: bool) -> str:  # noqa: FBT001  a word for a flag
    return "yes" if there else "no"


def _text(value: Any) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def parity(sources: Sources, record: Record) -> Iterator[Finding]:
    """Each difference from the page is declared with its reason, and each declaration is a real difference."""
    assert sources.record is not None
    found = {one.place: one for one in differences(sources, record)}
    declared: dict[Place, Path] = {}
    for number, one in enumerate(record.deviations):
        path: Path = ("deviations", number)
        if not one.places:
            yield sources.record.finding(path, RULE, "say whose it is: action, connection or trigger.")
        for kind, owner, key in one.places:
            declared.setdefault((kind, owner, key, one.what), path)
    yield from (_undeclared(one, sources) for place, one in found.items() if place not in declared)
    judged = {draft.model.action for draft in sources.actions if draft.whole}
    lost = set(sources.keys) - judged
    for place, path in declared.items():
        kind, owner, _, what = place
        unknown = owner in lost if kind == "action" else sources.manifest is None
        if place not in found and not unknown:
            yield sources.record.finding(path, RULE, f"{_named(place)}: {what} is as on the page; take this out.")


def _named(place: Place) -> str:
    kind, owner, key, _ = place
    return f"{kind} {owner}" + (f", input {key}" if key else "")


def _undeclared(one: Difference, sources: Sources) -> Finding:
    """Return the finding of a difference at the place where it can be put right."""
    kind, owner, key, what = one.place
    sides = {
        "added": f"the page has no such {'input' if key else kind}",
        "missing": f"the page has {one.page!r}, which is missing here",
    }
    said = sides.get(what, f"{what} is {one.here or 'nothing'!r} and {one.page or 'nothing'!r} on the page")
    message = f"{_named(one.place)}: {said}; put it right, or say why in parity.yaml under `deviations`."
    draft: Draft[Any] | None = next((d for d in sources.actions if kind == "action" and d.model.action == owner), None)
    if draft is None and kind in ("connection", "trigger", "component"):
        draft = sources.manifest
    if draft is None:
        assert sources.record is not None
        return sources.record.finding(("page", "actions", owner), RULE, message, key=True)
    path: Path = () if kind in ("action", "component") else (f"{kind}s", owner)
    word = {"alias": "aliases", "suggested": "suggest"}.get(what, what)
    return draft.document.finding((*path, "inputs", key, word) if key else (*path, word), RULE, message, key=True)
