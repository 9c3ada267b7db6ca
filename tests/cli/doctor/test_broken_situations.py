"""A table of what breaks in years of running: the doctor names each fault, and what to do."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import socket
import sqlite3
import time
from email.utils import formatdate
from pathlib import Path

import pytest
from support import private_postgres, receivers
from support.receivers import body
from support.servers import free_port, reply

from connector import verify_webhook
from connector.cli.context import overlap
from connector.cli.context.locations import build_default_url
from connector.runtime.storage.encryption import generate_key
from connector.runtime.storage.open import open_store
from connector.runtime.webhooks.inbox import Inbox

PASSWORD = "pw-canary-0815"


class Machine:
    """What a situation breaks: files below `home`, variables, words of the command."""

    def __init__(self, home, server, zoom, monkeypatch, stack):
        self.home, self.server, self.zoom, self.monkeypatch, self.stack = home, server, zoom, monkeypatch, stack
        self.words, self.env = ["--offline"], {}

    def write(self, name, text, mode=0o600):
        path = self.home / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        path.chmod(mode)
        return str(path)

    def make_store(self, key):
        """A store with one record that is encrypted with a key."""
        self.monkeypatch.setenv("CONNECTOR_KEY", key)
        url = f"file:{self.home / 'store'}"
        open_store(url).write("zoom/work", {"token": "t"})
        self.monkeypatch.delenv("CONNECTOR_KEY")
        self.env["CONNECTOR_STORE"] = url

    def keep_event(self, url):
        inbox = Inbox(url)
        event = verify_webhook(self.zoom, receivers.SECRET, receivers.sign(body(1)), body(1))
        inbox.put(event, f"zoom.{event.trigger}").result(30)
        inbox.close()


def lose_the_key(machine):
    machine.make_store(generate_key())


def take_another_key(machine):
    machine.make_store(generate_key())
    machine.env["CONNECTOR_KEY_FILE"] = machine.write("key", generate_key())


def remove_the_key_file(machine):
    machine.env["CONNECTOR_KEY_FILE"] = str(machine.home / "no-key")


def break_the_key(machine):
    machine.env["CONNECTOR_KEY_FILE"] = machine.write("key", "not a key")


def open_the_key_file(machine):
    key = generate_key()
    machine.make_store(key)
    machine.env["CONNECTOR_KEY_FILE"] = machine.write("key", key, 0o644)


def open_the_store(machine):
    folder = machine.home / "store"
    folder.mkdir()
    folder.chmod(0o755)
    machine.env["CONNECTOR_STORE"] = f"file:{folder}"


def fill_the_disk(machine):
    usage = shutil.disk_usage(machine.home)
    machine.monkeypatch.setattr(shutil, "disk_usage", lambda _: usage._replace(free=20_000_000))


def fill_the_disk_of_the_inbox_alone(machine):
    usage, full = shutil.disk_usage(machine.home), machine.home / "mounted"
    full.mkdir()
    machine.env["CONNECTOR_INBOX"] = f"sqlite:///{full}/inbox.sqlite"
    stat = Path.stat

    def stat_mounted(path, **options):
        status = stat(path, **options)
        return os.stat_result((*status[:2], 4711, *status[3:])) if path == full else status

    machine.monkeypatch.setattr(Path, "stat", stat_mounted)
    machine.monkeypatch.setattr(
        shutil, "disk_usage", lambda path: usage._replace(free=20_000_000 if path == full else 9**12)
    )


def deny_the_right_to_write(machine):
    folder, access = machine.home / "theirs", os.access
    folder.mkdir()
    machine.env["CONNECTOR_RUNS"] = f"sqlite:///{folder}/runs.sqlite"
    machine.monkeypatch.setattr(os, "access", lambda path, mode: path != folder and access(path, mode))


def run_as_root_in_the_folder_of_a_service(machine):
    folder = machine.home / "data" / "connector"
    folder.mkdir(parents=True)
    shutil.chown(folder, 54321)


def stop_the_database(machine):
    machine.env["CONNECTOR_INBOX"] = f"postgresql://me:{PASSWORD}@127.0.0.1:{free_port()}/hooks"


def refuse_the_password(machine):
    url = private_postgres.url().replace(private_postgres.PASSWORD, PASSWORD)
    machine.env["CONNECTOR_INBOX"] = url


def name_a_database_that_is_not_there(machine):
    machine.env["CONNECTOR_INBOX"] = private_postgres.url().rpartition("/")[0] + "/nowhere"


def lose_the_file_of_the_url(machine):
    machine.env["CONNECTOR_INBOX_FILE"] = str(machine.home / "inbox_url")


def damage_the_inbox(machine):
    machine.env["CONNECTOR_INBOX"] = f"sqlite:///{machine.write('inbox.sqlite', 'x' * 5000)}"


def write_tables_of_a_newer_version(machine):
    path = machine.write("runs.sqlite", "")
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as session:
        session.execute("CREATE TABLE connector_versions (name TEXT PRIMARY KEY, version INT, program TEXT)")
        session.execute("INSERT INTO connector_versions VALUES ('runs', 99, '9.9.9')")
    machine.env["CONNECTOR_RUNS"] = f"sqlite:///{path}"


def run_a_receiver_without_the_settings(machine):
    machine.keep_event(build_default_url("inbox", "zoom"))
    machine.env["CONNECTOR_INBOX"] = f"sqlite:///{machine.home}/other.sqlite"


def let_nobody_deliver(machine):
    url = f"sqlite:///{machine.home}/inbox.sqlite"
    machine.keep_event(url)
    with contextlib.closing(sqlite3.connect(url.removeprefix("sqlite:///"), isolation_level=None)) as session:
        session.execute("UPDATE connector_inbox SET due_at = due_at - 3600")
    machine.env["CONNECTOR_INBOX"] = url


def take_the_port(machine):
    taken = machine.stack.enter_context(socket.create_server(("127.0.0.1", 0)))
    machine.words += ["--port", str(taken.getsockname()[1])]
    machine.env["ZOOM_WEBHOOK_SECRET_TOKEN"] = receivers.SECRET


def forget_the_secret(machine):
    machine.words += ["--port", str(free_port())]


def empty_the_file_of_the_secret(machine):
    machine.env["ZOOM_WEBHOOK_SECRET_TOKEN_FILE"] = machine.write("secret", "\n")
    machine.words += ["--port", str(free_port())]


def let_a_job_hang(machine):
    folder = machine.home / "data" / "connector" / "jobs"
    machine.stack.enter_context(overlap.guard_overlap("nightly", folder))
    (lock,) = folder.iterdir()
    os.utime(lock, (time.time() - 200_000,) * 2)


def set_the_clock_wrong(machine):
    machine.server.always(reply(json_={}, headers=[("Date", formatdate(time.time() - 7200, usegmt=True))]))
    machine.words, machine.env["ZOOM_BASE_URL"] = [], machine.server.url


def cut_the_network(machine):
    machine.words, machine.env["ZOOM_BASE_URL"] = [], "https://no-such-host.invalid"


def stop_the_proxy(machine):
    machine.words, machine.env["HTTPS_PROXY"] = [], f"http://me:{PASSWORD}@127.0.0.1:{free_port()}"


def misspell_a_setting(machine):
    machine.write("config/connector/config.yaml", "stoer: file:here\n")


SITUATIONS = [  # what was broken, the line's name and status, what it says, and what to do
    (lose_the_key, "key", "fail", r"key [0-9a-f]{12}", r"CONNECTOR_KEY"),
    (take_another_key, "key", "fail", r"key [0-9a-f]{12}", r"CONNECTOR_KEY"),
    (remove_the_key_file, "store", "fail", r"no-key cannot be read: No such file", r"Name a readable file"),
    (break_the_key, "store", "fail", r"Key 1 of .*/key is not a valid key", r"'connector connections key'"),
    (open_the_key_file, "key", "warn", r"/key is open to other users \(mode 0644\)", r"Run: chmod 600 .*/key$"),
    (open_the_store, "store", "fail", r"open to others \(mode 0755\)", r"Run: chmod"),
    (fill_the_disk, "disk", "fail", r"^0\.0 GB are free", r"Free some space"),
    (fill_the_disk_of_the_inbox_alone, "disk", "fail", r"^0\.0 GB are free for .*inbox.sqlite$", r"disk of .*mounted"),
    (deny_the_right_to_write, "rights", "fail", r"theirs cannot be written by \w+: it belongs to", r"chown -R \w+ .*theirs$"),
    (run_as_root_in_the_folder_of_a_service, "rights", "warn", r"This is root, and .* belongs to 54321", r"runuser -u"),
    (stop_the_database, "inbox", "fail", r"Connection refused", r"Check that the server can be reached"),
    (refuse_the_password, "inbox", "fail", r"password authentication failed", r"the user and password in the URL"),
    (name_a_database_that_is_not_there, "inbox", "fail", r'database "nowhere" does not exist', r"that the database is there"),
    (lose_the_file_of_the_url, "settings", "fail", r"CONNECTOR_INBOX_FILE: got .*inbox_url; .*No such file", r"Name another file"),
    (damage_the_inbox, "inbox", "fail", r"file is not a database", r"repair it with: sqlite3"),
    (write_tables_of_a_newer_version, "tables", "fail", r"written by connector 9\.9\.9, as version 99", r"Install connector"),
    (run_a_receiver_without_the_settings, "inbox", "warn", r"1 event to deliver in .*zoom.sqlite, which the settings do not",
     r"end it, then deliver them: connector webhook serve --inbox sqlite:"),
    (let_nobody_deliver, "inbox", "warn", r"1 event to deliver.*one is due since 1 h", r"Start a receiver"),
    (take_the_port, "port", "warn", r"Port \d+ is taken", r"another --port.*ss -ltnp"),
    (forget_the_secret, "secret", "fail", r"ZOOM_WEBHOOK_SECRET_TOKEN is not set", r"_FILE\. The Secret Token on your"),
    (empty_the_file_of_the_secret, "secret", "fail", r"or empty", r"ZOOM_WEBHOOK_SECRET_TOKEN_FILE"),
    (let_a_job_hang, "jobs", "warn", r"'nightly' \(process \d+\) for 2", r"kill \d+$"),
    (set_the_clock_wrong, "clock", "fail", r"2 h", r"timedatectl set-ntp true"),
    (cut_the_network, "network", "warn", r"no-such-host.invalid cannot be reached", r"Check the network"),
    (stop_the_proxy, "network", "fail", r"through the proxy http://", r"Check (HTTPS_PROXY|the base URL)"),
    (misspell_a_setting, "connector", "fail", r"Unknown setting 'stoer'\. Did you mean 'store'", r"Correct that file"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("break_it", "name", "status", "message", "fix"), SITUATIONS, ids=[one[0].__name__ for one in SITUATIONS]
)
def test_the_doctor_names_the_fault_and_what_to_do(
    doctor, tmp_path, server, zoom, monkeypatch, break_it, name, status, message, fix
):
    if break_it is run_as_root_in_the_folder_of_a_service and os.geteuid() != 0:
        pytest.skip("only root meets it")
    with contextlib.ExitStack() as stack:
        machine = Machine(tmp_path, server, zoom, monkeypatch, stack)
        break_it(machine)
        code, checks = doctor(*machine.words, **machine.env)
    assert code == (status == "fail")
    told = [check for check in checks.every if check["name"] == name and check["status"] == status]
    assert any(re.search(message, check["message"]) and re.search(fix, check["fix"]) for check in told), told or checks
    messages = [check["message"] for check in checks.every if check["status"] == "fail"]
    assert len(set(messages)) == len(messages)  # one fault, one line
    assert PASSWORD not in str(checks.every)
