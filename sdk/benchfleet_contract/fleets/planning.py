"""The shards of a fleet: repository by repository, scenario by scenario, target by target."""

import hashlib
import json
from collections.abc import Mapping
from functools import cached_property
from typing import Any

from benchfleet_contract.fleets.asserting import Asserted, check_assertions, check_together
from benchfleet_contract.fleets.dataset import Dataset, TestCase, read_dataset
from benchfleet_contract.fleets.expanding import chosen, is_rubric, requests_of
from benchfleet_contract.fleets.normal import Fleet, Work
from benchfleet_contract.fleets.plan import (
    BUDGET_TOKENS,
    CAPS,
    Defaults,
    FleetPlan,
    FleetSettings,
    Goodput,
    Load,
    ProviderSettings,
    Shard,
    Sweep,
    Target,
    TestRequest,
)
from benchfleet_contract.fleets.settings import Limits, LoadSettings, SweepSettings
from benchfleet_contract.fleets.targets import provider_of, read_target
from benchfleet_contract.fleets.written import Fault, Faults, Path


def digest(document: Any) -> str:
    """sha256 of the document as JSON with sorted keys: the same for JSON and YAML, and however it is laid out."""
    text = json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode(errors="surrogatepass")).hexdigest()


class Planner:
    """`faults` are those of the manifest; those of datasets are collected beside them."""

    def __init__(
        self,
        fleet: Fleet,
        manifest: Any,
        datasets: Mapping[str, Any],
        providers: Mapping[str, ProviderSettings],
        defaults: Defaults,
        faults: Faults,
    ) -> None:
        self.problems: list[Fault] = []
        self.warnings: list[str] = []
        self._fleet, self._manifest, self._documents = fleet, manifest, datasets
        self._providers, self._defaults, self._faults = providers, defaults, faults

    def plan(self) -> FleetPlan | None:
        """None where something is wrong."""
        targets = self._targets()
        judge = self._judge()
        datasets = self._datasets()
        self._check_load()
        self._check_assertions(datasets)
        if self.problems or self._faults.found:
            return None
        shards = self._shards(targets, datasets, judge)
        if self._faults.found:
            return None
        fleet = self._fleet
        return FleetPlan(
            fleet_id=fleet.fleet_id,
            description=fleet.description,
            dialect=fleet.dialect,
            repositories=fleet.repositories,
            targets=targets,
            settings=self._applied,
            shards=shards,
            request_count=sum(len(shard.tests) for shard in shards),
            manifest_sha256=digest(self._manifest),
            dataset_sha256s={name: digest(self._documents[name]) for name in datasets},
        )

    def _targets(self) -> list[Target]:
        found: list[Target] = []
        for index, spec in enumerate(self._fleet.providers):
            path, bare = ("providers", index), self._fleet.dialect == "simple"
            target = read_target(spec, self._providers, self._faults, path, bare=bare)
            if target is None:
                continue
            if any(other.name == target.name for other in found):
                self._faults.refuse(path, spec, "is there twice (in paths : and / are _)", "remove one")
            found.append(target)
        return found

    def _judge(self) -> Target | None:
        judge = self._fleet.settings.judge
        path = ("settings", "judge", "target")
        return read_target(judge.target, self._providers, self._faults, path, bare=True) if judge else None

    def _datasets(self) -> dict[str, Dataset]:
        found: dict[str, Dataset] = {}
        seen: set[str] = set()
        for work in self._fleet.works:
            if work.reference in seen:
                continue
            seen.add(work.reference)
            if work.reference not in self._documents:
                words = f"the dataset {work.reference!r} was not given"
                self._faults.refuse(work.path, work.dataset or work.reference, words, "send it along with the manifest")
                continue
            faults = Faults("dataset", work.reference)
            dataset = read_dataset(self._documents[work.reference], faults)
            self.problems += faults.found
            self.warnings += faults.warnings
            if dataset is not None:
                found[work.reference] = dataset
        return found

    def _check_assertions(self, datasets: dict[str, Dataset]) -> None:
        """The manifest's own, and those that meet in a test. A dataset that does not read has told its problems."""
        settings = self._fleet.settings
        check_assertions(settings.assertions, ("settings", "assertions"), self._faults)
        judge, judged = settings.judge, False
        whole = [(("settings", "assertions", n), self._faults, one) for n, one in enumerate(settings.assertions)]
        check_together([("any", True, [*whole])], judge=judge is not None, rubric=bool(judge and judge.rubric))
        for name, dataset in datasets.items():
            faults = Faults("dataset", name)
            tests = [self._asserted(dataset, index, faults) for index in range(len(dataset.test_cases))]
            judged = judged or any(is_rubric(one[2]) for test in tests for one in test[2])
            check_together(tests, judge=judge is not None, rubric=bool(judge and judge.rubric))
            self.problems += faults.found
        self._faults.found = list({(tuple(fault.path), fault.message): fault for fault in self._faults.found}.values())
        if judge and not judge.rubric and datasets and not judged:
            words = "it has nothing to judge: add a rubric, or assertions of type llm-rubric"
            self._faults.warn(("settings", "judge"), words)

    def _asserted(self, dataset: Dataset, index: int, faults: Faults) -> Asserted:
        test = dataset.test_cases[index]
        own = (("test_cases", index, "assertions"), faults, test.assertions)
        shared = (("assertions",), faults, dataset.assertions)
        whole = (("settings", "assertions"), self._faults, self._fleet.settings.assertions)
        places: list[tuple[Path, Faults, dict[str, Any]]] = [
            ((*path, number), collector, one)
            for path, collector, assertions in (own, shared, whole)
            for number, one in enumerate(assertions)
        ]
        return test.id, test.expected is not None, places

    def _check_load(self) -> None:
        load, path = self._fleet.settings.load, ("settings", "load")
        if load.sweep is not None:
            self._check_sweep(load, load.sweep)
        elif load.mode == "open" and load.rate is None:
            self._faults.refuse((*path, "rate"), None, "is missing", "an open loop needs requests a second, or a sweep")
        if load.mode == "closed" and load.rate is not None:
            self._faults.refuse((*path, "rate"), load.rate, "has no meaning in a closed loop", 'add "mode": "open"')
        if self._fleet.settings.cache and (load.sweep or load.mode == "open" or load.limits != Limits()):
            remedy = "leave out cache, or sweep, the open loop and limits"
            self._faults.refuse(("settings", "cache"), True, "gives answers that nobody times", remedy)

    def _check_sweep(self, load: LoadSettings, sweep: SweepSettings) -> None:
        path = ("settings", "load", "sweep")
        if bool(sweep.rates) == bool(sweep.concurrencies):
            self._faults.refuse(path, None, "must have rates or concurrencies, one of them", "mend it")
        if sweep.rates and load.mode == "closed":
            self._faults.refuse(
                (*path, "rates"), None, "have no meaning in a closed loop", 'add "mode": "open" to load'
            )
        if sweep.concurrencies and load.mode == "open":
            remedy = "name rates, or leave out mode"
            self._faults.refuse((*path, "concurrencies"), None, "have no meaning in an open loop", remedy)
        for name, said in (("rate", load.rate), ("concurrency", load.concurrency if sweep.concurrencies else None)):
            if said is not None:
                self._faults.refuse((*path[:2], name), said, "is said by the sweep, too", "leave it out")
        for name, loads in (("rates", sweep.rates), ("concurrencies", sweep.concurrencies)):
            if len(set(loads)) < len(loads):
                self._faults.refuse((*path, name), None, "has a load twice", "use repeats to send more at each load")

    def _warn_of_limits(self, provider: ProviderSettings, target: Target) -> None:
        """A load that the provider's settings do not allow cannot be measured."""
        sweep, most = self._fleet.settings.load.sweep, provider.max_concurrency
        if sweep and most and any(one > most for one in sweep.concurrencies):
            words = f"{target.provider} has max_concurrency {most}: no load of the sweep goes beyond it"
            self._faults.warn(("settings", "load", "sweep"), words)

    def _shards(self, targets: list[Target], datasets: dict[str, Dataset], judge: Target | None) -> list[Shard]:
        shards: list[Shard] = []
        for work in self._fleet.works:
            dataset = datasets[work.reference]
            tests = self._requests(work, dataset)
            for target in targets:
                self._warn_of_limits(self._provider(target), target)
                shards.append(self._shard(len(shards) + 1, work, dataset, target, tests, judge))
        return shards

    def _requests(self, work: Work, dataset: Dataset) -> list[TestRequest]:
        settings = self._fleet.settings
        most = work.num_examples or settings.num_examples
        if most is not None and most > len(dataset.test_cases):
            words = f"{most} examples are asked for, {len(dataset.test_cases)} are there"
            self.warnings.append(f"{work.repository.id}: {words}")
        tests = chosen(dataset.test_cases, settings.random_seed, most)
        extra = settings.extra | work.extra
        if settings.budget is not None:
            self._require_known_ends(extra)
            self._warn_of_ends(dataset, tests, work, extra)
        return requests_of(dataset, tests, settings, work.sampling, extra, self._faults)

    def _require_known_ends(self, extra: dict[str, Any]) -> None:
        """With a budget it has to be known what a request may cost: `extra` goes into its body and wins there."""
        if "model" in extra:
            remedy = "name the model as a target, so that its price is known"
            self._faults.refuse(("settings", "extra", "model"), extra["model"], "max_cost cannot be kept", remedy)
        for name in (*CAPS, "n"):
            value = extra.get(name, 1)
            if type(value) is not int or value < 1:
                remedy = "with max_cost, give a whole number from 1 on"
                self._faults.refuse(("settings", "extra", name), value, "the length of answers is not known", remedy)

    def _warn_of_ends(self, dataset: Dataset, tests: list[TestCase], work: Work, extra: dict[str, Any]) -> None:
        levels = (dataset.defaults, self._fleet.settings, work.sampling)
        capped = set(CAPS) & set(extra) or any(level and level.max_tokens for level in levels)
        count = 0 if capped else sum(not (test.config and test.config.max_tokens) for test in tests)
        if count:
            words = f"{count} tests set no max_tokens: with max_cost their answers end at {BUDGET_TOKENS} tokens"
            self.warnings.append(f"{work.repository.id}: {words}; set settings.max_tokens")

    def _shard(
        self, number: int, work: Work, dataset: Dataset, target: Target, tests: list[TestRequest], judge: Target | None
    ) -> Shard:
        settings, provider = self._fleet.settings, self._provider(target)
        simple = self._fleet.dialect == "simple"
        return Shard(
            number=number,
            repository_id=work.repository.id,
            repository_name=work.repository.name if simple else dataset.name,
            repository_metadata=work.repository.metadata,
            scenario=work.scenario,
            dataset_name=dataset.name,
            target=target,
            provider=provider,
            tests=tests,
            load=self._load(work),
            timeout_s=settings.test_timeout_s or provider.timeout_s,
            max_retries=provider.max_retries if settings.max_retries is None else settings.max_retries,
            continue_on_failure=self._applied.continue_on_failure,
            save_responses=self._applied.save_responses,
            cache=settings.cache,
            seed=settings.random_seed,
            max_cost=settings.budget,
            judge=settings.judge.model_dump() if settings.judge else None,
            judge_target=judge,
            judge_provider=self._provider(judge) if judge else None,
        )

    def _provider(self, target: Target) -> ProviderSettings:
        found = provider_of(target.provider, self._providers)
        if found is None:
            raise AssertionError(f"provider {target.provider} was known when its target was read")
        return found

    def _load(self, work: Work) -> Load:
        load, defaults = self._fleet.settings.load, self._defaults
        delays = (work.request_delay_ms, load.request_delay_ms, defaults.request_delay_ms)
        return Load(
            mode=load.mode,
            concurrency=work.concurrency or load.concurrency or defaults.concurrency,
            rate=load.rate,
            arrival=load.arrival,
            warmup=load.warmup,
            ramp_s=load.ramp_s,
            request_delay_ms=next((delay for delay in delays if delay is not None), None),
            limits=Goodput(**load.limits.model_dump(include=set(Goodput.model_fields))),
            sweep=Sweep(rates=load.sweep.rates, concurrencies=load.sweep.concurrencies) if load.sweep else None,
        )

    @cached_property
    def _applied(self) -> FleetSettings:
        """What holds for the whole fleet: the manifest first, then the client."""
        settings, defaults = self._fleet.settings, self._defaults
        return FleetSettings(
            repeats=settings.repeats,
            max_cost=settings.budget,
            random_seed=settings.random_seed,
            continue_on_failure=_first(settings.continue_on_failure, defaults.continue_on_failure),
            save_responses=_first(settings.save_responses, defaults.save_responses),
            cache=settings.cache,
            formats=["json", "csv"] if settings.formats is None else list(settings.formats),
            generate_reports=_first(settings.generate_reports, True),
            output_base_dir=self._fleet.output_base_dir,
            custom=self._fleet.custom,
        )


def _first(value: bool | None, otherwise: bool) -> bool:
    return otherwise if value is None else value
