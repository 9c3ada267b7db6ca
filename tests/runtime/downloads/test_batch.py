"""Download batches: unique safe names, no file twice, bounded concurrency."""

from __future__ import annotations

import threading

import pytest
from support.file_server import File, content, there
from support.servers import head, held, raw, redirect, reply

from connector import errors
from connector.runtime.downloads import file_name
from connector.runtime.downloads.batch import list_files

GIVEN = {"meetingId": "93171255240"}
START = "2026-11-02T09:00:12Z"


def recording(server, name, size=1000, **more):
    return {
        "recording_start": START, "recording_type": name, "file_extension": "MP4", "file_size": size,
        "download_url": f"http://127.0.0.1:{server.port}/rec/{name}", **more,
    }  # fmt: skip


def service(server, files, **more):
    """Serve a meeting's recordings and the files behind them."""

    def answer(request):
        if request.path.endswith("/recordings"):
            return reply(json_={"recording_files": files, **more})
        return File(content(1000, sum(request.target)))(request)

    server.always(answer)


@pytest.fixture
def make(runner, server, clock):
    """A runner of either kind that talks to the counting server."""
    return lambda **options: runner(server.url, clock=clock, **options)


def test_every_file_comes_under_its_name_and_is_skipped_the_next_time(make, server, tmp_path):
    service(server, [recording(server, "gallery_view"), recording(server, "chat_file", file_extension="TXT")])
    first = make().download_all("getMeetingRecordings", GIVEN, tmp_path)
    names = ["2026-11-02T09-00-12Z-chat_file.txt", "2026-11-02T09-00-12Z-gallery_view.mp4"]
    assert there(tmp_path) == names
    assert {key: first.data[key] for key in ("downloaded", "skipped", "failed")} == {
        "downloaded": 2,
        "skipped": 0,
        "failed": 0,
    }
    assert [row["path"] for row in first.data["files"]] == [str(tmp_path / name) for name in reversed(names)]
    assert first.complete
    again = make().download_all("getMeetingRecordings", GIVEN, tmp_path)
    assert (again.data["skipped"], server.count) == (2, 4)
    make().download_all("getMeetingRecordings", GIVEN, tmp_path, overwrite=True)
    assert server.count == 7


def test_a_file_of_another_size_is_told_and_not_replaced(make, server, tmp_path):
    service(server, [recording(server, "a"), recording(server, "b")])
    (tmp_path / "2026-11-02T09-00-12Z-a.mp4").write_text("mine")
    result = make().download_all("getMeetingRecordings", GIVEN, tmp_path)
    assert not result.complete
    assert (result.data["failed"], result.data["downloaded"]) == (1, 1)
    assert "overwrite" in str(result.data["files"][0]["error"])
    assert (tmp_path / "2026-11-02T09-00-12Z-a.mp4").read_text() == "mine"


@pytest.mark.parametrize("overwrite", [False, True])
def test_what_is_no_file_under_a_name_is_one_failed_entry(make, server, tmp_path, overwrite):
    service(server, [recording(server, name) for name in ("a", "b", "c")])
    (tmp_path / "2026-11-02T09-00-12Z-a.mp4").symlink_to(tmp_path / "nowhere")
    (tmp_path / "2026-11-02T09-00-12Z-b.mp4").mkdir()
    result = make().download_all("getMeetingRecordings", GIVEN, tmp_path, overwrite=overwrite)
    told = [row.get("error", {}).get("message", "") for row in result.data["files"]]
    assert ["which is a link" in told[0], "which is a folder" in told[1], told[2]] == [True, True, ""]
    assert all("move it away" in text for text in told[:2])
    assert "another name" not in str(told)
    assert (result.data["failed"], result.data["downloaded"], result.complete, server.count) == (2, 1, False, 2)
    assert len(there(tmp_path)) == 3


def test_a_limit_is_how_many_files_come_at_most(make, server, tmp_path):
    service(server, [recording(server, name) for name in ("a", "b", "c")])
    result = make().download_all("getMeetingRecordings", GIVEN, tmp_path, limit=2)
    assert (result.data["downloaded"], result.complete, server.count) == (2, False, 3)
    result = make().download_all("getMeetingRecordings", GIVEN, tmp_path, limit=3)
    assert (result.data["skipped"], result.data["downloaded"], result.complete) == (2, 1, True)


