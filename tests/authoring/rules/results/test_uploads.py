"""An upload that could not be carried out is found before a file is sent."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from connector.authoring.lint import lint

ROOT = Path(__file__).parents[4]
SLACK, YOUTUBE = ROOT / "examples" / "slack", ROOT / "tests" / "connectors" / "youtube"
FILE, VIDEO = "actions/upload-file.yaml", "actions/upload-video.yaml"
UPLOAD = "upload: {url: upload_url, method: POST, file_name: form.filename, file_size: form.length}\n"
THEN = "then: {action: completeUpload, inputs: {fileId: file_id}}\n"
CONTENT = "type: file, required: true, to: upload}"
RETURNS = "  returns:\n    help: The new video.\n    example: {kind: youtube#video, id: dQw4, snippet: {title: The lighthouse at dawn}, status: {uploadStatus: uploaded, privacyStatus: private}}\n"


@pytest.mark.parametrize(
    ("old", "new", "rule", "message"),
    [
        ("url: upload_url,", "url: uplod_url,", "upload", "no reply of uploadFile has 'uplod_url'"),
        (UPLOAD, "", "upload", "say with `upload` where the reply has the URL"),
        (UPLOAD, UPLOAD.replace("}", ", returns: {help: H.}}"), "no-effect", "of the reply to the bytes the status alone counts"),
        (UPLOAD, UPLOAD.replace("form.length", "form.alt_txt"), "one-place", "form.alt_txt is used by altText"),
        (UPLOAD, UPLOAD.replace("form.length", "frm.length"), "place", "requests have no part 'frm'"),
        (UPLOAD, f"{UPLOAD}poll: {{action: getIdentity, until: {{ok: [true]}}}}\n", "no-effect", "the result is what `upload` or `then` returns"),
        (THEN, "", "upload", "no action follows: add `then`"),
        (THEN, "", "upload", "add `returns` with an `example`"),
        (THEN, THEN.replace("completeUpload", "completeUplod"), "job", "Did you mean 'completeUpload'?"),
        (THEN, THEN.replace("file_id", "file.id"), "job", "no reply of uploadFile has 'file.id'"),
        (THEN, "then: {action: completeUpload}\n", "job", "completeUpload requires 'fileId'"),
        (THEN, THEN.replace("file_id", "file_id, title: ok"), "job", "completeUpload gets it from the reply"),
        (THEN, "then: {action: uploadFile, inputs: {title: file_id}}\n", "job", "uploadFile sends a file itself"),
        (CONTENT, "type: file, to: upload}", "upload", "add `required: true`"),
        (CONTENT, "type: text, required: true, to: upload}", "upload", "is of type file"),
        (CONTENT, "type: file, required: true, to: upload.content}", "upload", "write `to: upload`"),
        (CONTENT, "type: text, required: true, to: form.content}", "upload", "say which input has the file"),
        ("title: {label: Title", "heading: {label: Title", "job", "completeUpload has no input 'heading'"),
        ("rate: tier4\n", "rate: tier4\nread_only: true\n", "upload", "is a write"),
        ("rate: tier4\n", "rate: tier4\nidempotent: It only asks for an address.\n", "upload", "a file that is sent twice is there twice"),
        ("request: POST", "request: GET", "upload", "its request is a POST, PUT or PATCH"),
    ],
)  # fmt: skip
def test_each_mistake_is_told_at_its_place(tmp_path: Path, old: str, new: str, rule: str, message: str) -> None:
    folder = Path(shutil.copytree(SLACK, tmp_path / "slack"))
    text = (folder / FILE).read_text()
    assert text.count(old) == 1
    (folder / FILE).write_text(text.replace(old, new))
    found = [finding for finding in lint(folder) if finding.rule == rule and message in finding.message]
    assert {Path(finding.file).name for finding in found} == {Path(FILE).name}


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (RETURNS, "", "add `returns` with an `example` of the reply to the bytes"),
        ("header.Location", "upload_url", "the reply has no fields: it is none"),
        ("to: body.snippet.description", "to: then", "no action follows"),
    ],
)
def test_an_upload_that_nothing_follows_says_what_it_returns(tmp_path: Path, old: str, new: str, message: str) -> None:
    folder = Path(shutil.copytree(YOUTUBE, tmp_path / "youtube"))
    text = (folder / VIDEO).read_text()
    assert text.count(old) == 1
    (folder / VIDEO).write_text(text.replace(old, new))
    [found] = [finding for finding in lint(folder) if finding.rule == "upload"]
    assert message in found.message


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("type: none, columns: [a]", "a reply of type none has no `columns`"),
        ("type: none, max_bytes: 9", "a reply of type none has no `max_bytes`"),
        ("example: {id: a}, columns: [name]", "nothing of the example is at 'name'"),
        ("example: {id: a}, schema: vidoe", "there is no"),
        ("example: {id: a}, partial: errors", "no reply of the file has 'errors'"),
    ],
)
def test_the_reply_to_the_bytes_is_checked_as_any_reply(tmp_path: Path, words: str, message: str) -> None:
    folder = Path(shutil.copytree(YOUTUBE, tmp_path / "youtube"))
    text = (folder / VIDEO).read_text().replace(RETURNS, f"  returns: {{{words}}}\n")
    (folder / VIDEO).write_text(text)
    [found] = [finding for finding in lint(folder) if finding.voice == "error"]
    assert message in found.message
    assert "  returns: {" in text.splitlines()[found.line - 1]


def test_a_credential_that_nobody_has_is_not_sent_along(tmp_path: Path) -> None:
    folder = Path(shutil.copytree(YOUTUBE, tmp_path / "youtube"))
    manifest = (folder / "manifest.yaml").read_text()
    start, end = manifest.index("connections:"), manifest.index("pagination:")
    (folder / "manifest.yaml").write_text(manifest[:start] + manifest[end:])
    assert [finding.message for finding in lint(folder) if finding.rule == "no-effect"] == [
        "the manifest has no connections, and so there is no credential; remove it."
    ]
