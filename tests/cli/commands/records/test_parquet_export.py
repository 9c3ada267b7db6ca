"""Records as Parquet: what does not fit the type of its column is told, and stays in the data."""

from __future__ import annotations

import json
import time

import pytest
from pyarrow import parquet
from support import private_postgres

from connector import Connector
from connector.cli.commands.records.parquet import write_parquet
from connector.core.records.record import Sight
from connector.runtime.records.records import Records
from connector.runtime.records.views import list_fields

ZOOM = Connector.open()
FIELDS = list_fields(ZOOM, ZOOM.manifest.resources["users"])
TOLD = [
    {"id": "1", "pmi": 2**63 - 1, "verified": 1, "first_name": "Ada"},
    {"id": "2", "pmi": 2**63, "verified": [1], "first_name": 7},
    {"id": "3", "pmi": None, "verified": "yes"},
    {"id": "4", "pmi": "1e3", "verified": 1.5, "first_name": {"a": 1}},
]


@pytest.fixture(params=["sqlite", "postgres"])
def url(request, tmp_path):
    return f"sqlite:///{tmp_path / 'records.sqlite'}" if request.param == "sqlite" else private_postgres.fresh()


@pytest.fixture
def records(url):
    with Records(url) as opened:
        sights = [Sight(resource="users", id=one["id"], source="list", data=one) for one in TOLD]
        opened.keep("zoom", "sandbox", sights, time.time()).result(10)
        opened.create_views(ZOOM)
        yield opened


def test_what_does_not_fit_its_column_is_counted_and_stays_in_the_data(records, tmp_path):
    left_out = write_parquet(tmp_path / "users.parquet", *records.read_view("zoom_users"), FIELDS)
    assert {name: left_out[name] for name in ("pmi", "verified")} == {"pmi": 2, "verified": 3}
    rows = parquet.read_table(tmp_path / "users.parquet").to_pylist()
    assert [(row["pmi"], row["verified"]) for row in rows] == [(2**63 - 1, 1), (None, None), (None, None), (None, None)]
    assert [json.loads(row["data"]) for row in rows] == TOLD


def test_an_export_warns_of_what_did_not_fit(here, monkeypatch, records, url, tmp_path):
    monkeypatch.setenv("CONNECTOR_RECORDS", url)
    code, _, err = here("records", "export", "parquet", "users", "-o", str(tmp_path / "users.parquet"))
    assert code == 0, err
    assert "Warning: 2 values of pmi did not fit its type, integer: the column data has what was left out." in err
    here("records", "export", "csv", "users", "-o", str(tmp_path / "users.csv"))
    assert str(2**63) in (tmp_path / "users.csv").read_text()
