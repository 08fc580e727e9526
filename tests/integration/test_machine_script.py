"""The script of a machine's first boot, executed by bash: what it does in which order, and that every fault ends it."""

import shutil
import subprocess
from pathlib import Path

import pytest
from benchfleet_contract.machines.script import Machine, script

from tests.integration.machine_world import KEY, TWO_THREADS, Seen, World, on_ec2
from tests.variants import in_proof, one_now

END = ["shutdown", "-h", "now"]


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


@pytest.fixture(scope="module")
def usual(tmp_path_factory: pytest.TempPathFactory) -> Seen:
    """A machine to which nothing happens."""
    return World(tmp_path_factory.mktemp("usual")).run(on_ec2())


def test_the_whole_way_in_order(usual: Seen) -> None:
    seen = usual
    assert seen.code == 0, seen.said
    assert [phase for phase, _ in seen.reports] == ["image", "runner", "runner", "ended"]
    steps = [call[:2] for call in seen.calls if call[0] not in ("curl", "lscpu")]
    steps[3:5] = sorted(steps[3:5])  # both ends of a pipe
    assert steps == [
        ["shutdown", "-h"], ["systemctl", "start"], ["aws", "ssm"], ["aws", "ecr"], ["docker", "login"], ["docker", "pull"],
        ["docker", "run"], ["aws", "logs"], ["aws", "logs"], ["shutdown", "-h"],
    ]  # fmt: skip
    assert seen.calls[0] == ["shutdown", "-h", "+30"]
    assert seen.calls[-1] == END
    assert seen.of("curl")[0][-1] == "https://api.example/api/runs/r-1/launches/bf-0a1b2c3d-1"


def test_a_runner_is_started_pinned_with_its_name_and_the_key_on_its_standard_input(usual: Seen) -> None:
    seen = usual
    (run,) = seen.of("docker", "run")
    words = " ".join(run)
    assert "--hostname bf-0a1b2c3d-1-1 --cpuset-cpus 0,1,2,3 " in words
    assert "--cap-drop ALL --security-opt no-new-privileges" in words
    assert "--api-key-file - --orchestrator-url https://api.example/api --run-id r-1" in words
    assert words.endswith("--provider aws --instance-type c8g.xlarge")
    assert seen.texts["keys-read"].strip() == KEY
    assert seen.texts["password"].strip() == "registry-password"


@pytest.mark.parametrize(
    "machine", one_now(on_ec2(), on_ec2(key_command="", key_text=KEY)), ids=["fetched", "embedded"]
)
def test_the_key_is_in_no_argument_variable_or_log(world: World, machine: Machine) -> None:
    seen = world.run(machine)
    assert seen.texts["headers"].startswith(f"Authorization: Bearer {KEY}\n")  # it was really there to be leaked
    keeps = {"headers", "keys-read", "run/key", "run/header", *(["script"] if machine.key_text else [])}
    assert [name for name, text in seen.texts.items() if KEY in text and name not in keeps] == []
    assert KEY not in seen.said
    assert (world.folder / "run/key").stat().st_mode & 0o777 == 0o600
    assert (world.folder / "run/header").stat().st_mode & 0o777 == 0o600


def test_what_people_chose_reaches_the_runner_as_it_is_and_is_never_executed(world: World) -> None:
    chosen = "it's $(touch made) `touch made` \\ \"; touch made; #"
    (run,) = world.run(on_ec2(provider=chosen)).of("docker", "run")
    assert run[run.index("--provider") + 1] == chosen
    assert not list(world.folder.rglob("made"))


@pytest.mark.parametrize(
    ("slots", "sets"),
    [
        (3, ["0,4", "1,5", "2,6"]),  # equal slots: the fourth core stays free
        *in_proof(
            ("vcpu", ["0", "1", "2", "3", "4", "5", "6", "7"]),
            (1, ["0,4,1,5,2,6,3,7"]),
            (2, ["0,4,1,5", "2,6,3,7"]),
            (9, ["0,4", "1,5", "2,6", "3,7"]),  # no more than physical cores
            ("core", ["0,4", "1,5", "2,6", "3,7"]),
        ),
    ],
)
def test_slots_share_no_physical_core_unless_per_vcpu(world: World, slots: int, sets: list[str]) -> None:
    world.tell("topology", TWO_THREADS)
    seen = world.run(on_ec2(slots=slots))
    runs = sorted(
        (run[run.index("--name") + 1], run[run.index("--cpuset-cpus") + 1]) for run in seen.of("docker", "run")
    )
    assert runs == [(f"bf-0a1b2c3d-1-{number}", cpus) for number, cpus in enumerate(sets, start=1)]


