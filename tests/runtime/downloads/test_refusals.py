"""What comes in the place of a file is an error in the service's words, and never a file."""

from __future__ import annotations

import json

import pytest
from support.file_server import File, content, there
from support.servers import head, raw, reply

from connector import errors

GIVEN = {"meetingId": "93171255240"}
FORBIDDEN = {"status": False, "errorCode": 1240, "errorMessage": "Forbidden"}
JSON, PLAIN, STREAM = "application/json", "text/plain", "application/octet-stream"


@pytest.fixture
def make(runner, server, clock):
    """A runner of either kind that talks to the counting server."""
    return lambda **options: runner(server.url, clock=clock, **options)


def url(server, path="/rec/download/Xk2m"):
    return f"http://127.0.0.1:{server.port}{path}"


def typed(body, kind, **headers):
    """Serve a body of a content type; numbers become JSON's text."""
    return File(body if isinstance(body, bytes) else json.dumps(body).encode(), {"Content-Type": kind, **headers})


def listing(server, extension, answer):
    """Serve a meeting with one file, which the listing says to have this extension."""
    file = {"recording_start": "2026-11-02T09:00:12Z", "recording_type": "a", "download_url": url(server)}
    file |= {"file_extension": extension} if extension else {}

    def choose(request):
        return reply(json_={"recording_files": [file]}) if request.path.endswith("/recordings") else answer(request)

    server.always(choose)


@pytest.mark.parametrize("extension", ["MP4", "M4A", "VTT", "TXT", "CSV", None])
@pytest.mark.parametrize(
    "body", [FORBIDDEN, {"fault": {"faultstring": "Forbidden"}}, [{"reason": "Forbidden"}], {"detail": "Forbidden" * 9_000}]
)  # fmt: skip
def test_json_in_the_place_of_what_is_listed_otherwise_is_a_failed_entry(make, server, tmp_path, extension, body):
    listing(server, extension, typed(body, f"{JSON}; charset=utf-8"))
    result = make().download_all("getMeetingRecordings", GIVEN, tmp_path)
    assert (result.data["downloaded"], result.data["failed"], result.complete) == (0, 1, False)
    assert "Forbidden" in result.data["files"][0]["error"]["message"]
    assert result.data["files"][0]["error"]["type"] == "Rejected"
    assert there(tmp_path) == []


@pytest.mark.parametrize("kind", [STREAM, PLAIN, "text/html", "video/mp4", "application/problem+json", "text/json"])
@pytest.mark.parametrize("name", ["a.mp4", "a.vtt", "a.txt"])
def test_it_is_known_by_its_content_whatever_it_is_labelled(make, server, tmp_path, kind, name):
    server.always(typed(FORBIDDEN, kind, ETag='"v1"'))
    with pytest.raises(errors.Rejected, match="Forbidden"):
        make().download(url(server), tmp_path / name)
    assert (server.count, there(tmp_path)) == (1, [])


@pytest.mark.parametrize("status", [200, 201, 203, 206])
@pytest.mark.parametrize("target", ["a", "a.mp4", "a.json"])
def test_json_that_is_labelled_as_a_page_is_no_file_under_any_name(make, server, tmp_path, target, status):
    server.always(reply(status, body=json.dumps(FORBIDDEN).encode(), headers=[("Content-Type", "text/html")]))
    with pytest.raises(errors.ConnectorError, match="Forbidden"):
        make().download(url(server), tmp_path / target)
    assert there(tmp_path) == []


def test_json_that_gives_no_reason_is_shown_itself(make, server, tmp_path):
    server.always(typed({"retry": False, "trace": [7, 8]}, JSON))
    with pytest.raises(
        errors.Rejected, match=r'this came in the place of the file: \{"retry": false, "trace": \[7, 8\]\}'
    ):
        make().download(url(server), tmp_path / "a.mp4")
    assert there(tmp_path) == []


