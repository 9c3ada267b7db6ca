"""`webhook watch` forwards the changes of a service that sends no events, as `webhook serve` forwards its events."""

from __future__ import annotations

import json
import signal
from pathlib import Path

SQUARE = str(Path(__file__).parents[3] / "connectors" / "square")


def pay(cli, amount):
    words = ["-i", "source=cnon:ok", "-i", f"amount={amount}"]
    done = cli("run", "createPayment", "--sandbox", "--connector", SQUARE, *words)
    assert done.code == 0, done.err


def test_a_payment_that_is_made_while_it_watches_is_forwarded_once(cli, start):
    pay(cli, 100)
    process = start("webhook", "watch", "--sandbox", "--connector", SQUARE, "--every", "1s", "--event", "payments.*")
    assert "Sandbox" in process.stderr.readline().decode()
    assert process.stderr.readline().decode().startswith("Watching payments of Square")
    pay(cli, 200)
    event = json.loads(process.stdout.readline())
    assert (event["event"], event["account"]) == ("payments.created", "sandbox")
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert (process.returncode, out) == (0, b""), err
    words = ["--sandbox", "--connector", SQUARE, "--output", "json"]
    [kept] = json.loads(cli("webhook", "events", *words).out)
    assert kept["event"] == "payments.created"


def test_one_reading_from_cron_delivers_what_is_due_and_ends(cli, tmp_path):
    watch = ("webhook", "watch", "--sandbox", "--connector", SQUARE, "--once", "--event", "payments.*")
    pay(cli, 100)
    first = cli(*watch)
    assert (first.code, first.out) == (0, ""), "what is there at first is no news"
    pay(cli, 200)
    failing = cli(*watch, "--exec", "false")
    assert (failing.code, "1 event not delivered yet" in failing.err) == (1, True), failing.err
    assert cli("webhook", "replay", "--sandbox", "--connector", SQUARE, "--status", "pending").code == 0
    third = cli(*watch)
    assert third.code == 0, third.err
    assert json.loads(third.out)["event"] == "payments.created"
    again = cli(*watch)
    assert (again.code, again.out) == (0, "")
    assert cli(*watch, "--every", "1m").code == 2


def test_what_is_polled_is_not_served_and_what_is_sent_is_not_watched(cli):
    done = cli("webhook", "serve", "--sandbox", "--connector", SQUARE, "--trigger", "payments")
    assert (done.code, "connector webhook watch --trigger payments" in done.err) == (2, True)
    done = cli("webhook", "serve", "--sandbox", "--connector", SQUARE)
    assert (done.code, "connector webhook watch --trigger payments" in done.err) == (2, True)
    done = cli("show", "payments", "--connector", SQUARE)
    assert "Polled: the lists of payments, every 1m" in done.out
    done = cli("webhook", "watch", "--sandbox", "--trigger", "webhookReceiver")
    assert (done.code, "connector webhook serve" in done.err) == (2, True)