@pytest.mark.proof
def test_a_machine_that_names_no_cores_counts_its_cpus(world: World) -> None:
    world.tell("topology", "0,,\n1,,\n")
    seen = world.run(on_ec2(slots="core"))
    assert sorted(run[run.index("--cpuset-cpus") + 1] for run in seen.of("docker", "run")) == ["0", "1"]


@pytest.mark.parametrize(
    ("program", "first", "step"),
    one_now(
        ("docker", "pull", "image"),
        ("shutdown", "-h", "boot"),
        ("systemctl", "start", "docker"),
        ("aws", "ecr", "image"),
        ("lscpu", "--parse=CPU,CORE,SOCKET", "runner"),
        ("docker", "run", "runner"),
    ),
)
def test_each_failing_step_is_reported_with_its_words_and_ends_the_machine(
    world: World, program: str, first: str, step: str
) -> None:
    world.fail(program, first, f"{program} says no")
    seen = world.run(on_ec2())
    phase, words = seen.reports[-1]
    assert (phase, words.split(":")[0]) == ("failed", step)
    assert seen.reports[-2][0] == step  # what the control plane judges by
    assert program == "shutdown" or f"{program} says no" in words
    assert END in seen.calls
    assert _is_last(seen, END) or seen.calls[-1][0] == "poweroff"


@pytest.mark.proof
def test_what_a_program_says_before_its_usage_is_told(world: World) -> None:
    said = [
        "unknown flag: --quite",
        "",
        "Usage:  docker pull NAME",
        "",
        "Run 'docker pull --help' for more information",
    ]
    world.fail("docker", "pull", "\n".join(said))
    assert "unknown flag: --quite | Usage:  docker pull NAME | Run" in world.run(on_ec2()).reports[-1][1]


def test_a_machine_that_cannot_be_shut_down_is_powered_off(world: World) -> None:
    world.fail("shutdown", "-h")
    assert world.run(on_ec2()).calls[-1] == ["poweroff", "--force"]


def test_without_a_key_nothing_can_be_reported_but_the_machine_ends(world: World) -> None:
    world.fail("aws", "ssm", "AccessDeniedException")
    seen = world.run(on_ec2())
    assert seen.reports == []
    assert "failed: key: " in seen.said
    assert "AccessDeniedException" in seen.said
    assert len(seen.of("aws", "ssm")) == 6  # a role may take a while to be known everywhere
    assert seen.of("docker", "run") == []
    assert _is_last(seen, END)


@pytest.mark.system
@pytest.mark.parametrize(
    "change",
    one_now(
        ["systemctl start docker", "systemctll start docker"],
        ['again 3 docker pull --quiet "$IMAGE"', 'again 3 docker pull --quiet "$IMAGES"'],
        ["start_runners\nwatch", "start_runner\nwatch"],
        ["each = slots ?", "each = slots ?? "],
    ),
)
def test_a_wrong_line_is_noticed(world: World, change: list[str]) -> None:
    seen = world.run(on_ec2(), change=(change[0], change[1]))
    assert seen.code != 0
    assert seen.calls[0] == ["shutdown", "-h", "+30"]
    assert seen.reports[-1][0] == "failed"
    assert _is_last(seen, END)


def test_a_spot_notice_drains_the_runners_and_then_hurries_them(world: World) -> None:
    world.tell("busy")
    world.tell("notice", '{"action": "terminate", "time": "2027-01-15T08:02:00Z"}')
    seen = world.run(on_ec2(spot=True))
    assert ("draining", "the cloud takes this spot machine back") in seen.reports
    assert seen.of("docker", "kill")[0] == ["docker", "kill", "--signal", "TERM", "bf-0a1b2c3d-1-1"]
    phase, words = seen.reports[-1]
    assert (phase, words) == ("ended", "the cloud takes this spot machine back")
    (token, *_) = [call for call in seen.of("curl") if "PUT" in call]
    assert "http://169.254.169.254/latest/api/token" in token
    assert _is_last(seen, END)


@pytest.mark.proof
def test_runners_that_did_not_end_in_time_are_told_twice_and_the_machine_has_ended_not_failed(world: World) -> None:
    world.tell("busy")
    world.tell("stubborn")
    world.tell("notice", '{"action": "terminate"}')
    seen = world.run(on_ec2(spot=True))
    assert [call[1:4] for call in seen.of("docker", "kill")] == [["kill", "--signal", "TERM"]] * 2
    phase, words = seen.reports[-1]
    assert phase == "ended"
    assert words.startswith("the cloud takes this spot machine back; bf-0a1b2c3d-1-1 ended with exit code 143")


