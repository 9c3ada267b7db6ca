"""Comparison of a connector with the page that it mirrors: every difference is declared, every declaration real."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, NamedTuple

from connector.authoring.rules.fields import FieldRef
from connector.authoring.rules.inputs.values import coerce_value
from connector.core.invalid_value import InvalidValue
from connector.definition.forms.describe import CONNECTION_INPUT, DEBUG_INPUT

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from connector.authoring.draft import ParsedFile
    from connector.authoring.folder_reader import ConnectorFolder
    from connector.authoring.parity.page_record import MirroredPage, PageForm, PageInput, ParityRecord
    from connector.definition.fields import FormField
    from connector.definition.parsers.strict_yaml import NodePath
    from connector.errors import Finding


RULE = "parity"
_YES_NO = {True: "yes", False: "no"}
DifferenceKey = tuple[str, str, str | None, str]  # kind, owner, input, aspect


class Difference(NamedTuple):
    """A difference from the page in one aspect of an owner or its input, with both sides as texts."""

    kind: str
    owner: str
    input: str | None
    aspect: str
    page_value: str
    connector_value: str

    @property
    def key(self) -> DifferenceKey:
        """The key that a declaration must have."""
        return self.kind, self.owner, self.input, self.aspect


class _Subject(NamedTuple):
    """An action, connection or trigger of the connector."""

    kind: str
    key: str
    label: str
    inputs: Mapping[str, FormField]


def find_differences(folder: ConnectorFolder, record: ParityRecord) -> Iterator[Difference]:
    """Yield every difference between the page and the connector's readable files."""
    page, manifest = record.page, folder.manifest
    if manifest is not None:
        yield from _compare_component(page, folder)
        for kind, forms, owners in (
            ("connection", page.connections, manifest.model.connections),
            ("trigger", page.triggers, manifest.model.triggers),
        ):
            subjects = [_Subject(kind, key, owner.label, owner.inputs) for key, owner in owners.items()]
            yield from _compare_forms(kind, forms, subjects, (record, folder))
    files = [file for file in folder.actions if file.is_valid]
    subjects = [_Subject("action", file.model.action, file.model.label, file.model.inputs) for file in files]
    unread_keys = set(folder.action_keys) - {owner.key for owner in subjects}
    forms = {key: form for key, form in page.actions.items() if key not in unread_keys}
    yield from _compare_forms("action", forms, subjects, (record, folder))
    if page.actions:
        yield from _compare_every_action(page)


def _compare_component(page: MirroredPage, folder: ConnectorFolder) -> Iterator[Difference]:
    manifest = folder.manifest_or_blank
    for aspect, theirs, ours in (
        ("added", page.component.key, manifest.connector),
        ("label", page.component.label, manifest.label),
    ):
        if theirs != ours:
            yield Difference("component", page.component.key, None, aspect, theirs, ours)


def _compare_every_action(page: MirroredPage) -> Iterator[Difference]:
    """Compare the inputs that every action has, which `describe` adds."""
    ours = {CONNECTION_INPUT[0]: (CONNECTION_INPUT[1], True, None), DEBUG_INPUT[0]: (DEBUG_INPUT[1], False, "false")}
    for key, page_input in page.every_action.items():
        if ours.get(key) != (page_input.label, page_input.required, page_input.default):
            yield Difference("every action", "every_action", key, "missing", page_input.label, "")


def _compare_forms(
    kind: str, forms: Mapping[str, PageForm], subjects: list[_Subject], context: tuple[ParityRecord, ConnectorFolder]
) -> Iterator[Difference]:
    subjects_by_key = {subject.key: subject for subject in subjects}
    for key, form in forms.items():
        if key not in subjects_by_key:
            yield Difference(kind, key, None, "missing", form.label, "")
            continue
        yield from _compare_inputs(subjects_by_key[key], form, context)
    for key, subject in subjects_by_key.items():
        if key not in forms:
            yield Difference(kind, key, None, "added", "", subject.label)


def _compare_inputs(
    subject: _Subject, form: PageForm, context: tuple[ParityRecord, ConnectorFolder]
) -> Iterator[Difference]:
    if subject.label != form.label:
        yield Difference(subject.kind, subject.key, None, "label", form.label, subject.label)
    for key, page_input in form.inputs.items():
        field = subject.inputs.get(key)
        if field is None:
            yield Difference(subject.kind, subject.key, key, "missing", page_input.label, "")
            continue
        for aspect, theirs, ours in _compare_field(FieldRef((), key, field), page_input, *context):
            yield Difference(subject.kind, subject.key, key, aspect, theirs, ours)
    for key, field in subject.inputs.items():
        if key not in form.inputs:
            yield Difference(subject.kind, subject.key, key, "added", "", field.label)


