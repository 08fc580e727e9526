"""Routes of fleet runs: callers create and read them, the attempts that hold their shards work on them."""

from collections.abc import Callable
from typing import TYPE_CHECKING
from urllib.parse import unquote

from benchfleet_contract.message import Message
from benchfleet_contract.names import split_task_id
from chalice.app import Blueprint, Response
from pydantic import BaseModel

from chalicelib.api.endpoint import ADMIN, ANY_TYPE, ANYONE, answer, answer_task, body_of, query_of
from chalicelib.api.json_suffix import without_format
from chalicelib.api.requests import read_runs_cursor
from chalicelib.api.runs.views import known
from chalicelib.domain.errors import TaskNotFound
from chalicelib.wiring import services

if TYPE_CHECKING:
    from chalicelib.domain.ports import Holder

fleets = Blueprint(__name__)
_SHARD = "/fleets/runs/{run_id}/shards/{shard}"


@fleets.route("/fleets/runs", methods=["POST"], content_types=ANY_TYPE)
def create_fleet_run() -> Response:
    request = fleets.current_request
    return answer(request, ADMIN, lambda: services().fleets.create(body_of(request)), status=202)


@fleets.route("/fleets/runs", methods=["GET"], content_types=ANY_TYPE)
def list_fleet_runs() -> Response:
    def page() -> BaseModel:
        from chalicelib.api.fleets.reading import read_status

        query = query_of(fleets.current_request)
        return services().fleets.read.newest(
            fleet_id=query.get("fleet_id") or None, status=read_status(query), cursor=read_runs_cursor(query)
        )

    return answer(fleets.current_request, ANYONE, page)


@fleets.route("/fleets/validate", methods=["POST"], content_types=ANY_TYPE)
def validate_fleet() -> Response:
    def validate() -> BaseModel:
        from benchfleet_contract.fleets.runs import FleetDocuments

        from chalicelib.services.fleets.read_request import read_body

        return services().fleets.reading.validate(read_body(FleetDocuments, body_of(fleets.current_request)))

    return answer(fleets.current_request, ADMIN, validate)


@fleets.route("/fleets/uploads", methods=["POST"], content_types=ANY_TYPE)
def upload_dataset() -> Response:
    def sign() -> BaseModel:
        from benchfleet_contract.fleets.runs import UploadRequest

        from chalicelib.api.fleets.reading import read

        return services().fleets.read.upload(read(UploadRequest, body_of(fleets.current_request)))

    return answer(fleets.current_request, ADMIN, sign)


@fleets.route("/fleets/runs/{run_id}", methods=["GET"], content_types=ANY_TYPE)
def show_fleet_run(run_id: str) -> Response:
    return answer(fleets.current_request, ANYONE, lambda: services().fleets.read.detail(known(without_format(run_id))))


@fleets.route("/fleets/runs/{run_id}", methods=["DELETE"], content_types=ANY_TYPE)
def delete_fleet_run(run_id: str) -> Response:
    def delete() -> Message:
        named = known(without_format(run_id))
        services().fleets.read.run(named)
        services().runs.delete(named)
        return Message(message="Run is being deleted")

    return answer(fleets.current_request, ADMIN, delete, status=202)


@fleets.route("/fleets/runs/{run_id}/stop", methods=["POST"], content_types=ANY_TYPE)
def stop_fleet_run(run_id: str) -> Response:
    def stop() -> Message:
        services().fleets.read.run(known(run_id))
        services().runs.stop(run_id)
        return Message(message="Run cancelled successfully")

    return answer(fleets.current_request, ADMIN, stop)


@fleets.route("/fleets/runs/{run_id}/results", methods=["GET"], content_types=ANY_TYPE)
def fleet_results(run_id: str) -> Response:
    return answer(fleets.current_request, ANYONE, lambda: services().fleets.read.results(known(run_id)))


@fleets.route("/fleets/runs/{run_id}/artifacts", methods=["GET"], content_types=ANY_TYPE)
def list_fleet_artifacts(run_id: str) -> Response:
    return answer(fleets.current_request, ANYONE, lambda: services().fleets.read.artifacts(known(run_id)))


@fleets.route("/fleets/runs/{run_id}/artifacts/{path}", methods=["GET"], content_types=ANY_TYPE)
def fleet_artifact(run_id: str, path: str) -> Response:
    """Slashes are percent-encoded: `repo-1%2Fopenai%2Fresults.json`."""
    return answer(fleets.current_request, ANYONE, lambda: services().fleets.read.artifact(known(run_id), unquote(path)))


@fleets.route(_SHARD + "/tests", methods=["GET"], content_types=ANY_TYPE)
def fleet_tests(run_id: str, shard: str) -> Response:
    """All tests of a shard, or with `test` one of them with its prompt and answer."""

    def page() -> BaseModel:
        from chalicelib.api.fleets.reading import read_number

        query, read = query_of(fleets.current_request), services().fleets.tests
        number = read_number("shard", shard)
        if key := query.get("test"):
            return read.one(known(run_id), number, key)
        return read.page(known(run_id), number, first=read_number("cursor", query.get("cursor") or "0"))

    return answer(fleets.current_request, ANYONE, page)


@fleets.route(_SHARD, methods=["GET"], content_types=ANY_TYPE)
def fleet_shard(run_id: str, shard: str) -> Response:
    return _of_shard(
        run_id, without_format(shard), lambda number, holder: services().fleets.work.shard(run_id, number, holder)
    )


@fleets.route(_SHARD + "/journal", methods=["POST"], content_types=ANY_TYPE)
def fleet_journal(run_id: str, shard: str) -> Response:
    def sign(number: int, holder: "Holder") -> BaseModel:
        from benchfleet_contract.fleets.runs import JournalRequest

        from chalicelib.api.fleets.reading import read

        request = read(JournalRequest, body_of(fleets.current_request))
        return services().fleets.work.journal(run_id, number, holder, request)

    return _of_shard(run_id, shard, sign)


@fleets.route(_SHARD + "/leases", methods=["POST"], content_types=ANY_TYPE)
def fleet_lease(run_id: str, shard: str) -> Response:
    def lease(number: int, holder: "Holder") -> BaseModel:
        from benchfleet_contract.fleets.leases import LeaseRequest

        from chalicelib.api.fleets.reading import read

        request = read(LeaseRequest, body_of(fleets.current_request))
        return services().fleets.work.lease(run_id, number, holder, request)

    return _of_shard(run_id, shard, lease)


def _of_shard(run_id: str, shard: str, call: "Callable[[int, Holder], BaseModel]") -> Response:
    """For the attempt that holds the shard's task: task n of a run is its shard n."""
    named = f"{run_id}.{shard}"

    def held(holder: "Holder") -> BaseModel:
        address = split_task_id(named)
        if address is None:
            raise TaskNotFound
        return call(address[1], holder)

    return answer_task(fleets.current_request, named, held)