def test_a_limit_of_a_listing_asks_for_no_more_pages(make, server, tmp_path):
    calls = [
        {"id": str(n), "date_time": START, "download_url": f"http://127.0.0.1:{server.port}/rec/{n}"} for n in (1, 2)
    ]
    page = reply(json_={"recordings": calls, "next_page_token": "more"})
    server.always(lambda request: page if b"/users/" in request.target else File(content(9))(request))
    result = make().download_all("getPhoneRecordings", {"userId": "me"}, tmp_path, limit=1)
    assert (result.data["downloaded"], result.complete, server.count) == (1, False, 2)


def test_what_is_given_is_judged_before_a_folder_is_made(make, server, tmp_path):
    with pytest.raises(errors.InputError, match="meetingId"):
        make().download_all("getMeetingRecordings", {}, tmp_path / "new")
    with pytest.raises(errors.InputError, match=r"folder: got a dict; expected the path"):
        make().download_all("getMeetingRecordings", "x", GIVEN)
    with pytest.raises(errors.UsageError, match="mapping"):
        make().download_all("getMeetingRecordings", "x", tmp_path / "new")
    for limit in (0, "1", True):
        with pytest.raises(errors.InputError, match="limit"):
            make().download_all("getMeetingRecordings", GIVEN, tmp_path / "new", limit=limit)
    assert (server.count, there(tmp_path)) == (0, [])
    server.always(reply(404, {"code": 3301, "message": "gone"}))
    with pytest.raises(errors.NotFound):
        make().download_all("getMeetingRecordings", GIVEN, tmp_path / "new")
    assert there(tmp_path) == []


def test_a_file_that_another_download_writes_is_one_failed_entry(make, server, tmp_path):
    begun, gate = threading.Event(), threading.Event()
    files = [recording(server, "a"), recording(server, "b")]

    def first(line, request):
        begun.set()
        return held(gate, File(content(1000))(request))(line, request)

    server.then(first)
    one = threading.Thread(
        target=lambda: make().download(files[0]["download_url"], tmp_path / "2026-11-02T09-00-12Z-a.mp4")
    )
    one.start()
    assert begun.wait(20)
    service(server, files)
    try:
        result = make().download_all("getMeetingRecordings", GIVEN, tmp_path)
    finally:
        gate.set()
        one.join(20)
    assert (result.data["downloaded"], result.data["failed"]) == (1, 1)
    assert "Another download is writing" in result.data["files"][0]["error"]["message"]
    assert len(there(tmp_path)) == 2


def test_files_that_are_named_alike_each_get_their_own(make, server, tmp_path):
    service(server, [recording(server, "a"), recording(server, "a"), recording(server, "A", file_extension="mp4")])
    make().download_all("getMeetingRecordings", GIVEN, tmp_path)
    stem = "2026-11-02T09-00-12Z"
    assert there(tmp_path) == [f"{stem}-A-3.mp4", f"{stem}-a-2.mp4", f"{stem}-a.mp4"]


def test_one_that_fails_leaves_the_others_be(make, server, tmp_path):
    files = [recording(server, "a"), recording(server, "b"), recording(server, "c")]
    files[1]["download_url"] = "https://files.evil.example/b"
    service(server, files)
    result = make().download_all("getMeetingRecordings", GIVEN, tmp_path, retry={"maxRetries": 0})
    assert [row.get("error", {}).get("type") for row in result.data["files"]] == [None, "InputError", None]
    assert "files.evil.example" in result.data["files"][1]["error"]["message"]
    assert server.count == 3


def test_a_token_that_is_refused_ends_them_all(make, server, tmp_path):
    files = [recording(server, str(number)) for number in range(20)]

    def answer(request):
        listing = request.path.endswith("/recordings")
        return reply(json_={"recording_files": files}) if listing else reply(401, {"code": 124, "message": "no"})

    server.always(answer)
    with pytest.raises(errors.SignInError):
        make().download_all("getMeetingRecordings", GIVEN, tmp_path, concurrency=2)
    assert server.count < 10


def test_a_refusal_with_200_is_of_its_own_file_whatever_its_code(make, server, tmp_path):
    files = [recording(server, name) for name in ("a", "b")]
    replies = {
        "/rec/a": reply(200, {"status": False, "errorCode": 124, "errorMessage": "Forbidden"}),
        "/rec/b": File(content(1000)),
    }

    def answer(request):
        given = replies.get(request.path, reply(json_={"recording_files": files}))
        return given(request) if isinstance(given, File) else given

    server.always(answer)
    result = make().download_all("getMeetingRecordings", GIVEN, tmp_path)
    assert (result.data["downloaded"], result.data["failed"], result.complete) == (1, 1, False)
    assert "Forbidden" in result.data["files"][0]["error"]["message"]
    assert len(there(tmp_path)) == 1


