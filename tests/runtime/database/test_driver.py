"""A database is named by a URL whose password shows nowhere, however it is written."""

from __future__ import annotations

import pytest

from connector.errors import StoreError, UsageError
from connector.runtime.run_log.tables import open_table

CANARY = "canary-4711"


@pytest.mark.parametrize("sign", ["#", "?", "/"])
def test_a_password_that_is_not_encoded_is_told_without_it(sign):
    with pytest.raises(UsageError) as caught:
        open_table(f"postgresql://ada:{CANARY}{sign}1@127.0.0.1:1/db")
    assert "cannot be read" in str(caught.value)
    assert "%23" in caught.value.hint
    assert caught.value.__suppress_context__  # urlsplit tells a part of it
    assert CANARY not in f"{caught.value!r} {caught.value}"


def test_what_a_server_or_driver_says_has_no_password_in_it():
    pytest.importorskip("psycopg")
    table = open_table(f"postgresql://ada:{CANARY}@127.0.0.1:1/db?sslpassword={CANARY}%20two")
    assert CANARY not in table.display_url
    reason = table.find_reason(OSError(f"no {CANARY}, no {CANARY} two"))
    assert reason == "no ***, no ***"
    with pytest.raises(StoreError) as caught:
        table.write([("SELECT 1", ())])
    assert CANARY not in str(caught.value)
