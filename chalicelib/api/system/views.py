"""Routes about the control plane itself."""

from pathlib import Path

from chalice.app import Blueprint, Response

from chalicelib.api.endpoint import ANY_TYPE, JSON, answer_bearer

system = Blueprint(__name__)
DOCUMENT = Path(__file__).parents[1] / "openapi.json"


@system.route("/up", methods=["GET"], content_types=ANY_TYPE)
def up() -> Response:
    return Response(body='{"status":"up"}', headers={"Content-Type": JSON})


@system.route("/whoami", methods=["GET"], content_types=ANY_TYPE)
def whoami() -> Response:
    return answer_bearer(system.current_request)


@system.route("/openapi.json", methods=["GET"], content_types=ANY_TYPE)
def openapi() -> Response:
    return Response(body=DOCUMENT.read_text(), headers={"Content-Type": JSON})
