"""A real browser, sent away to consent, comes back to the listener on this machine."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from support.servers import Counting, reply

from connector.runtime.auth.loopback_server import CallbackServer
from connector.runtime.storage.open import open_store
from connector.sandbox.data.state import SandboxState
from connector.sandbox.http_server import serve
from connector.sandbox.service import SandboxService

SECRET = "canary-client-secret"
STATE, CODE = "the-state-that-was-sent", "canary-code"


def test_connect_opens_it_and_takes_it_back(zoom, browser, tmp_path):
    with serve(SandboxService(zoom, SandboxState(None))) as server:
        urls = {key: value for key, value in server.build_oauth_inputs().items() if key.endswith("Url")}
        around = {
            "PATH": os.environ["PATH"], "HOME": str(tmp_path), "PYTHONPATH": str(Path(__file__).parents[2]),
            "BROWSER": browser.command, "ZOOM_BASE_URL": server.url, "ZOOM_CLIENT_ID": "app-1", "ZOOM_CLIENT_SECRET": SECRET,
        }  # fmt: skip
        typed = [word for key, value in urls.items() for word in ("-i", f"{key}={value}")]
        place = f"file:{tmp_path / 'store'}"
        words = ["connect", "work", "--kind", "oauth2", "--unencrypted", "--store", place, *typed]
        command = [sys.executable, "-m", "connector", *words]
        done = subprocess.run(
            command, env=around, cwd=tmp_path, text=True, timeout=60, check=False, capture_output=True
        )
        assert done.returncode == 0, done.stderr
        assert "work: connected to Zoom with OAuth 2.0 as ada@example.com, Ada Byron." in done.stdout
        page = browser.page()
    assert "close this window" in page
    assert "code=" not in page
    assert "state=" not in page
    assert open_store(place).read("connection:zoom:work").data["grant"]["refresh_token"]


def test_what_it_fetches_on_the_way_is_not_taken_for_the_callback(browser):
    with CallbackServer() as listener, Counting() as service:
        listener.expect_state(STATE)
        asked: list[str] = []
        taken = listener.accept_callback
        listener.accept_callback = lambda target, host: (asked.append(target), taken(target, host))[1]
        home, back = listener.redirect_uri.removesuffix("/callback"), listener.redirect_uri
        strays = ["/favicon.ico", f"/callback?code={CODE}", f"/callback?state=other&code={CODE}"]
        whole = f"/callback?state={STATE}&code={CODE}"
        images = "".join(f'<img src="{home}{stray}" onerror="came()">' for stray in strays)
        script = f"let left = {len(strays)}; function came() {{ if (!--left) location = '{home}{whole}'; }}"
        page = f"<!doctype html><title>Consent</title><script>{script}</script>{images}"
        service.always(reply(body=page.encode(), headers=[("Content-Type", "text/html")]))
        subprocess.run([browser.command, service.url], check=True, timeout=60)
        assert listener.wait(10) == f"{back}?state={STATE}&code={CODE}"
        assert "close this window" in browser.page()
    assert set(strays) < set(asked)
    assert asked.count(whole) == 1
