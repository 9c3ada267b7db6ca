"""The parity page: where a connector is otherwise than the page it mirrors, with reasons and counts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from connector.authoring.folder_reader import Sources
from connector.authoring.markdown import code, table
from connector.authoring.parity import page_record as records
from connector.authoring.parity.compare import differences
from connector.errors import DefinitionError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from connector.authoring.parity.compare import Difference, Place
    from connector.authoring.parity.page_record import Record

_INTRO = (
    "The {label} connector mirrors a component page: every key, label and default is as printed there, and what is "
    "required is required. Where it is otherwise, it is so on purpose, and this page says why."
)
_MADE = "This page is made from `parity.yaml` by `connector docs`; `connector lint` compares both sides."
_HEAD = ("Input", "What", "On the page", "Here", "Why")


def render(folder: Path) -> str:
    """Return the parity page of a folder that has a parity.yaml. Raises DefinitionError when a file is broken."""
    sources = Sources.read(folder)
    record, findings = records.read(sources.record) if sources.record else (None, [])
    if record is None or sources.findings:
        raise DefinitionError.of([*sources.findings, *findings])
    found = list(differences(sources, record))
    label = sources.shared.label
    lines = [f"# {label}: parity with the component page", "", _INTRO.format(label=label), "", _MADE]
    lines += _owners("Connections and triggers", [one for one in found if one.kind != "action"], record)
    lines += _owners("Actions", [one for one in found if one.kind == "action"], record)
    lines += _unchanged(record, found)
    lines += _meanings(record)
    lines += _better(record)
    lines += _numbers(record, found)
    return "\n".join(lines) + "\n"


def _owners(title: str, found: list[Difference], record: Record) -> Iterator[str]:
    """Yield a table of deviations for each action, connection or trigger that has any."""
    if not found:
        return
    yield from ("", f"## {title}")
    reasons: dict[Place, str] = {}
    for one in record.deviations:
        reasons.update({(*place, one.what): one.reason for place in one.places})
    for kind, owner in dict.fromkeys((each.kind, each.owner) for each in found):
        mine = [each for each in found if (each.kind, each.owner) == (kind, owner)]
        mine.sort(key=lambda each: (each.input or "").lower())
        heading = _label(record, kind, owner) or mine[0].here or owner
        yield from ("", f"### {heading}", "", f"{kind.capitalize()} {code(owner)}", "")
        yield from table(_HEAD, [_row(each, reasons.get(each.place, "")) for each in mine])


def _row(one: Difference, reason: str) -> tuple[str, ...]:
    return code(one.input or ""), one.what, code(one.page), code(one.here), reason


def _label(record: Record, kind: str, owner: str) -> str:
    page = record.page
    forms = {"action": page.actions, "connection": page.connections, "trigger": page.triggers}.get(kind, {})
    return forms[owner].label if owner in forms else ""


def _unchanged(record: Record, found: Iterable[Difference]) -> Iterator[str]:
    changed = {one.owner for one in found if one.kind == "action"}
    same = [form.label for key, form in record.page.actions.items() if key not in changed]
    if same:
        yield from ("", f"Exactly as on the page: {', '.join(same)}.")


def _meanings(record: Record) -> Iterator[str]:
    if record.differs:
        yield from ("", "## One key, several meanings", "")
        yield from table(
            ("Input", "What", "Actions", "Why"),
            ((code(one.input), one.what, ", ".join(map(code, one.actions)), one.reason) for one in record.differs),
        )


def _better(record: Record) -> Iterator[str]:
    if record.better:
        yield from ("", "## Better on purpose", "")
        yield from (f"- **{one.what}** {one.why}" for one in record.better)


def _numbers(record: Record, found: list[Difference]) -> Iterator[str]:
    """Count the inputs of all actions, the rows that the page repeats for each of them included."""
    actions = record.page.actions
    repeated = len(actions) * len(record.page.every_action)
    total = sum(len(form.inputs) for form in actions.values()) + repeated
    mine = [one for one in found if one.kind == "action" and one.input is not None]
    added = sum(1 for one in mine if one.what == "added")
    deviating = len({(one.owner, one.input) for one in mine if one.what != "added"})
    yield from ("", "## In numbers", "")
    yield f"{len(actions)} actions, {total} inputs: {total - deviating} as on the page, {deviating} otherwise"
    yield f"in at least one respect, {added} added."
