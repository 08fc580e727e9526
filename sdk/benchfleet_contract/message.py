"""The response of what has nothing to tell but that it was done."""

from pydantic import BaseModel


class Message(BaseModel):
    message: str
