"""A file that a user names is written where its name leads to."""

from __future__ import annotations

import os
import stat

import pytest

from connector.runtime.files.named_output import check_output, write_output


def test_a_new_file_is_for_its_owner_alone(tmp_path):
    check_output(tmp_path / "new")
    assert [*tmp_path.iterdir()] == []
    write_output(tmp_path / "new", b"data")
    assert (tmp_path / "new").read_bytes() == b"data"
    assert stat.S_IMODE((tmp_path / "new").stat().st_mode) == 0o600


def test_a_pipe_is_checked_without_being_opened(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    check_output(tmp_path / "pipe")
    assert (tmp_path / "pipe").is_fifo()


@pytest.mark.parametrize("name", [".", "nowhere/file", "link", "loop"])
def test_what_cannot_be_written_is_told_before(tmp_path, name):
    (tmp_path / "link").symlink_to("nowhere/file")
    (tmp_path / "loop").symlink_to("loop")
    with pytest.raises(OSError, match=r"directory|links"):
        check_output(tmp_path / name)
