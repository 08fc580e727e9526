"""`benchfleet executors show`."""

from benchfleet.cli.executors.named import ExecutorId
from benchfleet.cli.options import ApiKey, ApiUrl, AsJson, Profile, connect


def run(
    executor_id: ExecutorId,
    api_url: ApiUrl = None,
    api_key: ApiKey = None,
    profile: Profile = None,
    as_json: AsJson = False,
) -> None:
    """Show one executor: its status and load, its models, what happened to it."""
    from benchfleet.cli.documents.models import ExecutorShown
    from benchfleet.cli.executors.shown import print_executor
    from benchfleet.cli.output import print_document

    with connect(api_url, api_key, profile) as client:
        found = client.executor(executor_id)
    if as_json:
        print_document(ExecutorShown.model_validate(found.model_dump()))
    else:
        print_executor(found)
