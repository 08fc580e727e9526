"""`benchfleet executors remove`."""

from benchfleet.cli.executors.named import ExecutorId
from benchfleet.cli.options import ApiKey, ApiUrl, AsJson, Profile, connect


def run(
    executor_id: ExecutorId,
    api_url: ApiUrl = None,
    api_key: ApiKey = None,
    profile: Profile = None,
    as_json: AsJson = False,
) -> None:
    """Remove an executor with its models. Its tasks are given to others; if it still runs, it is told to announce again.

    One that is not there is no error: `removed` says which it was.
    """
    from benchfleet.cli.documents.models import ExecutorRemoved
    from benchfleet.cli.output import print_document
    from benchfleet.exceptions import ApiError

    with connect(api_url, api_key, profile) as client:
        try:
            client.executor(executor_id)
            there = True
        except ApiError as error:
            if error.status not in (404, 410):
                raise
            there = False
        client.remove_executor(executor_id)
    if as_json:
        print_document(ExecutorRemoved(executor_id=executor_id, removed=there))
    else:
        print(f"{executor_id} is removed." if there else f"{executor_id} was not there.")