@pytest.mark.parametrize("target", ["a", "a.mp4", ""])
def test_json_under_its_own_type_needs_a_name_that_says_so(make, server, tmp_path, target):
    server.always(typed(FORBIDDEN, JSON))
    with pytest.raises(errors.Rejected, match=r"Get a fresh URL.*give it a name that ends in \.json"):
        make().download(url(server), f"{tmp_path}/{target}")
    assert there(tmp_path) == []


@pytest.mark.parametrize(
    ("path", "target", "headers"),
    [
        ("/rec/x", "timeline.json", {}),
        ("/rec/x", "timeline.JSON", {}),
        ("/rec/x", "places.geojson", {}),
        ("/rec/timeline.json?a=b", "", {}),
        ("/rec/x", "", {"Content-Disposition": 'attachment; filename="timeline.json"'}),
    ],
)
@pytest.mark.parametrize("kind", [JSON, STREAM, PLAIN])
def test_json_whose_name_says_so_is_a_file(make, server, tmp_path, path, target, headers, kind):
    server.always(typed({"timeline": [{"ts": "00:00:01"}]}, kind, **headers))
    result = make().download(url(server, path), f"{tmp_path}/{target}")
    assert json.loads((tmp_path / result.data["path"]).read_bytes()) == {"timeline": [{"ts": "00:00:01"}]}


def test_what_is_listed_as_json_is_a_file(make, server, tmp_path):
    listing(server, "JSON", typed({"timeline": []}, JSON))
    assert make().download_all("getMeetingRecordings", GIVEN, tmp_path).data["downloaded"] == 1
    assert there(tmp_path) == ["2026-11-02T09-00-12Z-a.json"]


def test_where_a_listing_may_have_json_it_is_a_file(make, server, tmp_path):
    call = {"id": "1", "date_time": "2026-11-02T09:00:12Z", "download_url": url(server, "/a"),
            "transcript_download_url": url(server, "/t")}  # fmt: skip
    answer = typed({"timeline": []}, JSON)
    server.always(
        lambda request: reply(json_={"recordings": [call]}) if b"/users/" in request.target else answer(request)
    )
    rows = make().download_all("getPhoneRecordings", {"userId": "me"}, tmp_path).data["files"]
    assert ["error" in row for row in rows] == [True, False], "a call that was recorded is no JSON"
    assert there(tmp_path) == ["2026-11-02T09-00-12Z-1-transcript.json"]


@pytest.mark.parametrize(
    ("name", "kind", "body"),
    [
        ("a.txt", PLAIN, b"09:00:12 Nora: {hello}"),
        ("a.txt", PLAIN, b"[09:00:12] Nora: hello"),
        ("a.vtt", "text/vtt", b"WEBVTT\n"),
        ("a.csv", PLAIN, b"a,b\n1,2\n"),
        ("a", STREAM, b'{"a": 1}'),
        ("a.mp4", JSON, b"\0\0\0 ftypisom" + content(100_000)),
        ("a.mp4", PLAIN, b"\0\0\0 ftypisom"),
        ("a.html", STREAM, b"<!DOCTYPE html><p>notes"),
        ("a.svg", "image/svg+xml", b"<svg/>"),
        ("a.xml", "text/xml", b"<a/>"),
    ],
)
def test_what_only_looks_alike_is_a_file(make, server, tmp_path, name, kind, body):
    server.always(typed(body, kind))
    make().download(url(server), tmp_path / name)
    assert (tmp_path / name).read_bytes() == body


@pytest.mark.parametrize(
    ("name", "kind", "body"),
    [
        ("a.mp4", PLAIN, b"Forbidden"),
        ("a.m4a", "text/xml", b"<Error><Message>Forbidden</Message></Error>"),
        ("a.pdf", "application/xml", b"<Error>Forbidden</Error>"),
        ("a.txt", PLAIN, b"\xef\xbb\xbf\n<!doctype HTML><title>Forbidden</title>" + b" " * 100_000),
        ("a.mp4", STREAM, b"<html><title>Forbidden</title>"),
    ],
)
def test_a_page_or_a_text_in_the_place_of_another_kind_of_file_is_an_error(make, server, tmp_path, name, kind, body):
    server.always(typed(body, kind))
    with pytest.raises(errors.ConnectorError, match="Forbidden"):
        make().download(url(server), tmp_path / name)
    assert there(tmp_path) == []


