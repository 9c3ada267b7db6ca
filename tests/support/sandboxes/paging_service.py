"""A service that pages in any style, with the habits of real ones: caps, hidden rows, odd flags, ignored parameters."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, urlsplit

from connector.core.response.reply import Reply

PATHS = {
    "cursor": "next: meta.next, cursor_param: query.after",
    "header cursor": "next: header.X-Next, cursor_param: query.after",
    "body cursor": "next: meta.next, cursor_param: body.page.after",
    "page_number": "cursor_param: query.page",
    "offset": "cursor_param: query.skip",
    "link_header": "",
    "next_url": "next: meta.next",
    "relative next_url": "next: meta.next",
    "query next_url": "next: meta.next",
    "last_item": "next: id, cursor_param: query.after",
}
SIGNS = {"none": "", "has_more": "has_more: meta.more", "is_last": "is_last: meta.last", "total": "total: meta.total",
         "header total": "total: header.X-Total"}  # fmt: skip
BASE = "https://api.lamp.example/v2"


def settings(style, sign="none", *, max_size=7):
    """Return the `pagination` of an action for a style and a sign of the end."""
    size = "body.page.size" if style == "body cursor" else "query.per_page"
    name = {"header cursor": "cursor", "body cursor": "cursor"}.get(style, style.split(" ")[-1])
    words = ["items: lamps", f"style: {name}", PATHS[style], SIGNS[sign], f"size_param: {size}, max_size: {max_size}"]
    return "{" + ", ".join(filter(None, words)) + "}"


@dataclass
class PagingService:
    """Answers requests for pages; `caps` are the largest pages of the first, second, ... request, the last repeats."""

    style: str
    row_count: int
    caps: list[int]
    hidden: frozenset[int] = frozenset()
    texts: bool = False  # whether flags are texts
    omits: bool = False  # whether what is empty is left out
    total_hides: bool = False  # whether the total leaves hidden rows out
    ignores: bool = False  # whether it always answers with the first page
    overlaps: bool = False  # whether a page begins with the last row of the one before
    requests: list = field(default_factory=list)
    has_empty_first: bool = False  # whether its first page was empty
    has_empty_middle: bool = False  # whether it gave an empty page with more behind it

    @property
    def visible(self):
        return [{"id": row, "name": "lamp"} for row in range(self.row_count) if row not in self.hidden]

    def answer(self, request):
        """Return the reply to a request."""
        self.requests.append(request)
        cap = self.caps[min(len(self.requests), len(self.caps)) - 1]
        query = dict(request.query) | dict(parse_qsl(urlsplit(request.path).query))
        page = ((request.body.value if request.body else None) or {}).get("page", {})
        asked = page.get("size") or query.get("per_page")
        size = min(int(asked), cap) if asked else cap
        start = 0 if self.ignores else self._find_start(query, page, size)
        low = max(0, start - 1) if self.overlaps and start else start
        rows = range(low, min(start + size, self.row_count))
        stop = max(start, rows.stop)
        return self._build(request, [{"id": row, "name": "lamp"} for row in rows if row not in self.hidden], stop)

    def _find_start(self, query, page, size):
        if self.style == "page_number":
            return (int(query.get("page", 1)) - 1) * size
        if self.style == "offset":
            return int(query.get("skip", 0))
        start = page.get("after") or query.get("after")
        return int(start) + (self.style == "last_item") if start is not None else 0

    def _build(self, request, lamps, stop):
        more = stop < self.row_count
        self.has_empty_first = self.has_empty_first or (len(self.requests) == 1 and not lamps)
        self.has_empty_middle = self.has_empty_middle or (more and not lamps)
        flag = (lambda value: str(value).lower()) if self.texts else bool
        total = self.row_count - (len(self.hidden) if self.total_hides else 0)
        meta = {"more": flag(more), "last": flag(not more), "total": str(total) if self.texts else total}
        headers = [("content-type", "application/json"), ("x-total", str(total))]
        url = f"{BASE}/lamps?after={stop}&per_page=5"
        following = {
            "next_url": url,
            "relative next_url": url.removeprefix("https://api.lamp.example"),
            "query next_url": url.removeprefix(f"{BASE}/lamps"),
        }.get(self.style, str(stop))
        if more or not self.omits:
            meta["next"] = following if more else ""
        if self.style == "header cursor" and more:
            headers.append(("x-next", str(stop)))
        if self.style == "link_header" and more:
            headers.append(("link", f'<{BASE}/lamps?first>; rel="first", <{url}>; title="a, b; c"; rel="last next"'))
        data = {"lamps": lamps, "meta": meta}
        if self.omits and not lamps:
            del data["lamps"]
        body = json.dumps(data).encode()
        return Reply(200, (*headers, ("content-length", str(len(body)))), body)
