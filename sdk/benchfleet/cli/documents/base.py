"""What all documents have in common."""

from pydantic import BaseModel, ConfigDict


class Document(BaseModel):
    """A field that is not declared is a mistake of ours; times are ISO 8601 UTC, sizes bytes."""

    model_config = ConfigDict(extra="forbid")
