"""A connection shows its certificate in the TLS handshake, to its own hosts, with every HTTP library."""

from __future__ import annotations

import asyncio
import json
import ssl

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from support.certificates import Issuer
from support.servers import Counting, redirect, reply

from connector import AsyncClient, Client, Connection, errors

LIST = "action: list\nlabel: L\nsummary: L.\nrequest: GET /lamps\n"
PASSWORD = "canary-key-password"
PEM, PKCS8 = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8


def field(**words):
    return {"label": "L", "help": "H.", "type": "password", "required": False, **words}


INPUTS = {
    "certificate": field(type="text", to="tls.certificate", required=True),
    "certificateKey": field(to="tls.key"),
    "keyPassword": field(to="tls.key_password"),
}


@pytest.fixture(params=["httpx", "httpx2", "pyreqwest"])
def library(request):
    pytest.importorskip(request.param)
    return request.param


@pytest.fixture
def issuer(tmp_path, monkeypatch):
    made = Issuer(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(made.pem))
    return made


@pytest.fixture
def secure(issuer):
    """A server that takes only requests of whom the authority has certified."""
    context = issuer.server("localhost")
    context.verify_mode = ssl.CERT_REQUIRED
    context.load_verify_locations(issuer.pem)
    with Counting(tls=context) as server:
        yield server


def certify(issuer, name="acme"):
    """The certificate of a client and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    return issuer._signed(subject, key.public_key(), (-1, 1)).public_bytes(PEM).decode(), key


def to_pem(key, password=None):
    protection = serialization.BestAvailableEncryption(password.encode()) if password else serialization.NoEncryption()
    return key.private_bytes(PEM, PKCS8, protection).decode()


def build(folder, **words):
    connection_type = {"label": "P", "kind": "api_key", "inputs": INPUTS, **words}
    whole = (
        "connector: lamp\nlabel: Lamp\nsummary: Lamps.\nbase_url: https://localhost\nallowed_hosts: [localhost]\n"
        f"connections:\n  it: {json.dumps(connection_type)}\n"
    )
    return folder(whole=whole, actions={"list": LIST})


def base(server):
    return f"https://localhost:{server.port}/v2"


@pytest.mark.parametrize("form", ["two files", "a key with a password", "one file"])
def test_a_certificate_opens_the_service(folder, issuer, secure, library, form):
    certificate, key = certify(issuer)
    given = {"certificate": certificate, "certificateKey": to_pem(key)}
    if form == "a key with a password":
        given = {"certificate": certificate, "certificateKey": to_pem(key, PASSWORD), "keyPassword": PASSWORD}
    elif form == "one file":
        given = {"certificate": to_pem(key) + certificate}
    connector = build(folder, inputs={**INPUTS, "certificate": field(to="tls.certificate", required=True)})
    with Client(connector, Connection(connector, "it", given), base_url=base(secure), http=library) as client:
        assert client.run("list").data == {}
        client.run("list")
    assert secure.count == 2


def test_tasks_show_it_too(folder, issuer, secure, library):
    certificate, key = certify(issuer)
    connector = build(folder)
    connection = Connection(connector, "it", certificate=certificate, certificateKey=to_pem(key))

    async def run():
        async with AsyncClient(connector, connection, base_url=base(secure), http=library) as client:
            return await client.run("list")

    assert asyncio.run(run()).data == {}


def test_without_it_nothing_is_answered(folder, secure, issuer, library):
    connector = build(folder, kind="bearer", inputs={"token": field(required=True)})
    connection = Connection(connector, "it", {"token": "x"})
    with (
        Client(connector, connection, base_url=base(secure), http=library) as client,
        pytest.raises(errors.ConnectorError),
    ):
        client.run("list", retry=0)
    assert secure.count == 0


def test_two_connections_of_one_host_keep_their_certificates_apart(folder, issuer, secure, library):
    from connector.runtime.http.transport import load_transport

    connector, http = build(folder), load_transport(library, asynchronous=False)
    first, key = certify(issuer)
    stranger = Issuer(issuer.folder, "Another authority")
    other, other_key = certify(stranger)
    for certificate, own_key, is_known in ((first, key, True), (other, other_key, False), (first, key, True)):
        connection = Connection(connector, "it", certificate=certificate, certificateKey=to_pem(own_key))
        with Client(connector, connection, base_url=base(secure), http=http) as client:
            if is_known:
                client.run("list")
            else:
                with pytest.raises(errors.ConnectorError):
                    client.run("list", retry=0)
    http.close()
    assert secure.count == 2


def test_a_token_request_shows_it_as_rfc_8705_has_it(folder, issuer, secure, library):
    certificate, key = certify(issuer)
    url = f"https://localhost:{secure.port}/token"
    connector = build(
        folder, kind="oauth2_client_credentials", token_url=url, inputs={**INPUTS, "clientId": field(type="string")}
    )
    secure.always(
        lambda request: reply(json_={"access_token": "canary-token"}) if request.method == "POST" else reply(json_={})
    )
    connection = Connection(connector, "it", certificate=certificate, certificateKey=to_pem(key), clientId="app-1")
    with Client(connector, connection, base_url=base(secure), http=library) as client:
        client.run("list")
    assert b"client_id=app-1" in secure.requests[0].body
    assert secure.last.header("authorization") == "Bearer canary-token"


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"certificateKey": to_pem(ec.generate_private_key(ec.SECP256R1()))}, "the private key of the certificate"),
        ({"keyPassword": PASSWORD}, "a private key with a password"),
        ({"certificateKey": "encrypted"}, "the password of the private key"),
        ({"certificateKey": "encrypted", "keyPassword": "canary-wrong"}, "check the password"),
        ({"certificate": "none"}, "a certificate in PEM form"),
    ],
)
def test_a_key_that_does_not_fit_is_told_when_it_is_given(folder, issuer, change, expected):
    certificate, key = certify(issuer)
    given = {"certificate": certificate, "certificateKey": to_pem(key), **change}
    if given["certificateKey"] == "encrypted":
        given["certificateKey"] = to_pem(key, PASSWORD)
    connector = build(folder)
    with pytest.raises(errors.InputError, match=expected) as caught:
        Connection(connector, "it", given)
    assert not any(part in f"{caught.value}{caught.value!r}" for part in ("canary", *to_pem(key).splitlines()[1:-1]))


def test_neither_key_nor_password_shows(folder, issuer):
    certificate, key = certify(issuer)
    connector = build(folder)
    given = {"certificate": certificate, "certificateKey": to_pem(key, PASSWORD), "keyPassword": PASSWORD}
    connection = Connection(connector, "it", given)
    credential = connection.credential(None, 0)
    shown = f"{connection!r}{credential!r}{credential.certificate!r}{connection.oauth_client!r}"
    assert PASSWORD not in shown
    assert to_pem(key).splitlines()[1] not in shown


def test_another_host_does_not_see_it(folder, issuer, secure, library, server):
    certificate, key = certify(issuer)
    connector = build(folder)
    connection = Connection(connector, "it", certificate=certificate, certificateKey=to_pem(key))
    secure.always(redirect(f"{server.url}/elsewhere"))
    with (
        Client(connector, connection, base_url=base(secure), http=library) as client,
        pytest.raises(errors.ConnectorError),
    ):
        client.run("list")
    assert server.count == 0
