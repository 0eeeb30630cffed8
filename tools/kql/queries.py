"""Find all KQL of the project."""

import json
import re
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]


def alerts() -> dict[str, str]:
    """Return the queries of the alerts by their names."""
    return {path.stem: path.read_text() for path in sorted((ROOT / "infra/alerts").glob("*.kql"))}


def of_the_workspace() -> dict[str, str]:
    """Return the queries of alerts on the workspace itself by their names, with a number in place of the quota."""
    paths = sorted((ROOT / "infra/alerts/workspace").glob("*.kql"))
    return {path.stem: path.read_text().replace("DAILY_QUOTA_GB", "1.0") for path in paths}


def workbook() -> dict[str, str]:
    """Return the queries of the workbook by their titles. Raises ValueError for a query in an item of another type."""
    document = json.loads((ROOT / "infra/workbook.json").read_text())
    items = [item["content"] for item in document["items"] if item["type"] == 3]
    if len(items) != _queries_in(document):
        raise ValueError("infra/workbook.json has a query outside the items of type 3")
    return {item["title"]: item["query"] for item in items}


def docs() -> dict[str, str]:
    """Return the fenced queries of all pages, by page and line."""
    found = {}
    for page in [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]:
        text = page.read_text()
        for match in re.finditer(r"^```(?:kusto|kql)\n(.*?)^```", text, re.MULTILINE | re.DOTALL):
            line = text.count("\n", 0, match.start()) + 2
            found[f"{page.relative_to(ROOT)}:{line}"] = match[1]
    return found


def all_queries() -> dict[str, str]:
    """Return every query by where it is."""
    return {
        **{f"infra/alerts/{name}.kql": query for name, query in alerts().items()},
        **{f"infra/alerts/workspace/{name}.kql": query for name, query in of_the_workspace().items()},
        **{f"infra/workbook.json, {title}": query for title, query in workbook().items()},
        **docs(),
    }


def _queries_in(part: Any) -> int:
    if isinstance(part, dict):
        return ("query" in part) + sum(map(_queries_in, part.values()))
    return sum(map(_queries_in, part)) if isinstance(part, list) else 0
