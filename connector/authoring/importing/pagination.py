"""How a list is paged: read off parameters, members of the reply, headers and words, all together.

Each rule below looks for one style, and says nothing where its evidence is not all there. The order is by how much a
rule needs: a cursor that a reply names and a parameter takes is surer than a number of a page.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from connector.authoring.importing.evidence import paging_names as names
from connector.authoring.importing.evidence.inferred import Inferred
from connector.authoring.importing.evidence.page_numbers import read_first_page, read_largest_size
from connector.authoring.importing.evidence.paging_facts import (
    PagingFacts,
    PagingParameter,
    looks_like_cursor,
    looks_like_url,
)
from connector.authoring.importing.evidence.shapes import NestedMember, read_items, read_shape
from connector.definition.inputs.request_location import RequestLocation
from connector.definition.json_path import join_path
from connector.first_use import prepare_pattern

if TYPE_CHECKING:
    from collections.abc import Callable

    from connector.authoring.importing.description import Operation

_CURSOR_KINDS = ("string", "any", "integer", "number", "union")
_LAST_ITEM_PARAMETERS = ("startingafter", "afterid", "after", "sinceid", "lastseenid", "lastid", "lastitemid")
_RANGE_ENDS = ("end", "to", "until", "endtime", "enddate", "enddatetime", "startdate", "finish")
_CURSOR_WORDS = prepare_pattern(r"\b(cursor|opaque|token)\b", re.IGNORECASE)
_ID_WORDS = prepare_pattern(r"\bids?\b", re.IGNORECASE)


def infer_pagination(operation: Operation) -> Inferred | None:
    """Return the words of `pagination` for an operation that returns a list, with their evidence; None for no list."""
    facts = PagingFacts.collect(operation)
    if facts.items is None:
        return None
    for rule in _RULES:
        inferred = rule(facts)
        if inferred is not None:
            return _complete(facts, inferred)
    items = join_path(*facts.items)
    size = facts.find_parameter(names.SIZE_PARAMETERS)
    more = facts.find_member(names.MORE_FIELDS, ("boolean",))
    if more is not None:
        place = join_path(*more.path)
        question = f"The reply has {place}, and no described parameter asks for more. Which one does?"
        return Inferred({"style": "none", "items": items}, (f"the reply has {place}",), question)
    if size is None:
        return Inferred({"style": "none", "items": items}, ("no parameter pages it",))
    question = f"{size.place} limits the list, but nothing says how to get the rest. Is there a second page?"
    return Inferred({"style": "none", "items": items}, (f"{size.place} alone",), question)


def _find_cursor(facts: PagingFacts) -> Inferred | None:
    """A cursor that the reply names, and a parameter that takes it."""
    for member in _list_cursors(facts):
        parameter = _find_taker(facts, member)
        if parameter is not None:
            next_path = join_path(*member.path)
            evidence = f"the reply has {next_path}, and {parameter.place} takes it"
            return Inferred({"style": "cursor", "next": next_path, "cursor_param": parameter.place}, (evidence,))
    return None


def _list_cursors(facts: PagingFacts) -> list[NestedMember]:
    """Return the members that may be a cursor: those below `next` with the name of a parameter first."""
    below_next = [
        member
        for member in facts.members
        if any("next" in name.lower() for name in member.path[:-1])
        and names.squash(member.name) in facts.by_name
        and member.shape.kind in _CURSOR_KINDS
        and not _is_size(facts, names.squash(member.name))
    ]
    asked = [name for name in facts.by_name if name.startswith("next") and name not in names.CURSOR_FIELDS]
    named = [facts.find_member((name,), _CURSOR_KINDS) for name in (*names.CURSOR_FIELDS, *asked)]
    found = [member for member in named if member is not None and not looks_like_url(member)]
    plain_next = facts.find_member(("next",), _CURSOR_KINDS)
    if plain_next is not None and looks_like_cursor(plain_next):
        found.append(plain_next)
    return [*below_next, *found]


def _find_taker(facts: PagingFacts, member: NestedMember) -> PagingParameter | None:
    """Return the parameter that takes a cursor: of the same name, of that name without `next`, or of a usual one."""
    name = names.squash(member.name)
    own_names = (name, *(re.sub(r"^(next|end)(?=.)", start, name) for start in ("", "page", "start")))
    is_bare = name in ("next", "nextpage")
    for candidate in (*own_names, *names.CURSOR_PARAMETERS):
        parameter = facts.by_name.get(candidate)
        if parameter is None or _is_size(facts, candidate) or _is_switched(facts, candidate):
            continue
        is_general = candidate in ("page", "offset", "start", "position") and candidate not in own_names
        if is_general and not is_bare and (parameter.is_number and member.shape.kind != "integer"):
            continue
        if parameter.shape.kind in ("boolean", "array") or (is_general and parameter.is_time):
            continue
        return parameter
    return None


def _is_size(facts: PagingFacts, name: str) -> bool:
    size = facts.find_parameter(names.SIZE_PARAMETERS)
    return size is not None and names.squash(size.name) == name


def _is_switched(facts: PagingFacts, name: str) -> bool:
    """Whether a parameter has to be switched on by another: usemarker for marker."""
    switch = facts.by_name.get(f"use{name}")
    return switch is not None and switch.shape.kind == "boolean"


def _find_link_header(facts: PagingFacts) -> Inferred | None:
    pages = (*names.CURSOR_PARAMETERS, *names.NUMBER_PARAMETERS, *names.SIZE_PARAMETERS)
    if not facts.tells_link_header or facts.find_parameter(pages) is None:
        return None
    source = "the reply has a Link header" if "link" in facts.headers else "the descriptions speak of a Link header"
    return Inferred({"style": "link_header"}, (source,))


def _find_header_cursor(facts: PagingFacts) -> Inferred | None:
    header = next((facts.headers[name] for name in names.NEXT_HEADERS if name in facts.headers), None)
    parameter = facts.find_parameter((*names.CURSOR_PARAMETERS, *names.NUMBER_PARAMETERS))
    if header is None or parameter is None:
        return None
    words = {"style": "cursor", "next": f"header.{header}", "cursor_param": parameter.place}
    return Inferred(words, (f"the reply has the header {header}, and {parameter.place} takes it",))


def _find_last_item(facts: PagingFacts) -> Inferred | None:
    """The id of the last item, which a parameter takes."""
    parameter = facts.find_parameter(_LAST_ITEM_PARAMETERS)
    others = facts.find_member(names.NEXT_URL_FIELDS, _CURSOR_KINDS) or facts.find_parameter(names.NUMBER_PARAMETERS)
    if parameter is None or others is not None or parameter.shape.kind not in _CURSOR_KINDS or parameter.is_time:
        return None
    has_more = facts.find_member(names.MORE_FIELDS, ("boolean",))
    if has_more is None and _CURSOR_WORDS.search(parameter.description) and not _ID_WORDS.search(parameter.description):
        return None
    if has_more is None and facts.find_parameter(("before", "endingbefore")) is not None:
        question = f"There are parameters for both directions. Does {parameter.place} lead to the next page?"
        return Inferred({"style": "none"}, (f"the name of {parameter.place}",), question)
    document, reply = facts.operation.document, facts.operation.success
    shape = read_shape(document, reply.schema if reply else None)
    for name in facts.items or ():
        shape = read_shape(document, shape.properties.get(name))
    entry = read_items(document, shape)
    nested = next((n for n, inner in entry.properties.items() if "id" in read_shape(document, inner).properties), None)
    path = "id" if "id" in entry.properties or nested is None else join_path(nested, "id")
    words = {"style": "last_item", "next": path, "cursor_param": parameter.place}
    evidence = f"{parameter.place} takes an item's {path}"
    if has_more is not None and "id" in entry.properties:
        return Inferred(words, (evidence, f"{join_path(*has_more.path)} says whether there is more"))
    return Inferred(
        words, (evidence,), f"Is {parameter.place} the {path} of the last item, or a cursor from elsewhere?"
    )


def _find_next_url(facts: PagingFacts) -> Inferred | None:
    member = _find_url(facts)
    if member is None:
        return None
    path = join_path(*member.path)
    words = {"style": "next_url", "next": path}
    is_flagged = facts.find_member(names.MORE_FIELDS, ("boolean",)) is not None
    if is_flagged and not looks_like_url(member) and names.squash(member.name) in ("next", "nextpage"):
        question = f"Is {path} the URL of the next page? If it is a token, which parameter takes it?"
        return Inferred(words, (f"the name of {path}",), question)
    return Inferred(words, (f"the reply has the next URL at {path}",))


def _find_url(facts: PagingFacts) -> NestedMember | None:
    for name in names.NEXT_URL_FIELDS:
        member = facts.find_member((name,), ("string", "any", "union"))
        if member is not None and (not looks_like_cursor(member) or looks_like_url(member)):
            return member
    return None


def _find_token_beside_url(facts: PagingFacts) -> Inferred | None:
    """A URL wins over the number of a page where a page token, which no field has, is needed too."""
    return _find_next_url(facts) if facts.find_parameter(("pagetoken", "nextpagetoken")) else None


def _find_unasked(facts: PagingFacts) -> Inferred | None:
    """What the reply of a list names to go on, where no described parameter takes it: its own name is a guess."""
    if facts.operation.method != "GET":
        return None
    below_next = (m for m in facts.members if len(m.path) > 1 and m.path[-2] == "next" and m.shape.kind == "string")
    member = facts.find_member(("nextpagetoken", "nextcursor", "nexttoken"), _CURSOR_KINDS)
    if facts.find_parameter(names.NUMBER_PARAMETERS) is None:
        member = member or next((m for m in below_next if names.squash(m.name) in names.CURSOR_PARAMETERS), None)
    if member is not None and not looks_like_url(member):
        path, place = join_path(*member.path), str(RequestLocation("query", (member.name,)))
        question = f"The reply has {path}, and no described parameter takes it. Is {place} the one?"
        return Inferred({"style": "cursor", "next": path, "cursor_param": place}, (f"the reply has {path}",), question)
    echoed = facts.find_member(("offset", "startat", "page", "pagenumber", "currentpage"), ("integer",))
    more = facts.find_member((*names.MORE_FIELDS, *names.TOTAL_FIELDS, *names.LAST_FIELDS), ("boolean", "integer"))
    numbered = (*names.NUMBER_PARAMETERS, *names.OFFSET_PARAMETERS)
    if echoed is None or more is None or facts.find_parameter(numbered) is not None:
        return None
    question = f"The reply has {join_path(*echoed.path)} and {join_path(*more.path)}. Which parameter asks for more?"
    return Inferred({"style": "none"}, (f"the reply has {join_path(*echoed.path)}",), question)


def _find_number(facts: PagingFacts) -> Inferred | None:
    number, offset = facts.find_parameter(names.NUMBER_PARAMETERS), _find_offset_parameter(facts)
    if number is None or number.shape.kind in ("boolean", "object", "array"):
        return None
    has_page_size = facts.find_parameter(names.PAGE_SIZE_PARAMETERS) is not None
    if offset is not None and not has_page_size and facts.find_parameter(names.SIZE_PARAMETERS) is not None:
        return None
    first = read_first_page(number)
    words: dict[str, Any] = {"style": "offset" if first.counts_entries else "page_number", "cursor_param": number.place}
    if first.number == (1 if first.counts_entries else 0):
        words["first"] = first.number
    return Inferred(words, (f"{number.place} takes the number of {'an entry' if first.counts_entries else 'a page'}",))


def _find_offset(facts: PagingFacts) -> Inferred | None:
    offset = _find_offset_parameter(facts)
    if offset is None:
        return None
    words: dict[str, Any] = {"style": "offset", "cursor_param": offset.place}
    if read_first_page(offset).number == 1:
        words["first"] = 1
    if offset.is_number:
        return Inferred(words, (f"{offset.place} takes a number",))
    question = f"{offset.place} takes a text. Is it the number of items to skip, or a cursor?"
    return Inferred(words, (f"the name of {offset.place}",), question)


def _find_offset_parameter(facts: PagingFacts) -> PagingParameter | None:
    offset = facts.find_parameter(names.OFFSET_PARAMETERS)
    if offset is None or offset.shape.kind not in ("integer", "number", "string", "any") or offset.is_time:
        return None
    is_sure = names.squash(offset.name) in ("offset", "skip", "startat", "pageoffset", "startindex")
    has_end = facts.find_parameter(_RANGE_ENDS) is not None
    return offset if is_sure or (offset.is_number and not has_end) else None


def _find_blind_cursor(facts: PagingFacts) -> Inferred | None:
    """A parameter for a cursor, which no field of the described reply has."""
    likely = [name for name in names.CURSOR_PARAMETERS if name not in ("offset", "start", "position", "page", "next")]
    parameter = facts.find_parameter(likely)
    is_sure = parameter is not None and re.search(r"cursor|token", names.squash(parameter.name))
    if parameter is None or not (is_sure or facts.find_parameter(names.SIZE_PARAMETERS)):
        return None
    question = f"{parameter.place} takes a cursor. Which field of the reply, or which header, has it?"
    return Inferred({"style": "none"}, (f"the name of {parameter.place}",), question)


_RULES: tuple[Callable[[PagingFacts], Inferred | None], ...] = (
    _find_cursor, _find_link_header, _find_header_cursor, _find_last_item, _find_token_beside_url,
    _find_unasked, _find_number, _find_offset, _find_next_url, _find_blind_cursor,
)  # fmt: skip


def _complete(facts: PagingFacts, inferred: Inferred) -> Inferred:
    """Add where the items are, the size of a page, and what says whether there is more."""
    words = {**inferred.words, "items": join_path(*(facts.items or ()))}
    evidence = list(inferred.evidence)
    if words["style"] == "none":
        return Inferred(words, inferred.evidence, inferred.question)
    has_two_ways = words["style"] == "page_number" and facts.find_parameter(("cursor",)) is not None
    size = facts.find_parameter(("count", *names.SIZE_PARAMETERS) if has_two_ways else names.SIZE_PARAMETERS)
    if size is not None and size.place != words.get("cursor_param") and size.shape.kind not in ("boolean", "array"):
        words["size_param"] = size.place
        largest, source = read_largest_size(size)
        if largest:
            words["max_size"] = largest
            evidence.append(f"the largest page is in {source} of {size.place}")
    if words["style"] not in ("next_url", "link_header"):
        _add_ends(facts, words)
    return Inferred(words, tuple(evidence), inferred.question)


def _add_ends(facts: PagingFacts, words: dict[str, Any]) -> None:
    for word, known in (("has_more", names.MORE_FIELDS), ("is_last", names.LAST_FIELDS)):
        flag = facts.find_member(known, ("boolean",))
        if flag is not None:
            words[word] = join_path(*flag.path)
    total = facts.find_member(names.TOTAL_FIELDS, ("integer", "number"))
    is_numbered = words["style"] in ("page_number", "offset") and not {"has_more", "is_last"} & {*words}
    if total is None or not is_numbered:
        return
    if "page" not in total.shape.description.lower().replace("all pages", ""):
        words["total"] = join_path(*total.path)
