"""Routes about the control plane itself."""

from pathlib import Path

from chalice.app import Blueprint, Response

system = Blueprint(__name__)
DOCUMENT = Path(__file__).with_name("openapi.json")


@system.route("/up", methods=["GET"])
def up() -> Response:
    return Response(body='{"status":"up"}', headers={"Content-Type": "application/json"})


@system.route("/openapi.json", methods=["GET"])
def openapi() -> Response:
    return Response(body=DOCUMENT.read_text(), headers={"Content-Type": "application/json"})
