"""The second connector, in YAML alone: other bytes, other pages, other errors, the same framework."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlencode

import pytest
from support.servers import Counting, Recorded, hang_up, reply

import connector
from connector import AsyncClient, Client, Connection, Connector, errors

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from support.servers import Behaviour, GivenClock

    from connector.definition.action import Example

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "examples" / "stripe"
KEY = "sk_test_canary4eC39HqLyjWDarjtT1"
STRIPE = Connector.open(FOLDER)
EXAMPLES = [(action.action, name, one) for action in STRIPE.actions() for name, one in action.examples.items()]
CUSTOMER = {"id": "cus_1", "object": "customer", "name": "Marta Kowal"}


@pytest.fixture
def stripe(server: Counting, clock: GivenClock) -> Iterator[Client]:
    """A client with a secret key that talks to the counting server."""
    with Client(STRIPE, Connection(STRIPE, "secretKey", secretKey=KEY), base_url=server.url, clock=clock) as client:
        yield client


def refused(status: int, **said: Any) -> Behaviour:
    return reply(status, {"error": {"type": "invalid_request_error", **said}}, headers=[("Request-Id", "req_7x")])


def a_page(request: Recorded) -> Behaviour:
    """Play a list of 250 customers the way Stripe does: after an id, up to a limit, with has_more."""
    asked = dict(request.query)
    every = [f"cus_{number:03}" for number in range(250)]
    start = every.index(asked["starting_after"]) + 1 if "starting_after" in asked else 0
    shown = every[start : start + int(asked.get("limit", 10))]
    more = start + len(shown) < len(every)
    data = [{"id": one, "object": "customer"} for one in shown]
    return reply(json_={"object": "list", "url": "/v1/customers", "has_more": more, "data": data})


class TestTheFolder:
    def test_lints_clean(self) -> None:
        from connector.authoring import lint

        assert [str(finding) for finding in lint.lint(FOLDER)] == []

    def test_holds_yaml_json_and_words_alone(self) -> None:
        kinds = {path.suffix for path in FOLDER.rglob("*") if path.is_file()}
        assert kinds == {".yaml", ".json", ".md"}

    def test_no_python_of_the_framework_names_the_service(self) -> None:
        naming = [
            path
            for path in Path(connector.__file__).parent.rglob("*.py")
            if "stripe" in path.read_text("utf-8").lower()
        ]
        assert naming == []

    def test_declares_how_its_deliveries_are_signed(self) -> None:
        signature = STRIPE.manifest.triggers["webhookReceiver"].signature
        assert (signature.header, signature.timestamp, signature.payload) == (
            "stripe-signature",
            "part.t",
            "{timestamp}.{body}",
        )
        assert (signature.format, signature.separator, signature.digest) == ("v1={hex}", ",", "hex")


class TestWhatIsSent:
    @pytest.mark.parametrize(("action", "name", "example"), EXAMPLES, ids=[f"{a}: {n}" for a, n, _ in EXAMPLES])
    def test_every_example_goes_out_byte_for_byte(
        self, stripe: Client, server: Counting, action: str, name: str, example: Example
    ) -> None:
        server.always(reply(json_={"object": "list", "has_more": False, "data": []}))
        stripe.run(action, dict(example.inputs))
        declared, sent = STRIPE.action(action), server.last
        expected = [
            (n, str(v)) for n, held in example.request.query.items() for v in (held if type(held) is list else [held])
        ]
        size = [("limit", "100")] if declared.pagination else []
        target = "/v2" + example.request.path + ("?" + urlencode(expected + size) if expected + size else "")
        assert (sent.method, sent.target.decode()) == (declared.method, target)
        assert sent.body == urlencode([(n, v) for n, v in example.request.form or []]).encode()
        typed = "application/x-www-form-urlencoded" if example.request.form else None
        assert (sent.header("content-type"), sent.header("authorization")) == (typed, f"Bearer {KEY}")
        assert {header: sent.header(header) for header in example.request.headers} == example.request.headers

    def test_names_inside_names_are_in_brackets_and_lists_repeat(self, stripe: Client, server: Counting) -> None:
        given = {"addressLine1": "ulica Portowa 7 & 9", "preferredLocales": ["pl", "en"], "metadata": {"a=b": "ł"}}
        stripe.run("createCustomer", given)
        assert server.last.body == (
            b"preferred_locales%5B%5D=pl&preferred_locales%5B%5D=en"
            b"&metadata%5Ba%3Db%5D=%C5%82&address%5Bline1%5D=ulica+Portowa+7+%26+9"
        )

    def test_a_list_of_mappings_is_numbered(self, stripe: Client, server: Counting) -> None:
        taxes = [{"type": "eu_vat", "value": "PL1"}, {"type": "ch_vat", "value": "CHE2"}]
        stripe.run("createCustomer", {"extraFields": {"tax_id_data": taxes, "tax": {"ip_address": "192.0.2.1"}}})
        assert (
            server.last.body
            == urlencode(
                [
                    ("tax_id_data[0][type]", "eu_vat"),
                    ("tax_id_data[0][value]", "PL1"),
                    ("tax_id_data[1][type]", "ch_vat"),
                    ("tax_id_data[1][value]", "CHE2"),
                    ("tax[ip_address]", "192.0.2.1"),
                ]
            ).encode()
        )

    def test_a_range_in_a_query_is_in_brackets_too(self, stripe: Client, server: Counting) -> None:
        server.always(a_page)
        stripe.run("listCustomers", {"createdFrom": "2026-01-01T00:00:00Z", "expand": ["data.tax"]}, limit=1)
        assert server.last.target == b"/v2/customers?created%5Bgte%5D=1767225600&expand%5B%5D=data.tax&limit=1"

    def test_an_update_sends_only_what_is_given(self, stripe: Client, server: Counting) -> None:
        stripe.run("updateCustomer", {"customerId": "cus_1", "phone": "+48225550142"})
        assert (server.last.method, server.last.path, server.last.body) == (
            "POST",
            "/v2/customers/cus_1",
            b"phone=%2B48225550142",
        )

    def test_null_empties_a_field(self, stripe: Client, server: Counting) -> None:
        stripe.run("updateCustomer", {"customerId": "cus_1", "description": None, "metadata": None})
        assert server.last.body == b"description=&metadata="

    def test_a_default_steps_aside_for_what_excludes_it(self, stripe: Client, server: Counting) -> None:
        stripe.run("createPaymentIntent", {"amount": 990, "currency": "usd", "paymentMethodTypes": ["card"]})
        assert server.last.body == b"amount=990&currency=usd&payment_method_types%5B%5D=card"

    def test_what_is_given_is_never_changed(self, stripe: Client) -> None:
        given = {"metadata": {"a": "1"}, "extraFields": {"metadata": {"b": "2"}, "shipping": {"name": "M"}}}
        before = json.dumps(given)
        with pytest.raises(errors.InputError, match="metadata once"):
            stripe.run("createCustomer", given)
        stripe.run("createCustomer", {"extraFields": given["extraFields"], "city": "Gdynia"})
        assert json.dumps(given) == before

    def test_every_problem_is_told_before_anything_is_sent(self, stripe: Client, server: Counting) -> None:
        given = {
            "amount": 0,
            "currency": "EUR",
            "returnUrl": "https://shop.example.com",
            "metadata": {str(number): "x" for number in range(51)},
        }
        with pytest.raises(errors.InputError) as caught:
            stripe.run("createPaymentIntent", given)
        assert {problem.field for problem in caught.value.problems} == {"amount", "currency", "returnUrl", "metadata"}
        assert "at most 50 entries" in str(caught.value)
        with pytest.raises(errors.InputError, match="at least one of paymentIntent, charge"):
            stripe.run("createRefund", {"amount": 5})
        with pytest.raises(errors.InputError, match="no charge with it"):
            stripe.run("createRefund", {"paymentIntent": "pi_1", "charge": "ch_1"})
        assert server.count == 0


class TestConstantsAndKeys:
    def test_the_version_is_on_every_request(self, stripe: Client, server: Counting) -> None:
        server.always(a_page)
        stripe.run("listCustomers")
        stripe.request("GET", "/balance")
        stripe.request(
            "POST", "/products", data="name=Ticket", headers={"Content-Type": "application/x-www-form-urlencoded"}
        )
        assert [request.header("stripe-version") for request in server.requests] == ["2024-06-20"] * 5
        assert (server.last.header("content-type"), server.last.body) == (
            "application/x-www-form-urlencoded",
            b"name=Ticket",
        )

    def test_a_raw_caller_may_ask_for_another_version(self, stripe: Client, server: Counting) -> None:
        stripe.request("GET", "/balance", headers={"stripe-version": "2025-03-31.basil"})
        assert server.last.all("Stripe-Version") == ["2025-03-31.basil"]

    def test_a_lost_reply_is_repeated_under_the_same_key(self, stripe: Client, server: Counting) -> None:
        server.then(hang_up()).always(reply(json_=CUSTOMER))
        result = stripe.run("createCustomer", {"name": "Marta Kowal"})
        first, second = server.requests
        assert first.header("idempotency-key") == second.header("idempotency-key")
        assert len(first.header("idempotency-key") or "") == 36
        assert (first.body, result.attempts, result.outcome) == (second.body, 2, "done")

    def test_each_call_has_a_key_of_its_own_unless_one_is_given(self, stripe: Client, server: Counting) -> None:
        stripe.run("createCustomer")
        stripe.run("updateCustomer", {"customerId": "cus_1", "name": "M"})
        stripe.run("createCustomer", idempotency_key="order-81")
        keys = [request.header("idempotency-key") for request in server.requests]
        assert len(set(keys)) == 3
        assert keys[2] == "order-81"

    def test_what_can_be_repeated_anyway_carries_no_key(self, stripe: Client, server: Counting) -> None:
        stripe.run("getCustomer", {"customerId": "cus_1"})
        stripe.run("deleteCustomer", {"customerId": "cus_1"})
        assert [request.header("idempotency-key") for request in server.requests] == [None, None]

    def test_a_call_that_still_runs_is_waited_for_under_its_key(self, stripe: Client, server: Counting) -> None:
        in_use = refused(409, code="idempotency_key_in_use", message="Another request with this key is running.")
        server.then(hang_up(), in_use).always(reply(json_=CUSTOMER))
        assert stripe.run("createCustomer").attempts == 3
        assert len({request.header("idempotency-key") for request in server.requests}) == 1

    def test_a_connected_account_is_named_in_a_header(self, stripe: Client, server: Counting) -> None:
        stripe.run("getCustomer", {"customerId": "cus_1"}, account="acct_1032")
        assert (server.last.path, server.last.header("stripe-account")) == ("/v2/customers/cus_1", "acct_1032")
        for bad in ("", "acct\r\nX: 1"):
            with pytest.raises(errors.InputError, match="account"):
                stripe.run("getCustomer", {"customerId": "cus_1"}, account=bad)
        assert server.count == 1

    def test_an_account_is_named_in_one_way(
        self, folder: Callable[..., Connector], client: Client, server: Counting
    ) -> None:
        for words in ("{}", "{prefix: /a, header: X-A}"):
            with pytest.raises(errors.DefinitionError, match="give either `prefix` or `header`"):
                folder(f"subaccounts: {words}\n")
        with pytest.raises(errors.InputError, match="account"):
            client.run("listUsers", account="..")
        assert server.count == 0

    def test_a_restricted_key_is_the_user_of_basic_and_may_only_read(self, server: Counting) -> None:
        reading = Connection(STRIPE, "restrictedKey", restrictedKey="rk_test_canary")
        with Client(STRIPE, reading, base_url=server.url) as client:
            client.run("getCustomer", {"customerId": "cus_1"})
            assert server.last.header("authorization") == "Basic " + base64.b64encode(b"rk_test_canary:").decode()
            with pytest.raises(errors.InputError, match="restrictedKey"):
                client.run("deleteCustomer", {"customerId": "cus_1"})
        assert server.count == 1

    def test_the_environment_names_either_key(self) -> None:
        assert Connection.from_env(STRIPE, environ={"STRIPE_SECRET_KEY": KEY}).kind == "secretKey"
        assert Connection.from_env(STRIPE, environ={"STRIPE_RESTRICTED_KEY": "rk_test_x"}).kind == "restrictedKey"


class TestPages:
    def check(self, server: Counting) -> None:
        asked = [dict(request.query) for request in server.requests]
        assert [one.get("starting_after") for one in asked] == [None, "cus_099", "cus_199"]
        assert {(one["limit"], one["email"]) for one in asked} == {("100", "m@example.com")}

    def test_items_goes_on_after_the_last_one(self, stripe: Client, server: Counting) -> None:
        server.always(a_page)
        with stripe.items("listCustomers", {"email": "m@example.com"}) as customers:
            assert [one["id"] for one in customers] == [f"cus_{number:03}" for number in range(250)]
            assert (customers.complete, customers.pages) == (True, 3)
        self.check(server)

    def test_run_merges_them_into_one_that_says_there_is_no_more(self, stripe: Client, server: Counting) -> None:
        server.always(a_page)
        result = stripe.run("listCustomers", {"email": "m@example.com"})
        assert [one["id"] for one in result.data["data"]] == [f"cus_{number:03}" for number in range(250)]
        assert (result.complete, result.pages, result.data["has_more"]) == (True, 3, False)
        self.check(server)

    def test_a_limit_leaves_more(self, stripe: Client, server: Counting) -> None:
        server.always(a_page)
        result = stripe.run("listCustomers", limit=150)
        assert (len(result.data["data"]), result.complete, result.data["has_more"]) == (150, False, True)

    async def walk(self, url: str) -> list[str]:
        async with AsyncClient(STRIPE, Connection(STRIPE, "secretKey", secretKey=KEY), base_url=url) as client:
            return [one["id"] async for one in client.items("listCustomers")]

    def test_the_async_client_walks_alike(self, server: Counting) -> None:
        import asyncio

        server.always(a_page)
        assert len(asyncio.run(self.walk(server.url))) == 250

    def test_a_search_has_a_cursor_of_its_own(self, stripe: Client, server: Counting) -> None:
        def found(request: Recorded) -> Behaviour:
            page = int(dict(request.query).get("page", "p1")[1:])
            data = [{"id": f"cus_{page}", "object": "customer"}]
            following = f"p{page + 1}" if page < 3 else None
            return reply(json_={"object": "search_result", "has_more": page < 3, "next_page": following, "data": data})

        server.always(found)
        result = stripe.run("searchCustomers", {"query": "name:'Marta'"})
        assert [one["id"] for one in result.data["data"]] == ["cus_1", "cus_2", "cus_3"]
        assert [dict(request.query).get("page") for request in server.requests] == [None, "p2", "p3"]

    def test_a_customer_that_goes_while_it_is_the_cursor_is_told_as_paging(
        self, stripe: Client, server: Counting
    ) -> None:
        gone = refused(400, code="resource_missing", param="starting_after", message="No such customer: 'cus_099'")
        server.always(lambda request: gone if b"starting_after" in request.target else a_page(request))
        with pytest.raises(errors.PageError) as caught:
            stripe.run("listCustomers")
        assert len(caught.value.result.data["data"]) == 100


class TestErrors:
    def test_what_is_missing_is_told_with_code_message_and_request(self, stripe: Client, server: Counting) -> None:
        server.always(refused(404, code="resource_missing", param="id", message="No such customer: 'cus_0'"))
        with pytest.raises(errors.NotFound) as caught:
            stripe.run("getCustomer", {"customerId": "cus_0"})
        error = caught.value
        assert (error.status, error.code, error.request_id) == (404, "resource_missing", "req_7x")
        assert error.message == "No such customer: 'cus_0' [id]"
        assert "test or live mode" in error.hint

    def test_a_field_that_is_wrong_is_named(self, stripe: Client, server: Counting) -> None:
        server.always(refused(400, code="email_invalid", param="email", message="Invalid email address: x@y"))
        with pytest.raises(errors.Rejected, match=r"email_invalid: Invalid email address: x@y \[email\]") as caught:
            stripe.run("createCustomer", {"email": "x@y"})
        assert (caught.value.code, caught.value.outcome, caught.value.retryable) == ("email_invalid", "rejected", False)

    def test_a_declined_card_is_refused_once(self, stripe: Client, server: Counting) -> None:
        said = {"type": "card_error", "code": "card_declined", "decline_code": "lost_card", "message": "Declined."}
        server.always(refused(402, **said))
        with pytest.raises(errors.Rejected) as caught:
            stripe.run("createPaymentIntent", {"amount": 990, "currency": "usd"})
        assert caught.value.result.data["error"]["decline_code"] == "lost_card"
        assert server.count == 1

    def test_a_key_that_is_not_taken_is_the_owners_turn_and_is_not_shown(
        self, stripe: Client, server: Counting
    ) -> None:
        server.always(refused(401, message=f"Invalid API Key provided: {KEY}"))
        with pytest.raises(errors.SignInError) as caught:
            stripe.run("getCustomer", {"customerId": "cus_1"})
        assert KEY not in str(caught.value) + repr(caught.value) + json.dumps(caught.value.to_dict())

    def test_a_locked_object_is_tried_again(self, stripe: Client, server: Counting) -> None:
        server.then(refused(429, code="lock_timeout", message="Locked.")).always(reply(json_=CUSTOMER))
        assert stripe.run("updateCustomer", {"customerId": "cus_1", "name": "M"}).attempts == 2

    def test_the_clients_secret_of_a_payment_is_in_no_record(self, stripe: Client, server: Counting) -> None:
        server.always(reply(json_={"id": "pi_1", "client_secret": "pi_1_secret_canary"}))
        result = stripe.run("createPaymentIntent", {"amount": 990, "currency": "usd"}, debug=True)
        assert result.data["client_secret"] == "pi_1_secret_canary"
        assert result.debug is not None
        assert "canary" not in json.dumps(result.debug.to_list())

    def test_a_form_is_recorded_as_it_is_sent_without_its_secrets(self, stripe: Client, server: Counting) -> None:
        card = {"payment_method_data": {"type": "card", "card": {"number": "4000000000000canary", "exp_year": 2031}}}
        result = stripe.run("createPaymentIntent", {"amount": 9, "currency": "usd", "extraFields": card}, debug=True)
        assert b"4000000000000canary" in server.last.body
        assert result.debug is not None
        (entry,) = result.debug.har()["log"]["entries"]
        recorded = entry["request"]["postData"]
        assert recorded["mimeType"] == "application/x-www-form-urlencoded"
        assert dict(parse_qsl(recorded["text"])) == {
            "amount": "9",
            "currency": "usd",
            "automatic_payment_methods[enabled]": "true",
            "payment_method_data[type]": "card",
            "payment_method_data[card][number]": "***",
            "payment_method_data[card][exp_year]": "2031",
        }
        assert "canary" not in result.debug.curl() + json.dumps(result.debug.to_list())
