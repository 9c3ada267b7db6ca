"""Inputs made of schemas: type, choices, limits and members, as far as the format can say them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple

from connector.authoring.importing.action_examples import choose_input_example
from connector.authoring.importing.building.choice import find_choice
from connector.authoring.importing.building.limits import build_limits, pick_sizes
from connector.authoring.importing.building.named_types import NamedTypes
from connector.authoring.importing.building.names import name_inputs
from connector.authoring.importing.building.schema_types import (
    SCALARS,
    UNDESCRIBED,
    as_text,
    describe_required,
    find_items,
    find_ref,
    find_type,
    list_items,
    merge_choices,
)
from connector.authoring.importing.building.texts import (
    first_sentence,
    has_template,
    is_plain,
    split_words,
    strip_markup,
    to_title,
)
from connector.authoring.importing.building.words import Remarks, Words, sort_input_words
from connector.authoring.importing.choices import infer_choices
from connector.authoring.importing.evidence.shapes import read_shape
from connector.authoring.importing.examples import make_example
from connector.authoring.importing.grades import Guess
from connector.authoring.rules.fields import is_secret_name
from connector.definition.json_path import join_path

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from connector.authoring.importing.building.choice import ApiChoice
    from connector.authoring.importing.building.named_types import BuildMembers
    from connector.authoring.importing.document import ApiDocument

MAX_LEVELS = 3  # of objects within objects
MAX_FIELDS = 300  # of an action, members counted
MAX_CHOICES = 300
_FORMATS = {"email": "email", "uuid": "uuid", "uri": "url", "url": "url"}


class _Texts(NamedTuple):
    """What stands beside a schema: the name, place, description and example of its input."""

    name: str
    place: str
    description: str = ""
    example: Any = None


class FieldBuilder:
    """Makes the inputs of one action; `remarks` has what they cannot say."""

    def __init__(self, document: ApiDocument, types: NamedTypes | None = None) -> None:
        self._document = document
        self._types = types or NamedTypes()
        self.remarks = Remarks()
        self._count = 0

    def build(self, schema: Any, name: str, *, place: str, required: bool = False, **texts: Any) -> Words:
        """Return the words of an input, without its `to`; `texts` are the description and example of its parameter."""
        return self._build(schema, _Texts(name, place, **texts), required=required)

    def _build(self, schema: Any, texts: _Texts, *, required: bool) -> Words:
        self._count += 1
        name = texts.name
        if schema is UNDESCRIBED:
            self.remarks.ask(texts.place, "It is required, and nothing describes it. Is it needed?")
        resolved = self.resolve(schema)
        words: Words = {
            "label": to_title(name),
            "help": first_sentence(
                texts.description or str(resolved.get("description") or resolved.get("title") or ""),
                f"The {' '.join(split_words(name)) or 'value'}.",
            ),
        }
        if required:
            words["required"] = True
        if resolved.get("deprecated") is True and not required:
            words["hidden"] = True
        words |= self._build_type(schema, resolved, name, texts.place)
        if words["type"] not in ("object", "list of object", "map of object", "file"):
            words |= self._build_values(resolved, words, texts)
        words |= self._build_example(resolved, words, texts)
        return sort_input_words(words)

    def resolve(self, schema: Any) -> Words:
        """Return a schema without references, a choice of objects as one object with the members of all."""
        resolved = self._document.resolve(schema)
        written = list_items(resolved.get("oneOf") or resolved.get("anyOf"))
        parts = [part for part in map(self._document.resolve, written) if part.get("enum") != [""]]  # "" unsets
        if parts:
            merged: Words | None = parts[0] if len(parts) == 1 else merge_choices(parts, self._document)
            if merged is None and self._find_choice(schema) is not None:
                merged = {"type": "object"}
            rest = {word: value for word, value in resolved.items() if word not in ("oneOf", "anyOf")}
            if merged is not None:
                properties = {**(merged.get("properties") or {}), **(rest.get("properties") or {})}
                resolved = {**merged, **rest, **({"properties": properties} if properties else {})}
        return describe_required(resolved)

    def _make_opaque(self, place: str, reason: str) -> Words:
        self.remarks.fold(place, reason)
        return {"type": "json"}

    def _find_choice(self, schema: Any) -> ApiChoice | None:
        return find_choice(self._document, schema)

    def _build_type(self, written: Any, schema: Words, name: str, place: str) -> Words:
        kind = find_type(schema)
        if kind in SCALARS:
            return self._build_scalar(schema, kind, name)
        if kind == "array":
            return self._build_list(schema, name, place)
        if kind == "object":
            return self._build_object(written, schema, place, "object")
        if kind == "scalar":
            return {"type": "scalar"}
        if "oneOf" in schema or "anyOf" in schema:
            return self._make_opaque(place, "a choice of different shapes")
        return {"type": "scalar" if written is UNDESCRIBED else "json"}

    def _build_scalar(self, schema: Words, kind: str, name: str) -> Words:
        if kind != "string":
            return {"type": kind}
        form = str(schema.get("format") or "")
        if form == "password" or is_secret_name(name):
            return {"type": "password"}
        if form in ("date-time", "date") and not schema.get("enum"):
            return {"type": "datetime" if form == "date-time" else "date"}
        return {"type": "string", **({"format": _FORMATS[form]} if form in _FORMATS and not schema.get("enum") else {})}

    def _build_list(self, schema: Words, name: str, place: str) -> Words:
        written = find_items(schema)
        items = self.resolve(written)
        kind = find_type(items)
        if kind == "string" and is_secret_name(name):
            return self._make_opaque(place, "a list of secrets")
        if kind in SCALARS:
            return {"type": f"list of {kind}"}
        if kind == "object" and (items.get("properties") or self._find_choice(written)):
            return self._build_object(written, items, place, "list of object")
        return self._make_opaque(place, f"a list of {'lists' if kind == 'array' else 'values of any shape'}")

    def _build_object(self, written: Any, schema: Words, place: str, type_name: str) -> Words:
        ref, choice = find_ref(written), self._find_choice(written)
        properties = schema.get("properties")
        if not choice and (not isinstance(properties, dict) or not properties):
            return self._build_map(schema, place)
        is_recursive = ref is not None and self._types.is_recursive(self._document, ref)
        is_cut = place.count("/") >= MAX_LEVELS
        is_long = self._count + len(choice.names if choice else properties or ()) > MAX_FIELDS
        if choice:  # a type has no variants
            if is_long or (is_cut and is_recursive) or place.count("/") > MAX_LEVELS:
                return self._make_opaque(place, f"a choice of objects, deeper than {MAX_LEVELS} levels")
            return self._build_variants(choice, place, type_name)
        if is_recursive or is_cut or is_long:
            name = self._types.add(self._document, ref or schema, place, self._build_named(schema))
            return {"type": type_name, "fields": f"@{name}"}
        required = [str(name) for name in list_items(schema.get("required"))]
        fields = self._build_members(properties or {}, required, place)
        return {"type": type_name, "fields": fields} if fields else {"type": "json"}

    def _build_named(self, schema: Words) -> BuildMembers:
        """Return what builds the members of a named type, whose own objects are counted and nested anew."""

        def build(name: str) -> tuple[Words, Remarks]:
            builder = FieldBuilder(self._document, self._types)
            required = [str(name) for name in list_items(schema.get("required"))]
            return builder._build_members(schema["properties"], required, name), builder.remarks

        return build

    def _build_members(self, properties: Words, required: Sequence[str], place: str) -> Words:
        """Return the members of an object, a reference's id too; none where they cannot be named, which is remarked."""
        read_only = {str(name) for name, member in properties.items() if self._is_read_only(member)}
        members = {str(name): one for name, one in properties.items() if name in required or name not in read_only}
        required = [name for name in required if name not in read_only]
        if not members or any(re.fullmatch(r"\d+|\.?|\s*", name) for name in members):
            self._make_opaque(place, "no field of it can be named" if members else "all its fields are read only")
            return {}
        return self._build_keyed(members, name_inputs({name: ("body", name) for name in members}), required, place)

    def _build_keyed(self, members: Words, keys: Words, required: Iterable[str], place: str) -> Words:
        fields: Words = {}
        for name, member in members.items():
            words = self._build(member, _Texts(name, f"{place}/{name}"), required=name in required)
            if keys[name] != join_path(name):
                words = sort_input_words({**words, "to": join_path(name)})
            fields[keys[name]] = words
        return fields

    def _build_variants(self, choice: ApiChoice, place: str, type_name: str) -> Words:
        if any(re.fullmatch(r"\d+|\.?|\s*", name) for name in choice.names):
            return self._make_opaque(place, "no field of it can be named")
        keys = name_inputs({name: ("body", name) for name in choice.names})
        common = {name: one for name, one in choice.common.items() if not self._is_read_only(one)}
        words: Words = {"type": type_name, "fields": self._build_keyed(common, keys, choice.required, place)}
        labels = name_inputs({label: ("body", label) for label in (one.label for one in choice.variants)})
        words["variants"] = {}
        for one in choice.variants:
            members = {name: member for name, member in one.properties.items() if not self._is_read_only(member)}
            fields = self._build_keyed(members, keys, one.required, place)
            when = {"when": {keys[choice.tag]: list(one.values)}} if choice.tag is not None else {}
            words["variants"][labels[one.label]] = {
                "label": one.label,
                **when,
                **({"fields": fields} if fields else {}),
            }
        return {word: value for word, value in words.items() if value}

    def _build_map(self, schema: Words, place: str) -> Words:
        written = schema.get("additionalProperties")
        values = self.resolve(written)
        kind = find_type(values)
        items = find_type(self.resolve(values.get("items"))) if kind == "array" else ""
        if kind in (*SCALARS, "scalar"):
            return {"type": f"map of {kind}"}
        if items == "string":
            return {"type": "map of list of string"}
        if kind == "object" and (values.get("properties") or self._find_choice(written)):
            return self._build_object(written, values, place, "map of object")
        return {"type": "json"} if not values else self._make_opaque(place, "a mapping of values")

    def _is_read_only(self, schema: Any) -> bool:
        return self._document.resolve(schema).get("readOnly") is True

    def _build_values(self, schema: Words, words: Words, texts: _Texts) -> Words:
        """Return choices, limits and a suggestion."""
        kind = words["type"]
        built: Words = {}
        items = self.resolve(schema.get("items")) if kind.startswith("list of ") else schema
        choices = self._build_choices(items, kind, texts)
        if choices:
            built |= choices
        if kind in ("string", "password", "integer", "number") and (not choices or "allow_other" in choices):
            built |= build_limits(schema, kind, texts.place, self.remarks)
        if kind.startswith("list of "):
            built |= pick_sizes(schema, "minItems", "maxItems")
        default = schema.get("default")
        if default is not None and kind != "password" and "required" not in words and is_plain(default):
            built["suggest"] = default
        return built

    def _build_example(self, schema: Words, words: Words, texts: _Texts) -> Words:
        """Return the vendor's example where it fits, else one that is made to fit."""
        is_known = words.get("choices") or "suggest" in words or words["type"] == "boolean"
        if is_known and not words["type"].startswith("list of "):
            return {}
        if words["type"] == "json" and read_shape(self._document, schema).kind not in ("object", "array"):
            return {}  # a value of any other shape is refused beside an example that is an object or a list
        offered = [value for value in (texts.example, *_list_examples(schema)) if is_plain(value)]
        if words["type"] == "json":
            offered += filter(None, [make_example(self._document, schema, name=texts.name)])
        if words["type"] in ("string", "password"):
            offered = [as_text(value) for value in offered if isinstance(value, str | int | float)]
        if str(words.get("fields")).startswith("@"):
            return {}  # its type is not there yet
        placed = {**words, "to": "file.x" if words["type"] == "file" else "body.x"}
        example = choose_input_example(placed, offered, name=texts.name)
        return {} if example is None or not is_plain(example) else {"example": example}

    def _build_choices(self, schema: Words, kind: str, texts: _Texts) -> Words:
        if kind not in ("string", "integer", "list of string", "list of integer"):
            return {}
        inferred = infer_choices(self._document, schema, texts.description)
        if inferred is None:
            return {}
        labels = {value: strip_markup(label) or value for value, label in inferred.words["choices"].items()}
        if len(labels) > MAX_CHOICES or any(map(has_template, labels)):
            self.remarks.ask(texts.place, f"Which of its {len(labels)} values are used? They are too many for a form.")
            return {}
        if inferred.question:
            self.remarks.guesses.append(Guess.of(texts.place, inferred))
        return {**inferred.words, "choices": labels}


def _list_examples(schema: Words) -> Iterable[Any]:
    examples = schema.get("examples")
    yield schema.get("example")
    yield from examples[:1] if isinstance(examples, list) else ()
    yield schema.get("x-example")
