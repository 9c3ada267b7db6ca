"""Where an API is and how it is signed in to: as the description says, and told where it does not."""

from __future__ import annotations

import pytest
from support.pages.descriptions import describe, import_files

from connector.authoring.importing.building.site import WrittenManifest, find_site
from connector.authoring.importing.importer import ImportOptions, import_description, render_file
from connector.authoring.importing.merge.folder_merge import plan_merge
from connector.authoring.lint import lint

GET = {"get": {"operationId": "getA"}}


def manifest(**words) -> dict:
    return import_files(describe({"/a": GET}, **words))["manifest.yaml"]


def test_a_host_with_a_variable_asks_the_connection_for_it():
    words = manifest(
        servers=[{"url": "https://{tenant}.example.com/api", "variables": {"tenant": {"default": "your-tenant"}}}]
    )
    assert words["base_url"] == "https://{tenant}.example.com/api"
    assert words["connections"]["accessToken"]["inputs"]["tenant"]["required"] is True


def test_a_base_url_that_is_given_has_what_is_below_it_and_the_rest_is_at_a_server():
    two = [{"get": {"operationId": name, "servers": [{"url": url}]}} for name, url in (
        ("getUser", "https://api.example.com/v2"), ("getGroup", "https://api.example.com"),
    )]  # fmt: skip
    description = describe({"/users": two[0], "/scim/groups": two[1]})
    files = import_files(description, base_url="https://api.example.com/v2")
    assert files["manifest.yaml"]["servers"] == {"api": "https://api.example.com"}
    assert files["actions/get-user.yaml"]["request"] == "GET /users"
    assert files["actions/get-group.yaml"]["request"] == "GET /scim/groups"
    assert files["actions/get-group.yaml"]["server"] == "api"
    shared = import_files(description)
    assert shared["manifest.yaml"]["base_url"] == "https://api.example.com"
    assert shared["actions/get-user.yaml"]["request"] == "GET /v2/users"


@pytest.mark.parametrize(
    ("written", "lines"),
    [
        (WrittenManifest("https://api.example.com/v2"), ["GET /users", "api GET /scim/groups", "up GET /put"]),
        (WrittenManifest("https://api.example.com"), ["GET /v2/users", "GET /scim/groups", "up GET /put"]),
        (WrittenManifest("https://up.example.com/"), ["api GET /v2/users", "api GET /scim/groups", "GET /put"]),
        (
            WrittenManifest("https://eu.example.com/v2", {"plain": "https://api.example.com", "files": "https://up.example.com"}),
            ["GET /users", "plain GET /scim/groups", "files GET /put"],
        ),
        (WrittenManifest("https://api.example.com/v2/users"), ["GET /v2/users", "GET /scim/groups", "up GET /put"]),
        (WrittenManifest("https://api.example.com/v9"), ["GET /v2/users", "GET /scim/groups", "up GET /put"]),
    ],
    ids=["below", "above", "elsewhere", "at another host, with servers", "within a path", "where nothing is"],
)  # fmt: skip
def test_the_base_url_of_a_manifest_decides_where_operations_are(written, lines):
    servers = {"/users": "https://api.example.com/v2", "/scim/groups": "https://api.example.com",
               "/put": "https://up.example.com"}  # fmt: skip
    description = describe({path: {"get": {"servers": [{"url": url}]}} for path, url in servers.items()})
    site = find_site(description.operations, written=written)
    found = [site.locate(operation) for operation in description.operations]
    assert [f"{server or ''} GET {path}".strip() for server, path in found] == lines


def test_a_base_url_at_another_host_takes_the_place_of_the_vendors():
    description = describe({"/a": GET}, servers=[{"url": "https://api.example.com/v2"}])
    files = import_files(description, base_url="https://proxy.example.net/zoom")
    assert files["manifest.yaml"]["base_url"] == "https://proxy.example.net/zoom"
    assert [words["request"] for path, words in files.items() if path.startswith("actions/")] == ["GET /a"]


