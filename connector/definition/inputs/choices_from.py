"""Live choices of an input: an action lists them."""

from __future__ import annotations

from typing import Any

from connector.definition.json_path import JsonPath
from connector.definition.validation.strict_model import StrictModel
from connector.definition.validation.words import JsonValue, Key, word


class ChoicesFrom(StrictModel):
    """Live choices: an action lists them; one field of each item is the value, another its label."""

    action: Key
    items: JsonPath
    value: JsonPath
    label: JsonPath
    inputs: dict[Key, JsonValue] = word(
        default={}, description="Inputs of that action: constants, or `{input}` for what this form has in an input."
    )
    search: Key | None = word(default=None, description="The input of that action that takes a text to search for.")

    @property
    def form_inputs(self) -> dict[str, str]:
        """Inputs of the action whose values are those of this form -> its inputs."""
        names = {key: _read_form_input(value) for key, value in self.inputs.items()}
        return {key: name for key, name in names.items() if name is not None}

    @property
    def constant_inputs(self) -> dict[str, Any]:
        """Inputs of the action that are the same whatever the form has."""
        return {key: value for key, value in self.inputs.items() if _read_form_input(value) is None}


def _read_form_input(value: JsonValue) -> str | None:
    """Return the input that a value in braces names, or None for a constant."""
    is_named = isinstance(value, str) and value.startswith("{") and value.endswith("}")
    return str(value)[1:-1] if is_named else None
