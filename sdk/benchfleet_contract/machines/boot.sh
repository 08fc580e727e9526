# Above this line stand the settings of this machine (script.py writes them). Below, nothing names a machine or a run.
# It ends by itself whatever fails: its end is ordered first, and every way out of this script shuts it down.
set -Eeuo pipefail
umask 077
export LC_ALL=C HOME="${HOME:-/root}"
folder=${BENCHFLEET_FOLDER:-/run/benchfleet} # /run is in memory: the key is never on a disk
metadata=${AWS_EC2_METADATA_SERVICE_ENDPOINT:-http://169.254.169.254}
export DOCKER_CONFIG="$folder/docker"
key="$folder/key" header="$folder/header" log="$folder/boot.log" drained="$folder/drained"
step=boot failure='' watcher='' ended='' running=0
pids=() names=() logging=()

say() {
  printf 'benchfleet: %s\n' "$*" >&3
  printf '%s\n' "$*"
}

# The words as the text of a JSON string: printable ASCII on one line.
json_text() {
  local text=${1//[^ -~]/ }
  text=${text//\\/\\\\}
  printf '%s' "${text//\"/\\\"}"
}

# The end of this script's log on one line. Several lines: programs print how they are used after what went wrong.
last_lines() {
  local words
  words=$(grep -a . "$log" | tail -n 4 | cut -c 1-400)
  printf '%s' "${words//$'\n'/ | }"
}

# Tells the control plane the phase and some words. Nobody has to listen: a machine goes on without.
report() {
  say "$1: $2"
  if [ -z "$LAUNCH" ] || [ ! -s "$header" ]; then return 0; fi
  curl --silent --show-error --fail --output /dev/null --max-time 10 --retry 3 --retry-connrefused \
    --header "@$header" --header 'Content-Type: application/json' \
    --data "{\"phase\": \"$1\", \"message\": \"$(json_text "${2:0:500}")\"}" \
    "$API_URL/runs/$RUN_ID/launches/$LAUNCH" || say "the control plane did not take the report"
}

# Begins a step. The control plane hears of those that begin when the key is here.
at() {
  step=$1
  report "$1" "$2"
}

# Runs a command up to $1 times. `set -e` does not hold inside it: chain what may fail by &&.
again() {
  local tries=$1 try
  shift
  for ((try = 1; try < tries; try++)); do
    if "$@"; then return 0; fi
    sleep 5
  done
  "$@"
}

install_docker() {
  if ! command -v docker; then
    if command -v dnf; then
      again 3 dnf install --assumeyes --quiet docker
    elif command -v apt-get; then
      export DEBIAN_FRONTEND=noninteractive
      again 3 apt-get update --quiet
      again 3 apt-get install --quiet --yes --no-install-recommends -o DPkg::Lock::Timeout=300 docker.io curl ca-certificates
    else
      echo "this system has neither dnf nor apt-get: take an image of Amazon Linux 2023, Debian or Ubuntu"
      return 1
    fi
  fi
  systemctl start docker
}

# Amazon's metadata service answers no container by its hop limit. Elsewhere a rule must say so; names (UDP) stay.
shut_metadata() {
  local address
  for address in 169.254.169.254 168.63.129.16; do
    iptables --insert DOCKER-USER --protocol tcp --destination "$address" --jump REJECT
  done
}

# The key stands in files of root's in memory, never in an argument or a variable that a child could see.
fetch_key() {
  if [ -n "$KEY_TEXT" ]; then
    printf '%s' "$KEY_TEXT" >"$key"
  elif [ -n "$KEY_FILE" ]; then
    cat "$KEY_FILE" >"$key"
  else
    bash -o pipefail -c "$KEY_COMMAND" </dev/null >"$key"
  fi && [ -s "$key" ] && printf 'Authorization: Bearer %s\n' "$(<"$key")" >"$header"
}

pull_image() {
  if [ -n "$LOGIN_COMMAND" ]; then again 3 bash -o pipefail -c "$LOGIN_COMMAND" </dev/null; fi
  again 3 docker pull --quiet "$IMAGE"
}

# One line of CPU numbers for each slot. Slots are of equal size and never share a physical core, unless per vCPU.
cpu_sets() {
  lscpu --parse=CPU,CORE,SOCKET | awk -F, -v slots="$SLOTS" '
    /^#/ { next }
    {
      core = ($2 == "" || $2 == "-") ? "cpu" $1 : $3 "/" $2
      if (!(core in cpus)) order[++cores] = core
      cpus[core] = cpus[core] (cpus[core] == "" ? "" : ",") $1
      if (slots == "vcpu") print $1
    }
    END {
      if (slots == "vcpu") exit
      if (slots == "core" || slots + 0 > cores) slots = cores
      each = slots ? int(cores / slots) : 0
      for (slot = 0; slot < slots; slot++) {
        line = ""
        for (i = 1; i <= each; i++) line = line (line == "" ? "" : ",") cpus[order[slot * each + i]]
        print line
      }
    }'
}

# One container for each slot, with the key on its standard input.
start_runners() {
  local sets cpus name number=0
  sets=$(cpu_sets)
  if [ -z "$sets" ]; then
    echo "lscpu names no CPU"
    return 1
  fi
  while read -r cpus; do
    number=$((number + 1))
    name="$NAME-$number"
    names+=("$name")
    running=1
    if [ -n "$LOG_GROUP" ]; then
      logging=(--log-driver awslogs --log-opt "awslogs-region=$LOG_REGION" --log-opt "awslogs-group=$LOG_GROUP"
        --log-opt "awslogs-stream=$NAME/runner-$number")
    fi
    docker run --rm --init --interactive --name "$name" --hostname "$name" --cpuset-cpus "$cpus" \
      --label benchfleet=runner --cap-drop ALL --security-opt no-new-privileges \
      ${logging[@]+"${logging[@]}"} "$IMAGE" --api-key-file - --orchestrator-url "$API_URL" --run-id "$RUN_ID" \
      --provider "$PROVIDER" --instance-type "$INSTANCE_TYPE" <"$key" >"$folder/$name.log" 2>&1 3>&- &
    pids+=("$!")
  done <<<"$sets"
}

# Has the cloud said that it takes this spot machine back? AWS and Google give 120 s and 30 s, Azure at least 30 s.
taken_back() {
  local token
  case $CLOUD in
    aws)
      token=$(curl --silent --fail --max-time 2 --request PUT "$metadata/latest/api/token" \
        --header 'X-aws-ec2-metadata-token-ttl-seconds: 60') &&
        curl --silent --fail --max-time 2 --header "X-aws-ec2-metadata-token: $token" \
          "$metadata/latest/meta-data/spot/instance-action" | grep -q action
      ;;
    azure)
      curl --silent --fail --max-time 2 --header 'Metadata: true' \
        "$metadata/metadata/scheduledevents?api-version=2020-07-01" | grep -q '"Preempt"'
      ;;
    gcp)
      curl --silent --fail --max-time 2 --header 'Metadata-Flavor: Google' \
        "$metadata/computeMetadata/v1/instance/preempted" | grep -q TRUE
      ;;
    *) return 1 ;;
  esac
}

