"""Who a caller is, as `GET /whoami` tells it."""

from typing import Literal

from benchfleet_contract.document import Document

Role = Literal["admin", "runner", "reader"]
Right = Literal["read", "run_tasks", "manage_runs"]
RIGHTS: dict[Role, tuple[Right, ...]] = {
    "admin": ("read", "run_tasks", "manage_runs"),
    "runner": ("read", "run_tasks"),
    "reader": ("read",),
}


class WhoAmI(Document):
    """Reply of `GET /whoami`.

    Without a key, where reading needs none, `role` and `key_id` are None and `may` is `["read"]`. `key_id` names the key in
    logs and questions: 12 hexadecimal digits, from which nobody can find the key.
    """

    role: Role | None
    key_id: str | None
    may: list[Right]
