"""What Airflow is told of the provider: forms made from the manifest, without an import of Airflow."""

from __future__ import annotations

import json
import subprocess
import sys
from importlib.metadata import entry_points

from connector.integrations.airflow_info import build_form, get_provider_info


def test_the_entry_point_leads_to_data_that_is_json():
    (found,) = [one for one in entry_points(group="apache_airflow_provider") if one.dist.name == "connector"]
    info = found.load()()
    assert info == get_provider_info() == json.loads(json.dumps(info))
    assert info["package-name"] == "connector"


def test_airflow_is_not_imported_for_it():
    code = "import sys; from connector.integrations import airflow_info as a; a.get_provider_info(); print('airflow' in sys.modules)"
    printed = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert printed.strip() == "False"


def test_a_form_has_the_kinds_and_the_inputs_of_the_manifest_with_secrets_as_passwords(zoom):
    form = build_form(zoom.manifest)
    assert list(form) == [
        "kind",
        "accountId",
        "clientId",
        "clientSecret",
        "apiKey",
        "apiSecret",
        "accessToken",
        "stored",
    ]
    assert form["kind"]["schema"]["enum"] == ["serverToServer", "apiJwt", "accessToken", None]
    secrets = {key for key, field in form.items() if field["schema"].get("format") == "password"}
    assert secrets == {"clientSecret", "apiSecret", "accessToken"}
    assert form["accountId"]["label"] == "Account ID"
    assert form["accountId"]["description"] == (
        "From the credentials page of your Server-to-Server OAuth app. For serverToServer."
    )


def test_an_input_of_several_kinds_stands_once_and_names_them(folder):
    whole = """format: 1
connector: lamp
version: 1.0.0
label: Lamp
summary: A lamp.
base_url: https://lamp.example/api
connections:
  one: {label: One, kind: api_key, to: header.X, inputs: {key: {label: Key, help: A key., type: password, required: true}}}
  two:
    label: Two
    kind: api_key
    to: header.Y
    inputs:
      key: {label: Key, help: A key., type: password, required: true}
      region: {label: Region, help: Where., type: string, choices: {eu: Europe, us: America}, to: query.region}
"""
    form = build_form(folder(whole=whole).manifest)
    assert form["key"]["description"] == "A key. For one. Also for two."
    assert form["region"]["schema"]["enum"] == ["eu", "us", None]