def test_a_machine_that_is_shut_down_from_outside_says_so(world: World) -> None:
    world.tell("busy")
    seen = world.run(on_ec2(), stop=lambda: world.phases().count("runner") == 2)
    phase, words = seen.reports[-1]
    assert (phase, words.split(":")[:2]) == ("failed", ["runner", " the machine is shut down from outside"])
    assert ["docker", "kill", "bf-0a1b2c3d-1-1"] in seen.calls
    assert _is_last(seen, END)


@pytest.mark.proof
def test_on_demand_asks_for_no_notice(world: World) -> None:
    world.tell("notice", '{"action": "terminate"}')
    seen = world.run(on_ec2(spot=False))
    assert [call for call in seen.of("curl") if "169.254" in " ".join(call)] == []


@pytest.mark.proof
def test_the_runners_are_drained_shortly_before_the_machine_ends(world: World) -> None:
    world.tell("busy")
    world.tell("spend", str(1_800_000_000 + 1_700))
    seen = world.run(on_ec2())
    assert ("draining", "this machine ends soon: its time is over") in seen.reports
    assert _is_last(seen, END)


@pytest.mark.parametrize(
    ("expires_s", "most_minutes", "life"),
    one_now(
        (1_800_000_000 + 1_800, 20, "+20"),
        (1_700_000_000, 20, "+1"),
        (0, 45, "+45"),
        (1_800_000_000 + 7_259, 1_000, "+120"),
    ),
)
def test_the_end_is_ordered_before_anything_else(world: World, expires_s: int, most_minutes: int, life: str) -> None:
    seen = world.run(on_ec2(expires_s=expires_s, most_minutes=most_minutes))
    assert seen.calls[0] == ["shutdown", "-h", life]


@pytest.mark.proof
def test_one_runner_of_several_that_failed_is_told(world: World) -> None:
    world.program("docker", 'if [ "$1" = run ]; then echo "the last words"; case $* in *-2\\ *) exit 5 ;; esac; fi\n')
    seen = world.run(on_ec2(slots=2))
    assert seen.reports[-1] == ("ended", "bf-0a1b2c3d-1-2 ended with exit code 5: the last words")


def test_what_a_report_cannot_hold_is_left_out(world: World) -> None:
    world.fail("docker", "pull", 'a "quoted" \\ word\twith ünicode ' + "x" * 600)
    words = world.run(on_ec2()).reports[-1][1]
    assert 'a "quoted" \\ word with' in words
    assert len(words) <= 500


def test_another_cloud_installs_docker_shuts_the_metadata_and_deletes_itself(world: World) -> None:
    world.tell("the-key", KEY)
    (world.programs / "docker").rename(world.programs / "docker.later")
    world.program(
        "apt-get", 'if [ "$2" = --quiet ] && [ "$1" = install ]; then ln -s docker.later "$WORLD/programs/docker"; fi\n'
    )
    (world.programs / "ln").symlink_to(shutil.which("ln") or "ln")
    (world.programs / "dnf").unlink()
    seen = world.run(
        on_ec2(cloud="other", launch="", name="", key_command="", key_file=str(world.folder / "the-key"), log_group="",
               login_command="", end_command="curl --request DELETE https://cloud.example/me")
    )  # fmt: skip
    assert seen.code == 0, seen.said
    assert [call[1] for call in seen.of("apt-get")] == ["update", "install"]
    assert {call[call.index("--destination") + 1] for call in seen.of("iptables")} == {
        "169.254.169.254",
        "168.63.129.16",
    }
    assert seen.of("aws") == []
    assert seen.calls[-2:] == [["curl", "--request", "DELETE", "https://cloud.example/me"], END]


@pytest.mark.system
@pytest.mark.skipif(shutil.which("shellcheck") is None, reason="needs shellcheck")
@pytest.mark.parametrize(
    "machine", one_now(on_ec2(), on_ec2(cloud="gcp", key_command="", key_text="k", launch="", name=""))
)
def test_shellcheck_finds_nothing(machine: object) -> None:
    text = script(machine)  # type: ignore[arg-type]
    done = subprocess.run(["shellcheck", "-"], input=text, capture_output=True, text=True, check=False)
    assert done.stdout == ""


def _is_last(seen: Seen, call: list[str]) -> bool:
    return seen.calls[-1] == call
