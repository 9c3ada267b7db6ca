"""Parameters that nearly all operations have: they belong to the connection, or are constants of the manifest."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import field
from typing import TYPE_CHECKING

from connector.authoring.importing.building.texts import first_sentence, has_template, join_key, split_words, to_title
from connector.authoring.importing.building.words import Words, sort_input_words
from connector.authoring.rules.fields import is_secret_name
from connector.first_use import dataclass

if TYPE_CHECKING:
    from collections.abc import Sequence

    from connector.authoring.importing.building.connections import Connections
    from connector.authoring.importing.description import ApiParameter, Operation

MIN_SHARE = 0.8
MIN_OPERATIONS = 5
_CREDENTIAL_NAMES = ("token", "access_token", "api_key", "apikey", "key")


@dataclass
class SharedParameters:
    """What is said once for all operations: `dropped` are the places, as (part, name), that no action has."""

    constants: Words = field(default_factory=dict)
    inputs: dict[str, Words] = field(default_factory=dict)
    dropped: set[tuple[str, str]] = field(default_factory=set)
    notes: list[str] = field(default_factory=list)


def find_shared(operations: Sequence[Operation], connections: Connections) -> SharedParameters:
    """Return the headers and required query parameters of more than four fifths of the operations.

    What a connection sends is no parameter of an action.
    """
    signed = connections.list_places()
    shared = SharedParameters()
    for operation in operations:
        for item in operation.parameters:
            if f"{item.place}.{item.name}".lower() in signed:
                shared.dropped.add((item.place, item.name))
    counts = Counter((item.place, item.name) for operation in operations for item in operation.parameters)
    samples = {(item.place, item.name): (item, operation) for operation in operations for item in operation.parameters}
    for (place, name), count in counts.items():
        parameter, operation = samples[place, name]
        if count <= MIN_SHARE * len(operations) or count < MIN_OPERATIONS or place not in ("header", "query"):
            continue
        if not re.fullmatch(r"[A-Za-z][A-Za-z0-9_-]*", name):
            continue
        is_credential = name.lower().replace("-", "_") in _CREDENTIAL_NAMES
        if (place, name) in shared.dropped:
            continue
        if is_credential and connections.types:
            shared.dropped.add((place, name))
            shared.notes.append(f"{place}.{name} is of nearly all operations; the connection sends what signs them")
        elif parameter.required or (place == "header" and "version" in name.lower()):
            _add(shared, parameter, operation)
    return shared


def _add(shared: SharedParameters, parameter: ApiParameter, operation: Operation) -> None:
    place = f"{parameter.place}.{parameter.name}"
    schema = operation.document.resolve(parameter.schema)
    enum = schema.get("enum")
    values = (
        schema.get("default"),
        enum[0] if isinstance(enum, list) and len(enum) == 1 else None,
        parameter.example,
        schema.get("example"),
    )
    value = next(
        (item for item in values if isinstance(item, str | int | float) and item != "" and not has_template(str(item))),
        None,
    )
    shared.dropped.add((parameter.place, parameter.name))
    if value is not None and not is_secret_name(parameter.name):
        shared.constants[place] = str(value)
        shared.notes.append(f"{place} is of nearly all operations; it is a constant of the manifest: {value}")
        return
    key = join_key(split_words(re.sub(r"(?i)^x-", "", parameter.name)))
    text = first_sentence(parameter.description, f"The {' '.join(split_words(parameter.name))}.")
    kind = "password" if is_secret_name(parameter.name) else "string"
    words: Words = {"label": to_title(key), "help": text, "type": kind, "to": place}
    shared.inputs[key] = sort_input_words({**words, **({"required": True} if parameter.required else {})})
    shared.notes.append(f"{place} is of nearly all operations; it is an input of the connection")
