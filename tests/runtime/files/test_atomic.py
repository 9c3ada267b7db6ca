"""A file is replaced atomically and privately, and a damaged one is set aside."""

from __future__ import annotations

import itertools
import os
import stat

import pytest

from connector.runtime.files import atomic


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def test_a_replaced_file_is_private_whatever_the_umask(tmp_path):
    path = tmp_path / "file"
    path.write_bytes(b"old")
    before = os.umask(0)
    try:
        atomic.replace_file(path, b"new")
    finally:
        os.umask(before)
    assert (path.read_bytes(), stat.S_IMODE(path.stat().st_mode)) == (b"new", 0o600)
    assert names(tmp_path) == ["file"]


@pytest.mark.parametrize("error", [OSError("full"), KeyboardInterrupt()])
def test_an_interrupted_replacement_leaves_the_old_file_alone(tmp_path, error):
    path = tmp_path / "file"
    path.write_bytes(b"old")

    def fail(temp_path):
        temp_path.write_bytes(b"half")
        raise error

    with pytest.raises(type(error)), atomic.replacing(path) as temp_path:
        fail(temp_path)
    assert path.read_bytes() == b"old"
    assert names(tmp_path) == ["file"]


def test_what_a_dead_process_with_the_same_pid_left_is_replaced(tmp_path):
    path = tmp_path / "file"
    atomic.build_temp_path(path).write_bytes(b"left")
    atomic.replace_file(path, b"new")
    assert path.read_bytes() == b"new"
    assert names(tmp_path) == ["file"]


def test_files_set_aside_get_the_first_free_suffix(tmp_path):
    path = tmp_path / "file"
    for number in range(3):
        path.write_bytes(b"%d" % number)
        new_path = atomic.set_aside(path, (f".corrupt-{count}" for count in itertools.count(1)))
        assert new_path.read_bytes() == b"%d" % number
    assert names(tmp_path) == ["file.corrupt-1", "file.corrupt-2", "file.corrupt-3"]
