"""Outlines of a connector and of an action: valid files with what is known already, to be filled in."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import urlsplit

from connector.definition.action import METHODS
from connector.definition.case import to_kebab_case, to_snake_case
from connector.definition.folders.schema_files import write_schema_line
from connector.errors import InputError, Problem

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence


class _Outline(NamedTuple):
    """A way to sign in: more words of its connection, and its inputs."""

    words: tuple[str, ...]
    inputs: tuple[tuple[str, str, str, bool], ...]  # key, label, help, whether it is secret


_CLIENT = (
    ("clientId", "Client ID", "The ID of your app.", False),
    ("clientSecret", "Client Secret", "The secret of your app.", True),
)
_AUTH = {
    "bearer": _Outline((), (("accessToken", "Access Token", "A token of your account.", True),)),
    "api_key": _Outline(("to: header.X-API-Key",), (("apiKey", "API Key", "A key of your account.", True),)),
    "basic": _Outline(
        (), (("username", "Username", "Your username.", False), ("password", "Password", "Your password.", True))
    ),
    "oauth2": _Outline(("authorize_url: {origin}/oauth/authorize", "token_url: {origin}/oauth/token"), _CLIENT),
    "oauth2_client_credentials": _Outline(("token_url: {origin}/oauth/token",), _CLIENT),
}
_PLACES = {"username": "basic.username", "password": "basic.password"}
_PAGINATION = {
    "cursor": "{style: cursor, next: next_cursor, cursor_param: query.cursor, size_param: query.limit, max_size: 100}",
    "page_number": "{style: page_number, cursor_param: query.page, size_param: query.limit, max_size: 100, first: 1}",
    "offset": "{style: offset, cursor_param: query.offset, size_param: query.limit, max_size: 100, first: 0}",
    "link_header": "{style: link_header, size_param: query.per_page, max_size: 100}",
    "next_url": "{style: next_url, next: next, size_param: query.limit, max_size: 100}",
    "none": "{style: none}",
}
_LISTING_VERBS = ("list", "search", "find")
AUTH_KINDS = tuple(_AUTH)
PAGINATION_STYLES = tuple(_PAGINATION)
INPUT_TYPES = ("string", "text", "integer", "number", "boolean", "datetime", "date", "json", "list of string")


def outline_connector(name: str, base_url: str, auth: str, pagination: str) -> dict[str, str]:
    """Return the files of a connector with one action, by their path. Raises InputError with every problem."""
    problems = []
    parts = urlsplit(base_url)
    is_url = parts.scheme == "https" and parts.hostname and not (parts.query or parts.fragment or parts.username)
    if not is_url or not re.fullmatch(r"[a-z0-9.-]+", parts.netloc):
        expected = "https://host/path, in lower case, without a port, a user or a query"
        fix = "give the address that every request begins with"
        if "{" in base_url:
            fix += " for one account; braces go into the manifest afterwards"
        problems.append(Problem("base_url", base_url, expected, fix))
    if not re.fullmatch(r"[a-z][a-z0-9_]*", name):
        expected = "a lower-case letter, then lower-case letters, digits and _"
        problems.append(Problem("name", name, expected, "choose another name for the folder, or pass --name"))
    if problems:
        raise InputError.from_problems("new", problems, undone="written")
    host = str(parts.hostname)
    manifest = "".join(_outline_manifest(name, base_url, host, auth, pagination))
    return {
        "manifest.yaml": write_schema_line("manifest.yaml") + manifest,
        "actions/list-items.yaml": _outline_first_action(host, pagination),
    }


def _outline_manifest(name: str, base_url: str, host: str, auth: str, pagination: str) -> Iterator[str]:
    label = name.replace("_", " ").title()
    yield f"format: 1\nconnector: {name}\nversion: 0.1.0\nlabel: {label}\nsummary: Call the API of {label}.\n"
    yield f"base_url: {base_url.rstrip('/')}\n\n"
    yield f"# Hosts that may receive credentials, also after a redirect.\nallowed_hosts: [{host}]\n\n"
    outline = _AUTH[auth]
    title = auth.replace("_", " ").title().replace("Oauth2", "OAuth 2.0").replace("Api", "API")
    yield f"connections:\n  main:\n    label: {title}\n    kind: {auth}\n"
    yield from (f"    {word.format(origin=f'https://{host}')}\n" for word in outline.words)
    yield "    inputs:\n"
    for key, input_label, help_text, is_secret in outline.inputs:
        yield f"      {key}:\n        label: {input_label}\n        help: {help_text}\n"
        yield f"        type: {'password' if is_secret else 'string'}\n        required: true\n"
        if key in _PLACES:
            yield f"        to: {_PLACES[key]}\n"
    yield "\n# The call that tests a connection: a GET, which changes nothing.\ntest: {action: listItems}\n"
    yield f"\n# How lists are paged; an action says which field has its items.\npagination: {_PAGINATION[pagination]}\n"
    yield "\n# Where a reply has its error.\nerrors: {code: error.code, message: error.message}\n"


def _outline_first_action(host: str, pagination: str) -> str:
    example = {
        "cursor": "{items: [{id: 1}], next_cursor: c2}",
        "next_url": f"{{items: [{{id: 1}}], next: 'https://{host}/items?page=2'}}",
    }.get(pagination, "{items: [{id: 1}]}")
    return "".join((
        write_schema_line("actions/list-items.yaml"),
        "action: listItems\nlabel: List Items\nsummary: List the items.\n",
        "\nrequest: GET /items\n\npagination: {items: items}\n\n",
        f"returns:\n  help: The items.\n  example: {example}\n\n",
        "examples:\n  All items:\n    inputs: {}\n    request: {path: /items}\n",
    ))  # fmt: skip


def outline_action(key: str, request: str, inputs: Sequence[str]) -> tuple[str, str]:
    """Return path and text of an action's file: `request` is METHOD /path, `inputs` are NAME or NAME:TYPE.

    The names in braces of the path are required inputs; others go into the query of a GET or DELETE, else the body.
    Raises InputError with every problem.
    """
    method, _, path = request.partition(" ")
    problems = list(_find_problems(key, method, path, inputs))
    if problems:
        raise InputError.from_problems("new-action", problems, undone="written")
    noun = _to_words(key)
    lines = [
        f"action: {key}", f"label: {noun.title()}", f"summary: {noun.capitalize()}.", "",
        f"request: {method} {path}",
    ]  # fmt: skip
    fields = [(name, "string", f"path.{name}") for name in re.findall(r"\{([^{}]*)\}", path)]
    place = "query" if method in ("GET", "HEAD", "DELETE") else "body"
    for item in inputs:
        name, _, type_name = item.partition(":")
        fields.append((name, type_name or "string", f"{place}.{name}"))
    if fields:
        lines += ["", "inputs:"]
    for name, type_name, to in fields:
        words = _to_words(name)
        lines += [f"  {_to_key(name)}:", f"    label: {words.title()}", f"    help: The {words}."]
        lines += [f"    type: {type_name}", *(["    required: true"] * to.startswith("path.")), f"    to: {to}"]
    if method == "GET" and key.startswith(_LISTING_VERBS):
        items = ["items", *re.findall(r"/(\w+)", path)][-1]
        lines += [
            "",
            "# If it has pages: the field of the reply that has the items.",
            f"# pagination: {{items: {items}}}",
        ]
    place = f"actions/{to_kebab_case(key)}.yaml"
    return place, write_schema_line(place) + "\n".join(lines) + "\n"


def _find_problems(key: str, method: str, path: str, inputs: Sequence[str]) -> Iterator[Problem]:
    if not re.fullmatch(r"[a-z][A-Za-z0-9]*", key):
        yield Problem("key", key, "camelCase, such as createUser", "write letters and digits, a small letter first")
    if method not in METHODS or not re.fullmatch(r"/[^\s?#]*", path):
        expected = "METHOD /path below the base URL, without a query, such as 'POST /users/{id}'"
        yield Problem("request", f"{method} {path}".strip(), expected, "begin the path with /, and quote both together")
    names = re.findall(r"\{([^{}]*)\}", path)
    for item in (*names, *inputs):
        name, colon, type_name = item.partition(":")
        if not re.fullmatch(r"[A-Za-z][A-Za-z0-9_]*", name):
            yield Problem("input", item, "a name of letters, digits and _", "write NAME or NAME:TYPE")
        elif colon and type_name not in INPUT_TYPES:
            yield Problem("input", item, f"a type: {', '.join(INPUT_TYPES)}", "write NAME:TYPE")
    keys = [_to_key(item.partition(":")[0]) for item in (*names, *inputs)]
    for repeated in sorted({one for one in keys if keys.count(one) > 1}):
        yield Problem("input", repeated, "each name once", "leave one out")


def _to_key(name: str) -> str:
    first, *rest = name.split("_")
    return first[:1].lower() + first[1:] + "".join(word[:1].upper() + word[1:] for word in rest)


def _to_words(name: str) -> str:
    return to_snake_case(name).replace("_", " ").strip()
