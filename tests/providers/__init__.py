"""Providers of language models on the loopback: real HTTP, the true streaming protocols, programmable behaviour."""

from tests.providers.behaviour import Behaviour, Rule
from tests.providers.server import Providers, serving

__all__ = ["Behaviour", "Providers", "Rule", "serving"]
