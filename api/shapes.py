"""What the models of all answers and requests have in common."""

from decimal import Decimal
from typing import Annotated

from pydantic import BaseModel, ConfigDict, WithJsonSchema
from pydantic.alias_generators import to_camel

Number = Annotated[Decimal, WithJsonSchema({"type": "number"})]

ORDER_ID = "0199b1c2-7a44-7c11-9d3e-5f0a4b6c8d21"
"""An order in the examples."""

TIME = "2025-01-01T12:00:00.000000Z"
"""A moment in the examples."""


class Shape(BaseModel):
    """A JSON object with camelCase names."""

    model_config = ConfigDict(frozen=True, alias_generator=to_camel, validate_by_name=True)


def names_of(model: type[Shape]) -> frozenset[str]:
    """Return the names that members have in JSON."""
    return frozenset(to_camel(name) for name in model.model_fields)
