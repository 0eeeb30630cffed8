"""Pages of a collection: value, @odata.nextLink, @odata.count.

Graph: Paging Microsoft Graph data in your app. The link carries all options of the first call.
"""

from collections.abc import Sequence
from typing import Any
from urllib.parse import quote, urlencode

from sandbox.tenant.graph.call import Call
from sandbox.tenant.graph.filters import value_at
from sandbox.tenant.graph.query import Options


def arrange(items: Sequence[dict[str, Any]], query: Options) -> list[dict[str, Any]]:
    """Filter and sort the items' full JSON by the query options."""
    kept = [item for item in items if query.condition is None or query.condition(item)]
    # Sort by the last path first: Python's sort is stable.
    for path, descends in reversed(query.orderby):
        kept.sort(key=lambda item: str(value_at(item, path) or ""), reverse=descends)
    return kept


def page(call: Call, items: Sequence[Any], query: Options, size: int) -> tuple[list[Any], dict[str, Any]]:
    """Return one page of at most `size` items, and its annotations."""
    stop = query.start + size
    annotations: dict[str, Any] = {"@odata.count": len(items)} if query.count else {}
    if stop < len(items):
        annotations["@odata.nextLink"] = next_link(call, stop)
    return list(items[query.start : stop]), annotations


def next_link(call: Call, start: int) -> str:
    """Return the address of the page that starts at an index."""
    kept = [(name, value) for name, value in call.query if name.lower() not in ("$skip", "$skiptoken")]
    path = "/".join(quote(segment, safe="@()'=") for segment in call.path)
    return f"{call.base}/{path}?{urlencode([*kept, ('$skiptoken', str(start))], safe='$,:', quote_via=quote)}"


def selected(item: dict[str, Any], query: Options) -> dict[str, Any]:
    """Return the selected properties of an item, always with its id and annotations."""
    if query.select is None:
        return item
    return {name: value for name, value in item.items() if name in query.select or name == "id" or "@odata." in name}
