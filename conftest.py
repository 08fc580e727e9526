"""Plugins of every test, which pytest wants named at the root, and the profiles of property tests.

`HYPOTHESIS_PROFILE` picks one: `few` for `make test`, `many` for `make proof`, `same` (the same few examples each time)
for `make mutants`. None has a deadline: how long an example takes says more of the machine than of the code. Failures
print what reproduces them.
"""

import os

from hypothesis import HealthCheck, Phase, settings
from hypothesis.internal.conjecture import providers

pytest_plugins = [
    "pytester",
    "tests.engine_policy",
    "tests.cpu_by_area",
    "tests.reporting",
    "tests.sharing_out",
    "tests.collecting",
]

_SLOW_IS_FINE = [HealthCheck.too_slow, HealthCheck.data_too_large]
settings.register_profile("few", max_examples=10, deadline=None, print_blob=True, suppress_health_check=_SLOW_IS_FINE)
settings.register_profile("many", settings.get_profile("few"), max_examples=1_000)
settings.register_profile(
    "same",
    settings.get_profile("few"),
    max_examples=25,
    derandomize=True,
    database=None,
    phases=(Phase.explicit, Phase.generate),
)
PROFILE = os.environ.get("HYPOTHESIS_PROFILE", "few")
settings.load_profile(PROFILE)
if PROFILE == "few":
    # It would read and parse every module of ours for constants to try now and then, in each worker: three CPU seconds for
    # what ten examples hardly meet. The other profiles do.
    providers._get_local_constants = lambda: providers._local_constants
