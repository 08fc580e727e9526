"""Whose failure an installation is: what tools print where a registry lacks something, and where the app is wrong."""

from runner_image.workloads.http.apps.lacking import is_missing
from tests.each_case import each_case

HERE = [
    "WARNING: Retrying (Retry(total=0)) after connection broken by 'NewConnectionError'",
    "ERROR: No matching distribution found for spikard==99",
    "npm error code E404\nnpm error 404 '@spikard/node@1' is not in this registry.",
    "npm error code ENOTFOUND\nnpm error network request to https://registry.npmjs.org/x failed",
    "npm error code ETARGET\nnpm error notarget No matching version found for hono@99.",
    "npm error code EBADPLATFORM\nnpm error notsup Unsupported platform for x",
    "npm error code EAI_AGAIN",
    "error: failed to get `axum` as a dependency\n  [6] Could not resolve hostname (Could not resolve host: index.crates.io)",
    "error: no matching package named `axum` found\nlocation searched: directory source",
    'error: failed to select a version for the requirement `axum = "^9"`\ncandidate versions found which didn\'t match: 0.8',
    "  feature `edition2024` is required\n  The package requires the Cargo feature called `edition2024`, but that feature is not",
    "cargo: error: rustc 1.63.0 is not supported by the following packages:\n  x requires rustc 1.80",
    "Could not find gem 'sinatra' in locally installed gems.",
    'go: github.com/gin-gonic/gin@v1: Get "https://proxy.golang.org": dial tcp: lookup proxy.golang.org: no such host',
    "ERROR: Could not install packages due to an OSError: [Errno 28] No space left on device",
]
OWN = [
    "error: subprocess-exited-with-error\n  x Building wheel for x (pyproject.toml) did not run successfully.",
    "ERROR: THESE PACKAGES DO NOT MATCH THE HASHES FROM THE REQUIREMENTS FILE.",
    "ERROR: Invalid requirement: 'fast api==='",
    "npm error code EUSAGE\nnpm error `npm ci` can only install packages when package.json and package-lock.json are in sync",
    "npm error code EJSONPARSE",
    "npm error code EINTEGRITY",
    "npm error code 1\nnpm error command sh -c node-gyp rebuild",
    'error[E0308]: mismatched types\nerror: could not compile `mine` (bin "mine") due to 1 previous error',
    "error: failed to parse manifest at `/app/Cargo.toml`",
    "error: cannot update the lock file /app/Cargo.lock because --locked was passed to prevent this",
    "[!] There was an error parsing `Gemfile`: a mistake of mine.",
]


@each_case("said", HERE)
def test_what_a_registry_or_the_machine_lacks_is_missing(said: str) -> None:
    assert is_missing(said)


@each_case("said", OWN)
def test_what_is_wrong_with_the_app_is_its_own(said: str) -> None:
    assert not is_missing(said)
