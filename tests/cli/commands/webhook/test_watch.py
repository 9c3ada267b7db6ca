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
    out, err = process.communicate(timeout=30)
    assert (process.returncode, out) == (0, b""), err
    words = ["--sandbox", "--connector", SQUARE, "--output", "json"]
    [kept] = json.loads(cli("webhook", "events", *words).out)
    assert kept["event"] == "payments.created"


def test_what_is_polled_is_not_served_and_what_is_sent_is_not_watched(cli):
    done = cli("webhook", "serve", "--sandbox", "--connector", SQUARE, "--trigger", "payments")
    assert (done.code, "connector webhook watch --trigger payments" in done.err) == (2, True)
    done = cli("webhook", "watch", "--sandbox", "--trigger", "webhookReceiver")
    assert (done.code, "connector webhook serve" in done.err) == (2, True)
