"""Both dialects as one: a fleet's repositories, and for each repository and scenario what is to be done."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from benchfleet_contract.fleets.dataset import Sampling
from benchfleet_contract.fleets.manifest_simple import SimpleManifest
from benchfleet_contract.fleets.manifest_versioned import ADAPTERS, Profile, VersionedManifest
from benchfleet_contract.fleets.plan import Dialect, Repository
from benchfleet_contract.fleets.settings import Settings
from benchfleet_contract.fleets.written import Faults, Path

_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,127}")
_ID_REMEDY = "use letters, digits, dots, dashes and underscores, at most 128: it is a part of paths"
MAX_FLEET_ID_CHARS = 104  # a run's id has 128, and puts a time and a number behind it


@dataclass(frozen=True)
class Work:
    """The tests of one dataset, for one repository and scenario. `path` is where the manifest names the dataset.

    `folder` and `dataset` say where dialect V looks for it; in dialect S the reference is the path.
    """

    reference: str
    path: Path
    repository: Repository
    scenario: str | None = None
    concurrency: int | None = None
    request_delay_ms: int | None = None
    num_examples: int | None = None
    sampling: Sampling | None = None
    extra: dict[str, Any] = field(default_factory=dict)
    folder: str = ""
    dataset: str = ""
    adapter: str = ""


@dataclass(frozen=True)
class Fleet:
    fleet_id: str
    description: str
    dialect: Dialect
    providers: list[str]
    works: list[Work]
    settings: Settings
    repositories: list[Repository]
    custom: dict[str, Any] = field(default_factory=dict)
    output_base_dir: str | None = None


def read_simple(manifest: dict[str, Any], faults: Faults) -> Fleet | None:
    read = faults.read(SimpleManifest, manifest)
    _check_ids(manifest, "id", faults)
    if read is None:
        return None
    config = read.config
    found = [Repository(id=one.id, name=one.name, metadata=one.metadata or {}) for one in read.repositories]
    works = [
        Work(
            reference=one.dataset_path,
            path=("repositories", index, "dataset_path"),
            repository=found[index],
            concurrency=config.concurrency if config else None,
            request_delay_ms=config.request_delay_ms if config else None,
        )
        for index, one in enumerate(read.repositories)
    ]
    return Fleet(read.fleet_id, read.description or "", "simple", read.providers, works, read.settings, found)


def read_versioned(manifest: dict[str, Any], faults: Faults) -> Fleet | None:
    read = faults.read(VersionedManifest, manifest)
    _check_version(manifest.get("version"), faults)
    _check_ids(manifest, "repo_id", faults)
    if read is None:
        return None
    found = [
        Repository(id=one.repo_id, name=one.repo_id, scenarios=one.scenarios, metadata=one.metadata)
        for one in read.repositories
    ]
    samplings = {name: _sampling(name, profile, faults) for name, profile in read.scenario_profiles.items()}
    return Fleet(
        read.fleet_id, read.description, "versioned", read.providers,
        list(_versioned_works(read, found, samplings, faults)), _settings_of(read), found,
        read.global_settings.custom, read.output.base_dir,
    )  # fmt: skip


def _versioned_works(
    read: VersionedManifest, found: list[Repository], samplings: dict[str, Any], faults: Faults
) -> Iterable[Work]:
    for index, one in enumerate(read.repositories):
        path: Path = ("repositories", index)
        if one.adapter.lower() not in ADAPTERS:
            faults.refuse((*path, "adapter"), one.adapter, "is no adapter", f"one of {', '.join(ADAPTERS)}")
        if one.git_url:
            faults.warn((*path, "git_url"), "nothing is cloned: the datasets must be there")
        for number, scenario in enumerate(one.scenarios):
            here = (*path, "scenarios", number)
            _check_scenario(scenario, one.scenarios[:number], here, faults)
            profile = read.scenario_profiles.get(scenario)
            if profile is None:
                known = ", ".join(read.scenario_profiles) or "none is there"
                words = f"scenario {scenario!r} of {one.repo_id} has no profile"
                faults.refuse(here, scenario, words, f"add it to scenario_profiles ({known})")
                continue
            sampling, extra = samplings[scenario]
            yield Work(
                reference=f"{one.repo_id}/{profile.dataset}",
                path=("scenario_profiles", scenario, "dataset"),
                repository=found[index],
                scenario=scenario,
                concurrency=profile.concurrency,
                request_delay_ms=profile.request_delay_ms,
                num_examples=profile.num_examples,
                sampling=sampling,
                extra=extra,
                folder=one.path,
                dataset=profile.dataset,
                adapter=one.adapter.lower(),
            )


def _sampling(name: str, profile: Profile, faults: Faults) -> tuple[Sampling | None, dict[str, Any]]:
    """What we know of the profile's settings, and what goes to the provider as it is."""
    path = ("scenario_profiles", name, "settings")
    known = {key: value for key, value in profile.settings.items() if key in Sampling.model_fields}
    extra = {key: value for key, value in profile.settings.items() if key not in known}
    for key in extra:
        faults.warn((*path, key), "unknown here, and sent to the provider as it is")
    return faults.read(Sampling, known, path), extra


def _settings_of(read: VersionedManifest) -> Settings:
    """`settings` win over what dialect V says in other places."""
    theirs = {
        "random_seed": read.global_settings.random_seed,
        "test_timeout_s": read.global_settings.test_timeout_seconds,
        "max_retries": read.global_settings.max_retries,
        "continue_on_failure": read.global_settings.continue_on_failure,
        "save_responses": read.output.save_responses,
        "formats": read.output.formats,
        "generate_reports": read.output.generate_reports,
    }
    ours = read.settings
    return ours.model_copy(update={name: value for name, value in theirs.items() if getattr(ours, name) is None})


def _check_version(version: Any, faults: Faults) -> None:
    if version == "1.0" and isinstance(version, str):
        return
    faults.found = [fault for fault in faults.found if fault.path != ["version"]]
    words = "is missing" if version is None else "must be the text 1.0"
    faults.refuse(("version",), version, words, 'write version: "1.0", with the quotes')


def _check_ids(manifest: dict[str, Any], name: str, faults: Faults) -> None:
    """Of what is written, whether the rest of the manifest can be read or not; what is no text is told elsewhere."""
    fleet_id = manifest.get("fleet_id")
    if isinstance(fleet_id, str) and fleet_id and not _is_id(fleet_id, MAX_FLEET_ID_CHARS):
        remedy = _ID_REMEDY.replace("128", str(MAX_FLEET_ID_CHARS))
        faults.refuse(("fleet_id",), fleet_id, "cannot be an id", remedy)
    repositories = manifest.get("repositories")
    listed = repositories if isinstance(repositories, list) else []
    ids = [one.get(name) if isinstance(one, dict) else None for one in listed]
    for index, each in enumerate(ids):
        path = ("repositories", index, name)
        if not isinstance(each, str) or not each:
            continue
        if not _is_id(each, 128):
            faults.refuse(path, each, "cannot be an id", _ID_REMEDY)
        elif (first := ids.index(each)) != index:
            faults.refuse(path, each, f"is the id of repositories[{first}], too", "give each one an id of its own")


def _is_id(text: str, most: int) -> bool:
    return bool(_ID.fullmatch(text)) and len(text) <= most


def _check_scenario(scenario: str, before: list[str], path: Path, faults: Faults) -> None:
    if not _ID.fullmatch(scenario):
        faults.refuse(path, scenario, "cannot be a scenario's name", _ID_REMEDY)
    if scenario in before:
        faults.refuse(path, scenario, "is there twice", "remove one")
