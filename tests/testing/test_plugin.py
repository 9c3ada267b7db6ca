"""The pytest plugin: its fixtures, marker, settings and option, and what it costs others."""

from __future__ import annotations

import os
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PLUGIN = "connector.testing.plugin"


class Suite:
    """A user's folder of tests, run by a pytest of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def write(self, text: str, name: str = "test_it.py") -> None:
        (self.folder / name).write_text(text, encoding="utf-8")

    def run(self, *words: str, **variables: str) -> str:
        kept = {name: os.environ[name] for name in ("PATH", "SYSTEMROOT") if name in os.environ}
        environ = {
            **kept,
            "PYTHONPATH": str(ROOT),
            "PYTHONDONTWRITEBYTECODE": "1",
            "HOME": str(self.folder),
            **variables,
        }
        command = [
            sys.executable,
            "-W",
            "error",
            "-m",
            "pytest",
            "-q",
            "--tb=short",
            "-p",
            PLUGIN,
            "-p",
            "no:cacheprovider",
        ]
        done = subprocess.run(
            [*command, *words], cwd=self.folder, env=environ, capture_output=True, text=True, timeout=60, check=False
        )
        return done.stdout + done.stderr


@pytest.fixture
def suite(tmp_path):
    (tmp_path / "pytest.ini").write_text("[pytest]\naddopts = --strict-markers --strict-config\n")
    return Suite(tmp_path)


def test_the_package_brings_the_plugin_under_the_name_of_its_module():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    assert project["entry-points"]["pytest11"] == {PLUGIN: PLUGIN}  # so that -p PLUGIN does not load it twice


@pytest.mark.parametrize("words", [[], ["-p", PLUGIN]], ids=["by itself", "named too"])
def test_an_installed_package_brings_the_plugin_by_itself(suite, words):
    installed = suite.folder / "site" / "kit-1.0.dist-info"
    installed.mkdir(parents=True)
    (installed / "METADATA").write_text("Metadata-Version: 2.1\nName: kit\nVersion: 1.0\n")
    (installed / "entry_points.txt").write_text(f"[pytest11]\n{PLUGIN} = {PLUGIN}\n")
    suite.write("def test_it(connector_client):\n    connector_client.run('getUser', {'userId': 'me'})\n")
    assert "1 passed" in suite.run(
        *words, INSTALLED="1", PYTHONPATH=os.pathsep.join((str(ROOT), str(installed.parent)))
    )


def test_a_test_gets_a_sandbox_and_a_client_of_its_own(suite):
    suite.write(
        "import pytest\n"
        "@pytest.mark.parametrize('number', [1, 2])\n"
        "def test_it(connector_sandbox, connector_client, number):\n"
        "    assert connector_client.run('listMeetings', {'userId': 'me'}).data['meetings'] == []\n"
        "    connector_client.run('createMeeting', {'userId': 'me', 'topic': 'Standup'})\n"
        "    connector_sandbox.assert_called('createMeeting', topic='Standup')\n"
    )
    assert "2 passed" in suite.run()


def test_a_failed_assertion_shows_the_test_and_what_was_sent(suite):
    suite.write(
        "def test_it(connector_sandbox, connector_client):\n"
        "    connector_client.run('getUser', {'userId': 'me'})\n"
        "    connector_sandbox.assert_called('createMeeting', topic='Standup')\n"
    )
    printed = suite.run()
    assert "test_it.py:3: in test_it" in printed
    assert 'createMeeting was not called with topic="Standup"' in printed
    assert "request_log.py" not in printed


def test_a_marker_chooses_the_folder_and_the_options_of_the_sandbox(suite):
    suite.write(
        "import pytest\n"
        f"pytestmark = pytest.mark.connector(folder={str(ROOT / 'examples' / 'stripe')!r}, faults=['503:9'])\n"
        "@pytest.mark.connector(faults=['429:2'])\n"
        "def test_it(connector_sandbox, connector_client):\n"
        "    result = connector_client.run('listCustomers')\n"
        "    assert (connector_sandbox.connector.name, result.attempts) == ('stripe', 3)\n"
    )
    assert "1 passed" in suite.run()


def test_a_setting_chooses_the_folder(suite):
    (suite.folder / "pytest.ini").write_text("[pytest]\nconnector_folder = mine\n")
    (suite.folder / "mine").symlink_to(ROOT / "examples" / "github")
    suite.write("def test_it(connector_sandbox):\n    assert connector_sandbox.connector.name == 'github'\n")
    assert "1 passed" in suite.run()


def test_a_marker_with_a_misspelt_argument_is_refused(suite):
    suite.write("import pytest\n@pytest.mark.connector(fault=['503'])\ndef test_it(connector_sandbox): ...\n")
    printed = suite.run()
    assert "The marker connector has no fault; it takes folder, network, faults" in printed


FORGOTTEN = (
    "import pytest, socket\n"
    "from connector import Client, Connection, Connector, errors\n"
    "zoom = Connector.open()\n"
    "forgotten = Client(zoom, Connection(zoom, 'accessToken', accessToken='a-token-of-a-test'))\n"
    "def refuse(*_, **__): raise OSError('the network was asked')\n"
    "@pytest.fixture(autouse=True)\n"
    "def _offline(monkeypatch): monkeypatch.setattr(socket, 'getaddrinfo', refuse)\n"
)


@pytest.mark.parametrize("fixture", ["connector_sandbox", "connector_client"])
def test_a_client_of_the_real_service_is_stopped_and_the_fixture_named(suite, fixture):
    suite.write(
        f"{FORGOTTEN}def test_it({fixture}):\n"
        "    with pytest.raises(errors.TransportError, match='the fixture connector_sandbox of this test'):\n"
        "        forgotten.run('getUser', {'userId': 'me'})\n"
        "def test_without():\n"
        "    with pytest.raises(errors.TransportError) as caught:\n"
        "        forgotten.run('getUser', {'userId': 'me'}, retry={'maxRetries': 0})\n"
        "    assert 'fixture' not in str(caught.value)\n"
    )
    assert "2 passed" in suite.run()


@pytest.mark.parametrize("way", ["marker", "setting"])
def test_a_marker_or_a_setting_lets_clients_out(suite, way):
    if way == "setting":
        (suite.folder / "pytest.ini").write_text("[pytest]\nconnector_network = true\n")
    marker = "@pytest.mark.connector(network=True)\n" if way == "marker" else ""
    suite.write(
        f"{FORGOTTEN}{marker}def test_it(connector_sandbox):\n"
        "    with pytest.raises(errors.TransportError) as caught:\n"
        "        forgotten.run('getUser', {'userId': 'me'}, retry={'maxRetries': 0})\n"
        "    assert 'fixture' not in str(caught.value)\n"
    )
    assert "1 passed" in suite.run()


def test_a_recording_is_made_once_and_replayed_ever_after(suite, server, zoom):
    suite.write(
        "from connector import Connection, Connector\n"
        "def test_it(connector_recording):\n"
        "    zoom = Connector.open()\n"
        "    with connector_recording.open_client(zoom, lambda: Connection.from_env(zoom)) as client:\n"
        "        assert client.run('getUser', {'userId': 'me'}).data == {}\n"
    )
    assert "There is no recording" in suite.run()
    real = {"ZOOM_BASE_URL": server.url, "ZOOM_ACCESS_TOKEN": "canary-of-a-token-8841"}
    assert "1 passed" in suite.run("--record", **real)
    assert "1 passed" in suite.run()
    assert server.count == 1
    (file,) = (suite.folder / "recordings").iterdir()
    assert file.name == "test_it.test_it.har"
    assert "canary" not in file.read_text("utf-8")


def test_other_suites_pay_next_to_nothing(suite):
    heavy = {"pydantic", "httpx", "httpcore", "yaml", "connector.sandbox", "connector.runtime", "connector.definition"}
    suite.write(f"import sys\ndef test_it():\n    assert {heavy!r} & set(sys.modules) == set()\n")
    assert "1 passed" in suite.run()
    script = "import sys, connector; print('pytest' in sys.modules, 'connector.testing' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "False"]
