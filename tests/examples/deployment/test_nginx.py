"""nginx in front of two receivers that share a socket and a PostgreSQL inbox: as deployed, by TLS, with restarts."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import threading
from http.client import HTTPSConnection
from pathlib import Path

import pytest
from support import private_postgres, receivers
from support.certificates import Issuer
from support.pace import PATIENCE, wait_until
from support.receivers import body
from support.servers import free_port

from connector.runtime.webhooks.inbox import Inbox

DEPLOY = Path(__file__).parents[3] / "deploy"
ROOT = DEPLOY.parent
SECRET = "a-secret-of-the-service"
NGINX = shutil.which("nginx", path=f"{os.environ['PATH']}:/usr/sbin")
RESTARTS = 4

pytestmark = pytest.mark.skipif(NGINX is None, reason="nginx is not installed")


@pytest.fixture
def listening():
    with socket.create_server(("127.0.0.1", 0), backlog=1024) as one:
        yield one


@pytest.fixture
def nginx(tmp_path, listening):
    """Start nginx with the files of deploy/, on ports and with a certificate of this test; return its port."""
    ports = {"80": free_port(), "443": free_port()}
    site = (DEPLOY / "nginx" / "site.conf").read_text("utf-8")
    for port, free in ports.items():
        site = site.replace(f"listen {port}", f"listen 127.0.0.1:{free}").replace(f"    listen [::]:{port};\n", "")
        site = site.replace(f"    listen [::]:{port} ssl;\n", "")
    Issuer(tmp_path).server("127.0.0.1")
    for name in ("fullchain", "privkey"):
        site = site.replace(f"/etc/nginx/tls/{name}.pem", str(tmp_path / "127.0.0.1.pem"))
    upstream = (DEPLOY / "nginx" / "upstream-host.conf").read_text("utf-8")
    upstream = upstream.replace("127.0.0.1:8080", f"127.0.0.1:{listening.getsockname()[1]}")
    folders = "".join(
        f"{kind}_temp_path {tmp_path}/{kind};\n" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    config = tmp_path / "nginx.conf"
    config.write_text(
        f"daemon off; worker_processes 1; pid {tmp_path}/pid; error_log stderr warn;\nevents {{}}\n"
        f"http {{ access_log off;\n{folders}{upstream}\n{site} }}\n",
        encoding="utf-8",
    )
    command = [NGINX, "-p", str(tmp_path), "-e", "stderr", "-c", str(config)]
    checked = subprocess.run([*command, "-t"], capture_output=True, text=True, check=False)
    assert checked.returncode == 0, checked.stderr
    process = subprocess.Popen(command, stderr=subprocess.DEVNULL)
    wait_until(lambda: _accepts(ports["443"]))
    yield ports["443"]
    process.terminate()
    process.wait(60)


def _accepts(port):
    try:
        socket.create_connection(("127.0.0.1", port), 1).close()
    except OSError:
        return False
    return True


@pytest.fixture
def start(tmp_path, listening):
    """Start receivers on the shared socket, each with a home of its own; they end with the test."""
    processes = []
    url = private_postgres.fresh()
    Inbox(url).open()

    def begin():
        admin = free_port()
        descriptor = listening.fileno()
        script = (
            f'exec 3<&{descriptor}; LISTEN_PID=$$ LISTEN_FDS=1 exec "$0" -m connector webhook serve --path /zoom '
            f"--admin 127.0.0.1:{admin}"
        )
        env = {
            "PATH": os.environ["PATH"], "HOME": str(tmp_path), "PYTHONPATH": str(ROOT), "CONNECTOR_INBOX": url,
            "ZOOM_WEBHOOK_SECRET_TOKEN": SECRET, "CONNECTOR_LOG_FORMAT": "json",
        }  # fmt: skip
        process = subprocess.Popen(
            ["bash", "-c", script, sys.executable],
            env=env, pass_fds=[descriptor], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        processes.append(process)
        ask = receivers.asker(f"http://127.0.0.1:{admin}")
        wait_until(lambda: _accepts(admin) and ask("/readyz")[0] == 200)
        return process

    begin.url = url
    yield begin
    for process in processes:
        if process.poll() is None:
            process.kill()
        process.wait(60)


class Client:
    """Sends to nginx by TLS; remembers the statuses."""

    def __init__(self, port):
        self.context = ssl.create_default_context()
        self.context.check_hostname, self.context.verify_mode = False, ssl.CERT_NONE
        self.port, self.statuses = port, []

    def ask(self, method, path, content=b"", headers=()):
        line = HTTPSConnection("127.0.0.1", self.port, timeout=PATIENCE, context=self.context)
        line.request(method, path, content, dict(headers))
        answer = line.getresponse()
        answer.read()
        line.close()
        return answer

    def deliver(self, number):
        content = body(number)
        self.statuses.append(self.ask("POST", "/zoom", content, receivers.sign(content, SECRET).items()).status)


def test_a_delivery_passes_unchanged_and_nothing_else_does(nginx, start):
    start()
    client = Client(nginx)
    client.deliver(1)
    assert client.statuses == [200]
    refused = client.ask("POST", "/zoom", b"{}")
    assert refused.status == 401
    assert refused.headers["strict-transport-security"] == "max-age=31536000"
    assert "/" not in refused.headers["server"]
    assert [client.ask("GET", path).status for path in ("/", "/metrics", "/healthz", "/readyz")] == [404] * 4
    assert client.ask("POST", "/zoom", b"x" * 1_100_000).status == 413


@pytest.mark.kills
def test_receivers_are_replaced_behind_nginx_without_a_refused_or_lost_delivery(nginx, start):
    client, ended = Client(nginx), threading.Event()

    def send():
        number = 0
        while not ended.is_set():
            client.deliver(number)
            number += 1

    running = [start(), start()]
    sender = threading.Thread(target=send)
    sender.start()
    for _ in range(RESTARTS):
        old = running.pop(0)
        count = len(client.statuses)
        wait_until(lambda: len(client.statuses) > count)  # noqa: B023
        old.send_signal(signal.SIGTERM)
        assert old.wait(30) == 0
        running.append(start())
    ended.set()
    sender.join(60)
    assert set(client.statuses) == {200}
    inbox = Inbox(start.url)
    wait_until(lambda: inbox.counts() == {"delivered": len(client.statuses)})
    inbox.close()