# The first SIGTERM lets a runner end its task and take no other; the second one, $2 seconds later, reports the task as
# failed by the machine, so that another one repeats it at once.
drain() {
  printf '%s' "$1" >"$drained"
  report draining "$1"
  docker kill --signal TERM "${names[@]}"
  sleep "$2"
  docker kill --signal TERM "${names[@]}"
}

# Stops the runners before the machine is lost: on notice of the cloud, and shortly before its own end.
watch() {
  trap - EXIT ERR TERM
  set +e
  local pause=30
  if [ -n "$SPOT" ]; then pause=5; fi
  while sleep "$pause"; do
    if [ -n "$SPOT" ] && taken_back; then
      drain "the cloud takes this spot machine back" "$GRACE_S"
      return
    elif (($(date +%s) >= drain_at)); then
      drain "this machine ends soon: its time is over" "$((drain_s * 9 / 10))"
      return
    fi
  done
}

# Collects how the runners ended. Fails if none of them ended well.
wait_for_runners() {
  local i code well=0
  for i in "${!pids[@]}"; do
    code=0
    wait "${pids[$i]}" || code=$?
    if [ "$code" = 0 ]; then
      well=$((well + 1))
    else
      ended="${ended:+$ended; }${names[$i]} ended with exit code $code: $(tail -n 1 "$folder/${names[$i]}.log")"
    fi
  done
  running=0
  if [ "$well" = 0 ]; then
    echo "$ended"
    return 1
  fi
}

