"""An action made of an operation: its request line, its inputs, its body and its reply."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import parse_qsl, quote

from connector.authoring.importing.building.bodies import ApiBodyReader, name_place
from connector.authoring.importing.building.fields import FieldBuilder
from connector.authoring.importing.building.names import name_inputs, tells_what_is_done
from connector.authoring.importing.building.site import NotRunnableError
from connector.authoring.importing.building.texts import (
    MAX_LABEL,
    first_sentence,
    join_key,
    split_words,
    strip_markup,
    to_title,
)
from connector.authoring.importing.building.words import Remarks, Words, sort_action_words, sort_input_words
from connector.authoring.importing.description import SENT_PLACES
from connector.authoring.importing.evidence.columns import choose_columns
from connector.authoring.importing.evidence.seeds import find_path_values
from connector.authoring.importing.examples import make_reply_example
from connector.authoring.importing.grades import Guess
from connector.authoring.importing.pagination import infer_pagination

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from connector.authoring.importing.building.connections import Connections
    from connector.authoring.importing.building.named_types import NamedTypes
    from connector.authoring.importing.building.schemas import SchemaFiles
    from connector.authoring.importing.building.shared import SharedParameters
    from connector.authoring.importing.building.site import ApiSite
    from connector.authoring.importing.description import ApiParameter, ApiReply, Operation

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
_SAFE_CHARACTERS = "-._~!$&'()*+,;=:@/%{}"
_SHORT_HELP = 2  # words that say nothing: OK, Success, No content
_LIST_STYLES = {"spaceDelimited": " ", "pipeDelimited": "|"}


class ActionDraft(NamedTuple):
    """The words of an action, and what they do not say."""

    key: str
    request: str  # of the description
    words: Words
    remarks: Remarks


class ActionBuilder:
    """Makes the actions of one description."""

    def __init__(
        self,
        site: ApiSite,
        connections: Connections,
        shared: SharedParameters,
        schemas: SchemaFiles,
        types: NamedTypes,
        *,
        docs: str | None = None,
        resources: Mapping[str, Words] | None = None,
    ) -> None:
        self._site, self._connections, self._shared = site, connections, shared
        self._schemas, self._types, self._docs = schemas, types, docs
        self._resources = resources or {}

    def build(self, operation: Operation, key: str) -> ActionDraft:
        """Return the action of an operation. Raises NotRunnableError."""
        if operation.method not in METHODS:
            raise NotRunnableError(f"requests have no method {operation.method}")
        server, located = self._site.locate(operation)
        path, constants, names = _build_path(located)
        fields = FieldBuilder(operation.document, self._types)
        inputs: dict[str, tuple[tuple[str, ...], Words]] = {}
        known = find_path_values(self._resources, operation.path)
        for parameter in self._list_parameters(operation, fields):
            shown = known.get(parameter.name) if parameter.place == "path" else None
            example = parameter.example if shown is None else shown
            inputs |= dict(_place_parameter(replace(parameter, example=example), names, fields))
        for written, name in names.items():
            if f"path.{name}" not in inputs:  # no parameter describes it
                schema = {"type": "string", **({"example": str(known[written])} if written in known else {})}
                inputs[f"path.{name}"] = (("path", name), fields.build(schema, name, place=name, required=True))
        body = ApiBodyReader(fields, operation).read()
        inputs |= body.inputs
        paging = self._find_paging(operation, fields)
        for place in (paging.get("cursor_param"), paging.get("size_param")):
            is_token = paging.get("style") == "cursor" and place == paging["cursor_param"]  # no first page can have one
            if place in inputs and (is_token or "required" not in inputs[place][1]):
                del inputs[place]  # the paging of the client sends it
        keys = name_inputs({place: names for place, (names, _) in inputs.items()})
        words: Words = {
            "action": key,
            **self._build_texts(operation, key),
            "request": f"{operation.method} {path}",
            **({"server": server} if server else {}),
            **body.words,
            "inputs": {keys[place]: sort_input_words({**entry, "to": place}) for place, (_, entry) in inputs.items()},
            "pagination": paging,
            "returns": self._build_returns(operation, key, paging),
        }
        if constants or body.constants:
            words["constants"] = {**constants, **body.constants}
        words |= _build_list_words(operation, words, body.lists)
        words |= self._build_access(operation)
        kept = {word: value for word, value in words.items() if value not in ({}, [], None)}
        return ActionDraft(key, operation.request, sort_action_words(kept), fields.remarks)

    def _list_parameters(self, operation: Operation, fields: FieldBuilder) -> Iterator[ApiParameter]:
        for parameter in operation.parameters:
            if parameter.place not in SENT_PLACES:
                if parameter.required:
                    raise NotRunnableError(f"it needs the {parameter.place or 'placeless'} {parameter.name}")
                told = "cookies are not sent" if parameter.place == "cookie" else "no input goes there"
                fields.remarks.lose(f"{parameter.place}.{parameter.name}", told)
            elif (parameter.place, parameter.name) not in self._shared.dropped:
                yield parameter

    def _build_texts(self, operation: Operation, key: str) -> Words:
        label = strip_markup(operation.summary).rstrip(".")
        if not label or len(label) > MAX_LABEL:
            label = to_title(key)
        texts: Words = {"label": label, "summary": _choose_summary(operation, f"{to_title(key)}.")}
        if operation.tags:
            texts["group"] = strip_markup(operation.tags[0]) or operation.tags[0]
        docs = self._docs_link(operation)
        return {**texts, **({"docs": docs} if docs else {})}

    def _docs_link(self, operation: Operation) -> str | None:
        if self._docs is None:
            docs = operation.docs
            return docs if docs and re.match(r"https://\S+\Z", docs) else None
        tag = quote("-".join(split_words(operation.tags[0])) if operation.tags else "")
        values = {"tag": tag, "METHOD": operation.method, "method": operation.method.lower()}
        values |= {"path": operation.path, "operationId": operation.operation_id}
        return re.sub(r"\{(\w+)\}", lambda match: values.get(match[1], match[0]), self._docs)

    def _build_access(self, operation: Operation) -> Words:
        scopes = self._connections.build_scopes(operation)
        keys = self._connections.list_keys(operation)
        kinds = {self._connections.types[key]["kind"] for key in keys or self._connections.types}
        has_tokens = any(kind == "bearer" or kind.startswith("oauth2") for kind in kinds)
        return {**({"connections": keys} if keys else {}), **({"scopes": scopes} if scopes and has_tokens else {})}

    def _find_paging(self, operation: Operation, fields: FieldBuilder) -> Words:
        inferred = infer_pagination(operation)
        if inferred is None:
            return {}
        if inferred.question:
            fields.remarks.guesses.append(Guess.of("pagination", inferred))
        return inferred.words

    def _build_returns(self, operation: Operation, key: str, paging: Words) -> Words:
        reply = operation.success
        if reply is None:
            return {}
        text = first_sentence(reply.description)
        words: Words = {"help": text} if len(text.split()) > _SHORT_HELP else {}
        kind = _find_reply_type(reply, operation)
        if kind != "json":
            return {"type": kind, **words}
        name = self._schemas.add_reply(operation.document, reply.schema, key) if reply.schema else None
        example = make_reply_example(operation, paging)
        found = {"schema": name, "example": example, "columns": choose_columns(operation, paging, example) or None}
        return {**words, **{word: value for word, value in found.items() if value is not None}}


def _choose_summary(operation: Operation, fallback: str) -> str:
    """Return what the operation does in a sentence: that of its description if it begins with a verb."""
    described, short = first_sentence(operation.description), first_sentence(operation.summary)
    if not short or (described and tells_what_is_done(described)):
        return described or short or fallback
    return short


def _find_reply_type(reply: ApiReply, operation: Operation) -> str:
    kind = reply.content_type.partition(";")[0].strip().lower()
    if not kind:
        return "none" if reply.status in ("204", "205") or operation.method in ("DELETE", "HEAD") else "json"
    if "json" in kind or (kind in ("*/*", "") and operation.document.resolve(reply.schema).get("type") != "string"):
        return "json"
    return "text" if kind.startswith("text/") or kind.endswith(("/xml", "+xml", "yaml")) else "binary"


def _build_path(path: str) -> tuple[str, Words, dict[str, str]]:
    """Return a path as it is written, the constants of its query, and its names in braces: theirs -> ours."""
    path, _, _fragment = path.partition("#")
    path, _, query = path.partition("?")
    names: dict[str, str] = {}
    for name in re.findall(r"\{([^{}]*)\}", path):
        plain = name if re.fullmatch(r"[A-Za-z][A-Za-z0-9_]*", name) else join_key(split_words(name)) or "value"
        while plain in names.values() and names.get(name) != plain:
            plain += "2"
        names[name] = plain
    path = re.sub(r"\{([^{}]*)\}", lambda match: "{" + names[match[1]] + "}", path)
    path = re.sub(r"/{2,}", "/", quote(path, safe=_SAFE_CHARACTERS)) or "/"
    constants = {f"query.{name}": value for name, value in parse_qsl(query, keep_blank_values=True) if "{" not in value}
    return path, constants, names


def _place_parameter(
    parameter: ApiParameter, names: dict[str, str], fields: FieldBuilder
) -> Iterator[tuple[str, tuple[tuple[str, ...], Words]]]:
    """Yield place, its names and the words of the input, or inputs, that a parameter becomes."""
    if parameter.place == "path":
        if parameter.name not in names:
            return
        name = names[parameter.name]
    else:
        name = parameter.name
    schema = fields.resolve(parameter.schema)
    is_spread = (
        parameter.place == "query" and parameter.style == "form" and parameter.explode and schema.get("properties")
    )
    if is_spread:  # each member is a parameter of its own
        for member, part in schema["properties"].items():
            yield (
                name_place("query", member),
                (("query", str(member)), fields.build(part, str(member), place=str(member))),
            )
        return
    if parameter.style == "json":
        fields.remarks.fold(name, "JSON as a text")
        schema = {"type": "string", "description": schema.get("description")}
    words = fields.build(
        schema if parameter.style == "json" else parameter.schema,
        name,
        place=name,
        required=parameter.required,
        description=parameter.description,
        example=parameter.example if parameter.style != "json" else None,
    )
    separator = _LIST_STYLES.get(parameter.style) or ("," if parameter.place in ("path", "header") else None)
    if words["type"].startswith("list of ") and words["type"] != "list of object" and separator:
        words["join"] = separator
    elif words["type"] in ("object", "list of object", "map of object") and parameter.place in ("path", "header"):
        raise NotRunnableError(f"an object goes to the {parameter.place}: {name}")
    yield name_place(parameter.place, name), ((parameter.place, name), words)


def _build_list_words(operation: Operation, words: Words, body_lists: str | None) -> Words:
    """Return how lists and nested names are written, where the usual way is not meant."""
    by_place = {name_place("query", item.name): item for item in operation.parameters if item.place == "query"}
    lists = {
        place: by_place[place]
        for field in words["inputs"].values()
        if (place := field["to"]) in by_place and field["type"].startswith("list of ") and "join" not in field
    }
    nested = [item for item in by_place.values() if item.style == "deepObject"]
    built: Words = {}
    commas = [place for place, item in lists.items() if item.style == "form" and not item.explode]
    if body_lists:
        built["lists"] = body_lists
    elif any(item.style == "deepObject" for item in lists.values()):
        built["lists"] = "brackets"
    elif commas and len(commas) == len(lists):
        built["lists"] = "comma"
    else:
        for field in words["inputs"].values():
            if field["to"] in commas and field["type"] != "list of object":
                field["join"] = ","
    if nested or body_lists:
        built["form_nesting"] = "brackets"
    return built
