"""What `benchfleet logs --json` prints for each line."""

from benchfleet.cli.documents.base import Document


class LogLine(Document):
    """`source` is a function, or the stream of a machine. `text` is as it was written."""

    at: str
    source: str
    text: str
