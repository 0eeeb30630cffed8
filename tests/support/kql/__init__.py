"""Run a query of the subset of KQL that this project uses over rows, offline. What is not in the subset raises."""

from tests.support.kql.evaluate import run

__all__ = ["run"]
