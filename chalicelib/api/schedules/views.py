"""Routes of schedules."""

from typing import TYPE_CHECKING

from benchfleet_contract.message import Message
from chalice.app import Blueprint, Response

from chalicelib.api.endpoint import ADMIN, ANY_TYPE, ANYONE, answer, body_of
from chalicelib.api.json_suffix import without_format
from chalicelib.wiring import services

if TYPE_CHECKING:
    from benchfleet_contract.schedules import CreatedSchedule, Firing

schedules = Blueprint(__name__)


@schedules.route("/schedules", methods=["POST"], content_types=ANY_TYPE)
def create_schedule() -> Response:
    return answer(schedules.current_request, ADMIN, _create, status=201)


@schedules.route("/schedules", methods=["GET"], content_types=ANY_TYPE)
def list_schedules() -> Response:
    return answer(schedules.current_request, ANYONE, lambda: services().schedules.read.all())


@schedules.route("/schedules/{schedule}", methods=["GET"], content_types=ANY_TYPE)
def show_schedule(schedule: str) -> Response:
    return answer(schedules.current_request, ANYONE, lambda: services().schedules.read.detail(without_format(schedule)))


@schedules.route("/schedules/{schedule}", methods=["DELETE"], content_types=ANY_TYPE)
def delete_schedule(schedule: str) -> Response:
    def delete() -> Message:
        services().schedules.delete(without_format(schedule))
        return Message(message="Schedule is being deleted")

    return answer(schedules.current_request, ADMIN, delete, status=202)


@schedules.route("/schedules/{schedule}/run-now", methods=["POST"], content_types=ANY_TYPE)
def run_schedule_now(schedule: str) -> Response:
    return answer(schedules.current_request, ADMIN, lambda: _run_now(schedule), status=202)


def _create() -> "CreatedSchedule":
    made = services().schedules.create(body_of(schedules.current_request))
    return services().schedules.read.created(made)


def _run_now(schedule: str) -> "Firing":
    from chalicelib.api.schedules.reading import read_token
    from chalicelib.services.schedules.read_schedules import firing_view

    token = read_token(body_of(schedules.current_request))
    return firing_view(*services().schedules.fire.now(schedule, token))
