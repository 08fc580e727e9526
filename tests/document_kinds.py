"""The kinds of document that this process knows."""

from collections.abc import Iterator

from benchfleet_contract.document import Document


def document_kinds(base: type[Document] = Document) -> Iterator[type[Document]]:
    """Each may come more than once."""
    for kind in base.__subclasses__():
        yield kind
        yield from document_kinds(kind)
