"""TLS trust: an invalid certificate ends the call before a byte of the request is sent."""

from __future__ import annotations

import shutil
import socket
import ssl
import subprocess
import threading

import pytest
from support import servers
from support.certificates import Issuer, only_tls_1_0
from support.pace import WIDE
from support.servers import Counting

from connector import Client, errors

CREATE = ("createMeeting", {"userId": "me", "topic": "Standup"})
READ = ("getUser", {"userId": "me"})
HOST = "localhost"
NAMED = {  # what the error says, whichever TLS library made it
    "expired": ("expired",),
    "not yet": ("not yet valid", "not valid yet"),
    "wrong host": ("not valid for", "NotValidForName", "mismatch"),
    "self-signed": ("self-signed", "self signed", "UnknownIssuer"),
    "stranger": ("unable to get local issuer", "UnknownIssuer"),
    "old": ("protocol", "ProtocolVersion"),
}


@pytest.fixture(scope="module")
def issuer(tmp_path_factory):
    return Issuer(tmp_path_factory.mktemp("certificates"))


@pytest.fixture(params=["httpx", "httpx2", "pyreqwest"])
def library(request):
    pytest.importorskip(request.param)
    return request.param


@pytest.fixture
def trusted(issuer, monkeypatch):
    """Trust the authority of this test."""
    monkeypatch.setenv("SSL_CERT_FILE", str(issuer.pem))
    return issuer


def base(server):
    return f"https://{HOST}:{server.port}/v2"


def contexts(issuer, fault):
    if fault == "stranger":
        return Issuer(issuer.folder, "Another authority").server(HOST)
    if fault == "wrong host":
        return issuer.server("api.example.test")
    if fault == "old":
        return only_tls_1_0(issuer.server(HOST))
    return issuer.server(
        HOST, days={"expired": (-3, -1), "not yet": (1, 3)}.get(fault, (-1, 1)), own=fault == "self-signed"
    )


@pytest.mark.parametrize("fault", list(NAMED))
def test_a_server_that_cannot_prove_itself_gets_nothing_and_is_named(runner, trusted, clock, library, fault):
    with Counting(tls=contexts(trusted, fault)) as server:
        one = runner(base(server), clock=clock, http=library)
        for calls, action in enumerate((READ, CREATE), 1):
            with pytest.raises(errors.TransportError) as caught:
                one.run(*action)
            error = caught.value
            assert (error.kind, error.outcome, error.attempts, error.retryable) == ("tls", "not_sent", 1, False)
            assert any(word in str(error) for word in NAMED[fault]), str(error)
            assert f"{HOST}:{server.port}" in str(error)
            assert "SSL_CERT_FILE" in error.hint
            assert (server.count, server.connections) == (0, calls), "never sent, never tried another way"


def test_an_authority_of_ones_own_is_trusted_by_file(runner, trusted, library):
    with Counting(servers.reply(json_={"id": "u1"}), tls=trusted.server(HOST)) as server:
        one = runner(base(server), http=library)
        for _ in range(3):
            assert one.run(*READ).data == {"id": "u1"}
        assert (server.count, server.connections) == (3, 1)


@pytest.mark.skipif(shutil.which("openssl") is None, reason="the openssl command names the files of a folder")
def test_and_by_folder(runner, issuer, monkeypatch, library, tmp_path):
    told = subprocess.run(
        ["openssl", "x509", "-hash", "-noout", "-in", issuer.pem], check=True, capture_output=True, text=True
    )
    (tmp_path / f"{told.stdout.strip()}.0").write_bytes(issuer.pem.read_bytes())
    monkeypatch.delenv("SSL_CERT_FILE", raising=False)
    monkeypatch.setenv("SSL_CERT_DIR", str(tmp_path))
    with Counting(servers.reply(json_={"id": "u1"}), tls=issuer.server(HOST)) as server:
        assert runner(base(server), http=library).run(*READ).data == {"id": "u1"}


def test_without_the_setting_it_is_not_trusted(runner, issuer, monkeypatch, library, clock):
    monkeypatch.delenv("SSL_CERT_FILE", raising=False)
    monkeypatch.delenv("SSL_CERT_DIR", raising=False)
    with Counting(tls=issuer.server(HOST)) as server:
        with pytest.raises(errors.TransportError) as caught:
            runner(base(server), http=library, clock=clock).run(*READ)
        assert (caught.value.kind, server.count) == ("tls", 0)


@pytest.mark.parametrize("name", ["SSL_CERT_FILE", "SSL_CERT_DIR"])
def test_a_setting_that_leads_nowhere_is_named(runner, monkeypatch, library, tmp_path, name, issuer):
    monkeypatch.delenv("SSL_CERT_FILE", raising=False)
    monkeypatch.setenv(name, str(tmp_path / "none"))
    with Counting(tls=issuer.server(HOST)) as server:
        with pytest.raises(errors.TransportError) as caught:
            runner(base(server), http=library).run(*READ)
        assert (caught.value.kind, caught.value.outcome, caught.value.retryable) == ("tls", "not_sent", False)
        assert server.count == 0
        if name == "SSL_CERT_FILE":
            assert name in str(caught.value)


def test_a_handshake_that_is_cut_is_tried_again(runner, trusted, library, clock):
    """A cut handshake says nothing about the certificate; the next attempt may succeed."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        met = []

        def cut():
            for _ in range(3):
                accepted, _ = listening.accept()
                met.append(accepted.recv(1000)[:1])
                accepted.close()

        thread = threading.Thread(target=cut, daemon=True)
        thread.start()
        with pytest.raises(errors.TransportError) as caught:
            runner(f"https://{HOST}:{listening.getsockname()[1]}/v2", http=library, clock=clock).run(*CREATE)
        thread.join(WIDE)
    error = caught.value
    assert (error.kind, error.outcome, error.attempts, error.retryable) == ("connect", "not_sent", 3, True)
    assert met == [b"\x16"] * 3, "each began a handshake"


@pytest.mark.parametrize("library", ["httpx", "httpx2"])
def test_one_tls_context_serves_every_client_of_a_process(
    zoom, token_connection, trusted, monkeypatch, tmp_path, library
):
    made = []
    real = ssl.create_default_context
    monkeypatch.setattr(ssl, "create_default_context", lambda **trust: made.append(1) or real(**trust))
    own = tmp_path / "own.pem"  # a setting that no other test has
    own.write_bytes(trusted.pem.read_bytes())
    monkeypatch.setenv("SSL_CERT_FILE", str(own))
    with Counting(tls=trusted.server(HOST)) as server:
        for _ in range(5):
            with Client(zoom, token_connection, base_url=base(server), http=library) as client:
                client.run(*READ)
        assert (server.count, len(made)) == (5, 1)


@pytest.mark.parametrize("library", ["httpx", "httpx2"])
def test_nothing_older_than_tls_1_2_is_offered(library):
    from connector.runtime.http.httpx.request import load_library, load_tls_context
    from connector.runtime.http.proxies import read_certificate_paths

    made = load_tls_context(load_library(library), read_certificate_paths())
    assert made.minimum_version >= ssl.TLSVersion.TLSv1_2
    assert (made.verify_mode, made.check_hostname) == (ssl.CERT_REQUIRED, True)