# The last lines of this script's log, to the log group of the stage.
send_log() {
  if [ -z "$LOG_GROUP" ]; then return 0; fi
  local now line events=''
  now=$(date +%s)000
  while IFS= read -r line; do
    events="$events${events:+,}{\"timestamp\": $now, \"message\": \"$(json_text "${line:- }")\"}"
  done < <(tail -n 200 "$log")
  printf '[%s]' "$events" >"$folder/events.json"
  local stream=(--region "$LOG_REGION" --log-group-name "$LOG_GROUP" --log-stream-name "$NAME/boot")
  aws logs create-log-stream "${stream[@]}"
  aws logs put-log-events "${stream[@]}" --log-events "file://$folder/events.json" >/dev/null || say "the log was not sent"
}

power_off() {
  if [ -n "$END_COMMAND" ]; then bash -c "$END_COMMAND" </dev/null; fi
  shutdown -h now || poweroff --force
}

# The only way out: whatever ended the script, the control plane is told, and the machine ends.
leave() {
  local code=$? last
  trap - EXIT ERR
  set +e
  last=$(last_lines)
  if [ -n "$watcher" ]; then kill "$watcher"; fi
  if [ "$running" = 1 ]; then docker kill "${names[@]}"; fi
  if [ -s "$drained" ]; then
    report ended "$(<"$drained")${ended:+; $ended}"
  elif [ "$code" = 0 ]; then
    report ended "${ended:-the runners found nothing more to do}"
  else
    if [ ! -s "$header" ] && [ "$step" != key ]; then mkdir -p "$folder" && fetch_key && report "$step" "it came to this"; fi
    report failed "$step: ${failure:-exit code $code}: $last"
  fi
  send_log
  power_off
}

exec 3>&1
trap 'failure="line $LINENO: $BASH_COMMAND"' ERR
trap 'failure="the machine is shut down from outside"; exit 143' TERM
trap leave EXIT
life=$MOST_MINUTES
if [ "$EXPIRES_S" != 0 ]; then
  left=$(((EXPIRES_S - $(date +%s)) / 60))
  if ((left < life)); then life=$left; fi
  if ((life < 1)); then life=1; fi
fi
shutdown -h "+$life"
drain_s=$((life > 40 ? 300 : life * 60 / 8))
drain_at=$(($(date +%s) + life * 60 - drain_s))
if [ -z "$NAME" ]; then NAME=$(uname -n | cut -d . -f 1 | tr -cd A-Za-z0-9- | cut -c 1-50); fi
mkdir -p "$folder"
: >"$log"
exec >>"$log" 2>&1
say "this machine ends in $life minutes at the latest"

at docker "looking for Docker"
install_docker
if [ "$CLOUD" != aws ]; then shut_metadata; fi
at key "fetching the runner key"
if [ -n "$KEY_FILE" ]; then again 120 fetch_key; else again 6 fetch_key; fi # somebody may have to bring the file
KEY_TEXT=''
at image "pulling $IMAGE"
pull_image
at runner "starting the runners"
start_runners
watch &
watcher=$!
report runner "${#names[@]} runner(s) started"
wait_for_runners
