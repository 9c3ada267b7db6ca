"""The second connector without an account: its stand-in, its commands, and every line of its README."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
import sys
from contextlib import nullcontext, suppress
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from connector import Client, Connector, errors
from connector.sandbox.sandbox import Sandbox

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "examples" / "stripe"
KEY = "sk_test_canary4eC39HqLyjWDarjtT1"
STRIPE = Connector.open(FOLDER)


class TestTheSandbox:
    @pytest.fixture
    def client(self) -> Iterator[Client]:
        box = Sandbox(STRIPE)
        with Client(STRIPE, box.connection, http=box.http) as client:
            yield client

    def test_a_customer_is_made_found_changed_and_deleted(self, client: Client) -> None:
        given = {"name": "Marta Kowal", "city": "Gdynia", "preferredLocales": ["pl"], "metadata": {"crm_id": "6735"}}
        made = client.run("createCustomer", given).data
        assert (made["name"], made["address"]["city"], made["metadata"]) == (
            "Marta Kowal",
            "Gdynia",
            {"crm_id": "6735"},
        )
        key = {"customerId": made["id"]}
        assert client.run("getCustomer", key).data["preferred_locales"] == ["pl"]
        assert made["id"] in [one["id"] for one in client.run("listCustomers").data["data"]]
        changed = client.run("updateCustomer", {**key, "city": "Sopot", "email": "marta@example.com"}).data
        assert (changed["name"], changed["address"]["city"], changed["id"]) == ("Marta Kowal", "Sopot", made["id"])
        assert client.run("getCustomer", key).data["email"] == "marta@example.com"
        assert client.run("deleteCustomer", key).data == {"id": made["id"], "object": "customer", "deleted": True}
        with pytest.raises(errors.NotFound) as caught:
            client.run("getCustomer", key)
        assert (caught.value.code, made["id"] in caught.value.message) == ("resource_missing", True)
        assert made["id"] not in [one["id"] for one in client.run("listCustomers").data["data"]]

    def test_a_payment_is_begun_listed_and_given_back(self, client: Client) -> None:
        given = {"amount": 2400, "currency": "eur", "metadata": {"order": "81"}, "allowRedirects": "never"}
        payment = client.run("createPaymentIntent", given).data
        assert (payment["amount"], payment["currency"], payment["metadata"]) == (2400, "eur", {"order": "81"})
        assert payment["automatic_payment_methods"] == {"enabled": True, "allow_redirects": "never"}
        assert [one["id"] for one in client.items("listPaymentIntents")] == [payment["id"]]
        refund = client.run("createRefund", {"paymentIntent": payment["id"], "amount": 900}).data
        assert (refund["payment_intent"], refund["amount"]) == (payment["id"], 900)

    def test_many_customers_are_paged_through(self, client: Client) -> None:
        made = {client.run("createCustomer", {"name": f"Guest {number}"}).data["id"] for number in range(230)}
        with client.items("listCustomers") as customers:
            listed = [one["id"] for one in customers]
        assert len(listed) == len(set(listed)) == 231
        assert made < set(listed)
        assert customers.pages == 3

    def test_a_search_is_no_customer_called_search(self, client: Client) -> None:
        found = client.run("searchCustomers", {"query": "name:'Ada'"}).data
        assert found["object"] == "search_result"

    @pytest.mark.parametrize("action", [action.action for action in STRIPE.actions()])
    def test_every_examples_given_is_taken_or_is_told_as_missing(self, client: Client, action: str) -> None:
        for example in STRIPE.action(action).examples.values():
            with suppress(errors.NotFound) if "{" in STRIPE.action(action).path else nullcontext():
                client.run(action, dict(example.inputs))

    def test_a_wrong_request_is_refused_in_the_services_own_words(self, client: Client) -> None:
        form = {"Content-Type": "application/x-www-form-urlencoded"}
        with pytest.raises(errors.Rejected) as caught:
            client.request("POST", "/payment_intents", data="amount=lots&currency=eur", headers=form)
        assert (caught.value.status, "amount" in str(caught.value.result.data["error"])) == (400, True)


def started(*words: str, state: Path, **more: str) -> subprocess.CompletedProcess[str]:
    """Run Python in the checkout as a user would, with nothing of this machine's settings."""
    environ = {"PYTHONPATH": str(ROOT), "XDG_STATE_HOME": str(state), "XDG_CONFIG_HOME": str(state), "PATH": "", **more}
    command = [sys.executable, *words]
    return subprocess.run(command, env=environ, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)


