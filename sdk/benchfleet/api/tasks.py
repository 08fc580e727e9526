"""Tasks: listed, read, and what they left behind."""

from collections.abc import AsyncGenerator

from benchfleet_contract.runners import TaskFiles
from benchfleet_contract.states import TaskStatus
from benchfleet_contract.tasks import Task, TaskList

from benchfleet.api.calls import Call, run_path, task_path
from benchfleet.api.exchange import ask
from benchfleet.api.session import Session


async def tasks(
    session: Session,
    run_id: str,
    *,
    provider: str | None = None,
    instance_type: str | None = None,
    subject: str | None = None,
    status: TaskStatus | str | None = None,
) -> AsyncGenerator[Task, None]:
    """Iterate over the tasks of a run in order of their numbers, or over those that match every filter given.

    Pages are asked for as they are needed. Raises NotFound, UsageError, InvalidRequest, AuthError, Unreachable, ApiError.
    """
    path = run_path(run_id, "tasks")
    wanted = {"provider": provider, "instance_type": instance_type, "subject": subject, "status": status}
    query = {name: str(value) for name, value in wanted.items() if value is not None}
    while True:
        page = await ask(session, Call("GET", path, query=query), TaskList)
        for item in page.tasks:
            yield item
        if page.next_cursor is None:
            return
        query = {**query, "cursor": page.next_cursor}


async def task(session: Session, task_id: str) -> Task:
    """Read one task. `task_id` is `<run id>.<number>`.

    Raises NotFound, UsageError, AuthError, Unreachable, ApiError.
    """
    return await ask(session, Call("GET", task_path(task_id)), Task)


async def task_files(session: Session, task_id: str) -> TaskFiles:
    """Read freshly signed URLs of what a task uploaded; None where nothing was.

    Raises NotFound, UsageError, AuthError, Unreachable, ApiError.
    """
    return await ask(session, Call("GET", task_path(task_id, "files")), TaskFiles)
