"""A deploy from start to end. Each step looks at what is there and does what is missing, so that any of them may be repeated."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchfleet_contract.places import Place, Places

from benchfleet.deploy import gateway, made, places, preflight, smoke, wanted
from benchfleet.deploy.aws import Aws
from benchfleet.deploy.errors import DeployError
from benchfleet.deploy.functions import Functions, Wanted, api_url
from benchfleet.deploy.gateway_responses import gateway_responses, stage_changes
from benchfleet.deploy.image import Base, Image, ImagePusher, Repository
from benchfleet.deploy.keys import Keys, KeyStore
from benchfleet.deploy.left import Changed
from benchfleet.deploy.options import DeployOptions, Folders
from benchfleet.deploy.planning import Planned, plan_functions
from benchfleet.deploy.progress import Progress
from benchfleet.deploy.project import Project
from benchfleet.deploy.refusals import explained
from benchfleet.deploy.stacks import Outputs, Stack, Stacks
from benchfleet.profiles.file import Profile, read_profiles
from benchfleet.profiles.writer import write_profile


@dataclass(frozen=True)
class Deployed:
    """Where everything is. `profile` None: this machine has no key. `smoke` None: there was no smoke test."""

    api_url: str
    outputs: Outputs
    places: Places
    architectures: tuple[str, ...]
    keys: Keys
    profile: str | None
    default_profile: bool
    smoke: smoke.Passed | None


class Deployment:
    """`examine` first: it changes nothing. Then `plan` or `run`. All raise BenchfleetError."""

    def __init__(
        self, aws: Aws, project: Project, options: DeployOptions, folders: Folders, progress: Progress
    ) -> None:
        self._aws = aws
        self._project = project
        self._options = options
        self._folders = folders
        self._progress = progress
        self._stacks = Stacks(aws, progress)
        self._changed = Changed(
            f"the same command goes on from there, `benchfleet nuke --stage {options.stage}` removes it"
        )
        self._caller: preflight.Caller | None = None
        self._before: Places | None = None

    @property
    def caller(self) -> preflight.Caller:
        if self._caller is None:
            self._caller = preflight.who_asks(self._aws)
        return self._caller

    @property
    def region(self) -> str:
        return self._aws.region

    @property
    def profile_file(self) -> Path:
        return self._folders.profiles

    @property
    def also_regions(self) -> tuple[str, ...]:
        """Those that were asked for, and those that an earlier deploy has made."""
        before = self._before.regions if self._before else {}
        return tuple(it for it in dict.fromkeys([*before, *self._options.also_regions]) if it != self._aws.region)

    @property
    def left_behind(self) -> str:
        return self._changed.words()

    def examine(self) -> None:
        """Everything that can be known beforehand."""
        aws, progress = self._aws, self._progress
        progress.step("check the account")
        caller = self.caller
        preflight.require_regions(aws, [aws.region, *self._options.also_regions])
        preflight.require_permissions(aws, caller, progress)
        with explained("looking at what is there"):
            self._before = places.read(aws, self._options.stage)
            stack = self._main_stack(image=None)
            is_new = self._stacks.status(stack) in ("", "REVIEW_IN_PROGRESS")
            if is_new:
                preflight.require_one_home(aws, self._options.stage)
                preflight.require_bucket(aws, stack.parameters["BucketName"], progress)
            preflight.require_quotas(aws, reserved=self._project.reserved(self._options.stage), makes_network=is_new)

    def plan(self) -> Planned:
        """What `run` would change; nothing is changed."""
        with explained("planning"):
            main = self._main_stack(image=None)
            stacks = {main.name: self._stacks.plan(main)}
            outputs = self._stacks.outputs(main)
            for region in self.also_regions if outputs else ():
                network = self._network(region, outputs)
                stacks[f"{network.name} in {region}"] = self._stacks.plan(network)
            functions = plan_functions(self._aws, self._project, self._options.stage, made.environment(outputs))
        return Planned(stacks, functions)

    def run(self) -> Deployed:
        try:
            return self._run()
        except DeployError as error:
            error.left = self._changed.words()
            raise

    def _run(self) -> Deployed:
        outputs = self._main(image=None)
        architectures: tuple[str, ...] = ()
        if not self._options.skip_image:
            image = self._image(outputs)
            architectures = image.architectures
            outputs = self._main(image=image.uri)
        regions = self._regions(outputs)
        keys = self._keys()
        url = self._functions(outputs)
        told = self._places(url, regions)
        profile, default = self._profile(url, keys)
        return Deployed(url, outputs, told, architectures, keys, profile, default, self._smoke(url, keys))

    def _main(self, *, image: str | None) -> Outputs:
        with self._step(f"stack {wanted.main_name(self._options.stage)} in {self._aws.region}", "making the stack"):
            return self._stacks.apply(self._main_stack(image=image))

    def _main_stack(self, *, image: str | None) -> Stack:
        name = wanted.main_name(self._options.stage)
        there = self._stacks.parameters(Stack(name, self._aws.region, "", {}, {}))
        return wanted.main_stack(
            self._aws, self._project, self._options, account=self.caller.account, there=there, image=image
        )

    def _network(self, region: str, outputs: Outputs) -> Stack:
        name = f"{wanted.main_name(self._options.stage)}-network"
        there = self._stacks.parameters(Stack(name, region, "", {}, {}))
        return wanted.network_stack(self._aws, self._project, self._options, region=region, there=there, main=outputs)

    def _image(self, outputs: Outputs) -> Image:
        with self._step("runner's image", "pushing the image"):
            return ImagePusher(
                self._aws, Repository(outputs["RepositoryUri"]), self._progress,
                sources=self._project.folder, base=Base(self._options.base, self._options.system_packages),
            ).ensure()  # fmt: skip

    def _regions(self, outputs: Outputs) -> dict[str, Place]:
        found = {self._aws.region: made.place(outputs)}
        for region in self.also_regions:
            with self._step(f"network in {region}", f"making the network of {region}"):
                stack = self._network(region, outputs)
                found[region] = made.place(self._stacks.apply(stack))
        return found

    def _keys(self) -> Keys:
        with self._step("keys", "making the keys"):
            known = read_profiles(self._folders.profiles).profiles.get(self._options.profile, Profile()).key
            return self._key_store().ensure([known] if known else [], one_more=self._options.new_key)

    def _key_store(self) -> KeyStore:
        name = f"{self.caller.account}-{self._aws.region}-{self._options.stage}.key"
        return KeyStore(self._aws, self._options.stage, pending=self._folders.state / name)

    def _functions(self, outputs: Outputs) -> str:
        with self._step("functions and API", "deploying the functions"):
            api_id = Functions(self._aws, self._progress).apply(self._wanted(outputs), known_url=self._known_url())
            self._complete(api_id)
            return api_url(self._aws, api_id)

    def _complete(self, api_id: str) -> None:
        declared = json.loads(self._project.template(f"functions-{self._options.stage}.json"))
        responses, changes = gateway_responses(declared), stage_changes(declared)
        gateway.complete(self._aws, api_id, responses=responses, changes=changes)

    def _wanted(self, outputs: Outputs) -> Wanted:
        where = {"partition": self._aws.partition, "region": self._aws.region, "account": self.caller.account}
        name = f"{self.caller.account}-{self._aws.region}-{self._options.stage}"
        return Wanted(
            project=self._project,
            stage=self._options.stage,
            environment=made.environment(outputs),
            sources=made.event_sources(outputs, **where),
            copy=self._folders.cache / name,
        )

    def _known_url(self) -> str | None:
        if self._before:
            return self._before.api_url
        return read_profiles(self._folders.profiles).profiles.get(self._options.profile, Profile()).api_url

    def _places(self, url: str, regions: dict[str, Place]) -> Places:
        with self._step("places for machines", "writing the places"):
            told = Places(api_url=url, stage=self._options.stage, regions=regions)
            if told != places.read(self._aws, self._options.stage):
                places.write(self._aws, told)
            return told

    def _profile(self, url: str, keys: Keys) -> tuple[str | None, bool]:
        name = self._options.profile
        if keys.admin is None:
            self._progress.note(
                f"the control plane has keys, and this machine has none of them: `benchfleet login --profile {name} "
                f"--api-url {url}` stores one, `benchfleet deploy --new-key` makes one more"
            )
            return None, False
        with self._step(f"profile {name}", "saving the profile"):
            default = write_profile(self._folders.profiles, name, Profile(url, keys.admin))
            self._key_store().saved()
        return name, default

    def _smoke(self, url: str, keys: Keys) -> smoke.Passed | None:
        if self._options.skip_smoke or keys.admin is None:
            return None
        self._progress.step("smoke test: a mock run from start to end")
        log = Path(self._folders.state) / f"smoke-{self._options.stage}.log"
        log.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        return smoke.smoke_test(smoke.Target(url, keys.admin, keys.runner, log))

    @contextmanager
    def _step(self, thing: str, doing: str) -> Iterator[None]:
        self._progress.step(thing)
        with explained(doing), self._changed.changing(thing):
            yield
