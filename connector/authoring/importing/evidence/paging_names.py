"""The names that services give to what pages a list, in the order in which they are believed."""

from __future__ import annotations

import re

CURSOR_PARAMETERS = (
    "nextpagetoken", "pagetoken", "nextcursor", "cursor", "startcursor", "pagecursor", "aftercursor",
    "continuationtoken", "continuation", "continue", "nexttoken", "paginationtoken", "startingtoken", "marker",
    "startkey", "pageafter", "startingafter", "after", "scrollid", "bookmark", "next", "pagekey", "synctoken", "offset",
    "iterator", "position", "fromid", "startposition", "keymarker", "pageid", "startingfrom", "start", "page",
)  # fmt: skip
CURSOR_FIELDS = (
    "nextpagetoken", "nextcursor", "endcursor", "nexttoken", "continuationtoken", "nextcontinuationtoken",
    "continuation", "continue", "nextmarker", "nextpagecursor", "nextoffset", "nextstartingafter", "nextstartkey",
    "nextpageid", "nextid", "nextposition", "nextpageoffset", "nextpagekey", "cursor", "scrollid", "bookmark",
    "pagetoken", "after", "iterator", "marker", "startingafter", "nextpage",
)  # fmt: skip
NEXT_URL_FIELDS = (
    "nextpageuri", "nextpageurl", "nexturl", "nexturi", "nexthref", "nextlink", "odatanextlink", "next", "nextpage",
)  # fmt: skip
NEXT_HEADERS = ("xnextpage", "xnextcursor", "xnexttoken", "xnextpagetoken", "xcontinuationtoken", "xcursor")
NUMBER_PARAMETERS = (
    "page", "pagenumber", "pageno", "currentpage", "pageindex", "pagenum", "pageidx", "searchcriteriacurrentpage", "p",
)  # fmt: skip
OFFSET_PARAMETERS = (
    "offset", "skip", "startat", "startindex", "pageoffset", "firstresult", "startposition", "start", "from", "begin",
)  # fmt: skip
PAGE_SIZE_PARAMETERS = (
    "pagesize", "perpage", "pagelimit", "pagelen", "itemsperpage", "pagelength", "resultsperpage", "hitsperpage",
    "maxpagesize", "limitperpage", "searchcriteriapagesize",
)  # fmt: skip
SIZE_PARAMETERS = (
    *PAGE_SIZE_PARAMETERS, "limit", "size", "maxresults", "count", "top", "numresults", "maxitems", "maxkeys", "rows",
    "first", "take", "pageitems", "maxrecords", "recordcount", "max", "num",
)  # fmt: skip
MORE_FIELDS = (
    "hasmore", "more", "hasnext", "hasnextpage", "istruncated", "moreitemsremaining", "hasmoreitems", "hasmorepages",
    "moreresults", "hasmoreresults", "moreavailable",
)  # fmt: skip
LAST_FIELDS = ("islast", "islastpage", "lastpage", "last", "done")
TOTAL_FIELDS = (
    "total", "totalcount", "totalresults", "totalrecords", "totalitems", "totalsize", "totalhits", "totalelements",
)  # fmt: skip
ITEM_FIELDS = (
    "data", "items", "results", "value", "values", "records", "list", "entries", "resources", "objects", "collection",
    "rows", "content", "edges", "hits", "elements", "result", "response", "nodes", "docs", "matches",
)  # fmt: skip
SIDE_FIELDS = (
    "errors", "warnings", "warning", "links", "included", "meta", "expand", "facets", "aggregations",
)  # fmt: skip
TEXT_FIELDS = ("messages", "notifications")  # beside a list where they are texts
SIGNS_OF_MORE = frozenset(
    {"nextcursor", "nextpagetoken", "nexttoken", "nextmarker", "nextlink", "nextpage", "nextpageurl", *MORE_FIELDS}
)


def squash(name: str) -> str:
    """Return a name without its spelling: page_token, pageToken and page[token] are one."""
    return re.sub(r"[^a-z0-9]", "", name.lower())


def singular(name: str) -> str:
    """Return the singular of a squashed English noun, as far as endings tell it."""
    for ending, replacement in (("ies", "y"), ("sses", "ss"), ("ses", "s"), ("xes", "x"), ("ches", "ch"), ("s", "")):
        if name.endswith(ending) and len(name) > len(ending) + 1 and not name.endswith(("ss", "us", "is")):
            return name[: -len(ending)] + replacement
    return name