def test_the_replys_own_token_downloads_them(make, server, tmp_path):
    service(server, [recording(server, "a")], download_access_token="of-this-meeting")
    make().download_all("getMeetingRecordings", GIVEN, tmp_path)
    assert server.last.header("authorization") == "Bearer of-this-meeting"


def test_no_more_come_at_once_than_asked_for(make, server, tmp_path):
    files = [recording(server, str(number)) for number in range(8)]
    now, most, lock, full = [0], [0], threading.Lock(), threading.Event()

    def counted(line, request):
        with lock:
            now[0] += 1
            most[0] = max(most[0], now[0])
            if now[0] == 3:
                full.set()
        stays = held(full, File(content(1000))(request))(line, request)
        with lock:
            now[0] -= 1
        return stays

    server.always(
        lambda request: reply(json_={"recording_files": files}) if b"recordings" in request.target else counted
    )
    make().download_all("getMeetingRecordings", GIVEN, tmp_path, concurrency=3)
    assert most[0] == 3
    assert len(there(tmp_path)) == 8


def test_files_without_a_url_yet_are_told(make, server, tmp_path):
    service(server, [recording(server, "a"), {"recording_type": "b", "status": "processing"}])
    result = make().download_all("getMeetingRecordings", GIVEN, tmp_path)
    assert result.data["downloaded"] == 1
    assert "1 file has no URL" in result.warnings[0]


def test_a_file_that_comes_with_another_size_than_was_said_is_told(make, server, tmp_path):
    service(server, [recording(server, "a", size=999)])
    assert "1,000 bytes; the reply said 999" in make().download_all("getMeetingRecordings", GIVEN, tmp_path).warnings[0]


def test_a_file_of_another_size_than_listed_is_known_the_next_time_and_told_once(make, server, tmp_path):
    files = [recording(server, "a", size=999), recording(server, "b")]
    service(server, files)
    assert len(make().download_all("getMeetingRecordings", GIVEN, tmp_path).warnings) == 1
    for _ in range(2):
        again = make().download_all("getMeetingRecordings", GIVEN, tmp_path)
        assert (again.data["skipped"], again.data["failed"], again.warnings) == (2, 0, ())
        assert again.complete
    files[0]["file_size"] = 998
    changed = make().download_all("getMeetingRecordings", GIVEN, tmp_path)
    assert changed.data["failed"] == 1, "the listing speaks of another file now"
    files[0]["file_size"] = 1000
    make().download_all("getMeetingRecordings", GIVEN, tmp_path, overwrite=True)
    assert there(tmp_path) == ["2026-11-02T09-00-12Z-a.mp4", "2026-11-02T09-00-12Z-b.mp4"], "no note is needed now"


@pytest.mark.parametrize("damage", [b"", b"{", b"[]", b'{"listed": 999}'])
def test_a_note_that_cannot_be_read_knows_no_file(make, server, tmp_path, damage):
    service(server, [recording(server, "a", size=999)])
    make().download_all("getMeetingRecordings", GIVEN, tmp_path)
    (tmp_path / ".2026-11-02T09-00-12Z-a.mp4.size.json").write_bytes(damage)
    assert make().download_all("getMeetingRecordings", GIVEN, tmp_path).data["failed"] == 1


def test_a_listed_size_tells_a_file_that_was_cut_where_nothing_else_does(make, server, tmp_path):
    def answer(request):
        if request.path.endswith("/recordings"):
            return reply(json_={"recording_files": [recording(server, "a")]})
        return raw(head(200, [("Content-Type", "video/mp4"), ("Connection", "close")]) + content(999))

    server.always(answer)
    result = make().download_all("getMeetingRecordings", GIVEN, tmp_path)
    assert "999 of the 1,000 bytes that were listed arrived" in str(result.data["files"][0]["error"])
    assert there(tmp_path) == []


def test_an_empty_file_is_told(make, server, tmp_path):
    server.always(
        lambda request: (
            reply(json_={"recording_files": [recording(server, "a", size=0)]})
            if request.path.endswith("/recordings")
            else File(b"")(request)
        )
    )
    assert "a file of 0 bytes" in make().download_all("getMeetingRecordings", GIVEN, tmp_path).warnings[0]