def test_without_a_server_the_connection_says_the_host():
    words = manifest(servers=[])
    assert words["base_url"] == "https://{domain}"
    assert words["connections"]["accessToken"]["inputs"]["domain"]["format"] == "host"


def test_each_scheme_becomes_a_kind_of_connection_by_its_shape():
    schemes = {
        "basic": {"type": "http", "scheme": "basic"},
        "key": {"type": "apiKey", "in": "header", "name": "X-Key"},
        "app": {
            "type": "oauth2",
            "flows": {
                "authorizationCode": {
                    "authorizationUrl": "https://id.example.com/a",
                    "tokenUrl": "https://id.example.com/t",
                    "scopes": {},
                }
            },
        },
    }
    words = manifest(components={"securitySchemes": schemes}, security=[{name: []} for name in schemes])
    kinds = {key: connection["kind"] for key, connection in words["connections"].items()}
    assert kinds == {"basicAuth": "basic", "key": "api_key", "oauth": "oauth2"}
    assert "id.example.com" in words["allowed_hosts"]


def test_keys_that_are_needed_together_are_one_connection():
    schemes = {name: {"type": "apiKey", "in": "header", "name": f"X-{name}"} for name in ("id", "secret")}
    words = manifest(components={"securitySchemes": schemes}, security=[{"id": [], "secret": []}])
    (connection,) = words["connections"].values()
    assert {field["to"] for field in connection["inputs"].values()} == {"header.X-id", "header.X-secret"}


@pytest.mark.parametrize(
    ("lists", "words"),
    [
        ([["read", "write"]], {"all": ["read", "write"]}),
        ([["read"]], ["read"]),
        ([["files", "old"]], ["files", "old"]),
        ([["book:read", "shelf:read:list"], ["x:read", "x:read:admin"]], ["book:read", "shelf:read:list"]),
        ([list("abcdefghi")], list("abcdefghi")),
    ],
)
def test_all_scopes_of_a_list_are_needed_unless_the_vendor_lists_alternatives(lists, words):
    flow = {
        "authorizationUrl": "https://id.example.com/a",
        "tokenUrl": "https://id.example.com/t",
        "scopes": {"old": "Deprecated. Use files."},
    }
    scheme = {"type": "oauth2", "flows": {"authorizationCode": flow}}
    paths = {f"/r{n}": {"get": {"security": [{"oauth": scopes}]}} for n, scopes in enumerate(lists)}
    files = import_files(describe(paths, components={"securitySchemes": {"oauth": scheme}}))
    scopes = {file["request"]: file["scopes"] for path, file in files.items() if path.startswith("actions/")}
    assert scopes["GET /r0"] == words


def test_scopes_of_two_kinds_are_told_apart_by_the_description_though_nothing_says_how_to_get_a_token():
    scheme = {"type": "oauth2", "flows": {"authorizationCode": {"authorizationUrl": "/", "tokenUrl": "", "scopes": {}}}}
    text = "Reads a book.\n\n**Scopes:** `book:read`\n\n**Granular Scopes:** `book:read:one`,`book:read:all`"
    both, classic = ["book:read", "book:read:one", "book:read:all"], "Adds a book.\n\n**Scopes:** `book:write`"
    paths = {
        "/a": {"get": {"description": text, "security": [{"oauth": both}]}},
        "/b": {"get": {"description": classic, "security": [{"oauth": ["book:write"]}]}},
        "/c": {"get": {"description": classic, "security": [{"oauth": ["shelf:read"]}]}},
    }
    files = import_files(describe(paths, components={"securitySchemes": {"oauth": scheme}}))
    scopes = {file["request"]: file["scopes"] for path, file in files.items() if path.startswith("actions/")}
    assert [words["kind"] for words in files["manifest.yaml"]["connections"].values()] == ["bearer"]
    assert scopes == {
        "GET /a": {"classic": ["book:read"], "granular": ["book:read:one", "book:read:all"]},
        "GET /b": {"classic": ["book:write"]},
        "GET /c": ["shelf:read"],  # the text names others than the operation asks for
    }


