"""Routes of executors and models. What they do is in `calls.py`, which is loaded when the first of them is asked."""

from typing import TYPE_CHECKING

from chalice.app import Blueprint, Response

from chalicelib.api.endpoint import ANY_TYPE

if TYPE_CHECKING:
    from chalicelib.api.registry.calls import Calls

registry = Blueprint(__name__)


def _calls() -> "Calls":
    from chalicelib.api.registry import calls

    return calls.Calls(registry.current_request)


@registry.route("/health", methods=["GET"], content_types=ANY_TYPE)
def health() -> Response:
    return _calls().health()


@registry.route("/executors", methods=["GET", "POST"], content_types=ANY_TYPE)
def executors() -> Response:
    return _calls().announce() if registry.current_request.method == "POST" else _calls().list_executors()


@registry.route("/executors/{executor_id}", methods=["GET", "DELETE"], content_types=ANY_TYPE)
def executor(executor_id: str) -> Response:
    asked = registry.current_request.method
    return _calls().remove(executor_id) if asked == "DELETE" else _calls().show_executor(executor_id)


@registry.route("/executors/{executor_id}/heartbeat", methods=["POST"], content_types=ANY_TYPE)
def heartbeat(executor_id: str) -> Response:
    return _calls().heartbeat(executor_id)


@registry.route("/executors/{executor_id}/models", methods=["PUT", "POST"], content_types=ANY_TYPE)
def models_of(executor_id: str) -> Response:
    whole = registry.current_request.method == "PUT"
    return _calls().replace_models(executor_id) if whole else _calls().update_models(executor_id)


@registry.route("/executors/{executor_id}/drain", methods=["POST"], content_types=ANY_TYPE)
def drain(executor_id: str) -> Response:
    return _calls().drain(executor_id, draining=True)


@registry.route("/executors/{executor_id}/undrain", methods=["POST"], content_types=ANY_TYPE)
def undrain(executor_id: str) -> Response:
    return _calls().drain(executor_id, draining=False)


@registry.route("/executors/{executor_id}/release", methods=["POST"], content_types=ANY_TYPE)
def release(executor_id: str) -> Response:
    return _calls().release(executor_id)


@registry.route("/executors/{executor_id}/commands", methods=["POST"], content_types=ANY_TYPE)
def command(executor_id: str) -> Response:
    return _calls().command(executor_id)


@registry.route("/executors/{executor_id}/events", methods=["GET"], content_types=ANY_TYPE)
def events(executor_id: str) -> Response:
    return _calls().list_events(executor_id)


@registry.route("/models", methods=["GET"], content_types=ANY_TYPE)
def models() -> Response:
    return _calls().list_models()


@registry.route("/models/find", methods=["GET"], content_types=ANY_TYPE)
def find() -> Response:
    return _calls().find_model()


@registry.route("/models/query", methods=["POST"], content_types=ANY_TYPE)
def query() -> Response:
    return _calls().query()


@registry.route("/models/select", methods=["POST"], content_types=ANY_TYPE)
def select() -> Response:
    return _calls().select()


@registry.route("/reservations/{reservation_id}", methods=["DELETE"], content_types=ANY_TYPE)
def reservation(reservation_id: str) -> Response:
    return _calls().end_reservation(reservation_id)


@registry.route("/registry/stats", methods=["GET"], content_types=ANY_TYPE)
def stats() -> Response:
    return _calls().stats()


@registry.route("/registry/events", methods=["GET"], content_types=ANY_TYPE)
def feed() -> Response:
    return _calls().feed()


@registry.route("/registry/sweep", methods=["POST"], content_types=ANY_TYPE)
def sweep() -> Response:
    return _calls().sweep()
