"""`benchfleet fleet wait`."""

from benchfleet.cli.fleet.options import Junit, MinPassRate, MinSuccessRate, Output, Poll, Shown, Timeout, format_of
from benchfleet.cli.options import ApiKey, ApiUrl, AsJson, Profile
from benchfleet.cli.run_ids import RunId


def run(
    run_id: RunId,
    output: Output = None,
    timeout_s: Timeout = None,
    poll_s: Poll = 2.0,
    shown: Shown = "summary",
    min_success_rate: MinSuccessRate = None,
    min_pass_rate: MinPassRate = None,
    junit: Junit = None,
    api_url: ApiUrl = None,
    api_key: ApiKey = None,
    profile: Profile = None,
    as_json: AsJson = False,
) -> None:
    """Wait for a run's end, bring its artifacts and print what came of it. The exit code tells how it went."""
    from benchfleet.cli.fleet.connecting import flows, resolve
    from benchfleet.cli.fleet.ending import brought, end, judged
    from benchfleet.cli.fleet.results import print_as
    from benchfleet.fleet.verdict import Thresholds

    wanted = format_of(shown, as_json)
    with flows((api_url, api_key, profile), output, of=run_id) as client:
        found = resolve(client, run_id)
        folder = client.folder(found)
        results = brought(client, found, folder, timeout_s=timeout_s, poll_s=poll_s, quiet=wanted == "quiet")
    print_as(wanted, found, results, folder)
    end(judged(results, Thresholds(min_success_rate, min_pass_rate), junit))