def test_json_whose_length_nobody_says_is_judged_alike(make, server, tmp_path):
    body = json.dumps({**FORBIDDEN, "more": "x" * 100_000}).encode()
    chunk = b"%x\r\n%s\r\n0\r\n\r\n" % (len(body), body)
    server.always(raw(head(200, [("Content-Type", JSON), ("Transfer-Encoding", "chunked")]) + chunk))
    with pytest.raises(errors.Rejected, match="Forbidden"):
        make().download(url(server), tmp_path / "a.mp4")
    assert there(tmp_path) == []


def test_a_refusal_over_a_part_leaves_the_part(make, server, tmp_path):
    body = content(300_000)
    server.always(File(body, cuts=[100_000]))
    with pytest.raises(errors.TransportError):
        make().download(url(server), tmp_path / "a.mp4", retry={"maxRetries": 0})
    server.then(reply(200, FORBIDDEN))
    with pytest.raises(errors.Rejected):
        make().download(url(server), tmp_path / "a.mp4")
    make().download(url(server), tmp_path / "a.mp4")
    assert [request.header("range") for request in server.requests] == [None, "bytes=100000-", "bytes=100000-"]
    assert (tmp_path / "a.mp4").read_bytes() == body


@pytest.mark.parametrize("status", [401, 403])
@pytest.mark.parametrize("message", ["", "Expired."])
def test_a_token_given_by_hand_that_is_refused_comes_anew_with_what_named_the_file(
    make, server, tmp_path, status, message
):
    server.always(reply(status, {"message": message}))
    with pytest.raises((errors.SignInError, errors.Denied)) as caught:
        make().download(url(server), tmp_path / "a.mp4", token="of-an-event")
    assert (
        caught.value.hint
        == "Get a fresh token with the reply or the event that named the file; such a token ends soon."
    )
    assert (message or "no reason given") in str(caught.value)
    assert ": ." not in str(caught.value)
    with pytest.raises((errors.SignInError, errors.Denied)) as caught:
        make().download(url(server), tmp_path / "a.mp4")
    assert "event" not in caught.value.hint, "a connection is signed in anew"


@pytest.mark.parametrize("kind", ["application/xml", STREAM, "video/mp4", ""])
@pytest.mark.parametrize("start", ['<?xml version="1.0"?>', "", "\ufeff\n"])
def test_markup_is_no_recording_whatever_it_is_labelled(make, server, tmp_path, kind, start):
    server.always(typed(f"{start}<Error><Code>AccessDenied</Code></Error>".encode(), kind))
    with pytest.raises(errors.Rejected, match="AccessDenied"):
        make().download(url(server), tmp_path / "a.mp4")
    assert there(tmp_path) == []


@pytest.mark.parametrize("name", ["a.vtt", "a.txt", "a.csv"])
def test_xml_by_its_label_is_no_plain_text(make, server, tmp_path, name):
    server.always(typed(b"<Error>AccessDenied</Error>", "application/xml"))
    with pytest.raises(errors.Rejected, match="AccessDenied"):
        make().download(url(server), tmp_path / name)
    server.always(typed(b"<v Ada>Good morning.", PLAIN))
    assert make().download(url(server), tmp_path / name).data["size"] == 20


@pytest.mark.parametrize("body", [b'"Forbidden"', b"null", b"403", json.dumps(FORBIDDEN).encode("utf-16")])
def test_any_json_by_its_label_is_no_recording(make, server, tmp_path, body):
    server.always(typed(body, JSON))
    with pytest.raises(errors.Rejected):
        make().download(url(server), tmp_path / "a.mp4")
    assert there(tmp_path) == []