def _compare_field(
    field: FieldRef, page_input: PageInput, record: ParityRecord, folder: ConnectorFolder
) -> Iterator[tuple[str, str, str]]:
    """Yield each difference of an input: aspect, the page's value, the connector's value."""
    definition = field.definition
    if definition.label != page_input.label:
        yield "label", page_input.label, definition.label
    if definition.type not in record.types.get(page_input.type, [page_input.type]):
        yield "type", page_input.type, definition.type
    if definition.required != page_input.required:
        yield "required", _YES_NO[page_input.required], _YES_NO[definition.required]
    if definition.hidden != page_input.hidden:
        yield "hidden", _YES_NO[page_input.hidden], _YES_NO[definition.hidden]
    if getattr(definition, "aliases", None):
        yield "alias", "", ", ".join(getattr(definition, "aliases", ()))
    if definition.suggest is not None and _is_sent_alike(field, page_input.default, definition.suggest, folder):
        yield "suggested", page_input.default or "", _format_value(definition.suggest)
    elif not _is_sent_alike(field, page_input.default, definition.default, folder):
        yield "default", page_input.default or "", _format_value(definition.default)
    if page_input.example is not None and not _is_sent_alike(field, page_input.example, definition.example, folder):
        yield "example", page_input.example, _format_value(definition.example)


def _is_sent_alike(field: FieldRef, theirs: str | None, ours: Any, folder: ConnectorFolder) -> bool:
    """Whether a text of the page and the connector's value are sent as the same value."""
    if theirs is None or ours is None:
        return theirs is None and ours is None
    page_value: Any = [theirs] if field.definition.is_list and not getattr(field.definition, "join", None) else theirs
    try:
        return json.dumps(coerce_value(field, page_value, folder)) == json.dumps(coerce_value(field, ours, folder))
    except (InvalidValue, TypeError):
        return theirs == _format_value(ours)


def _format_value(value: Any) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def check_parity(folder: ConnectorFolder, record: ParityRecord) -> Iterator[Finding]:
    """Check that every difference is declared with a reason, and that every declaration is a difference."""
    assert folder.parity is not None
    differences_by_key = {entry.key: entry for entry in find_differences(folder, record)}
    declared: dict[DifferenceKey, NodePath] = {}
    for number, entry in enumerate(record.deviations):
        path: NodePath = ("deviations", number)
        if not entry.subjects:
            yield folder.parity.build_finding(path, RULE, "name an action, connection or trigger.")
        for kind, owner, key in entry.subjects:
            declared.setdefault((kind, owner, key, entry.what), path)
    yield from (
        _build_undeclared_finding(entry, folder)
        for difference_key, entry in differences_by_key.items()
        if difference_key not in declared
    )
    checked_keys = {file.model.action for file in folder.actions if file.is_valid}
    unchecked_keys = set(folder.action_keys) - checked_keys
    for difference_key, path in declared.items():
        kind, owner, _, aspect = difference_key
        is_unchecked = owner in unchecked_keys if kind == "action" else folder.manifest is None
        if difference_key not in differences_by_key and not is_unchecked:
            yield folder.parity.build_finding(
                path, RULE, f"{_describe_subject(difference_key)}: {aspect} is as on the page; remove this entry."
            )


def _describe_subject(difference_key: DifferenceKey) -> str:
    kind, owner, key, _ = difference_key
    return f"{kind} {owner}" + (f", input {key}" if key else "")


def _build_undeclared_finding(difference: Difference, folder: ConnectorFolder) -> Finding:
    """Return the finding of a difference, where it can be fixed."""
    kind, owner, key, aspect = difference.key
    explanations = {
        "added": f"the page has no such {'input' if key else kind}",
        "missing": f"the page has {difference.page_value!r}, which is missing here",
    }
    ours, theirs = difference.connector_value or "nothing", difference.page_value or "nothing"
    details = explanations.get(aspect, f"{aspect} is {ours!r} and {theirs!r} on the page")
    fix = "fix it, or give the reason in parity.yaml under `deviations`."
    message = f"{_describe_subject(difference.key)}: {details}; {fix}"
    file: ParsedFile[Any] | None = next(
        (candidate for candidate in folder.actions if kind == "action" and candidate.model.action == owner), None
    )
    if file is None and kind in ("connection", "trigger", "component"):
        file = folder.manifest
    if file is None:
        assert folder.parity is not None
        return folder.parity.build_finding(("page", "actions", owner), RULE, message, key=True)
    path: NodePath = () if kind in ("action", "component") else (f"{kind}s", owner)
    yaml_key = {"alias": "aliases", "suggested": "suggest"}.get(aspect, aspect)
    return file.document.build_finding(
        (*path, "inputs", key, yaml_key) if key else (*path, yaml_key), RULE, message, key=True
    )
