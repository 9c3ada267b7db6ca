"""Columns -> inputs: which input each column of a table gives, and what one row gives to an action."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING, Any

from connector.core.inputs.coerce import Bad, structure
from connector.errors import InputError, Problem

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from connector.definition.action import Action
    from connector.definition.fields import Input

Keys = tuple[str | None, ...]  # the input of each column; None for one that is left out


class Columns:
    """The columns of an action's rows.

    A column is an input's key or alias, also in snake_case, or its label as it stands; `mapped` says it for others, and
    "" for one to leave out. `fixed` is given to every row. Raises InputError where `mapped` names no input.
    """

    def __init__(self, action: Action, mapped: Mapping[str, str], fixed: Mapping[str, Any]) -> None:
        self.action, self.mapped, self.fixed = action, dict(mapped), dict(fixed)
        labels = [spec.label for spec in action.inputs.values()]
        named = {spec.label: key for key, spec in action.inputs.items() if labels.count(spec.label) == 1}
        self._names = {**named, **action.names}
        self._used: set[str] = set()
        self._last: tuple[tuple[str, ...], Keys] | None = None
        problems = [self._no_input(name) for name in mapped.values() if name and name not in self._names]
        if problems:
            raise InputError.of("--map", problems)

    def header(self, names: Iterable[str]) -> Keys:
        """Return the input of each column of a table. Raises InputError with everything that is wrong with them."""
        names = tuple(names)
        keys, problems = self._found(names)
        if names and not any(keys) and not any("if it is" in problem.fix for problem in problems):
            raise InputError.of(f"The columns for {self.action.action}", [_no_header(names)])
        problems += self.unused()
        known = {*keys, *self.fixed, *(problem.field for problem in problems)}
        problems += [
            _missing(key, spec) for key, spec in self.action.inputs.items() if spec.required and key not in known
        ]
        if problems:
            raise InputError.of(f"The columns for {self.action.action}", problems)
        return keys

    def of_cells(self, keys: Keys, cells: Sequence[str]) -> dict[str, Any]:
        """Return what a row of a table gives; an empty cell gives nothing. Raises InputError for broken JSON."""
        given, problems = dict(self.fixed), []
        for key, cell in zip(keys, cells, strict=True):
            if key is None or not cell:
                continue
            try:
                given[key] = _of_cell(self.action.inputs[key], cell)
            except Bad as bad:
                problems.append(Problem(key, "text", bad.expected, bad.fix))
        if problems:
            raise InputError.of(self.action.action, problems)
        return given

    def of_mapping(self, data: Mapping[str, Any]) -> dict[str, Any]:
        """Return what a row that names its own columns gives; its values stay as they are. Raises InputError."""
        names = tuple(data)
        if self._last is None or self._last[0] != names:
            keys, problems = self._found(names)
            if problems:
                raise InputError.of(self.action.action, problems)
            self._last = names, keys
        pairs = zip(self._last[1], data.values(), strict=True)
        return {**self.fixed, **{key: value for key, value in pairs if key is not None}}

    def unused(self) -> list[Problem]:
        """Return what is wrong with `mapped` once every column was seen: a column that never came."""
        left = [column for column in self.mapped if column not in self._used]
        return [
            Problem(f"--map {column}=", "no such column", "a column of the rows", "look at its name") for column in left
        ]

    def _found(self, names: tuple[str, ...]) -> tuple[Keys, list[Problem]]:
        """Return the input of each column, and what is wrong with them."""
        self._used.update(names)
        problems: list[Problem] = []
        keys: list[str | None] = []
        of: dict[str, str] = {}
        for name in names:
            wanted = self.mapped.get(name, name)
            key = self._names.get(wanted)
            keys.append(key)
            if key is None:
                if wanted or name not in self.mapped:
                    problems.append(self._no_column(name))
            elif key in of:
                got = f"two columns: {_quoted(of[key])} and {_quoted(name)}"
                fix = f"rename one; {_map(name, '')} leaves out both" if of[key] == name else _left_out(name)
                problems.append(Problem(key, got, "one", fix))
            elif key in self.fixed:
                fix = f"give one of them; {_left_out(name)}"
                problems.append(
                    Problem(key, f"two values: the column {_quoted(name)}, and one for every row", "one", fix)
                )
            if key is not None:
                of.setdefault(key, name)
        return tuple(keys), problems

    def _no_input(self, name: str) -> Problem:
        near = difflib.get_close_matches(name, list(self._names), n=1)
        fix = f"did you mean {self._names[near[0]]}?" if near else f"the inputs are {', '.join(self.action.inputs)}"
        return Problem(name[:60], "an unknown input", f"an input of {self.action.action}", fix)

    def _no_column(self, name: str) -> Problem:
        near = difflib.get_close_matches(name.lower(), {one.lower(): one for one in self._names}, n=1, cutoff=0.6)
        spelled = {one.lower(): key for one, key in self._names.items()}
        meant = f"if it is {spelled[near[0]]}, say {_map(name, spelled[near[0]])}; " if near else ""
        expected = f"the name or label of an input of {self.action.action}"
        return Problem(f"column {_quoted(name)}", "no input of that name", expected, f"{meant}{_left_out(name)}")


def _of_cell(spec: Input, cell: str) -> Any:
    """Return a cell as its input takes it: JSON where it begins as a list or a mapping, else one item of a list."""
    several = spec.is_list or spec.type in ("pairs", "map of string")
    if several and cell.lstrip().startswith(("[", "{")):
        return structure(cell)
    return [cell] if spec.is_list and not spec.join else cell


def _no_header(names: Sequence[str]) -> Problem:
    """Tell a first line that may be a row of data: none of its cells is shown."""
    got = f"{len(names)} columns, none of which is an input" if len(names) > 1 else "a column that is no input"
    return Problem(
        "the first line", got, "a header line", "put the names of the inputs there, or say --map COLUMN=INPUT"
    )


def _missing(key: str, spec: Input) -> Problem:
    return Problem(key, "no column", "a column, or -i for every row: it is required", f"{spec.label}: {spec.help}")


def _left_out(name: str) -> str:
    return f"{_map(name, '')} leaves the column out"


def _map(name: str, key: str) -> str:
    pair = f"{_shown(name)}={key}"
    return f"--map {pair}" if pair.replace("=", "").isalnum() else f"--map '{pair}'"


def _quoted(name: str) -> str:
    return f"'{_shown(name)}'"


def _shown(name: str) -> str:
    """Return a column's name as a problem may show it: a header that is a row of data can hold anything."""
    text = name if name.isprintable() else name.encode("unicode_escape").decode()
    return text if len(text) <= 40 else f"{text[:37]}..."  # noqa: PLR2004
