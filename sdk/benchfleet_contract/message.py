"""The response of what has nothing to tell but that it was done."""

from benchfleet_contract.document import Document


class Message(Document):
    message: str
