"""`dnf` and `systemctl` of a machine whose distribution is this one's: packages.py dnf|systemctl [ARGUMENT...].

They install and start nothing: what AL2023 would install for us, docker, is there as a program of the machine's own. But
they know what is there, and refuse what AL2023's would refuse: a wrong line is to fail here, not on the first instance.
"""

import sys

PACKAGES = frozenset(
    {
        "docker",
        "jq",
        "curl",
        "curl-minimal",
        "awscli-2",
        "unzip",
        "tar",
        "gzip",
        "util-linux",
        "amazon-ecr-credential-helper",
    }
)
UNITS = frozenset({"docker", "containerd", "amazon-ssm-agent", "sshd", "chronyd"})
DNF_OPTIONS = frozenset(
    {"-y", "--assumeyes", "-q", "--quiet", "--setopt=install_weak_deps=False", "--setopt=retries=5", "--nodocs"}
)
DNF_COMMANDS = frozenset({"install", "makecache", "clean"})
SYSTEMCTL_OPTIONS = frozenset({"--now", "--quiet", "-q", "--no-block"})
SYSTEMCTL_COMMANDS = frozenset(
    {"start", "stop", "restart", "enable", "disable", "is-active", "status", "mask", "daemon-reload"}
)


def dnf(words: list[str]) -> int:
    options = [word for word in words if word.startswith("-")]
    wrong = [word for word in options if word not in DNF_OPTIONS and not word.startswith("--setopt=")]
    if wrong:
        return said(f'Unknown argument "{wrong[0]}" for command "dnf".', 2)
    command, *names = [word for word in words if not word.startswith("-")] or [""]
    if command not in DNF_COMMANDS:
        return said(f"No such command: {command}. Please use /usr/bin/dnf --help", 1)
    if command == "install" and not {"-y", "--assumeyes"} & set(options):
        return said("Is this ok [y/N]: \nOperation aborted.", 1)  # nobody answers while a machine boots
    for name in names if command == "install" else []:
        if name not in PACKAGES:
            return said(f"No match for argument: {name}\nError: Unable to find a match: {name}", 1)
    print("Complete!")
    return 0


def systemctl(words: list[str]) -> int:
    for word in words:
        if word.startswith("-") and word not in SYSTEMCTL_OPTIONS:
            return said(f"systemctl: unrecognized option '{word}'", 1)
    command, *units = [word for word in words if not word.startswith("-")] or [""]
    if command not in SYSTEMCTL_COMMANDS:
        return said(f"Unknown command verb {command}.", 1)
    for unit in units:
        if unit.removesuffix(".service") not in UNITS:
            name = unit if unit.endswith(".service") else f"{unit}.service"
            return said(f"Failed to {command} {name}: Unit {name} not found.", 5)
    if command == "is-active":
        print("active")
    return 0


def said(words: str, code: int) -> int:
    print(words, file=sys.stderr)
    return code


if __name__ == "__main__":
    sys.exit({"dnf": dnf, "systemctl": systemctl}[sys.argv[1]](sys.argv[2:]))
