"""The table of commands: what each is called, where it is, and what pip must install for it."""

from benchfleet.cli.lazy import Entry, Group

COMPLETE = "_BENCHFLEET_COMPLETE"  # set by the scripts that `benchfleet completion` prints

RUNS = {
    "list": Entry("benchfleet.cli.runs.listing:run", "List runs, the newest first."),
    "show": Entry("benchfleet.cli.runs.show:run", "Show one run: its state, its tasks by instance type, its archive."),
    "watch": Entry("benchfleet.cli.runs.watch:run", "Follow a run until it has ended."),
    "stop": Entry("benchfleet.cli.runs.stop:run", "Stop a run early and keep the results so far."),
    "delete": Entry("benchfleet.cli.runs.delete:run", "Delete runs that have ended, with their archives and uploads."),
    "download": Entry("benchfleet.cli.runs.download:run", "Download a run's archive, check it and unpack it."),
    "explain": Entry("benchfleet.cli.explain:run", "Explain why tasks wait or failed."),
}

PROVIDER = {
    "cloud-init": Entry(
        "benchfleet.cli.cloud_init:run", "Print a script with which a machine of any cloud joins a run."
    ),
}

PRICES = {
    "list": Entry("benchfleet.cli.prices.listing:run", "List the prices of AWS that this machine knows."),
    "update": Entry("benchfleet.cli.prices.update:run", "Ask AWS for today's prices, and publish them.", "aws"),
}

SCHEDULE = {
    "create": Entry("benchfleet.cli.schedules.create:run", "Make a schedule: a run of a config at certain times."),
    "list": Entry("benchfleet.cli.schedules.listing:run", "List schedules, with their next and last firing."),
    "show": Entry("benchfleet.cli.schedules.show:run", "Show one schedule, and what became of its firings."),
    "run-now": Entry("benchfleet.cli.schedules.run_now:run", "Fire a schedule now, beside its times."),
    "delete": Entry("benchfleet.cli.schedules.delete:run", "Delete a schedule. Its runs stay."),
}

MODELS = {
    "discover": Entry("benchfleet.cli.models.discover:run", "List the models that executors have now."),
    "query": Entry("benchfleet.cli.models.query:run", "Show who has a model and may be asked now, the best first."),
    "list": Entry("benchfleet.cli.models.listing:run", "List models with the status of each executor that has them."),
    "stats": Entry("benchfleet.cli.models.stats:run", "Show how many executors and models there are."),
    "watch": Entry("benchfleet.cli.models.watch:run", "Follow who comes and goes, and whose models change."),
}

EXECUTORS = {
    "list": Entry("benchfleet.cli.executors.listing:run", "List executors, with status and load."),
    "show": Entry("benchfleet.cli.executors.show:run", "Show one executor, its models, what happened to it."),
    "drain": Entry("benchfleet.cli.executors.drain:run", "Give an executor no new work."),
    "remove": Entry("benchfleet.cli.executors.remove:run", "Remove an executor with its models."),
}

HTTP = {
    "run": Entry("benchfleet.cli.http.run:run", "Measure the app of a folder on this machine.", "runner,load,report"),
    "compare": Entry(
        "benchfleet.cli.http.compare:run", "Measure web frameworks by turns on this machine.", "runner,load,report"
    ),
    "report": Entry(
        "benchfleet.cli.http.folders:report", "Print what a comparison found, and its page.", "runner,report"
    ),
    "consolidate": Entry(
        "benchfleet.cli.http.folders:consolidate", "Put several comparisons together.", "runner,report"
    ),
    "stream": Entry("benchfleet.cli.http.stream:run", "Load WebSockets and server-sent events.", "runner,load"),
    "profile": Entry("benchfleet.cli.http.profile:run", "Show where the CPU time of a server goes.", "runner,load"),
    "detect": Entry("benchfleet.cli.http.detect:run", "Tell which framework an app is written with.", "runner"),
    "frameworks": Entry("benchfleet.cli.http.lists:frameworks", "List the frameworks that are known.", "runner"),
    "suite": Entry("benchfleet.cli.http.lists:suite", "List suites and their workloads.", "runner"),
    "check-tools": Entry("benchfleet.cli.http.lists:check_tools", "Tell which load tools are here.", "runner,load"),
}

