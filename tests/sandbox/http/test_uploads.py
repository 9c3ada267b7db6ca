"""The sandbox reads what an upload consists of: its file by name, its JSON, and the content type that it must have."""

from __future__ import annotations

import pytest

from connector import Client, errors
from connector.sandbox.sandbox import Sandbox

HEAD = "label: Do\nsummary: Do it.\n"
UPLOAD = (
    f"action: uploadFile\n{HEAD}request: POST /files\nbody: multipart\ninputs:\n"
    "  file: {label: L, help: H., type: file, required: true, to: file.file}\n"
    "  metadata: {label: L, help: H., type: json, required: true, to: form.metadata}\n"
    "returns: {example: {id: f1, metadata: {}}}\n"
)
PATCH = (
    f"action: patchThing\n{HEAD}request: PATCH /things\nbody: json\nMOREinputs:\n"
    "  name: {label: L, help: H., type: string, to: body.name}\n"
    "returns: {example: {id: t1}}\n"
)
MERGE = "content_type: application/merge-patch+json\n"
ERRORS = "errors: {code: code, message: message}\n"
RESOURCES = "resources: {files: {list: /files, id: id}}\n"


@pytest.fixture
def open_client(folder):
    """Open a client of a folder's sandbox."""

    def open_sandbox(actions, manifest=""):
        sandbox = Sandbox(folder(manifest, actions))
        return Client(sandbox.connector, sandbox.connection, http=sandbox.http)

    return open_sandbox


def test_a_file_and_its_json_are_read(open_client):
    with open_client({"upload-file": UPLOAD}, RESOURCES) as client:
        made = client.run("uploadFile", {"file": ("a.txt", b"x"), "metadata": {"a": {"b": 1}}})
    assert made.data["metadata"] == {"a": {"b": 1}}


def test_a_json_input_that_is_missing_is_told(open_client):
    with open_client({"upload-file": UPLOAD}, RESOURCES + ERRORS) as client, pytest.raises(errors.Rejected) as caught:
        client.request("POST", "/files", files={"file": b"x"})
    assert "metadata" in str(caught.value)


@pytest.mark.parametrize("more", ["", MERGE])
def test_a_body_has_the_content_type_of_its_action(open_client, more):
    with open_client({"patch-thing": PATCH.replace("MORE", more)}) as client:
        assert client.run("patchThing", {"name": "x"}).status == 200


def test_another_content_type_than_that_of_the_action_is_refused(open_client):
    with open_client({"patch-thing": PATCH.replace("MORE", MERGE)}, ERRORS) as client:
        with pytest.raises(errors.Rejected) as caught:
            client.request("PATCH", "/things", data={"name": "x"})
        assert "application/merge-patch+json" in str(caught.value)


def test_a_form_without_a_part_is_a_form(open_client):
    optional = UPLOAD.replace("required: true, ", "")
    with open_client({"upload-file": optional}) as client:
        assert client.run("uploadFile").status == 201


def test_a_list_of_one_in_a_query_is_a_list(open_client):
    action = (
        f"action: hideThings\n{HEAD}request: DELETE /things\ninputs:\n"
        "  ids: {label: L, help: H., type: json, to: query.id, example: [1, 2]}\n"
    )
    with open_client({"hide-things": action}, ERRORS) as client:
        assert client.run("hideThings", {"ids": [1]}).status < 300
        assert client.run("hideThings", {"ids": [1, 2]}).status < 300
