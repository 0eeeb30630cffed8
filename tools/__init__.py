"""Release tools, never deployed: the package, its bill of materials, the audit, and the OpenAPI document."""
