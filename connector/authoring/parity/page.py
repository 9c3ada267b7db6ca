"""The parity page: where a connector differs from the page that it mirrors, with reasons and counts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from connector.authoring.folder_reader import ConnectorFolder
from connector.authoring.markdown import format_code, render_table
from connector.authoring.parity import page_record
from connector.authoring.parity.compare import find_differences
from connector.errors import DefinitionError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from connector.authoring.parity.compare import Difference, DifferenceKey
    from connector.authoring.parity.page_record import ParityRecord

_INTRO = (
    "The {label} connector mirrors a component page: keys, labels, defaults and required inputs are as printed there. "
    "Every difference is on purpose, and this page gives its reason."
)
_SOURCE_NOTE = "This page is generated from `parity.yaml` by `connector docs`; `connector lint` compares both sides."
_COLUMNS = ("Input", "What", "On the page", "Here", "Why")


def render_parity_page(folder: Path) -> str:
    """Return the parity page of a folder with a parity.yaml. Raises DefinitionError for an invalid file."""
    connector_folder = ConnectorFolder.read(folder)
    record, findings = page_record.parse_record(connector_folder.parity) if connector_folder.parity else (None, [])
    if record is None or connector_folder.findings:
        raise DefinitionError.from_findings([*connector_folder.findings, *findings])
    diffs = list(find_differences(connector_folder, record))
    label = connector_folder.manifest_or_blank.label
    lines = [f"# {label}: parity with the component page", "", _INTRO.format(label=label), "", _SOURCE_NOTE]
    lines += _render_subjects("Connections and triggers", [item for item in diffs if item.kind != "action"], record)
    lines += _render_subjects("Actions", [item for item in diffs if item.kind == "action"], record)
    lines += _render_unchanged(record, diffs)
    lines += _render_shared_keys(record)
    lines += _render_improvements(record)
    lines += _render_numbers(record, diffs)
    return "\n".join(lines) + "\n"


def _render_subjects(title: str, diffs: list[Difference], record: ParityRecord) -> Iterator[str]:
    """Yield a table of differences for each action, connection or trigger that has any."""
    if not diffs:
        return
    yield from ("", f"## {title}")
    reasons: dict[DifferenceKey, str] = {}
    for deviation in record.deviations:
        reasons.update({(*subject, deviation.what): deviation.reason for subject in deviation.subjects})
    for kind, owner in dict.fromkeys((item.kind, item.owner) for item in diffs):
        subject_diffs = [item for item in diffs if (item.kind, item.owner) == (kind, owner)]
        subject_diffs.sort(key=lambda item: (item.input or "").lower())
        heading = _find_label(record, kind, owner) or subject_diffs[0].connector_value or owner
        yield from ("", f"### {heading}", "", f"{kind.capitalize()} {format_code(owner)}", "")
        yield from render_table(_COLUMNS, [_build_row(item, reasons.get(item.key, "")) for item in subject_diffs])


def _build_row(difference: Difference, reason: str) -> tuple[str, ...]:
    return (
        format_code(difference.input or ""),
        difference.aspect,
        format_code(difference.page_value),
        format_code(difference.connector_value),
        reason,
    )


def _find_label(record: ParityRecord, kind: str, owner: str) -> str:
    page = record.page
    forms = {"action": page.actions, "connection": page.connections, "trigger": page.triggers}.get(kind, {})
    return forms[owner].label if owner in forms else ""


def _render_unchanged(record: ParityRecord, diffs: Iterable[Difference]) -> Iterator[str]:
    changed_keys = {difference.owner for difference in diffs if difference.kind == "action"}
    unchanged_labels = [form.label for key, form in record.page.actions.items() if key not in changed_keys]
    if unchanged_labels:
        yield from ("", f"Exactly as on the page: {', '.join(unchanged_labels)}.")


def _render_shared_keys(record: ParityRecord) -> Iterator[str]:
    if record.differs:
        yield from ("", "## One key, several meanings", "")
        rows = [
            (format_code(item.input), item.what, ", ".join(map(format_code, item.actions)), item.reason)
            for item in record.differs
        ]
        yield from render_table(("Input", "What", "Actions", "Why"), rows)


def _render_improvements(record: ParityRecord) -> Iterator[str]:
    if record.better:
        yield from ("", "## Better on purpose", "")
        yield from (f"- **{improvement.what}** {improvement.why}" for improvement in record.better)


def _render_numbers(record: ParityRecord, diffs: list[Difference]) -> Iterator[str]:
    """Count the inputs of all actions, including those that the page repeats for each."""
    actions = record.page.actions
    repeated = len(actions) * len(record.page.every_action)
    total = sum(len(form.inputs) for form in actions.values()) + repeated
    input_diffs = [item for item in diffs if item.kind == "action" and item.input is not None]
    added = sum(1 for item in input_diffs if item.aspect == "added")
    deviating = len({(item.owner, item.input) for item in input_diffs if item.aspect != "added"})
    yield from ("", "## In numbers", "")
    yield f"{len(actions)} actions, {total} inputs: {total - deviating} as on the page, {deviating} different"
    yield f"in at least one respect, {added} added."
