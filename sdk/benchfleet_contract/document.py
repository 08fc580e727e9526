"""What is on the wire, and what is checked as if it were: the base of all these models."""

from pydantic import BaseModel, ConfigDict


class Document(BaseModel):
    """The checks of a kind are built when its first document is made or read: a process knows dozens, and meets a few."""

    model_config = ConfigDict(defer_build=True)
