"""What `benchfleet keys … --json` tell."""

from benchfleet.cli.documents.base import Document


class Key(Document):
    """`id` begins its digest. `name` and `created` (a day) are null for keys of before there were names."""

    role: str
    id: str
    name: str | None
    created: str | None
    of_machines: bool


class KeysList(Document):
    stage: str
    keys: list[Key]


class KeyMade(Document):
    """`key` is the key itself: it is told this once."""

    stage: str
    key: str
    listed: Key


class KeyRevoked(Document):
    stage: str
    revoked: Key