def test_names_without_an_extension_get_that_of_the_reply(make, server, tmp_path):
    calls = [
        {"id": str(n), "date_time": START, "download_url": f"http://127.0.0.1:{server.port}/rec/{n}"} for n in (1, 2)
    ]

    def answer(request):
        listing = b"/users/" in request.target
        return (
            reply(json_={"recordings": calls}) if listing else File(content(9), {"Content-Type": "audio/mpeg"})(request)
        )

    server.always(answer)
    for _ in range(2):
        result = make().download_all("getPhoneRecordings", {"userId": "me"}, tmp_path)
    assert there(tmp_path) == ["2026-11-02T09-00-12Z-1.mp3", "2026-11-02T09-00-12Z-2.mp3"]
    assert result.data["skipped"] == 2


def test_an_action_that_lists_no_files_names_those_that_do(make, server, tmp_path):
    with pytest.raises(errors.UsageError, match="getMeetingRecordings, getPhoneRecordings"):
        make().download_all("getMeeting", GIVEN, tmp_path)
    for wrong in (0, 33, True, "4"):
        with pytest.raises(errors.InputError, match="concurrency"):
            make().download_all("getMeetingRecordings", GIVEN, tmp_path, concurrency=wrong)
    assert server.count == 0


def test_progress_counts_all_files_together(make, server, tmp_path):
    seen = []
    service(server, [recording(server, "a"), recording(server, "b")])
    make().download_all("getMeetingRecordings", GIVEN, tmp_path, progress=lambda *said: seen.append(said))
    assert seen[-1] == (2000, 2000)


def test_a_storage_is_followed_for_each(make, server, tmp_path):
    files = [recording(server, "a")]
    server.then(reply(json_={"recording_files": files}), redirect("/elsewhere")).always(File(content(1000)))
    assert make().download_all("getMeetingRecordings", GIVEN, tmp_path).complete


def test_a_reply_without_any_files_is_no_trouble(zoom):
    for data in ({}, {"recording_files": None}, {"recording_files": [5, None, {}]}, [], None):
        assert list_files(zoom, "getMeetingRecordings", data)[0] == []


@pytest.mark.parametrize(
    ("given", "safe"),
    [
        ("a.mp4", "a.mp4"), ("../../etc/passwd", "passwd"), ("..\\..\\boot.ini", "boot.ini"), ("/etc/shadow", "shadow"),
        ("C:\\x\\y.txt", "y.txt"), (".bashrc", "bashrc"), ("...", ""), ("", ""), ("a/", ""), ("..", ""), ("a\0b", "ab"),
        ("a\nb\r.txt", "ab.txt"), ("a:b*c?.txt", "a-b-c-.txt"), ("CON", "_CON"), ("nul.txt", "_nul.txt"),
        ("con.tar.gz", "_con.tar.gz"), ("a" * 400 + ".mp4", "a" * 176 + ".mp4"), ("ß" * 200, "ß" * 90),
        ("\u202eexe.gpj", "exe.gpj"), ("name. ", "name"), ("  two   words ", "two words"), ("%2e%2e%2fx", "-2e-2e-2fx"),
        ("~root", "~root"), ("-rf", "-rf"),
    ],
)  # fmt: skip
def test_a_name_from_outside_names_a_file_in_the_folder_and_nothing_else(given, safe):
    assert file_name.sanitize_name(given) == safe


@pytest.mark.parametrize(
    ("disposition", "kind", "name"),
    [
        (None, None, "Xk2m"), (None, "video/mp4; charset=x", "Xk2m.mp4"), ("attachment", "text/vtt", "Xk2m.vtt"),
        ('attachment; filename="weekly review.mp4"', None, "weekly review.mp4"), ("attachment; filename=a.mp4", None, "a.mp4"),
        ("attachment; filename*=UTF-8''%e2%82%ac%20rates.mp4; filename=\"x.mp4\"", None, "€ rates.mp4"),
        ("attachment; filename*=UTF-8''..%2f..%2fetc%2fpasswd", None, "passwd"),
        ('attachment; filename="a\\"b.mp4"', None, "a-b.mp4"), ("inline; FILENAME=a.mp4", None, "a.mp4"),
        ('attachment; filename=""', "audio/mp4", "Xk2m.m4a"), ("attachment; filename=..", None, "Xk2m"),
        ("attachment; filename*=UTF-8''%00%0a.txt", None, "txt"), (None, "application/octet-stream", "Xk2m"),
    ],
)  # fmt: skip
def test_a_reply_names_its_file(disposition, kind, name):
    assert file_name.name_from_reply("https://zoom.us/rec/download/Xk2m?x=/y.exe", disposition, kind) == name


def test_a_url_without_a_name_has_one_too():
    assert file_name.name_from_reply("https://zoom.us/", None, "video/mp4") == "download.mp4"
    assert file_name.name_from_reply("https://zoom.us/..%2f..%2f", None, None) == "download"
