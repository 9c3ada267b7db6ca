"""Start a run of a DAG for an event, by Airflow's REST API; Airflow itself need not be installed here."""

from __future__ import annotations

import json
import os
import time
from functools import cache
from http import HTTPStatus
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from connector.core.request.credential import Credential
from connector.core.response.reply import Reply
from connector.errors import SignInError, UsageError
from connector.integrations.work import describe_event
from connector.runtime.http.transport import load_transport
from connector.runtime.process.env import read_env_value
from connector.runtime.webhooks.forwarders import check_forward_url, post_request, require_success

if TYPE_CHECKING:
    from connector.core.webhook.event import Event

# Where Airflow is, and with which credentials runs are started; X_FILE names a file that holds X.
VARIABLES = tuple(f"CONNECTOR_AIRFLOW_{name}" for name in ("URL", "USERNAME", "PASSWORD", "TOKEN"))
TIMEOUT = 30.0  # seconds for one request

_REFUSED = (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN)


class AirflowApi:
    """Airflow's public REST API at `url`, such as https://airflow.example.com; safe to share among threads.

    Give a `token`, or a `username` and `password` that one is asked for with. `http` is a transport of your own; else
    `close()` closes the connections. Raises UsageError for a URL that is neither https nor http on this machine, or
    without credentials.
    """

    def __init__(
        self,
        url: str,
        *,
        username: str | None = None,
        password: str | None = None,
        token: str | None = None,
        http: Any = None,
    ) -> None:
        self._url = check_forward_url(url).rstrip("/")
        if not token and not (username and password):
            hint = f"Set {VARIABLES[3]}, or {VARIABLES[1]} and {VARIABLES[2]}."
            raise UsageError("There are no credentials for the API of Airflow.", hint=hint)
        self._login = {"username": username, "password": password} if username and password else None
        self._token = token
        self._owns_http = http is None
        self._http = load_transport(http, asynchronous=False)

    def start_run(self, dag_id: str, run_id: str, conf: dict[str, Any]) -> bool:
        """Start a run of a DAG; return whether it is a new one: False where Airflow has a run of that id.

        Raises ConnectorError for any other answer, TransportError without one, SignInError for wrong credentials.
        """
        path = f"/api/v2/dags/{quote(dag_id, safe='')}/dagRuns"
        body = {"dag_run_id": run_id, "logical_date": None, "conf": conf}
        reply = self._post(path, body, self._token or self._ask_token())
        if reply.status in _REFUSED and self._login:  # a token that it was given, or kept, may have ended
            reply = self._post(path, body, self._ask_token())
        if reply.status in _REFUSED:
            raise SignInError(f"Airflow does not let this user start runs of {dag_id}: HTTP {reply.status}.")
        if reply.status == HTTPStatus.CONFLICT:
            return False
        require_success(f"{self._url}{path}", reply)
        return True

    def _ask_token(self) -> str:
        """Return a new token, kept for the next call."""
        reply = self._post("/auth/token", self._login or {}, "")
        if reply.status == HTTPStatus.UNAUTHORIZED:
            raise SignInError("Airflow does not accept the user name and password.")
        require_success(f"{self._url}/auth/token", reply)
        token: str = json.loads(reply.body)["access_token"]
        self._token = token
        return token

    def _post(self, path: str, body: dict[str, Any], token: str) -> Reply:
        url = f"{self._url}{path}"
        credential = Credential(token, (("Authorization", f"Bearer {token}"),) if token else ())
        request = post_request(url, json.dumps(body).encode(), {})
        answer = self._http.send(request, credential, time.monotonic() + TIMEOUT, None, None)
        return answer if isinstance(answer, Reply) else require_success(url, answer)

    def close(self) -> None:
        """Close the connections."""
        if self._owns_http:
            self._http.close()

    def __repr__(self) -> str:
        return f"<AirflowApi {self._url}>"


def open_api() -> AirflowApi:
    """Return the API that CONNECTOR_AIRFLOW_URL and the variables beside it name; one for all calls of a process.

    Raises UsageError, InputError for a file that cannot be read.
    """
    url, username, password, token = (read_env_value(os.environ, name) for name in VARIABLES)
    if url is None:
        raise UsageError("It is not known where Airflow is.", hint=f"Set {VARIABLES[0]}.")
    return _open_api(url, username, password, token)


@cache
def _open_api(url: str, username: str | None, password: str | None, token: str | None) -> AirflowApi:
    return AirflowApi(url, username=username, password=password, token=token)


def start_for_event(event: Event, dag_id: str, *, api: AirflowApi | None = None, **conf: Any) -> str:
    """Start a run of a DAG for an event; return its id, the key of the event: the same event again is the same run.

    The run's `conf` has the event as `event`, as JSON-safe data, and what else is given. `api` is Airflow's; without
    it, that of the environment. Raises as `AirflowApi.start_run`.
    """
    api = open_api() if api is None else api
    api.start_run(dag_id, event.key, {"event": describe_event(event), **conf})
    return event.key
