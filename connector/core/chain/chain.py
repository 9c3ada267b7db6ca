"""The parts of a chain: its steps, and the references by which they take values from each other."""

from __future__ import annotations

from dataclasses import field
from typing import TYPE_CHECKING, Any

from connector.core.query import UnfitQuery
from connector.errors import InputError, Problem
from connector.first_use import dataclass

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from connector.core.query import DataQuery

FROM_INPUTS, FROM_EACH = "inputs", "each"  # what a reference may name besides a step
RESERVED_NAMES = (FROM_INPUTS, FROM_EACH)
Path = tuple[str | int, ...]


class LostReply:
    """The data of a step that was done and whose reply nobody has."""

    def __repr__(self) -> str:
        return "a lost reply"


@dataclass(frozen=True, slots=True)
class Reference:
    """A value of another place: of a step's data, of the chain's inputs, or of the item that a step is run for."""

    source: str
    query: DataQuery | None = None
    path: Path = ()  # where it stands in the file

    def __str__(self) -> str:
        return f"{self.query.expression} of {self.source}" if self.query else self.source

    def resolve(self, values: Mapping[str, Any]) -> Any:
        """Return the value. Raises InputError for one that cannot be had."""
        data = values[self.source]
        if any(isinstance(part, LostReply) for part in (data if isinstance(data, list) else [data])):
            raise self._build_error(f"nothing: the reply of {self.source} was lost")
        try:
            return data if self.query is None else self.query.select(data)
        except UnfitQuery as error:
            raise self._build_error(str(error)) from None

    def _build_error(self, got: str) -> InputError:
        fix = f"find it at the service; then settle {self.source} with its reply, or write the value into the file"
        return InputError.from_problems(
            "chain", [Problem(".".join(map(str, self.path)), got, f"data with {self}", fix)]
        )


@dataclass(frozen=True, slots=True)
class Step:
    """One step: an action with its inputs; with `each` it is run for every item of a list.

    `inputs` and `each` may hold references. `options` are those of its calls, as they were written.
    """

    name: str
    action: str
    inputs: Mapping[str, Any] = field(default_factory=dict)
    each: Any = None
    concurrency: int | None = None
    options: Mapping[str, Any] = field(default_factory=dict)

    @property
    def path(self) -> Path:
        """Where it stands in the file."""
        return "steps", self.name


@dataclass(frozen=True, slots=True)
class Chain:
    """The steps of a file in order, the values that they share, and what is kept as its result."""

    steps: tuple[Step, ...]
    inputs: Mapping[str, Any] = field(default_factory=dict)
    keep: Mapping[str, Reference] | None = None


def find_references(value: Any) -> Iterator[Reference]:
    """Yield the references in a value, at any depth."""
    if isinstance(value, Reference):
        yield value
    elif isinstance(value, dict):
        for member in value.values():
            yield from find_references(member)
    elif isinstance(value, list):
        for member in value:
            yield from find_references(member)


def resolve_value(value: Any, values: Mapping[str, Any]) -> Any:
    """Return a value with its references replaced. Raises InputError."""
    if isinstance(value, Reference):
        return value.resolve(values)
    if isinstance(value, dict):
        return {key: resolve_value(member, values) for key, member in value.items()}
    return [resolve_value(member, values) for member in value] if isinstance(value, list) else value


def write_chain(chain: Chain) -> dict[str, Any]:
    """Return a chain as the mapping of its file, with each input's name and without its value."""
    steps = {step.name: _write_step(step) for step in chain.steps}
    written: dict[str, Any] = (
        {"steps": steps} if chain.keep is None else {"steps": steps, "keep": write_value(dict(chain.keep))}
    )
    return {"inputs": dict.fromkeys(chain.inputs), **written} if chain.inputs else written


def _write_step(step: Step) -> dict[str, Any]:
    words = {"each": step.each, "concurrency": step.concurrency, "inputs": dict(step.inputs), **step.options}
    return {"action": step.action, **{word: write_value(value) for word, value in words.items() if value is not None}}


def write_value(value: Any) -> Any:
    """Return a value as a file has it: references are mappings."""
    if isinstance(value, Reference):
        return {"from": value.source, **({"query": value.query.expression} if value.query else {})}
    if isinstance(value, dict):
        return {key: write_value(member) for key, member in value.items()}
    return [write_value(member) for member in value] if isinstance(value, list) else value
