"""F86: files of a multipart form go out escaped and streamed, whatever their names, keys and size.

The large upload runs in a process of its own, whose memory is measured; the server counts the bytes and keeps none.
"""

from __future__ import annotations

import io
import json
import os
import re
import socket
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from support import servers

from connector import errors

MB = 1 << 20
ALLOWED = 64 * MB

SCRIPT = """
import asyncio, json, re, sys
from connector import AsyncClient, Client, Connection, Connector

kind, url, small, large = sys.argv[1:]
connector = Connector.open()
token = Connection(connector, "accessToken", accessToken="token-1")

def most():
    with open("/proc/self/status") as status:  # rusage would tell the most of the process that began this one too
        return int(re.search(r"VmHWM:\\s+(\\d+) kB", status.read())[1]) * 1024

def sync(path):
    with Client(connector, token, base_url=url) as client, open(path, "rb") as data:
        return client.request("POST", "/files", form={"note": "x"}, files={"f": ("a.bin", data)}, timeout=600).data

async def awaited(path):
    async with AsyncClient(connector, token, base_url=url) as client:
        with open(path, "rb") as data:
            sent = await client.request("POST", "/files", form={"note": "x"}, files={"f": ("a.bin", data)}, timeout=600)
            return sent.data

def upload(path):
    return sync(path) if kind == "sync" else asyncio.run(awaited(path))

upload(small)
before = most()
print(json.dumps({"said": upload(large), "grown": most() - before}))
"""


class Drain:
    """A server that counts the bytes of each body and keeps none."""

    def __init__(self):
        self.counted = []
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listening.getsockname()[1]}/v2"
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def _serve(self):
        while True:
            try:
                accepted, _ = self._listening.accept()
            except OSError:
                return
            with accepted, accepted.makefile("rb") as lines:
                self._answer(accepted, lines)

    def _answer(self, accepted, lines):
        head = b""
        while (line := lines.readline()) not in (b"\r\n", b""):
            head += line
        length = re.search(rb"(?i)content-length: *(\d+)", head)
        taken = self._take(lines, int(length[1])) if length else self._chunks(lines)
        self.counted.append(taken)
        body = json.dumps({"taken": taken}).encode()
        answer = f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n"
        accepted.sendall(answer.encode() + b"Connection: close\r\n\r\n" + body)

    def _take(self, lines, left):
        taken = 0
        while left and (part := lines.read(min(left, MB))):
            left, taken = left - len(part), taken + len(part)
        return taken

    def _chunks(self, lines):
        taken = 0
        while size := int(lines.readline().strip() or b"0", 16):
            taken += self._take(lines, size)
            lines.readline()
        lines.readline()
        return taken

    def close(self):
        # shut down first: a close alone leaves the accept of the thread waiting
        self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()
        self._thread.join(10)


@pytest.fixture
def drain():
    one = Drain()
    yield one
    one.close()


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="the most memory is read from /proc")
@pytest.mark.parametrize("kind", ["sync", "async"])
@pytest.mark.parametrize(
    "size", [pytest.param(96 * MB, id="96 MB"), pytest.param(2048 * MB, id="2 GB", marks=pytest.mark.long)]
)
def test_f86_a_large_file_is_streamed_and_memory_stays_flat(drain, tmp_path, kind, size):
    for name, length in (("small", MB), ("large", size)):
        with (tmp_path / name).open("wb") as file:
            file.truncate(length)  # sparse: it takes no room on the disk
    words = [sys.executable, "-c", SCRIPT, kind, drain.url, str(tmp_path / "small"), str(tmp_path / "large")]
    done = subprocess.run(words, capture_output=True, text=True, timeout=600, check=False, env=dict(os.environ))
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout)
    sys.stdout.write(f"\n{kind}: {size // MB} MB sent, {said['grown'] / MB:.1f} MB more of memory\n")
    assert size < said["said"]["taken"] < size + 10_000
    assert drain.counted[-1] == said["said"]["taken"]
    assert said["grown"] < ALLOWED


NAMES = {
    "quote": ('a"b.txt', b'filename="a%22b.txt"'),
    "line end": ("a\r\nX-Evil: 1\r\n\r\nb.txt", b'filename="a%0D%0AX-Evil: 1%0D%0A%0D%0Ab.txt"'),
    "both": ('"\r\n', b'filename="%22%0D%0A"'),
    "umlaut": ("größe.txt", 'filename="größe.txt"'.encode()),
    "path": ("../../etc/passwd", b'filename="../../etc/passwd"'),
}