def test_an_api_at_another_host_is_a_server_of_its_actions():
    elsewhere = {"operationId": "putFile", "servers": [{"url": "https://uploads.example.com/v1"}], "tags": ["files"]}
    files = import_files(describe({"/a": GET, "/b": {"put": elsewhere}}))
    assert files["manifest.yaml"]["servers"] == {"uploads": "https://uploads.example.com/v1"}
    (action,) = [file for file in files.values() if file.get("request") == "PUT /b"]
    assert action.items() >= {"server": "uploads", "group": "files"}.items()


def test_an_operation_at_an_unknown_host_is_told():
    elsewhere = {**GET["get"], "operationId": "getB", "servers": [{"url": "https://{whatever}"}]}
    imported = import_description(describe({"/a": GET, "/b": {"get": elsewhere}}), ImportOptions())
    assert [one.request for one in imported.grades.operations if one.action is None] == ["GET /b"]


@pytest.mark.parametrize(
    ("server", "base_url"),
    [
        ({"url": "/api/v3"}, "https://{domain}/api/v3"),
        ({"url": "./v3/"}, "https://{domain}/v3"),
        ({"url": "."}, "https://{domain}"),
        ({"url": "//api.example.com/v1"}, "https://api.example.com/v1"),
        ({"url": " https://api.example.com/v1 "}, "https://api.example.com/v1"),
        ({"url": "https://api.example.com/v1/?beta=1#top"}, "https://api.example.com/v1"),
        ({"url": "https://me:secret@api.example.com/v1"}, "https://api.example.com/v1"),
        ({"url": "http://localhost:8080/v1"}, "https://{domain}/v1"),
        ({"url": "https://10.0.0.1:6443"}, "https://{domain}"),
        ({"url": "{root}/v1", "variables": {"root": {"default": "https://api.example.com"}}}, "https://api.example.com/v1"),
        ("https://api.example.com/v1", "https://api.example.com/v1"),
    ],
    ids=lambda value: str(value)[:40],
)  # fmt: skip
@pytest.mark.parametrize("security", [[], [{"key": []}]], ids=["open", "with a key"])
def test_an_address_in_any_spelling_is_one_that_lint_accepts(server, base_url, security, tmp_path):
    imported = import_description(describe({"/a": GET}, servers=[server], security=security), ImportOptions())
    words = imported.files["manifest.yaml"].words
    assert words["base_url"] == base_url
    plan_merge(tmp_path, imported.files, imported.build_record([], ImportOptions()), render_file).apply()
    assert [finding for finding in lint(tmp_path) if finding.voice == "error"] == []


def test_variables_of_a_server_count_where_the_server_stands():
    variables = {"env": {"default": "prod"}, "version": {"default": "v7"}}
    elsewhere = {**GET["get"], "servers": [{"url": "https://{env}.files.example/{version}", "variables": variables}]}
    words = import_files(describe({"/a": GET, "/b": {"get": {**elsewhere, "operationId": "getB"}}}))["manifest.yaml"]
    assert words["servers"] == {"prod": "https://prod.files.example/v7"}


@pytest.mark.parametrize(
    ("known", "path"),
    [("https://{domain}", "/api/v3/a"), ("https://{domain}/api/v3", "/a"), ("https://books.example", "/api/v3/a")],
)
def test_actions_stay_where_the_manifest_of_a_description_without_a_host_has_them(known, path):
    description = describe({"/a": GET}, servers=[{"url": "/api/v3"}])
    for imported in (
        import_description(description, ImportOptions(), WrittenManifest(known)),
        import_description(description, ImportOptions(base_url=known)),
    ):
        (action,) = (file.words for name, file in imported.files.items() if name.startswith("actions/"))
        assert action["request"] == f"GET {path}"
