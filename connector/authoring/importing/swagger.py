"""Swagger 2.0 brought into the shape of OpenAPI 3."""

from __future__ import annotations

from typing import Any

_SCHEMA_WORDS = (
    "type", "format", "items", "enum", "default", "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum",
    "minLength", "maxLength", "pattern", "minItems", "maxItems", "uniqueItems", "multipleOf",
)  # fmt: skip
_MOVED = {
    "#/definitions/": "#/components/schemas/",
    "#/responses/": "#/components/responses/",
    "#/parameters/": "#/components/parameters/",
}
_STYLES = {
    "multi": ("form", True),
    "csv": ("form", False),
    "ssv": ("spaceDelimited", False),
    "pipes": ("pipeDelimited", False),
}
_FLOWS = {"accessCode": "authorizationCode", "application": "clientCredentials"}
_METHODS = ("get", "put", "post", "delete", "options", "head", "patch")


def upgrade(data: dict[str, Any]) -> dict[str, Any]:
    """Return a description of Swagger 2.0 as one of OpenAPI 3."""
    moved = _move_references(data, {})
    shared = _mapping(moved.get("parameters"))
    responses = {name: _upgrade_response(reply, moved) for name, reply in _mapping(moved.get("responses")).items()}
    kept = {word: moved[word] for word in ("info", "tags", "security", "externalDocs") if word in moved}
    return {
        **kept,
        **{word: value for word, value in moved.items() if word.startswith("x-")},
        "openapi": "3.0.3",
        "servers": _list_servers(moved),
        "paths": {path: _upgrade_item(item, moved, shared) for path, item in _mapping(moved.get("paths")).items()},
        "components": {
            "schemas": _mapping(moved.get("definitions")),
            "responses": responses,
            "securitySchemes": {
                name: _upgrade_scheme(scheme) for name, scheme in _mapping(moved.get("securityDefinitions")).items()
            },
        },
    }


