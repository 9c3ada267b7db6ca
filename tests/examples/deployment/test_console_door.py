"""The door that compose.yaml sets beside the console: what the browser asks for comes to it, as it was asked."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import HTTPCookieProcessor, Request, build_opener

import pytest
from support.pace import wait_until
from support.servers import free_port

ROOT = Path(__file__).parents[3]
NGINX = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")

pytestmark = pytest.mark.skipif(NGINX is None, reason="nginx is not installed")


def test_the_console_answers_through_its_door_to_the_name_that_the_browser_has(tmp_path):
    pytest.importorskip("starlette")
    port, door = free_port(), free_port()
    site = (ROOT / "deploy" / "nginx" / "console.conf").read_text("utf-8")
    site = site.replace("listen 8096", f"listen 127.0.0.1:{door}").replace("127.0.0.1:8095", f"127.0.0.1:{port}")
    folders = "".join(
        f"{kind}_temp_path {tmp_path}/{kind};\n" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    config = tmp_path / "nginx.conf"
    head = f"daemon off; worker_processes 1; pid {tmp_path}/pid; error_log stderr warn;\nevents {{}}\n"
    config.write_text(f"{head}http {{ access_log off;\n{folders}{site} }}\n", encoding="utf-8")
    env = {"PATH": "/usr/bin:/bin", "HOME": str(tmp_path), "PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1"}
    console = subprocess.Popen(
        [sys.executable, "-m", "connector", "console", "--no-browser", "--port", str(port)],
        env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    )  # fmt: skip
    nginx = subprocess.Popen([NGINX, "-p", str(tmp_path), "-e", "stderr", "-c", str(config)])
    try:
        link = next(found for line in console.stdout if (found := re.search(r"http://127\.0\.0\.1:\d+/\S+", line)))[0]
        path = link.partition(f":{port}")[2]
        opener = build_opener(HTTPCookieProcessor())

        def ask(host):
            try:
                answer = opener.open(Request(f"http://127.0.0.1:{door}{path}", headers={"Host": host}), timeout=10)
            except HTTPError as error:
                return error.code
            return answer.status

        wait_until((tmp_path / "pid").exists)
        assert ask("evil.example.com") in (400, 403, 421)
        assert ask(f"127.0.0.1:{port}") == 200
    finally:
        for process in (nginx, console):
            process.terminate()
            process.communicate(timeout=60)
