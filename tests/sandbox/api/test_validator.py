"""The sandbox validates requests against the definitions and reports errors by field."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

import pytest
from support.sandboxes.shop import KEY, VERSION, field_errors, send_request

from connector import Client, Connection, Connector, errors
from connector.sandbox.api.validator import RequestValidator
from connector.sandbox.http.request import SandboxRequest
from connector.sandbox.http_server import serve
from connector.sandbox.sandbox import Sandbox

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


@pytest.fixture
def sandbox(shop: Connector) -> Sandbox:
    return Sandbox(shop)


@pytest.fixture
def client(shop: Connector, sandbox: Sandbox) -> Iterator[Client]:
    with Client(shop, sandbox.connection, http=sandbox.http) as one:
        yield one


class TestChecks:
    def test_any_action_of_a_path_that_fits_will_do(self, client: Client, sandbox: Sandbox) -> None:
        assert client.run("ping").data == {"pong": 1}
        assert client.run("pingLoudly", {"volume": 11}).status == 200
        assert send_request(sandbox, "GET", "/ping?volume=12").status == 200
        assert len(field_errors(send_request(sandbox, "GET", "/ping?loud=very&volume=x"))) == 1

    def test_constants_must_be_there(self, sandbox: Sandbox) -> None:
        answer = sandbox.service.handle("GET", "/api/v1/ping", [KEY], b"")
        assert field_errors(answer) == {"X-Shop-Version": "Expected 2026-01; got nothing."}
        answer = sandbox.service.handle("GET", "/api/v1/ping", [KEY, ("x-shop-version", "2019-12")], b"")
        assert field_errors(answer) == {"X-Shop-Version": "Expected 2026-01; got 2019-12."}

    def test_lists_of_a_query_are_judged_item_by_item(self, client: Client, sandbox: Sandbox) -> None:
        assert client.run("listOrders", {"states": ["open", "paid"], "since": "2026-01-01"}).status == 200
        assert list(field_errors(send_request(sandbox, "GET", "/orders?since=yesterday&state=a,b"))) == ["since"]

    def test_files_arrive_byte_for_byte_and_are_asked_for(self, client: Client, sandbox: Sandbox) -> None:
        content = bytes(range(256)) * 4 + b"\r\n--x\r\n\n\r"
        assert client.run("upload", {"title": "Größe", "file": content}).data == {"stored": True}
        boundary = ("Content-Type", "multipart/form-data; boundary=x")
        body = b'--x\r\nContent-Disposition: form-data; name="other"\r\n\r\n1\r\n--x--\r\n'
        assert field_errors(send_request(sandbox, "POST", "/files", boundary, body=body)).keys() == {"title", "content"}

    def test_files_are_taken_over_http_too(self, shop: Connector, sandbox: Sandbox) -> None:
        connection = Connection(shop, "pair", user="ada", password="pw")
        with serve(sandbox.service) as server, Client(shop, connection, base_url=server.url) as client:
            assert client.run("upload", {"title": "Größe", "file": b"\0\r\n\xff"}).data == {"stored": True}

    def test_a_file_opens_anew_and_one_that_cannot_be_read_is_reported(self, client: Client) -> None:
        class Recipe:
            opened: ClassVar[list[io.BytesIO]] = []

            def open_again(self) -> io.BytesIO:
                self.opened.append(io.BytesIO(b"abc"))
                return self.opened[-1]

        class Broken(io.RawIOBase):
            def read(self, size: int = -1) -> bytes:
                raise OSError(5, "gone")

        recipe = Recipe()
        for _ in range(2):
            assert client.run("upload", {"title": "T", "file": recipe}).data == {"stored": True}
        assert [file.closed for file in recipe.opened] == [True, True]
        with pytest.raises(errors.TransportError) as caught:
            client.run("upload", {"title": "T", "file": Broken()})
        assert (caught.value.kind, caught.value.outcome) == ("file", "not_sent")

    def test_json_is_judged_in_json_types(self, sandbox: Sandbox) -> None:
        good = {"names": {"a": "b"}, "days": "1,3", "stars": 1.5, "more": {}}
        media = ("Content-Type", "application/json; charset=utf-8")
        assert send_request(sandbox, "POST", "/typed", media, body=json.dumps(good).encode()).status == 201
        bad = {"names": {"a": 1}, "days": [1, 3], "stars": True, "more": "{}"}
        assert (
            field_errors(send_request(sandbox, "POST", "/typed", media, body=json.dumps(bad).encode())).keys()
            == bad.keys()
        )

    def test_a_request_line_may_hold_the_whole_url(self, sandbox: Sandbox) -> None:
        answer = sandbox.service.handle("GET", "http://127.0.0.1:1/api/v1/ping?loud=true", [KEY, VERSION], b"")
        assert json.loads(answer.body) == {"pong": 1}

    def test_a_body_that_no_action_describes_must_be_whole_too(self, sandbox: Sandbox) -> None:
        answer = send_request(sandbox, "PATCH", "/events/1", ("Content-Type", "application/json"), body=b"{")
        assert "not JSON" in field_errors(answer)["body"]

    def test_text_and_bytes_come_back_as_declared(self, client: Client) -> None:
        assert client.run("export").data == "a;b\n1;2\n"
        assert client.run("picture").data == b"GIF89a"
        assert client.run("say", {"words": "Hello"}).status == 201

    @pytest.mark.parametrize(
        ("body", "why"),
        [(b"{", "not JSON"), (b"\xff", "not JSON"), (b'{"a": NaN}', "not JSON"), (b"[]", "object"), (b"5", "object")],
    )
    def test_a_body_that_cannot_be_read_is_reported(self, sandbox: Sandbox, body: bytes, why: str) -> None:
        answer = send_request(sandbox, "POST", "/logs", ("Content-Type", "application/json"), body=body)
        assert why in field_errors(answer)["body"]


class TestObjects:
    """Objects are read back into their members, and judged as they were sent."""

    EVENT: ClassVar = {"start": {"dateTime": "2030-01-01T10:00:00Z"}, "end": {"dateTime": "2030-01-01T11:00:00Z"}}

    @pytest.fixture
    def post(self) -> Iterator[Callable[..., int]]:
        """Send an event as it goes over the wire; return the status, or raise what the client raises."""
        connector = Connector.open(Path(__file__).parents[3] / "examples" / "google-calendar")
        sandbox = Sandbox(connector)
        with Client(connector, sandbox.connection, http=sandbox.http) as client:
            yield lambda **more: client.request("POST", "/calendars/primary/events", data={**self.EVENT, **more}).status

    def test_members_are_judged_at_their_places_with_their_types(self, post: Callable[..., int]) -> None:
        assert post(attendees=[{"email": "a@x.io", "additionalGuests": 1}]) == 201
        with pytest.raises(errors.ConnectorError) as caught:
            post(
                attendees=[{"email": "a@x.io", "additionalGuests": "1"}, {"additionalGuests": -1}],
                reminders={"overrides": [{"method": "fax", "minutes": 5}]},
            )
        told = str(caught.value.to_dict())
        for place in (
            "attendees.0.additionalGuests",
            "attendees.1.guests",
            "attendees.1.email",
            "reminders.overrides.0.method",
        ):
            assert place in told

    @pytest.fixture
    def post_blocks(self) -> Iterator[Callable[..., int]]:
        """Send blocks as they go over the wire; return the status, or raise what the client raises."""
        connector = Connector.open(Path(__file__).parents[3] / "examples" / "slack")
        sandbox = Sandbox(connector)
        with Client(connector, sandbox.connection, http=sandbox.http) as client:
            message = {"channel": "C1", "text": "a"}
            yield lambda *blocks: client.request("POST", "/chat.postMessage", data={**message, "blocks": blocks}).status

    def test_what_a_member_adds_is_checked_and_the_variant_is_told_by_its_tag(
        self, post_blocks: Callable[..., int]
    ) -> None:
        image = {"type": "image", "image_url": "https://example.com/a.png", "alt_text": "a"}
        assert post_blocks({"type": "section", "text": {"type": "mrkdwn", "text": "a"}}, {"type": "divider"}, image)
        with pytest.raises(errors.ConnectorError) as caught:
            post_blocks(
                {"type": "header", "text": {"type": "html", "text": "a"}},
                {"type": "image", "image_url": "https://x.io"},
            )
        told = str(caught.value.to_dict())
        assert "Expected plain_text; got html." in told
        assert "blocks.1.description" in told

    def test_what_an_input_adds_is_checked(self, folder: Callable[..., Connector]) -> None:
        action = (
            "action: send\nlabel: Send\nsummary: Send a text.\nrequest: POST /texts\nbody: form\ninputs:\n"
            "  at: {label: At, help: When., type: string, to: form.at, adds: {form.kind: fixed}}\n"
        )
        connector = folder("", {"send": action})
        validator = RequestValidator(connector, connector.action("send"))
        form = [("Content-Type", "application/x-www-form-urlencoded")]

        def tell(body: bytes) -> dict[str, str]:
            return validator.validate(SandboxRequest.parse("POST", "/texts", form, body), ()).errors

        assert tell(b"at=noon") == {"kind": "Expected fixed; got nothing."}
        assert tell(b"at=noon&kind=free") == {"kind": "Expected fixed; got free."}
        assert tell(b"at=noon&kind=fixed") == tell(b"") == {}

    def test_a_text_where_any_json_may_be_is_taken_as_it_was_sent(self, folder: Callable[..., Connector]) -> None:
        action = (
            "action: send\nlabel: Send\nsummary: Send a text.\nrequest: POST /texts\ninputs:\n"
            "  note: {label: Note, help: A note., type: json, to: body.note}\n"
            "  parts: {label: Parts, help: Parts., type: list of object, to: body.parts, fields: {\n"
            "    content: {label: Content, help: Content., type: json, to: content}}}\n"
        )
        connector = folder("", {"send": action})
        sandbox = Sandbox(connector)
        with Client(connector, sandbox.connection, http=sandbox.http) as client:
            given = {"note": '"Are [all] here?"', "parts": [{"content": '"{"'}, {"content": [1]}]}
            assert client.dry_run("send", given).body.value["parts"][0] == {"content": "{"}
            assert client.run("send", given).status in (200, 201)