FLEET = {
    "run": Entry("benchfleet.cli.fleet.run:run", "Start a run of a manifest: every prompt to every model."),
    "validate": Entry("benchfleet.cli.fleet.validate:run", "Check a manifest, and show what it comes to."),
    "status": Entry("benchfleet.cli.fleet.status:run", "Show how far a run is."),
    "wait": Entry("benchfleet.cli.fleet.wait:run", "Wait for a run's end, and bring its artifacts."),
    "results": Entry("benchfleet.cli.fleet.results:run", "Print what came of a run."),
    "list": Entry("benchfleet.cli.fleet.listing:run", "List runs of fleets, the newest first."),
    "cancel": Entry("benchfleet.cli.fleet.cancel:run", "Stop a run; what was answered is kept."),
    "compare": Entry("benchfleet.cli.fleet.compare:run", "Compare two runs, test by test."),
    "aggregate": Entry("benchfleet.cli.fleet.aggregate:run", "Rebuild a fleet's files from its benchmarks' results."),
    "rescore": Entry("benchfleet.cli.fleet.rescore:run", "Score saved answers again, without a call."),
    "archive": Entry("benchfleet.cli.fleet.archive:run", "Pack the folders of old runs."),
}

KEYS = {
    "create": Entry("benchfleet.cli.keys.create:run", "Make a key and print it, once.", "aws"),
    "list": Entry("benchfleet.cli.keys.listing:run", "List keys: role, id, name and day of creation.", "aws"),
    "revoke": Entry("benchfleet.cli.keys.revoke:run", "Revoke a key.", "aws"),
}

COMMANDS: dict[str, Entry | Group] = {
    "run": Entry("benchfleet.cli.run:run", "Run a config from beginning to end.", "emulator,runner"),
    "compare": Entry("benchfleet.cli.compare:run", "Measure two things by turns, and compare them.", "emulator,runner"),
    "runs": Group("List, show, watch, stop, delete and explain runs, and download their results.", RUNS),
    "schedule": Group("Create, list, show, fire and delete schedules of runs.", SCHEDULE),
    "models": Group("Find models that executors have announced, and who has them.", MODELS),
    "executors": Group("List, show, drain and remove executors.", EXECUTORS),
    "http": Group("Measure and compare web frameworks on this machine.", HTTP),
    "fleet": Group("Send datasets of prompts to language models.", FLEET, "benchfleet.fleet.exit_codes:code_of"),
    "report": Entry("benchfleet.cli.report:run", "Compare the results of runs: ranking, intervals, prices.", "report"),
    "import": Entry("benchfleet.cli.import_results:run", "Make results of other tools a run that `report` reads."),
    "runner": Entry("runner_image.command:run", "Claim tasks from a control plane and run them.", "runner"),
    "executor": Entry("runner_image.executor_command:run", "Announce this machine's models.", "runner"),
    "emulator": Entry("local_emulator.command:run", "Run the whole system on this machine.", "emulator"),
    "demo": Entry("benchfleet.cli.demo:run", "Run a real benchmark on this machine, end to end.", "emulator,runner"),
    "deploy": Entry("benchfleet.cli.deploy:run", "Bring a control plane into your AWS account, or up to date.", "aws"),
    "nuke": Entry("benchfleet.cli.nuke:run", "Delete a stage from your AWS account, or only its machines.", "aws"),
    "logs": Entry("benchfleet.cli.logs:run", "Show what a stage's functions and machines have written.", "aws"),
    "keys": Group("Make, list and revoke the keys of a stage.", KEYS),
    "cost": Entry("benchfleet.cli.cost:run", "Show what the machines of a run have cost."),
    "prices": Group("List and renew what is known of AWS's prices.", PRICES),
    "provider": Group("Bring machines of clouds that the control plane does not.", PROVIDER),
    "login": Entry("benchfleet.cli.login:run", "Store the API's address and your key as a profile."),
    "doctor": Entry("benchfleet.cli.doctor:run", "Check what this machine and its control plane need."),
    "completion": Entry("benchfleet.cli.completion:run", "Print a script that completes commands in your shell."),
}
