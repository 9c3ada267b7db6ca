"""Changes of how a file is sent break where the result of the call is another one."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from connector.authoring.changes.comparison import compare_folders

SLACK = Path(__file__).parents[3] / "examples" / "slack"
FILE = "actions/upload-file.yaml"
THEN = "then: {action: completeUpload, inputs: {fileId: file_id}}\n"
UPLOAD = "upload: {url: upload_url, method: POST, file_name: form.filename, file_size: form.length}\n"


@pytest.mark.parametrize(
    ("old", "new", "is_breaking", "message"),
    [
        ("upload_url, method: POST,", "upload_url,", False, "`upload.method` was"),
        ("url: upload_url,", "url: upload_url, credential: true,", False, "`upload.credential`"),
        ("action: completeUpload", "action: deleteMessage", True, "`then` was"),
        (THEN, "", True, "`then` was"),
        (UPLOAD, "", True, "does not send a file to a URL of the reply any more"),
    ],
)
def test_a_change_of_an_upload_is_judged(tmp_path: Path, old: str, new: str, is_breaking: bool, message: str) -> None:
    folders = [Path(shutil.copytree(SLACK, tmp_path / name)) for name in ("old", "new")]
    text = (folders[1] / FILE).read_text()
    assert text.count(old) == 1
    (folders[1] / FILE).write_text(text.replace(old, new))
    found = [change for change in compare_folders(*folders) if message in change.message]
    assert [change.is_breaking for change in found] == [is_breaking]
