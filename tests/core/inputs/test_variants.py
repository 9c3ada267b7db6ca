"""Variants of an object: one of them is given, known by a value or by its members; none and two are told."""

from __future__ import annotations

import jsonschema
import pytest

from connector import errors
from connector.core.exchange.plan import compile_action

PAY = """
action: pay
label: Pay
summary: Pay a bill.
request: POST /payments
inputs:
  source:
    label: Source
    help: Where the money comes from.
    type: object
    to: body.source
    fields:
      type: {label: Type, help: What it is., type: string, required: true, choices: {card: Card, bank: Bank, cash: Cash}}
      note: {label: Note, help: A note., type: string, to: memo}
    variants:
      card:
        label: Card
        when: {type: [card]}
        fields:
          number: {label: Number, help: Its number., type: password, required: true, to: card.number}
      bank:
        label: Bank account
        when: {type: [bank]}
        fields:
          iban: {label: IBAN, help: Its number., type: string, required: true, to: card.number}
      cash: {label: Cash, when: {type: [cash]}}
  buyers:
    label: Buyers
    help: Who pays.
    type: list of object
    to: body.buyers
    fields:
      share: {label: Share, help: How much., type: integer}
    variants:
      person:
        label: Person
        fields:
          email: {label: Email, help: Their address., type: string, required: true}
          born: {label: Born, help: When., type: date}
      firm:
        label: Firm
        fields:
          vat: {label: VAT, help: Its number., type: string, required: true, aliases: [vatNumber]}
          email: {label: Email, help: Its address., type: string}
"""


@pytest.fixture
def connector(folder):
    return folder("", {"pay": PAY})


@pytest.fixture
def pay(connector):
    return compile_action(connector, "pay")


VALID = [
    ({"source": {"type": "card", "number": "4242"}}, {"source": {"type": "card", "card": {"number": "4242"}}}),
    ({"source": {"type": "bank", "iban": "NO93", "note": "a"}}, {"source": {"type": "bank", "memo": "a", "card": {"number": "NO93"}}}),
    ({"source": {"type": "cash"}}, {"source": {"type": "cash"}}),
    ({"buyers": [{"email": "a", "share": 1}]}, {"buyers": [{"email": "a", "share": 1}]}),
    ({"buyers": [{"vat": "1", "email": "a"}, {"vatNumber": "2"}]}, {"buyers": [{"vat": "1", "email": "a"}, {"vat": "2"}]}),
]  # fmt: skip
INVALID = [
    ({"source": {"type": "card"}}, [("source.number", "a value: it is required")]),
    ({"source": {"type": "card", "number": "1", "iban": "2"}}, [("source.iban", "a member of Card, not of Bank account")]),
    ({"source": {"type": "cheque", "iban": "2"}}, [("source.type", "one of card (Card), bank (Bank), cash (Cash)")]),
    ({"source": {"iban": "2"}}, [("source.type", "a value: it is required")]),
    ({"buyers": [{"share": 1}]}, [("buyers.0", "the members of one of Person (email, born), Firm (vat, email)")]),
    ({"buyers": [{"vat": "1", "born": "2001-01-01"}]}, [("buyers.0", "the members of one of Person (email, born), Firm (vat, email)")]),
    ({"buyers": [{"born": "2001-01-01"}]}, [("buyers.0.email", "a value: it is required")]),
]  # fmt: skip


@pytest.mark.parametrize(("given", "body"), VALID)
def test_the_members_of_the_variant_go_to_their_places(pay, given, body):
    assert pay.build_request(pay.validate(given)).body.value == body


@pytest.mark.parametrize(("given", "told"), INVALID)
def test_what_fits_no_variant_or_two_is_told(pay, given, told):
    with pytest.raises(errors.InputError) as caught:
        pay.validate(given)
    assert [(problem.field, problem.expected) for problem in caught.value.problems] == told


def test_the_members_that_do_not_go_together_are_named(pay):
    with pytest.raises(errors.InputError) as caught:
        pay.validate({"buyers": [{"vat": "1", "born": "2001-01-01"}]})
    assert caught.value.problems[0].fix == "born, vat are of Person and Firm; give those of one"


@pytest.mark.parametrize("shape", ["form", "tool"])
def test_the_schema_accepts_what_the_check_accepts(connector, shape):
    schema = connector.form_schema("pay") if shape == "form" else connector.tool_spec("pay")["inputSchema"]
    checker = jsonschema.Draft202012Validator(schema)
    spelled = [given for given, _ in VALID if "vatNumber" not in str(given)]
    assert [given for given in spelled if not checker.is_valid(given)] == []
    assert [given for given, _ in INVALID if checker.is_valid(given)] == []


def test_only_the_secret_of_the_variant_that_is_sent_is_masked(pay):
    card = pay.build_request(pay.validate({"source": {"type": "card", "number": "canary-1"}}))
    bank = pay.build_request(pay.validate({"source": {"type": "bank", "iban": "NO93-2222"}}))
    assert "canary-1" not in repr(card)
    assert "NO93-2222" in repr(bank)
