"""A second connector against its sandbox: other pagination, forms, nested errors, keys."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from pydantic_core import to_json
from support.sandboxes.shop import field_errors, send_request

from connector import Client, Connection, Connector, errors
from connector.sandbox.http_server import serve
from connector.sandbox.sandbox import Sandbox

if TYPE_CHECKING:
    from collections.abc import Iterator


FORM = ("Content-Type", "application/x-www-form-urlencoded")


@pytest.fixture
def sandbox(shop: Connector) -> Sandbox:
    return Sandbox(shop)


@pytest.fixture
def client(shop: Connector, sandbox: Sandbox) -> Iterator[Client]:
    with Client(shop, sandbox.connection, http=sandbox.http) as one:
        yield one


class TestForms:
    def test_a_form_is_kept_in_the_types_of_its_inputs(self, client: Client) -> None:
        given = {
            "customerName": "Rui",
            "vip": True,
            "items": [{"sku": "b-2", "count": 3}],
            "tags": ["a", "b"],
            "total": 7.25,
            "extra": {"size": "xl"},
        }
        made = client.run("createOrder", given)
        order = made.data["order"]
        assert made.status == 201
        assert order["customer"] == {"name": "Rui", "vip": True}
        assert (order["tags"], order["total"], order["extra"]) == (["a", "b"], 7.25, {"size": "xl"})
        assert order["items"] == [{"sku": "b-2", "count": "3"}]
        assert "placed_at" not in order  # nobody gave it

    def test_a_thing_in_a_reply_keeps_its_place_and_its_id_in_links(self, client: Client) -> None:
        order = client.run("createOrder", {"customerName": "Rui"}).data["order"]
        assert order["links"] == {
            "self": f"https://shop.example/orders/{order['number']}",
            "v1": "https://shop.example/v1",
        }
        assert client.run("getOrder", {"orderId": str(order["number"])}).data["order"]["customer"]["name"] == "Rui"

    def test_a_form_is_judged_as_text(self, sandbox: Sandbox) -> None:
        body = b"customer[vip]=perhaps&reference=A+B&total=-1&placed_at=soon&unknown[deep][er]=1&customer[name]="
        found = field_errors(send_request(sandbox, "POST", "/orders", FORM, body=body))
        assert found.keys() == {"customer.vip", "reference", "total", "placed_at", "customer.name"}

    def test_the_wrong_kind_of_body_is_reported_without_blaming_its_fields(self, sandbox: Sandbox) -> None:
        body = json.dumps({"customer": {"name": "Rui"}}).encode()
        answer = send_request(sandbox, "POST", "/orders", ("Content-Type", "application/json"), body=body)
        assert list(field_errors(answer)) == ["Content-Type"]

    def test_a_put_changes_what_is_sent_and_answers_its_own_example(self, client: Client) -> None:
        number = client.run("createOrder", {"customerName": "Rui", "vip": True}).data["order"]["number"]
        changed = client.run("replaceOrder", {"orderId": str(number), "customerName": "Eva"})
        assert changed.status == 200
        assert changed.data["order"]["customer"] == {"name": "Eva"}
        assert changed.data["order"]["number"] == number
        kept = client.run("getOrder", {"orderId": str(number)}).data["order"]
        assert kept["customer"] == {"name": "Eva", "vip": True}

    def test_a_deletion_answers_its_example_with_the_id(self, client: Client) -> None:
        number = client.run("createOrder", {"customerName": "Rui"}).data["order"]["number"]
        assert client.run("deleteOrder", {"orderId": str(number)}).data == {"number": number, "deleted": True}

    def test_a_secret_that_no_reply_shows_is_not_kept(self, client: Client, sandbox: Sandbox) -> None:
        client.run("createOrder", {"customerName": "Rui", "secret": "hush-hush"})
        with sandbox.state.read() as data:
            assert "hush-hush" not in to_json(data).decode()


class TestPaging:
    def test_by_number(self, client: Client) -> None:
        made = [client.run("createOrder", {"customerName": f"{n}"}).data["order"]["number"] for n in range(120)]
        result = client.run("listOrders")
        assert [one["number"] for one in result.data["data"]["orders"]] == [7, *made]
        assert result.pages == 4
        assert result.data["meta"] == {"total": 121, "total_pages": 3, "page": 0, "per_page": 50, "kind": 3}
        assert result.data["data"]["orders"][0]["state"] == "open"

    def test_by_offset(self, client: Client) -> None:
        made = [client.run("addNote", {"orderId": "7", "text": f"{n}"}).data["id"] for n in range(45)]
        result = client.run("listNotes", {"orderId": "first"})
        assert [one["id"] for one in result.data["notes"]] == made
        assert (result.pages, result.data["count"]) == (3, 45)
        assert client.run("listNotes", {"orderId": "7"}, limit=5).data["has_more"] is True

    def test_by_link(self, client: Client) -> None:
        made = [client.run("addEvent", {"kind": "made"}).data["id"] for _ in range(25)]
        result = client.run("listEvents")
        assert [one["id"] for one in result.data] == made
        assert result.pages == 3

    def test_by_link_over_http(self, shop: Connector, sandbox: Sandbox) -> None:
        connection = Connection(shop, "key", region="eu", apiKey="k")
        with serve(sandbox.service) as server, Client(shop, connection, base_url=server.url) as client:
            made = [client.run("addEvent", {"kind": "sold"}).data["id"] for _ in range(12)]
            assert [one["id"] for one in client.items("listEvents")] == made

    def test_by_the_last_item(self, client: Client) -> None:
        made = [client.run("addLog", {"line": f"{n}"}).data["id"] for n in range(12)]
        result = client.run("listLogs")
        assert [one["id"] for one in result.data["logs"]] == made
        assert result.pages == 3

    def test_by_a_cursor_in_the_body_of_a_search(self, client: Client) -> None:
        result = client.run("searchOnce", {"words": "x"})
        assert [one["id"] for one in result.data["found"]] == [1, 2, 3]
        assert result.pages == 2

    def test_an_unknown_cursor_has_the_answer_that_the_manifest_gives_it(self, sandbox: Sandbox) -> None:
        for path in ("/events?cursor=x", "/logs?after=99"):
            answer = send_request(sandbox, "GET", path)
            assert (answer.status, json.loads(answer.body)["error"]["code"]) == (410, "gone")

    @pytest.mark.parametrize(
        ("path", "field"),
        [
            ("/orders?page=-1", "page"),
            ("/orders?per_page=51", "per_page"),
            ("/orders/7/notes?offset=x", "offset"),
            ("/orders/7/notes?limit=0", "limit"),
        ],
    )
    def test_a_page_that_cannot_be_is_refused(self, sandbox: Sandbox, path: str, field: str) -> None:
        assert list(field_errors(send_request(sandbox, "GET", path))) == [field]


class TestThings:
    def test_a_child_is_known_under_its_own_parent_alone(self, client: Client) -> None:
        other = client.run("createOrder", {"customerName": "Rui"}).data["order"]["number"]
        note = client.run("addNote", {"orderId": "first", "text": "Hi", "stars": 5}).data
        assert (note["text"], note["stars"], note["order_number"]) == ("Hi", 5, 7)
        assert note["url"] == f"/orders/7/notes/{note['id']}"
        assert client.request("GET", f"/orders/7/notes/{note['id']}").data["text"] == "Hi"
        for path in (f"/orders/{other}/notes/{note['id']}", f"/orders/99/notes/{note['id']}", "/orders/99/notes"):
            with pytest.raises(errors.NotFound):
                client.request("GET", path)

    def test_a_thing_that_is_there_from_the_start_can_be_gone_for_good(self, client: Client) -> None:
        assert client.run("getOrder", {"orderId": "7"}).data["order"]["customer"] == {"name": "Ada"}
        client.run("deleteOrder", {"orderId": "first"})
        with pytest.raises(errors.NotFound, match="There is no 7"):
            client.run("getOrder", {"orderId": "7"})

    def test_a_collections_methods_need_no_action(self, client: Client) -> None:
        made = client.run("addEvent", {"kind": "made"}).data["id"]
        client.request("PATCH", f"/events/{made}", data={"kind": "lost"})
        assert client.request("GET", f"/events/{made}").data == {"id": made, "kind": "lost"}
        assert client.request("DELETE", f"/events/{made}").status == 204
        with pytest.raises(errors.NotFound):
            client.request("GET", f"/events/{made}")

    def test_a_request_with_the_same_key_is_done_once(self, client: Client) -> None:
        first = client.run("addEvent", {"kind": "made"}, idempotency_key="once")
        again = client.run("addEvent", {"kind": "made"}, idempotency_key="once")
        assert first.data == again.data
        client.run("addEvent", {"kind": "sold"}, idempotency_key="once")
        assert [one["kind"] for one in client.run("listEvents").data] == ["made", "sold"]

    def test_a_list_that_is_not_paged_is_given_whole(self, client: Client) -> None:
        made = [client.run("addVisit", {"who": f"{n}"}).data["id"] for n in range(40)]
        assert client.run("visits").data == {"visits": [{"id": one, "who": f"{n}"} for n, one in enumerate(made)]}
