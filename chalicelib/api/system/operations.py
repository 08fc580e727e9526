"""Operations of the control plane itself, as the OpenAPI document describes them. Never imported by the Lambda."""

from benchfleet_contract import identity

from chalicelib.api.endpoint import ANYONE
from chalicelib.api.openapi_operation import BUSY, Operation

OPERATIONS = [
    Operation("get", "/up", "up", "Is the API there?", None, "Up"),
    Operation(
        "get", "/whoami", "whoAmI",
        "Who asks: the role of the key and what it may do. An unknown key is refused also where reading needs none.",
        ANYONE, identity.WhoAmI, refusals=BUSY,
    ),
    Operation("get", "/openapi.json", "openapi", "This document.", None, "Document"),
]  # fmt: skip
