"""Secrets to plant, what a service says of them, and everything that must not show them."""

from __future__ import annotations

import base64
import json
import pickle
import traceback
from urllib.parse import quote

from connector import errors
from support.servers import TOKEN

PASSWORD = "pw/canry+1"
SECRETS = {
    "token": TOKEN,
    "password": PASSWORD,
    "start_url": "https://zoom.us/s/1?zak=zakcanary",
    "pwd": "joincanary",
    "cookie": "cookiecanary",
    "host_key": "hostcanary",
    "passcode": "passcanary",
    "download": "downcanary",
}
PLAIN = (TOKEN, PASSWORD, "zakcanary", "joincanary", "cookiecanary", "hostcanary", "passcanary", "downcanary")
SPELLED = {
    *PLAIN,
    *(quote(one, safe="") for one in PLAIN),
    *(json.dumps(one)[1:-1] for one in PLAIN),
    *(base64.b64encode(one.encode()).decode().rstrip("=")[:-1] for one in PLAIN),
}
ECHO = {
    "code": 300,
    "message": f"Bearer {TOKEN} and {PASSWORD} are odd: {quote(TOKEN, safe='')}, {base64.b64encode(TOKEN.encode()).decode()}",
    "errors": [{"field": "password", "message": PASSWORD}],
    "start_url": SECRETS["start_url"],
    "join_url": "https://zoom.us/j/1?x=1&pwd=joincanary",
    "settings": [{"host_key": "hostcanary", "passcode": "passcanary", "download_access_token": "downcanary"}],
    "password": PASSWORD,
    "h323_password": "passcanary",
}
COOKIES = [("Set-Cookie", "session=cookiecanary"), ("Location", "https://zoom.us/x?access_token=downcanary"), ("X-Echo", f"Bearer {TOKEN}"),
           ("x-zm-trackingid", TOKEN)]  # fmt: skip


def everything(error_or_result, runner, log):
    """All that a person, a log or an engine may get to see."""
    yield from (runner, runner.client, runner.client.connection)
    yield log.text
    yield from (record.getMessage() for record in log.records)
    yield from (repr(vars(record)) for record in log.records)
    records = error_or_result.debug
    yield json.dumps(records.to_list())
    yield json.dumps(records.har())
    yield records.curl()
    yield repr(records)
    if isinstance(error_or_result, errors.ConnectorError):
        error = error_or_result
        yield "".join(traceback.format_exception(error))
        for one in (error, pickle.loads(pickle.dumps(error))):
            yield from (str(one), repr(one), repr(vars(one)), json.dumps(one.to_dict()), repr(one.args))
            result = getattr(one, "result", None)
            if result is not None:
                yield json.dumps(result.to_dict())
        chained = error.__cause__ or error.__context__
        while chained is not None:
            yield repr(chained)
            chained = chained.__cause__ or chained.__context__
    else:
        shown = error_or_result.to_dict()
        shown.pop("data")  # the caller's own
        yield json.dumps(shown)
        yield repr(error_or_result)


def assert_clean(error_or_result, runner, log):
    for seen in everything(error_or_result, runner, log):
        text = seen if isinstance(seen, str) else f"{seen!r} {seen}"
        hits = [one for one in SPELLED if one in text]
        assert not hits, f"{hits} in {text[:2000]}"


def attempt(call, *args, **options):
    try:
        return call(*args, **options)
    except errors.ConnectorError as error:
        return error
