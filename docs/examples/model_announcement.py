"""An executor in eight steps: `python docs/examples/model_announcement.py URL KEY`, with a runner key of that control plane.

It is what `benchfleet executor` does, taken one step after the other. Each step checks what the control plane says after it.
"""

import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

from benchfleet_contract.registry.descriptors import Capabilities, ModelDescriptor, Pricing
from benchfleet_contract.registry.executors import Capacity, ExecutorHeartbeat, Load, ReplaceModels

from runner_image.control.session import Refused, Session
from runner_image.executor.agent import Agent
from runner_image.executor.control import SessionControl
from runner_image.executor.identity import Identity, Work
from runner_image.logs import Log

Shown = dict[str, Any]


def described(model_id: str, context: int, *features: str, price: str = "500000000000000") -> ModelDescriptor:
    return ModelDescriptor(
        model_id=model_id,
        backend_type="openai",
        capabilities=Capabilities(max_context_length=context, features=list(features)),
        pricing=Pricing(input_token_price=price, output_token_price=price),
    )


@dataclass
class Example:
    session: Session
    say: Callable[[str], None] = print
    pause: Callable[[float], None] = time.sleep
    load: Load = field(default_factory=Load)

    def initialise(self) -> str:
        """1. The manager: who announces, with which models and how much at a time."""
        models = [described("gpt-3.5-turbo", 4096, "chat"), described("gpt-4", 8192, "chat", "vision")]
        self.models = {model.model_id: model for model in models}
        self.name = f"example-{uuid4().hex[:8]}"
        identity = Identity(self.name, uuid4().hex, interval_s=1.0, capacity=Capacity(max_concurrent=5))
        work = Work(load=lambda: self.load)
        self.agent = Agent(SessionControl(self.session), identity, self.models, work=work, log=Log())
        return f"{self.name} with {len(self.models)} models"

    def announce(self) -> str:
        """2. The first step of an agent announces."""
        self.agent.step()
        assert self._shown()["executor"]["model_ids"] == sorted(self.models)
        return f"generation {self._shown()['executor']['generation']}"

    def heartbeat(self) -> str:
        """3. Every further one sends a heartbeat."""
        before = self._shown()["sequence"]
        self._beat()
        assert self._shown()["sequence"] > before
        return f"{self.agent.facts['heartbeats_sent']} sent"

    def update(self) -> str:
        """4. What differs is told: here a price."""
        self.models["gpt-4"] = described("gpt-4", 8192, "chat", "vision", price="1")
        self._offer()
        prices = {model["model_id"]: model["pricing"]["input_token_price"] for model in self._shown()["models"]}
        assert prices["gpt-4"] == "1"
        return "gpt-4 has another price"

    def add(self) -> str:
        """5. A model that was loaded meanwhile."""
        self.models["llama-7b"] = described("llama-7b", 4096, "completion")
        self._offer()
        assert "llama-7b" in self._shown()["executor"]["model_ids"]
        return "llama-7b is there, too"

    def load_and_capacity(self) -> str:
        """6. Load is told with each heartbeat; 80 % of the capacity is busy, all of it overloaded."""
        seen = []
        for active in (1, 4, 5, 0):
            self.load = Load(active=active)
            self._beat()
            seen.append(self._shown()["executor"]["status"])
        assert seen == ["available", "busy", "overloaded", "available"], seen
        return ", ".join(seen)

    def errors(self) -> str:
        """7. What is invalid is refused as a whole, and what another generation says, too."""
        executor_id, generation = self.agent.ticket or ("", 0)
        invalid = described("x", 1).model_copy(update={"model_id": ""})
        refused = [
            lambda: self.session.call(
                "PUT",
                f"/executors/{executor_id}/models",
                ReplaceModels(generation=generation, sequence=99, models=[]).model_copy(update={"models": [invalid]}),
            ),
            lambda: self.session.call(
                "POST", f"/executors/{executor_id}/heartbeat", ExecutorHeartbeat(generation=generation - 1, sequence=99)
            ),
        ]
        numbers = [_number(call) for call in refused]
        assert numbers == [3002, 2006], numbers
        assert len(self._shown()["models"]) == len(self.models)
        return "refused with 3002 and 2006, nothing changed"

    def shut_down(self) -> str:
        """8. Drained, then removed with all its models."""
        self.agent.leave()
        assert _number(self._shown) == 2002
        return "gone"

    def _beat(self) -> None:
        self.pause(1.0)  # a heartbeat a second
        self.agent.step()

    def _offer(self) -> None:
        self.agent.offer(self.models)
        self._beat()

    def _shown(self) -> Shown:
        return self.session.call("GET", f"/executors/{self.name}")


STEPS: tuple[Callable[[Example], str], ...] = (
    Example.initialise, Example.announce, Example.heartbeat, Example.update, Example.add, Example.load_and_capacity,
    Example.errors, Example.shut_down,
)  # fmt: skip


def _number(call: Callable[[], object]) -> int | None:
    try:
        call()
    except Refused as error:
        return error.number
    return None


def main(url: str, key: str, *, say: Callable[[str], None] = print) -> None:
    session = Session(url, api_key=key)
    try:
        example = Example(session)
        for number, step in enumerate(STEPS, start=1):
            say(f"{number}. {step.__name__}: {step(example)}")
    finally:
        session.close()


if __name__ == "__main__":
    main(*sys.argv[1:3])
