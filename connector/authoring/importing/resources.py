"""What the service keeps, by its paths and replies: a list and an item, the id, the parent, and a record to start with.

`/users` and `/users/{userId}` are one resource; so are `/users/{userId}/meetings` and `/meetings/{meetingId}`, where no
other list fits the item. Where no member of a reply can be the id, there is no resource: its actions answer with their
examples.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from connector.authoring.importing.evidence.inferred import Inferred
from connector.authoring.importing.evidence.paging_names import singular, squash
from connector.authoring.importing.evidence.routes import (
    Candidate,
    PathRoute,
    collect_routes,
    find_id,
    list_wrapped,
    normalize_path,
    read_listed,
    read_record,
)
from connector.authoring.importing.evidence.seeds import build_seed
from connector.authoring.importing.evidence.shapes import Shape, read_shape
from connector.definition.case import to_camel_case, to_kebab_case
from connector.first_use import prepare_pattern

if TYPE_CHECKING:
    from collections.abc import Iterable

    from connector.authoring.importing.description import Operation

_UUID = prepare_pattern(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_ME = prepare_pattern(r"[`'\"]me[`'\"]")


def infer_resources(operations: Iterable[Operation]) -> dict[str, Inferred]:
    """Return the words of `resources` by name, each with its evidence, parents before what belongs to them."""
    routes = collect_routes(operations)
    candidates = [one for one in _pair_routes(routes) if _identify(one) and _tells_new_id(one)]
    _name(candidates)
    by_item = {one.item.shape: one for one in candidates if one.item}
    resources: dict[str, Inferred] = {}
    for candidate in sorted(candidates, key=_count_placeholders):
        resources[candidate.name] = _describe(candidate, by_item, resources)
    return resources


def _pair_routes(routes: dict[str, PathRoute]) -> list[Candidate]:
    """Return lists with their items: an item below its list, else one whose noun no other list has."""
    items = {shape: route for shape, route in routes.items() if shape.endswith("/{}") and _is_item(route)}
    lists = {shape: route for shape, route in routes.items() if shape not in items and _is_list(route)}
    pairs = [Candidate(lists.get(shape.rpartition("/")[0]), item) for shape, item in items.items()]
    taken = {one.listing.shape for one in pairs if one.listing}
    lonely = [one for one in pairs if one.listing is None and one.item is not None]
    for one in lonely:
        assert one.item is not None
        noun = one.item.noun
        same = [route for shape, route in lists.items() if route.noun == noun and shape not in taken]
        creating = [route for route in same if "POST" in route.operations] or same
        if len(creating) == 1 and len(one.item.names) == 1:
            one.listing = creating[0]
            taken.add(one.listing.shape)
    others = [route for shape, route in lists.items() if shape not in taken]
    alone = [Candidate(route, None) for route in others if "GET" in route.operations and _may_create(route)]
    return [one for one in [*pairs, *alone] if one.listing or "GET" in (one.item.operations if one.item else ())]


def _is_item(route: PathRoute) -> bool:
    get = route.operations.get("GET")
    is_list = get is not None and read_listed(get) is not None and read_record(get) is None
    return bool(route.operations.keys() & {"GET", "PUT", "PATCH", "DELETE"}) and not is_list and not _is_chosen(route)


def _is_chosen(route: PathRoute) -> bool:
    """Whether the last part of a path is one of a few words of the vendor: a kind of setting, which nobody creates."""
    parameter = route.find_parameter(route.names[-1])
    operation = next(iter(route.operations.values()))
    listed = read_shape(operation.document, parameter.schema).words.get("enum") if parameter else None
    return isinstance(listed, list) and bool(listed)


def _is_list(route: PathRoute) -> bool:
    get = route.operations.get("GET")
    return not route.path.endswith("}") and (read_listed(get) is not None or (get is None and _may_create(route)))


def _may_create(route: PathRoute) -> bool:
    post = route.operations.get("POST")
    return post is not None and post.success is not None and read_record(post) is not None


def _identify(candidate: Candidate) -> bool:
    """Find the member that is the id, and its kind; False where there is none."""
    route = candidate.item or candidate.listing
    assert route is not None
    parameter = candidate.item.names[-1] if candidate.item else "id"
    noun = singular(squash(route.noun))
    get = candidate.item.operations.get("GET") if candidate.item else None
    post = candidate.listing.operations.get("POST") if candidate.listing else None
    listing = candidate.listing.operations.get("GET") if candidate.listing else None
    for operation in (get, post):
        record = read_record(operation)
        if operation is None or record is None:
            continue
        for shape in (record, *list_wrapped(operation, record)):
            name = find_id(shape.properties, parameter, noun)
            if name is not None:
                return _accept(candidate, operation, shape, name)
    entry = read_listed(listing)
    name = find_id(entry.properties, parameter, noun) if entry is not None and get is None else None
    if entry is None or name is None or listing is None:
        return False
    return _accept(candidate, listing, entry, name)


def _accept(candidate: Candidate, operation: Operation, shape: Shape, name: str) -> bool:
    """Note the id's name and kind; False where it is no text and no number."""
    written = read_shape(operation.document, shape.properties[name])
    if written.kind not in ("string", "integer", "number", "any", "union"):
        return False
    parameter = candidate.item.find_parameter(candidate.item.names[-1]) if candidate.item else None
    asked = read_shape(operation.document, parameter.schema) if parameter else written
    is_number = written.kind in ("integer", "number") or asked.kind in ("integer", "number")
    samples = (written.example, asked.example, parameter.example if parameter else None)
    is_uuid = "uuid" in (written.words.get("format"), asked.words.get("format")) or any(
        isinstance(sample, str) and _UUID.fullmatch(sample) for sample in samples
    )
    candidate.id_name, candidate.kind = name, "integer" if is_number else "uuid" if is_uuid else "text"
    return True


