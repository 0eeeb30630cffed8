"""Generates the schemas of the document from the models, by their names in the document."""

from __future__ import annotations

import json
from collections.abc import Collection
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import GenerateJsonSchema, models_json_schema

from tools.openapi.fields import REF


class _PlainSchema(GenerateJsonSchema):
    """Generates schemas without titles of fields, which would only repeat their names."""

    def field_title_should_be_set(self, schema: Any) -> bool:  # noqa: ARG002  (pydantic's signature)
        """Omit all titles of fields."""
        return False


def schemas_of(models: Collection[type[BaseModel]]) -> dict[str, Any]:
    """Return the schemas of models, and of those inside them, by name. Raises ValueError for two of one name."""
    inputs: Any = [(model, "validation") for model in models]
    _, schema = models_json_schema(inputs, ref_template=REF + "{model}", schema_generator=_PlainSchema)
    return dict(sorted(by_title(schema["$defs"]).items()))


def by_title(schemas: dict[str, Any]) -> dict[str, Any]:
    """Return the schemas by title: a model may have another name in the document than in code (schema_name)."""
    titles = {name: schema.get("title", name) for name, schema in schemas.items()}
    if len(set(titles.values())) < len(titles):  # pydantic inherits titles to subclasses
        raise ValueError("two models have the same title")
    text = json.dumps(schemas)
    for name, title in titles.items():
        text = text.replace(f'"{REF}{name}"', f'"{REF}{title}"')
    return {titles[name]: schema for name, schema in json.loads(text).items()}