def _mapping(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _move_references(node: Any, seen: dict[int, Any]) -> Any:
    if isinstance(node, list):
        return [_move_references(value, seen) for value in node]
    if not isinstance(node, dict):
        return node
    if id(node) not in seen:
        copy: dict[str, Any] = {}
        seen[id(node)] = copy
        copy.update({key: _move_references(value, seen) for key, value in node.items()})
        ref = copy.get("$ref")
        for before, after in _MOVED.items() if isinstance(ref, str) else ():
            copy["$ref"] = str(copy["$ref"]).replace(before, after)
        if copy.get("type") == "file":
            copy |= {"type": "string", "format": "binary"}
        if copy.get("x-nullable") is True:
            copy["nullable"] = True
    return seen[id(node)]


def _list_servers(data: dict[str, Any]) -> list[dict[str, Any]]:
    host, path = data.get("host"), str(data.get("basePath") or "")
    schemes = _list(data.get("schemes"))
    if not isinstance(host, str):
        return [{"url": path}] if path else []
    scheme = "https" if "https" in schemes or not schemes else schemes[0]
    return [{"url": f"{scheme}://{host}{path}".rstrip("/")}]


def _upgrade_item(item: Any, data: dict[str, Any], shared: dict[str, Any]) -> Any:
    if not isinstance(item, dict):
        return item
    common = _list(item.get("parameters"))
    upgraded = {word: value for word, value in item.items() if word not in ("parameters", *_METHODS)}
    for method in _METHODS:
        if isinstance(item.get(method), dict):
            upgraded[method] = _upgrade_operation(item[method], common, data, shared)
    return upgraded


def _upgrade_operation(
    operation: dict[str, Any], common: list[Any], data: dict[str, Any], shared: dict[str, Any]
) -> dict[str, Any]:
    own = _list(operation.get("parameters"))
    by_place = {}
    for parameter in (_find_shared(item, shared) for item in (*common, *own)):
        if isinstance(parameter, dict):
            by_place[parameter.get("in"), parameter.get("name")] = parameter
    plain = [item for (place, _), item in by_place.items() if place not in ("body", "formData")]
    body = next((item for (place, _), item in by_place.items() if place == "body"), None)
    form = [item for (place, _), item in by_place.items() if place == "formData"]
    upgraded = {word: value for word, value in operation.items() if word not in ("parameters", "consumes", "produces")}
    upgraded["parameters"] = [_upgrade_parameter(item) for item in plain]
    upgraded["responses"] = {
        status: _upgrade_response(reply, {**data, **operation})
        for status, reply in _mapping(operation.get("responses")).items()
    }
    types = operation.get("consumes") or data.get("consumes")
    consumes = [str(kind) for kind in types] if isinstance(types, list) else []
    if body is not None:
        media = {"schema": body.get("schema") or {}, **_pick_example(body)}
        upgraded["requestBody"] = {
            "required": body.get("required") is True,
            "description": str(body.get("description") or ""),
            "content": dict.fromkeys(consumes or ["application/json"], media),
        }
    elif form:
        upgraded["requestBody"] = _build_form(form, consumes)
    return upgraded


def _find_shared(parameter: Any, shared: dict[str, Any]) -> Any:
    ref = parameter.get("$ref") if isinstance(parameter, dict) else None
    return shared.get(ref.rsplit("/", 1)[-1]) if isinstance(ref, str) else parameter


def _build_form(form: list[dict[str, Any]], consumes: list[str]) -> dict[str, Any]:
    has_file = any(item.get("format") == "binary" for item in form)
    is_multipart = has_file or (
        "multipart/form-data" in consumes and "application/x-www-form-urlencoded" not in consumes
    )
    properties = {str(item.get("name")): {**_pick_schema(item), **_pick_description(item)} for item in form}
    schema = {
        "type": "object",
        "properties": properties,
        "required": [str(item.get("name")) for item in form if item.get("required") is True],
    }
    kind = "multipart/form-data" if is_multipart else "application/x-www-form-urlencoded"
    return {"required": bool(schema["required"]), "content": {kind: {"schema": schema}}}


def _pick_schema(parameter: dict[str, Any]) -> dict[str, Any]:
    words = {word: parameter[word] for word in _SCHEMA_WORDS if word in parameter}
    return words | {word: value for word, value in parameter.items() if word.startswith("x-")}


def _pick_description(parameter: dict[str, Any]) -> dict[str, Any]:
    return {word: parameter[word] for word in ("description", "example") if word in parameter}


def _pick_example(node: dict[str, Any]) -> dict[str, Any]:
    example = node.get("x-example", node.get("x-examples"))
    return {"example": example} if example is not None else {}


def _upgrade_parameter(parameter: dict[str, Any]) -> dict[str, Any]:
    upgraded = {word: value for word, value in parameter.items() if word not in (*_SCHEMA_WORDS, "collectionFormat")}
    upgraded["schema"] = _pick_schema(parameter)
    if parameter.get("type") == "array":
        style, explode = _STYLES.get(str(parameter.get("collectionFormat") or "csv"), ("form", False))
        upgraded |= {"style": "simple" if parameter.get("in") in ("path", "header") else style, "explode": explode}
    return upgraded | _pick_example(parameter)


def _upgrade_response(reply: Any, data: dict[str, Any]) -> Any:
    if not isinstance(reply, dict) or "$ref" in reply:
        return reply
    upgraded = {word: value for word, value in reply.items() if word not in ("schema", "examples")}
    examples = _mapping(reply.get("examples"))
    if "schema" in reply:
        produces = data.get("produces")
        kinds = [str(kind) for kind in produces] if isinstance(produces, list) and produces else ["application/json"]
        upgraded["content"] = {
            kind: {"schema": reply["schema"], **({"example": examples[kind]} if kind in examples else {})}
            for kind in kinds
        }
    return upgraded


def _upgrade_scheme(scheme: Any) -> Any:
    if not isinstance(scheme, dict):
        return scheme
    if scheme.get("type") == "basic":
        return {**scheme, "type": "http", "scheme": "basic"}
    if scheme.get("type") != "oauth2":
        return scheme
    flow = str(scheme.get("flow") or "accessCode")
    words = {word: scheme[word] for word in ("authorizationUrl", "tokenUrl", "scopes") if word in scheme}
    return {**scheme, "flows": {_FLOWS.get(flow, flow): words}}
