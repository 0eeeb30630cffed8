"""Check the queries of alerts, workbook and docs with Kusto's own parser, offline."""
