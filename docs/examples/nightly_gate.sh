#!/bin/sh
# A nightly gate: sends the prompts of a manifest, and fails the job when too few of them are answered.
#
#   sh docs/examples/nightly_gate.sh fleet-manifest.json [more options of `benchfleet fleet run`, such as --emulator]
#
# With --emulator the job needs nothing but the providers' keys in its environment. Without it the control plane is
# $BENCHFLEET_URL with $BENCHFLEET_API_KEY, and its runners do the work. A job that is started again in the same night takes
# up the run that it has begun.
set -eu
manifest=$1
shift
key=${GATE_KEY:-nightly-$(date -u +%F)}

code=0
benchfleet fleet run --manifest "$manifest" --wait --timeout "${GATE_SECONDS:-3600}" --idempotency-key "$key" \
  --min-success-rate "${MIN_SUCCESS_RATE:-0.95}" --junit fleet.xml "$@" || code=$?

case $code in
  0) echo "gate: passed" ;;
  5) echo "gate: a provider answered nothing; the models were not judged" >&2 ;;
  6) echo "gate: max_cost was used up before all prompts were sent" >&2 ;;
  7) echo "gate: the models are not good enough" >&2 ;;
  8) echo "gate: not done in time; the run goes on" >&2 ;;
  *) echo "gate: exit code $code; see docs/cli.md" >&2 ;;
esac
exit "$code"
