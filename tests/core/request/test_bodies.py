"""Bodies: one Content-Type goes out, files keep their names, and JSON is one part of a form."""

from __future__ import annotations

import io

import pytest
from support.planting import plant

from connector.core.exchange.plan import compile_action
from connector.core.request.credential import Credential
from connector.errors import InputError
from connector.runtime.http.transport import prepare_request

ACTION = "action: doIt\nlabel: Do\nsummary: Do it.\nrequest: POST /x\n{more}\ninputs:\n{inputs}\n"


@pytest.fixture
def build(folder):
    """Build the request of an inline action definition."""

    def build_request(inputs, given, more="", manifest=""):
        lines = "".join(f"  {key}: {{label: L, help: H., {spec}}}\n" for key, spec in inputs.items())
        connector = folder(manifest, {"do-it": ACTION.format(more=more, inputs=lines)})
        plan = compile_action(connector, "doIt")
        return plan.build_request(plan.validate(given))

    return build_request


def content_types(request):
    """Return every Content-Type that goes out."""
    prepared = prepare_request(request, Credential(""))
    return [value for name, value in prepared.headers if name.lower() == "content-type"]


@pytest.mark.parametrize(
    ("kind", "content_type"),
    [
        ("json", "application/merge-patch+json"),
        ("text", "text/xml; charset=utf-8"),
        ("binary", "image/png"),
        ("form", "application/x-www-form-urlencoded; charset=UTF-8"),
    ],
)
def test_the_content_type_of_an_action_is_the_only_one(build, kind, content_type):
    inputs = {"all": f"type: {'file' if kind == 'binary' else 'json' if kind == 'json' else 'text'}, to: body"}
    given = {"all": b"x" if kind == "binary" else {"a": 1} if kind == "json" else "x"}
    if kind == "form":
        inputs, given = {"a": "type: string, to: form.a"}, {"a": "x"}
    request = build(inputs, given, f"body: {kind}\ncontent_type: {content_type}")
    assert content_types(request) == [content_type]


@pytest.mark.parametrize(
    ("manifest", "more", "inputs"),
    [
        ("constants: {header.Content-Type: text/xml}\n", "", {}),
        ("", "constants: {header.content-type: text/xml}", {}),
        ("", "", {"kind": "type: string, default: text/xml, to: header.Content-Type"}),
    ],
)
def test_a_content_type_among_the_headers_replaces_that_of_the_body(build, manifest, more, inputs):
    request = build({"all": "type: text, to: body", **inputs}, {"all": "<a/>"}, f"body: text\n{more}", manifest)
    assert content_types(request) == ["text/xml"]


def test_a_multipart_body_keeps_the_boundary_of_its_library(build):
    more = "body: multipart\nconstants: {header.Content-Type: multipart/form-data}"
    request = build({"a": "type: string, to: form.a"}, {"a": "x"}, more)
    assert content_types(request) == []
    assert request.body.content_type is None


class Opened(io.BytesIO):
    name = "/home/ines/report.pdf"


@pytest.mark.parametrize(
    ("file", "name"),
    [
        (("report.pdf", b"%PDF"), "report.pdf"),
        (("C:\\Users\\ines\\report.pdf", b"%PDF"), "report.pdf"),
        (Opened(b"%PDF"), "report.pdf"),
        (("other.pdf", Opened(b"%PDF")), "other.pdf"),
        (b"%PDF", "upload"),
        (io.BytesIO(b"%PDF"), "upload"),
        (("", b"%PDF"), "upload"),
    ],
    ids=["pair", "folders", "open", "renamed", "bytes", "nameless", "empty"],
)
def test_a_file_goes_out_with_its_own_name(build, file, name):
    request = build({"file": "type: file, to: file.upload"}, {"file": file}, "body: multipart")
    (part,) = request.body.value
    assert (part.name, part.file_name) == ("upload", name)


def test_an_open_file_with_a_number_for_a_name_has_that_of_its_part(build, tmp_path):
    (tmp_path / "x").write_bytes(b"1")
    with open(tmp_path / "x", "rb") as file, open(file.fileno(), "rb", closefd=False) as numbered:
        request = build({"file": "type: file, to: file.upload"}, {"file": numbered}, "body: multipart")
    assert request.body.value[0].file_name == "upload"


def test_a_named_file_is_a_whole_body_without_its_name(build):
    request = build({"file": "type: file, to: body"}, {"file": ("a.bin", b"\x00")}, "body: binary")
    assert request.body.to_bytes() == b"\x00"


@pytest.mark.parametrize("file", ["report.pdf", ("report.pdf", "text"), ("a", "b", b"c"), {"name": "a"}])
def test_what_is_no_file_is_refused(build, file):
    with pytest.raises(InputError, match="bytes or a file open in binary mode"):
        build({"file": "type: file, to: file.upload"}, {"file": file}, "body: multipart")


def test_json_is_one_part_of_a_multipart_body(build):
    inputs = {
        "name": "type: string, to: form.name",
        "metadata": "type: json, to: form.metadata",
        "labels": "type: list of string, to: form.labels",
    }
    given = {"name": "x", "metadata": {"a": {"b": [1, None]}}, "labels": ["p", "q"]}
    request = build(inputs, given, "body: multipart")
    assert [(part.name, part.content, part.content_type) for part in request.body.value] == [
        ("name", "x", None),
        ("labels", "p", None),
        ("labels", "q", None),
        ("metadata", b'{"a":{"b":[1,null]}}', "application/json"),
    ]


def test_a_secret_in_a_json_part_is_not_shown(build):
    request = build(
        {"metadata": "type: json, to: form.metadata"}, {"metadata": {"password": "canary-1"}}, "body: multipart"
    )
    assert "canary-1" not in repr(request)


def test_json_is_spread_over_the_fields_where_the_definition_says_so(build):
    request = build({"all": "type: json, to: form.*"}, {"all": {"a": {"b": 1}}}, "body: multipart")
    assert [(part.name, part.content) for part in request.body.value] == [("a.b", "1")]


def test_an_example_can_give_a_file(folder):
    from connector.authoring.lint import lint

    action = ACTION.format(more="docs: https://x.example/docs/a/b\nbody: multipart", inputs="")
    action += (
        "  file: {label: File, help: The file., type: file, required: true, to: file.file}\n"
        "  metadata: {label: Data, help: Its data., type: json, to: form.metadata, example: {a: 1}}\n"
        "returns: {help: It., example: {}}\n"
        "examples:\n"
        "  Short:\n"
        "    inputs: {file: report.pdf}\n"
        "    request: {path: /x, form: {file: report.pdf}}\n"
        "  Whole:\n"
        "    inputs: {file: {name: rows.csv, content: 'a,b'}, metadata: {a: 1}}\n"
        "    request: {path: /x, form: {metadata: {a: 1}, file: rows.csv}}\n"
    )
    connector = folder("", {"do-it": action})
    assert [str(finding) for finding in lint(connector.folder) if finding.voice == "error"] == []
    plant(connector.folder / "actions" / "do-it.yaml", "form: {file: report.pdf}", "form: {file: upload}")
    (finding,) = [finding for finding in lint(connector.folder) if finding.voice == "error"]
    assert (finding.rule, finding.message) == ("examples-run", "file is sent as 'report.pdf'.")