def _tells_new_id(candidate: Candidate) -> bool:
    """Whether what is created can be read back; a list whose POST tells no id is left out, and False if it is all."""
    post = candidate.listing.operations.get("POST") if candidate.listing else None
    record = read_record(post)
    get = candidate.listing.operations.get("GET") if candidate.listing else None
    if candidate.item and _hides_id(get, candidate.item):
        candidate.listing = None
        return "GET" in candidate.item.operations
    if post is None:
        return True
    shapes = (record, *list_wrapped(post, record)) if record is not None else ()
    if not any(candidate.id_name in shape.properties for shape in shapes):
        candidate.listing = None
    return candidate.listing is not None or (candidate.item is not None and "GET" in candidate.item.operations)


def _hides_id(listing: Operation | None, item: PathRoute) -> bool:
    """Whether the entries of a list have nothing that identifies them."""
    entry = read_listed(listing)
    properties = entry.properties if entry is not None else {}
    return bool(properties) and find_id(properties, item.names[-1], singular(squash(item.noun))) is None


def _name(candidates: list[Candidate]) -> None:
    """Give each resource a key of its own: its noun, else its parent's noun before it, else all nouns."""
    taken: set[str] = set()
    for candidate in sorted(candidates, key=_count_placeholders):
        route = candidate.listing or candidate.item
        assert route is not None
        segments = [re.sub(r"[^A-Za-z0-9]+", "-", word) for word in re.findall(r"/([^/{}]+)", route.path)]
        words = [to_kebab_case(word).strip("-") for word in segments]
        words = [word for word in words if word] or ["records"]
        keys = [_join(words[-1:]), _join([*map(singular, words[-2:-1]), words[-1]]), _join(words)]
        free = [key for key in keys if key not in taken] or [f"{keys[-1]}{number}" for number in range(2, 99)]
        candidate.name = next(key for key in free if key not in taken)
        taken.add(candidate.name)


def _join(words: list[str]) -> str:
    key = to_camel_case("-".join(words))
    return key if key[:1].isalpha() else f"r{key}"


def _count_placeholders(candidate: Candidate) -> tuple[int, int]:
    path = (candidate.listing or candidate.item or PathRoute("")).path
    return path.count("{"), path.count("/")


def _describe(candidate: Candidate, by_item: dict[str, Candidate], known: dict[str, Inferred]) -> Inferred:
    words: dict[str, Any] = {}
    evidence = []
    if candidate.listing:
        words["list"] = candidate.listing.path
        evidence.append(f"{candidate.listing.path} lists or creates them")
    if candidate.item:
        words["item"] = candidate.item.path
        evidence.append(f"{candidate.item.path} names one")
    words |= {"id": candidate.id_name, "new_id": candidate.kind}
    evidence.append(f"replies have {candidate.id_name}")
    parent = by_item.get(normalize_path(candidate.listing.parent_path)) if candidate.listing else None
    if parent is not None and parent is not candidate and parent.name in known:
        words["parent"] = parent.name
    _add_list_id(candidate, words)
    _add_lookups(candidate, words)
    words["seed"] = [build_seed(candidate, words, known)]
    if "aliases" in words:
        words["aliases"] = {"me": str(words["seed"][0][candidate.id_name])}
    return Inferred(words, tuple(evidence))


def _add_list_id(candidate: Candidate, words: dict[str, Any]) -> None:
    """Add the id's name in a listed record, where it is another."""
    listing = candidate.listing.operations.get("GET") if candidate.listing else None
    entry = read_listed(listing)
    if entry is None or candidate.id_name in entry.properties or candidate.item is None:
        return
    name = find_id(entry.properties, candidate.item.names[-1], singular(squash(candidate.item.noun)))
    if name is not None:
        words["list_id"] = name


def _add_lookups(candidate: Candidate, words: dict[str, Any]) -> None:
    """Add what may stand for the id in a path, as the description of the placeholder says."""
    parameter = candidate.item.find_parameter(candidate.item.names[-1]) if candidate.item else None
    record = read_record(candidate.item.operations.get("GET")) if candidate.item else None
    if parameter is None or record is None:
        return
    if "email" in parameter.description.lower() and "email" in record.properties and candidate.id_name != "email":
        words["lookup_fields"] = ["email"]
    if _ME.search(parameter.description):
        words["aliases"] = {}