class TestTheReadme:
    @pytest.fixture
    def online(self) -> Iterator[dict[str, str]]:
        """The environment of somebody with a key, whose service is the stand-in over HTTP."""
        from connector.sandbox.data.state import SandboxState
        from connector.sandbox.http_server import serve
        from connector.sandbox.service import SandboxService

        server = serve(SandboxService(STRIPE, SandboxState(None)), "127.0.0.1", 0)
        yield {"STRIPE_BASE_URL": server.url, "STRIPE_SECRET_KEY": KEY}
        server.shutdown()

    def blocks(self, kind: str) -> list[str]:
        return re.findall(
            rf"^```{kind}\n(.*?)^```$", (FOLDER / "README.md").read_text("utf-8"), re.MULTILINE | re.DOTALL
        )

    def test_every_command_works(self, tmp_path: Path, online: dict[str, str]) -> None:
        lines = [line.removeprefix("$ ") for block in self.blocks("console") for line in block.splitlines()]
        ran = []
        for program, *words in map(shlex.split, lines):
            if program == "export":
                assert [word.partition("=")[0] for word in words] == ["STRIPE_SECRET_KEY"]
                continue
            done = started("-m", program, *words, state=tmp_path, **({} if "--sandbox" in words else online))
            assert done.returncode == 0, f"{words}: {done.stdout}{done.stderr}"
            ran.append(done.stdout)
        assert len(ran) == 8
        assert json.loads(ran[2]) == ["Ada Byron", "Marta Kowal"]

    def test_its_program_works(self, tmp_path: Path, online: dict[str, str]) -> None:
        (program,) = self.blocks("python")
        done = started("-c", program, state=tmp_path, **online)
        assert done.stdout == "cus_Byron1815 ada@example.com\n", done.stderr


class TestTheCommandLine:
    def run(self, *words: str, state: Path) -> subprocess.CompletedProcess[str]:
        return started("-m", "connector", "--connector", str(FOLDER), *words, state=state)

    def test_creates_and_finds_a_customer_in_the_sandbox(self, tmp_path: Path) -> None:
        made = self.run(
            "run", "createCustomer", "-i", "name=Marta Kowal", "--sandbox", "--output", "json", state=tmp_path
        )
        assert made.returncode == 0, made.stderr
        customer = json.loads(made.stdout)["data"]
        found = self.run(
            "run", "getCustomer", "-i", f"customerId={customer['id']}", "--sandbox", "--query", "name", state=tmp_path
        )
        assert (found.returncode, "Marta Kowal" in found.stdout) == (0, True), found.stderr

    def test_an_input_called_as_an_option_of_a_run_is_spelled_out(self, tmp_path: Path) -> None:
        found = self.run(
            "run", "searchCustomers", "--input-query", "name:'Ada'", "--sandbox", "--output", "json", state=tmp_path
        )
        assert json.loads(found.stdout)["data"]["object"] == "search_result", found.stderr

    def test_a_dry_run_shows_the_form(self, tmp_path: Path) -> None:
        shown = self.run(
            "run", "updateCustomer", "--customer-id", "cus_1", "--city", "Gdynia", "--dry-run", "--curl", state=tmp_path
        )
        assert shown.returncode == 0, shown.stderr
        assert "address[city]" in shown.stdout
        assert "--data-raw address%5Bcity%5D=Gdynia https://api.stripe.com/v1/customers/cus_1" in shown.stderr
