"""`python -m tools.kql`: check all queries; exit with 1 if one of them is wrong."""

import sys

from tools.kql.check import diagnostics
from tools.kql.queries import all_queries


def main() -> int:
    """Print what is wrong, and return the exit code."""
    queries = all_queries()
    wrong = diagnostics(queries)
    for each in wrong:
        line = queries[each.name].count("\n", 0, each.start) + 1
        print(f"{each.name}, line {line}: {each.severity} {each.code}: {each.message}")
    print(f"{len(queries)} queries, {len(wrong)} findings")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
