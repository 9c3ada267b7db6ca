"""The record that a sandbox starts with, and what its id says of paths."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from connector.authoring.importing.evidence.made_texts import fits_text, make_text
from connector.authoring.importing.evidence.routes import normalize_path
from connector.authoring.importing.evidence.shapes import name_kind, read_shape
from connector.authoring.importing.examples import make_reply_example
from connector.first_use import prepare_pattern

if TYPE_CHECKING:
    from collections.abc import Mapping

    from connector.authoring.importing.evidence.inferred import Inferred
    from connector.authoring.importing.evidence.routes import Candidate

_UUID = prepare_pattern(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_NAME_FIELDS = ("name", "title", "topic", "email", "subject", "label", "display_name", "displayName")
_MADE_IDS = {"integer": 10_000_000_001, "uuid": "123e4567-e89b-42d3-a456-426614174000", "text": "abc123"}


def find_path_values(resources: Mapping[str, Mapping[str, Any]], path: str) -> dict[str, Any]:
    """Return an example for each placeholder of a path that a resource's first record gives: path name -> id."""
    seeds = {
        normalize_path(words["item"]): words["seed"][0][words["id"]]
        for words in resources.values()
        if words.get("item") and words.get("seed")
    }
    parents = {
        normalize_path(words["list"]): words["seed"][0].get("parent")
        for words in resources.values()
        if words.get("list") and words.get("seed")
    }
    values: dict[str, Any] = {}
    for match in re.finditer(r"\{([^{}]*)\}", path):
        head = normalize_path(path[: match.end()])
        if head in seeds:
            values[match[1]] = seeds[head]
    for listing, parent in parents.items():
        names = re.findall(r"\{([^{}]*)\}", path)[: listing.count("{}")]
        if normalize_path(path).startswith(listing) and isinstance(parent, str) and parent.count("/") == len(names) - 1:
            values |= {name: part for name, part in zip(names, parent.split("/"), strict=True) if name not in values}
    return values


def build_seed(candidate: Candidate, words: dict[str, Any], known: dict[str, Inferred]) -> dict[str, Any]:
    """Return the record to start with: an id and a name from the examples, and the parent's id."""
    example = _find_example(candidate)
    written = example.get(candidate.id_name)
    kinds = {"integer": ("integer",), "uuid": ("string",), "text": ("string",)}[candidate.kind]
    is_good = name_kind(written) in kinds and written not in ("", 0)
    if candidate.kind == "uuid" or (isinstance(written, str) and re.search(r"[/\s{}]|^\.", written)):
        is_good = isinstance(written, str) and bool(_UUID.fullmatch(written))
    seed = {candidate.id_name: _fit_id(candidate, written if is_good else _MADE_IDS[candidate.kind])}
    name = next((one for one in _NAME_FIELDS if isinstance(example.get(one), str) and example[one]), None)
    if name is not None and name not in seed:
        seed[name] = example[name][:100]
    if words.get("parent"):
        parent = known[words["parent"]].words
        seed["parent"] = parent["seed"][0][parent["id"]]
    elif candidate.listing and candidate.listing.names:
        values = find_path_values({name: one.words for name, one in known.items()}, candidate.listing.path)
        names = candidate.listing.names
        seed["parent"] = "/".join(str(values.get(name, candidate.listing.make_value(name))) for name in names)
    return seed


def _fit_id(candidate: Candidate, value: Any) -> Any:
    """Return an id, or another where the path of the item takes none like it."""
    parameter = candidate.item.find_parameter(candidate.item.names[-1]) if candidate.item else None
    if candidate.item is None or parameter is None or not isinstance(value, str):
        return value
    operation = next(iter(candidate.item.operations.values()))
    asked = read_shape(operation.document, parameter.schema)
    is_fit = asked.kind != "string" or fits_text(asked.words, value)
    return value if is_fit else make_text(parameter.name, asked.words) or value


def _find_example(candidate: Candidate) -> dict[str, Any]:
    """Return the example of a record: what one is alone, or wrapped, or listed."""
    get = candidate.item.operations.get("GET") if candidate.item else None
    post = candidate.listing.operations.get("POST") if candidate.listing else None
    for operation in (get, post):
        example = make_reply_example(operation) if operation is not None else None
        for record in (example, *(example.values() if isinstance(example, dict) else ())):
            if isinstance(record, dict) and candidate.id_name in record:
                return record
    listing = candidate.listing.operations.get("GET") if candidate.listing else None
    example = make_reply_example(listing) if listing is not None else None
    lists = [example, *(example.values() if isinstance(example, dict) else ())]
    first = next((one[0] for one in lists if isinstance(one, list) and one), None)
    return first if isinstance(first, dict) else {}
