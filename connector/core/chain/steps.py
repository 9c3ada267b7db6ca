"""The order of a chain: a generator that yields the calls of each step and is sent their data.

It touches nothing and waits for nothing: whoever drives it makes the calls, in threads, in tasks or as the steps of a
durable engine. The same data lead to the same calls with the same numbers, so that a journal can be replayed into it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from connector.core.chain.chain import FROM_EACH, FROM_INPUTS, resolve_value
from connector.errors import InputError, Problem
from connector.first_use import dataclass

if TYPE_CHECKING:
    from collections.abc import Generator, Mapping

    from connector.core.chain.chain import Chain, Step

UNDONE = "sent for this step"


@dataclass(frozen=True, slots=True)
class StepCalls:
    """The calls of one step: their inputs, and the number of the first, from 1."""

    step: Step
    first: int
    given: tuple[dict[str, Any], ...]

    @property
    def numbers(self) -> range:
        """The numbers of the calls."""
        return range(self.first, self.first + len(self.given))

    def describe(self, number: int) -> str:
        """Return the name of a call: of its step, and its place in the list."""
        return self.step.name if self.step.each is None else f"{self.step.name}.{number - self.first + 1}"


def order_steps(chain: Chain) -> Generator[StepCalls, list[Any] | None, dict[str, Any]]:
    """Yield the calls of each step, to be sent the data of each; return what the chain keeps.

    Raises InputError for a value that cannot be taken from what came back.
    """
    values: dict[str, Any] = {FROM_INPUTS: dict(chain.inputs)}
    number = 1
    for step in chain.steps:
        items = [None] if step.each is None else _resolve_items(step, values)
        given = tuple(_build_inputs(step, {**values, FROM_EACH: item}) for item in items)
        data = (yield StepCalls(step, number, given)) or [] if given else []
        values[step.name] = data[0] if step.each is None else data
        number += len(given)
    if chain.keep is None:
        return {step.name: values[step.name] for step in chain.steps}
    return {name: resolve_value(value, values) for name, value in chain.keep.items()}


def _resolve_items(step: Step, values: Mapping[str, Any]) -> list[Any]:
    items = resolve_value(step.each, values)
    if not isinstance(items, list):
        got = "nothing" if items is None else type(items).__name__
        raise InputError.from_problems(step.name, [Problem("each", f"{got} from {step.each}", "a list")], undone=UNDONE)
    return items


def _build_inputs(step: Step, values: Mapping[str, Any]) -> dict[str, Any]:
    """Return the inputs of one call; a reference that selects nothing leaves its input out."""
    resolved = {key: (value, resolve_value(value, values)) for key, value in step.inputs.items()}
    return {key: value for key, (written, value) in resolved.items() if value is not None or written is None}
