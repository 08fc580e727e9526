"""`benchfleet runs download --json`."""

from benchfleet.cli.documents.base import Document


class RunDownloaded(Document):
    """`folder` holds the unpacked archive, `tasks` the names of the tasks' folders in it.

    `whole`, `corrupt` and `missing` count uploads by its manifest; null where that does not tell.
    """

    run_id: str
    folder: str
    size_bytes: int
    sha256: str
    tasks: list[str]
    whole: int | None
    corrupt: int | None
    missing: int | None
