"""Regular expressions that run in time linear in the text's length, whatever the expression and the text.

Python's own engine tries every way to match, and these may be exponentially many. This one remembers where it has
failed: each step of an expression is tried once at each place. Expressions are read by Python's parser, and the match
is the same; but a repeat of nothing leaves no group. What cannot be matched so is refused: back-references,
look-around, atomic groups, possessive repeats.
"""

from __future__ import annotations

import re
from importlib import import_module
from typing import TYPE_CHECKING, Any

from connector.core.invalid_value import InvalidValue

if TYPE_CHECKING:
    from collections.abc import Iterable

    Marks = dict[int, int]  # where the match and its groups begin (even numbers) and end (odd)

_MAX_STEPS = 200  # a repeated part counts as often as it may be repeated
_FLAGS = re.IGNORECASE | re.DOTALL | re.MULTILINE | re.ASCII
_parser: Any = import_module("re._parser")
_ops: Any = import_module("re._constants")
_CLASSES = {
    _ops.CATEGORY_DIGIT: r"\d", _ops.CATEGORY_NOT_DIGIT: r"\D", _ops.CATEGORY_SPACE: r"\s",
    _ops.CATEGORY_NOT_SPACE: r"\S", _ops.CATEGORY_WORD: r"\w", _ops.CATEGORY_NOT_WORD: r"\W",
}  # fmt: skip
_ANCHORS = {
    _ops.AT_BEGINNING: "^", _ops.AT_BEGINNING_STRING: r"\A", _ops.AT_BOUNDARY: r"\b",
    _ops.AT_NON_BOUNDARY: r"\B", _ops.AT_END: "$", _ops.AT_END_STRING: r"\Z",
}  # fmt: skip


class LinearRegex:
    """A compiled expression. Raises InvalidValue for a text that is none, or that cannot run in linear time."""

    def __init__(self, pattern: str) -> None:
        try:
            tree = _parser.parse(pattern)
            self._steps = _Compiler().compile(tree)
        except (re.error, OverflowError, RecursionError) as error:
            raise InvalidValue("a regular expression", str(error)) from None
        self.group_count: int = tree.state.groups - 1

    def search(self, text: str) -> list[str | None] | None:
        """Return the first match and its groups, or None."""
        tried: set[tuple[int, int]] = set()
        for start in range(len(text) + 1):
            marks = self._match(text, start, tried)
            if marks is not None:
                numbers = range(0, 2 * self.group_count + 2, 2)
                return [text[marks[number] : marks[number + 1]] if number + 1 in marks else None for number in numbers]
        return None

    def _match(self, text: str, start: int, tried: set[tuple[int, int]]) -> Marks | None:
        waiting: list[tuple[int, int, Marks]] = [(0, start, {0: start})]
        while waiting:
            step, place, marks = waiting.pop()
            while (step, place) not in tried:
                tried.add((step, place))
                kind, value = self._steps[step]
                if kind == "match":
                    return {**marks, 1: place}
                if kind == "test":
                    match = value.match(text, place)
                    if match is None:
                        break
                    step, place = step + 1, match.end()
                elif kind == "mark":
                    step, marks = step + 1, {**marks, value: place}
                else:
                    step, *others = value  # the first way is tried first
                    waiting += [(other, place, marks) for other in reversed(others)]
        return None


class _Compiler:
    """Turns a parsed expression into steps: test a character or place, mark a group's end, fork, match."""

    def __init__(self) -> None:
        self._steps: list[tuple[str, Any]] = []

    def compile(self, tree: Any) -> list[tuple[str, Any]]:
        """Return the steps of a tree."""
        self._add_nodes(tree, tree.state.flags)
        self._add("match", None)
        return self._steps

    def _add(self, kind: str, value: Any) -> int:
        if len(self._steps) >= _MAX_STEPS:
            raise InvalidValue(f"an expression of at most {_MAX_STEPS} steps; a repeat counts each time")
        self._steps.append((kind, value))
        return len(self._steps) - 1

    def _add_nodes(self, nodes: Iterable[tuple[Any, Any]], flags: int) -> None:
        for op, argument in nodes:
            source = _to_source(op, argument)
            if source is not None:
                self._add("test", re.compile(source, flags & _FLAGS))
            elif op is _ops.SUBPATTERN:
                number, added, removed, inner = argument
                self._add_group(number, inner, (flags | added) & ~removed)
            elif op is _ops.BRANCH:
                self._add_branches(argument[1], flags)
            elif op in (_ops.MAX_REPEAT, _ops.MIN_REPEAT):
                self._add_repeat(argument, flags, is_lazy=op is _ops.MIN_REPEAT)
            else:
                raise InvalidValue("an expression without look-around, back-references and possessive repeats")

    def _add_group(self, number: int | None, inner: Any, flags: int) -> None:
        if number is None:
            return self._add_nodes(inner, flags)
        self._add("mark", 2 * number)
        self._add_nodes(inner, flags)
        self._add("mark", 2 * number + 1)
        return None

    def _add_branches(self, branches: Iterable[Any], flags: int) -> None:
        fork, starts, jumps = self._add("fork", ()), [], []
        for branch in branches:
            starts.append(len(self._steps))
            self._add_nodes(branch, flags)
            jumps.append(self._add("fork", ()))
        self._steps[fork] = ("fork", tuple(starts))
        for jump in jumps:
            self._steps[jump] = ("fork", (len(self._steps),))

    def _add_repeat(self, repeat: tuple[Any, Any, Any], flags: int, *, is_lazy: bool) -> None:
        low, high, inner = repeat
        is_endless = high is _ops.MAXREPEAT
        forks = []
        for count in range(low + 1 if is_endless else high):
            if count >= low:
                forks.append(self._add("fork", ()))
            before = len(self._steps)
            self._add_nodes(inner, flags)
            if len(self._steps) == before:
                break  # nothing to repeat
        if is_endless:
            self._add("fork", (forks[-1],))
        for fork in forks:
            ways = (fork + 1, len(self._steps))
            self._steps[fork] = ("fork", ways[::-1] if is_lazy else ways)


def _to_source(op: Any, argument: Any) -> str | None:
    """Return the expression of one character or place; None for what is made of several."""
    if op is _ops.ANY:
        return "."
    if op is _ops.AT:
        return _ANCHORS[argument]
    if op is _ops.IN:
        return f"[{''.join(_to_member_source(*member) for member in argument)}]"
    if op in (_ops.LITERAL, _ops.NOT_LITERAL):
        return f"[{'^' * (op is _ops.NOT_LITERAL)}{_escape(argument)}]"
    return None


def _to_member_source(op: Any, argument: Any) -> str:
    if op is _ops.NEGATE:
        return "^"
    if op is _ops.RANGE:
        return f"{_escape(argument[0])}-{_escape(argument[1])}"
    return _CLASSES[argument] if op is _ops.CATEGORY else _escape(argument)


def _escape(code: int) -> str:
    return f"\\U{code:08x}"
