"""Rows of a table of inputs, as pages and the command line show them."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from itertools import takewhile
from typing import TYPE_CHECKING

from connector.definition.forms.describe import CONNECTION_INPUT, DEBUG_INPUT
from connector.definition.forms.sentences import describe_aliases, describe_field, describe_relations, format_value
from connector.definition.inputs.input_group import MemberGroup, describe_variants
from connector.first_use import dataclass

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from connector.definition.action import Action
    from connector.definition.fields import FormField
    from connector.definition.forms.sentences import ChoiceFiles
    from connector.definition.inputs.input_group import InputGroup


MAX_ROWS_BELOW = 40  # of one input, in a table that shows all of them


@dataclass(frozen=True, slots=True)
class DocRow:
    """One row of an input table, cells as texts; `default` may be a suggestion, which `notes` says."""

    key: str
    label: str
    type: str
    required: bool
    default: str
    notes: str
    example: str


def build_doc_rows(connector: ChoiceFiles, action: Action) -> list[DocRow]:
    """Return the rows of an action's inputs in the order of its file, then connection and debugRequest."""
    doc_rows = list(_build_input_rows(connector, action, "", {}))
    for (key, label, help_text), type_name, default in (
        (CONNECTION_INPUT, "connection", ""),
        (DEBUG_INPUT, "boolean", "false"),
    ):
        doc_rows.append(
            DocRow(key, label, type_name, required=not default, default=default, notes=help_text, example="")
        )
    return doc_rows


def fold_rows(rows: Sequence[DocRow], name: str = "") -> list[tuple[DocRow, int]]:
    """Return the rows that a reader wants first, each with how many rows below it are left out.

    Those are the rows of all inputs, or of the one with this name. What has many rows below it keeps its own alone.
    """
    chosen = [row for row in rows if not name or f"{row.key}.".startswith(f"{name}.")]
    folded: list[tuple[DocRow, int]] = []
    position = 0
    while position < len(chosen):
        row = chosen[position]
        is_below = partial(_is_below, row.key)
        below = sum(1 for _ in takewhile(is_below, chosen[position + 1 :]))
        left_out = below if below > MAX_ROWS_BELOW and row.key != name else 0
        folded.append((row, left_out))
        position += 1 + left_out
    return folded


def _build_input_rows(
    connector: ChoiceFiles, group: InputGroup, prefix: str, shown_types: dict[str, str]
) -> Iterator[DocRow]:
    """Yield the row of each input, and below it those of its members, named as the columns of a table name them.

    `shown_types` are the named types whose members have rows already, each with the input that has them.
    """
    for key, field in group.inputs.items():
        notes = [*describe_relations(group, key, field), *describe_aliases(field)]
        place = {"object": "", "list of object": "0.", "map of object": "NAME."}.get(field.type, "")
        groups = []
        is_shown = not field.variants and field.type_name in shown_types
        variants = () if is_shown else field.declared_variants.values()
        for variant, holder in ((None, field), *((variant, variant) for variant in variants)):
            known = shown_types.get(holder.type_name or "")
            of_variant = f" of {holder.label}" if variant else ""
            if known is not None:
                notes.append(f"The members{of_variant} are those of {known}.")
            elif field.members:
                shown_types.update({holder.type_name: prefix + key} if holder.type_name else {})
                groups.append((variant, holder.declared))
        if variants:
            notes.append(f"One of {describe_variants(field)}.")
        yield build_doc_row(connector, prefix + key, field, notes)
        for variant, members in groups:
            inner = replace(MemberGroup.build(field, group.method, variant), inputs=members)
            for row in _build_input_rows(connector, inner, f"{prefix}{key}.{place}", shown_types):
                yield row if variant is None else replace(row, notes=f"{row.notes} Of {variant.label}.")


def build_doc_row(connector: ChoiceFiles, key: str, field: FormField, extra_notes: list[str] | None = None) -> DocRow:
    """Return the row of one field of an action, connection or trigger, with `extra_notes` appended."""
    shown_value = field.default if field.has_default else field.suggest
    return DocRow(
        key=key,
        label=field.label,
        type=field.type,
        required=field.required,
        default=format_value(shown_value),
        notes=" ".join([*describe_field(connector, field), *(extra_notes or [])]),
        example=format_value(field.example),
    )


def _is_below(key: str, row: DocRow) -> bool:
    return row.key.startswith(f"{key}.")
