"""Pages of a collection: value, @odata.nextLink, @odata.count.

Graph: Paging Microsoft Graph data in your app. The link carries all options of the first call.
"""

from collections.abc import Sequence
from typing import Any
from urllib.parse import quote, urlencode

from sandbox.tenant.graph.call import Call
from sandbox.tenant.graph.filters import value_at
from sandbox.tenant.graph.query import Options


def arrange(items: Sequence[dict[str, Any]], asked: Options) -> list[dict[str, Any]]:
    """Filter and order the items' full JSON, as asked."""
    kept = [item for item in items if asked.condition is None or asked.condition(item)]
    # Sorted by the last path first: Python's sort is stable.
    for path, descends in reversed(asked.orderby):
        kept.sort(key=lambda item: str(value_at(item, path) or ""), reverse=descends)
    return kept


def page(call: Call, items: Sequence[Any], asked: Options, size: int) -> tuple[list[Any], dict[str, Any]]:
    """Return one page of at most `size` items, and the annotations that go with it."""
    stop = asked.start + size
    annotations: dict[str, Any] = {"@odata.count": len(items)} if asked.count else {}
    if stop < len(items):
        annotations["@odata.nextLink"] = next_link(call, stop)
    return list(items[asked.start : stop]), annotations


def next_link(call: Call, start: int) -> str:
    """Return the address of the page that begins at an index."""
    kept = [(name, value) for name, value in call.query if name.lower() not in ("$skip", "$skiptoken")]
    path = "/".join(quote(segment, safe="@()'=") for segment in call.path)
    return f"{call.base}/{path}?{urlencode([*kept, ('$skiptoken', str(start))], safe='$,:', quote_via=quote)}"


def selected(item: dict[str, Any], asked: Options) -> dict[str, Any]:
    """Return the item with what was selected; id and annotations always come."""
    if asked.select is None:
        return item
    return {name: value for name, value in item.items() if name in asked.select or name == "id" or "@odata." in name}
