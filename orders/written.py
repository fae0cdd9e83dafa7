"""What is written to the log: one definition, which two libraries read.

msgspec reads and writes what this engine writes, at a fraction of pydantic's cost; pydantic reads
whatever else may be an event, and says what is wrong with what is none.
"""

from typing import Annotated, Any

from msgspec import Meta, Struct
from msgspec.structs import fields
from pydantic import Field, GetCoreSchemaHandler
from pydantic_core import CoreSchema, core_schema

# Each bound is told twice: the first words are pydantic's, the second are msgspec's.
Positive = Annotated[int, Field(gt=0), Meta(gt=0)]
Count = Annotated[int, Field(ge=0), Meta(ge=0)]


class Written(Struct, frozen=True, forbid_unknown_fields=True, gc=False):
    """A value without identity: equal when its members are. It never holds itself.

    What the types of its members cannot say, `__post_init__` demands, however it was made.
    """

    @classmethod
    def __get_pydantic_core_schema__(
        cls, _source: type[Any], handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        """Tell pydantic what the members are."""
        members = {
            field.name: core_schema.typed_dict_field(
                handler.generate_schema(field.type), required=field.required
            )
            for field in fields(cls)
        }
        return core_schema.no_info_after_validator_function(
            lambda found: cls(**found),
            core_schema.typed_dict_schema(members, extra_behavior="forbid"),
        )