@pytest.mark.parametrize("name", NAMES)
def test_f86_no_name_of_a_file_or_field_ends_its_line(runner, server, name):
    given, written = NAMES[name]
    runner(server.url).request("POST", "/files", form={given: "v"}, files={given: (given, b"data")})
    boundary = server.last.header("Content-Type").partition("boundary=")[2].encode()
    first, second = server.last.body.split(b"--" + boundary)[1:3]
    for part, ends in ((first, b"\r\n\r\nv\r\n"), (second, b"\r\n\r\ndata\r\n")):
        head = part.partition(b"\r\n\r\n")[0].strip(b"\r\n")
        assert not re.search(rb"(?im)^x-evil", head)
        assert part.endswith(ends)
        assert len(head.split(b"\r\n")) <= 2
    assert written in second
    assert written.replace(b"filename=", b"name=") in first


def test_f86_a_key_that_comes_twice_goes_out_twice_and_in_order(runner, server):
    files = [{"key": "f", "value": b"one"}, {"key": "f", "value": b"two"}]
    form = [{"key": "k", "value": "1"}, {"key": "k", "value": "2"}]
    given = {"method": "POST", "url": "/files", "fileData": files, "formData": form}
    runner(server.url).run("rawRequest", given)
    assert re.findall(rb'(?<!file)name="(.)"', server.last.body) == [b"k", b"k", b"f", b"f"]
    assert re.findall(rb"\r\n\r\n(\w+)\r\n", server.last.body) == [b"1", b"2", b"one", b"two"]


@pytest.mark.parametrize(
    ("parts", "field"),
    [
        ({"files": {"f": 5.5j}}, "files"),
        ({"files": {"f": io.StringIO("text")}}, "files"),
        ({"files": {"f": ("a.txt", {"a": 1})}}, "files"),
        ({"files": "f"}, "files"),
        ({"files": {"f": "report.pdf"}}, "files"),
        ({"files": {"f": ("a.pdf", "report.pdf")}}, "files"),
        ({"files": {"f": Path("report.pdf")}}, "files"),
        ({"files": {"f": [b"x", "report.pdf"]}}, "files"),
        ({"form": {"k": object()}}, "form"),
        ({"form": 5}, "form"),
    ],
)
def test_f86_what_is_no_file_is_told_and_nothing_is_sent(runner, server, parts, field):
    with pytest.raises(errors.InputError) as caught:
        runner(server.url).request("POST", "/files", **parts)
    assert field in [one.field for one in caught.value.problems]
    assert server.count == 0


def test_f86_the_path_of_a_file_is_told_with_how_to_open_it(runner, server):
    with pytest.raises(errors.InputError) as caught:
        runner(server.url).request("POST", "/files", files={"a": "a.txt", "b": b"x", "c": Path("c.txt")})
    told = [(one.got, one.expected, one.fix) for one in caught.value.problems]
    assert [got for got, _, _ in told] == ['a str as "a"', f'a {type(Path()).__name__} as "c"']
    assert all("a pair of a name and either" in expected for _, expected, _ in told)
    assert all('open("report.pdf", "rb")' in fix for _, _, fix in told)
    assert server.count == 0


def test_f86_a_name_without_its_file_is_told(runner, server):
    given = {"method": "POST", "url": "/files", "fileData": {"f": b"x"}, "fileDataFileNames": {"g": "a.txt"}}
    with pytest.raises(errors.InputError) as caught:
        runner(server.url).run("rawRequest", given)
    assert [one.field for one in caught.value.problems] == ["fileDataFileNames"]
    assert server.count == 0


def test_f86_a_file_that_was_closed_meanwhile_is_told(runner, server, tmp_path):
    (tmp_path / "a").write_bytes(b"x")
    with (tmp_path / "a").open("rb") as file:
        pass
    with pytest.raises(errors.ConnectorError) as caught:
        runner(server.url).request("POST", "/files", files={"f": file})
    assert caught.value.outcome == "not_sent"
    assert server.count == 0
    assert servers.TOKEN not in str(caught.value)
