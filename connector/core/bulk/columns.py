"""Map the columns of a table to the inputs of an action."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from connector.core.bulk.cells import convert_cell
from connector.core.inputs.coerce import to_json_value
from connector.core.inputs.objects import find_member, find_overlap, set_member
from connector.core.inputs.typed_text import compile_text_reader
from connector.core.inputs.validate import compile_validator
from connector.core.invalid_value import InvalidValue
from connector.core.redaction import preview
from connector.definition.case import to_kebab_case
from connector.definition.forms.sentences import describe_choices
from connector.definition.json_path import join_path, parse_path
from connector.definition.suggest import closest
from connector.errors import InputError, Problem

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from connector.core.inputs.field_checks import ChoicesLoader
    from connector.core.inputs.typed_text import TextReader
    from connector.core.inputs.validate import GroupValidator
    from connector.definition.action import Action
    from connector.definition.fields import Input, InputField

_MAX_NAME_LENGTH = 40
_NEAR = 0.7  # of a column's name and an input's; `notes` is not meant for `endTimes`
ColumnKeys = tuple[str | None, ...]  # the input of each column; None for one that is skipped


class ColumnMapping:
    """Maps the columns of rows to the inputs of an action.

    A column is named by an input's key or alias, also in snake_case, or by its exact label; `column_map` names the
    inputs of others, "" skips a column. `common_inputs` apply to every row. An earlier key is passed on as it is: each
    call says that it is called otherwise now. Raises InputError if `column_map` names an unknown input.
    """

    def __init__(
        self,
        action: Action,
        column_map: Mapping[str, str],
        common_inputs: Mapping[str, Any],
        load_choices: ChoicesLoader,
    ) -> None:
        self.action, self.column_map, self.common_inputs = action, dict(column_map), dict(common_inputs)
        self._load_choices = load_choices
        self._readers: dict[str, TextReader] = {}  # of the cells of each input or member
        labels = [field.label for field in action.inputs.values()]
        keys_by_label = {field.label: key for key, field in action.inputs.items() if labels.count(field.label) == 1}
        self._keys_by_name = {**keys_by_label, **action.key_by_spelling}
        self._validate: GroupValidator | None = None  # of the other cells of a row with one that means nothing
        self._used_columns: set[str] = set()
        self._last_header: tuple[tuple[str, ...], ColumnKeys] | None = None
        problems = [
            self._unknown_input_problem(name) for name in column_map.values() if name and self._find_key(name) is None
        ]
        if problems:
            raise InputError.from_problems("--map", problems)

    def resolve_header(self, names: Iterable[str]) -> ColumnKeys:
        """Return the input of each column of a table. Raises InputError with every problem."""
        names = tuple(names)
        keys, problems = self._match_columns(names)
        if names and not any(keys) and not any("if it is" in problem.fix for problem in problems):
            raise InputError.from_problems(f"The columns for {self.action.action}", [_missing_header_problem(names)])
        problems += self.unused_columns()
        covered_keys = set(map(self._get_root, filter(None, (*keys, *self.common_inputs))))
        covered_keys |= {problem.field for problem in problems}
        problems += [
            _missing_column_problem(key, field)
            for key, field in self.action.inputs.items()
            if field.required and key not in covered_keys
        ]
        if problems:
            raise InputError.from_problems(f"The columns for {self.action.action}", problems)
        return keys

    def from_cells(self, keys: ColumnKeys, cells: Sequence[Any]) -> dict[str, Any]:
        """Return the inputs of a table row; an empty cell gives none.

        Raises InputError for cells that mean nothing, with the problems of the other cells too.
        """
        given, problems = dict(self.common_inputs), []
        for key, cell in zip(keys, cells, strict=True):
            if key is None or cell is None or cell == "":
                continue
            try:
                given = self._set(given, key, self._parse_cell(key, cell))
            except InvalidValue as invalid:
                got = "text" if isinstance(cell, str) else preview(str(cell))
                problems.append(Problem(key, got, invalid.expected, invalid.fix))
        if problems:
            raise InputError.from_problems(self.action.action, [*problems, *self._find_others(given, problems)])
        return given

    def _find_others(self, given: Mapping[str, Any], problems: Sequence[Problem]) -> list[Problem]:
        """Return the problems of what could be read of a row, without the inputs that have one already."""
        if self._validate is None:
            self._validate = compile_validator(self.action, self._load_choices)
        told = {self._get_root(problem.field) for problem in problems}
        try:
            self._validate(given)
        except InputError as error:
            return [one for one in error.problems if self._get_root(one.field.partition("[")[0]) not in told]
        return []

    def from_mapping(self, data: Mapping[str, Any]) -> dict[str, Any]:
        """Return the inputs of a row that names its own columns, values unchanged. Raises InputError."""
        names = tuple(data)
        if self._last_header is None or self._last_header[0] != names:
            keys, problems = self._match_columns(names)
            if problems:
                raise InputError.from_problems(self.action.action, problems)
            self._last_header = names, keys
        pairs = zip(self._last_header[1], data.values(), strict=True)
        given = dict(self.common_inputs)
        for key, value in pairs:
            if key is not None:
                given = self._set(given, key, value)
        return given

    def _set(self, given: dict[str, Any], key: str, value: Any) -> dict[str, Any]:
        return set_member(self.action.inputs, given, parse_path(key), value)

    def _find_key(self, name: str) -> str | None:
        """Return what a column of this name sets: the key of an input, or a member such as attendees.0.email."""
        key = name if name in self.action.key_by_earlier_spelling else self._keys_by_name.get(name)
        if key is None and "." in name:
            found = find_member(self.action.inputs, name)
            return None if found is None else join_path(*found[0])
        return key

    def _find_field(self, key: str) -> InputField:
        """Return the input or member that a column sets."""
        found = find_member(self.action.inputs, key) if "." in key else None
        return self.action.inputs[self._get_root(key)] if found is None else found[1]

    def _parse_cell(self, key: str, cell: Any) -> Any:
        """Return a cell as its input expects it: parsed JSON, a list of one item, or what the text means."""
        field = self._find_field(key)
        if not isinstance(cell, str):
            value = convert_cell(field, cell)
            return [value] if field.is_list else value
        if (field.takes_many or field.type == "object") and cell.lstrip().startswith(("[", "{")):
            return to_json_value(cell)
        read = self._readers.get(key)
        if read is None:
            read = self._readers[key] = compile_text_reader(field, self._load_choices)
        meant = read(cell)
        return [meant] if field.is_list and not field.join else meant

    def _get_root(self, key: str) -> str:
        """Return the input that is set, whole or by a member."""
        name = key.partition(".")[0]
        return self.action.key_by_spelling.get(name, name)

    def unused_columns(self) -> list[Problem]:
        """Return a problem for each column of `column_map` that no row has."""
        unused = [column for column in self.column_map if column not in self._used_columns]
        return [
            Problem(f"--map {column}=", "no such column", "a column of the rows", "check its name") for column in unused
        ]

    def _match_columns(self, names: tuple[str, ...]) -> tuple[ColumnKeys, list[Problem]]:
        """Return the input of each column, and the problems."""
        self._used_columns.update(names)
        problems: list[Problem] = []
        keys: list[str | None] = []
        column_by_key: dict[str, str] = {}
        common_keys = set(map(self._get_root, self.common_inputs))
        for name in names:
            input_name = self.column_map.get(name, name)
            written = self._find_key(input_name)
            keys.append(written)
            if written is None:
                if input_name or name not in self.column_map:
                    problems.append(self._unknown_column_problem(name))
                continue
            root = self._get_root(written)
            key = f"{root}{written[len(written.partition('.')[0]) :]}"
            if (other := find_overlap(key, column_by_key)) is not None and other != key:
                given_text = f"two columns: {_quote(column_by_key[other])} and {_quote(name)}"
                problems.append(Problem(key, given_text, "the whole object, or its members", _skip_column_hint(name)))
            elif key in column_by_key:
                given_text = f"two columns: {_quote(column_by_key[key])} and {_quote(name)}"
                fix = (
                    f"rename one; {_map_option(name, '')} leaves out both"
                    if column_by_key[key] == name
                    else _skip_column_hint(name)
                )
                problems.append(Problem(key, given_text, "one", fix))
            elif root in common_keys:
                fix = f"give one of them; {_skip_column_hint(name)}"
                problems.append(
                    Problem(key, f"two values: the column {_quote(name)}, and one for every row", "one", fix)
                )
            column_by_key.setdefault(key, name)
        return tuple(keys), problems

    def _unknown_input_problem(self, name: str) -> Problem:
        match = closest(name, self._keys_by_name)
        fix = (
            f"did you mean {self._keys_by_name[match]}?"
            if match is not None
            else f"the inputs are {', '.join(self.action.inputs)}"
        )
        return Problem(name[:60], "an unknown input", f"an input of {self.action.action}", fix)

    def _unknown_column_problem(self, name: str) -> Problem:
        key = self._find_meant(name)
        suggestion = f"if it is {key}, use {_map_option(name, key)}; " if key else ""
        expected = f"the name or label of an input of {self.action.action}"
        return Problem(
            f"column {_quote(name)}", "no input of that name", expected, f"{suggestion}{_skip_column_hint(name)}"
        )

    def _find_meant(self, name: str) -> str | None:
        """Return the input with a near name, or the only required one whose last word a column such as `id` is."""
        keys = {known.lower(): key for known, key in self._keys_by_name.items()}
        match = closest(name.lower(), keys, _NEAR)
        if match is not None:
            return keys[match]
        ending = f"-{to_kebab_case(name)}"
        ended = [
            key for key, field in self.action.inputs.items() if field.required and to_kebab_case(key).endswith(ending)
        ]
        return ended[0] if len(ended) == 1 else None


def _missing_header_problem(names: Sequence[str]) -> Problem:
    """Return the problem of a first line that may be data, so no cell is shown."""
    given_text = (
        f"{len(names)} columns, none of which is an input" if len(names) > 1 else "a column that is not an input"
    )
    return Problem(
        "the first line", given_text, "a header line", "put the names of the inputs there, or use --map COLUMN=INPUT"
    )


def _missing_column_problem(key: str, field: Input) -> Problem:
    fix = " ".join([f"{field.label}: {field.help}", *describe_choices(field, field.typed_choices)])
    return Problem(key, "no column", "a column, or -i for every row: it is required", fix)


def _skip_column_hint(name: str) -> str:
    return f"{_map_option(name, '')} leaves the column out"


def _map_option(name: str, key: str) -> str:
    pair = f"{_printable_name(name)}={key}"
    return f"--map {pair}" if pair.replace("=", "").isalnum() else f"--map '{pair}'"


def _quote(name: str) -> str:
    return f"'{_printable_name(name)}'"


def _printable_name(name: str) -> str:
    """Return a printable, shortened column name: a header that is really data can hold anything."""
    text = name if name.isprintable() else name.encode("unicode_escape").decode()
    return text if len(text) <= _MAX_NAME_LENGTH else f"{text[: _MAX_NAME_LENGTH - 3]}..."
