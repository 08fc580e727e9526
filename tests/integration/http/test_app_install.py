"""Installing apps: once for each content, never by half, and what is missing is named."""

import shutil
from pathlib import Path

import pytest

from runner_image.workloads.http.apps import tree
from runner_image.workloads.http.apps.install import InstallFailed, Unavailable, built_in, install, main
from runner_image.workloads.http.apps.steps import Step, StepFailed, steps
from runner_image.workloads.http.apps.tree import LinkLeaves
from runner_image.workloads.http.contract.schemas import APPS


@pytest.fixture
def app(tmp_path: Path) -> Path:
    folder = tmp_path / "mine"
    folder.mkdir()
    (tmp_path / "shared.py").write_text("answer = 1\n")
    (folder / "shared.py").symlink_to("../shared.py")
    (folder / "server.py").write_text("import shared\n")
    return folder


def test_an_app_is_installed_once_for_each_content(app: Path, tmp_path: Path) -> None:
    first, again = (install(app, cache=tmp_path / "cache") for _ in range(2))
    assert first.install_s is not None
    assert (again.folder, again.install_s) == (first.folder, None)
    (tmp_path / "shared.py").write_text("answer = 2\n")
    changed = install(app, cache=tmp_path / "cache")
    assert changed.folder != first.folder
    assert changed.sha256 != first.sha256


def test_links_become_files_and_what_is_installed_is_no_source(app: Path, tmp_path: Path) -> None:
    before = tree.sha256(app)
    (app / "node_modules").mkdir()
    (app / "node_modules" / "x.js").write_text("")
    assert tree.sha256(app) == before
    folder = install(app, cache=tmp_path / "cache").folder
    assert not (folder / "shared.py").is_symlink()
    assert not (folder / "node_modules").exists()


def test_a_link_to_a_folder_is_followed_inside_the_app_only(app: Path, tmp_path: Path) -> None:
    (app / "views").mkdir()
    (app / "views" / "a.html").write_text("a")
    (app / "templates").symlink_to("views")
    before = tree.sha256(app)
    folder = install(app, cache=tmp_path / "cache").folder
    assert (folder / "templates" / "a.html").read_text() == "a"
    assert not (folder / "templates").is_symlink()
    (app / "views" / "a.html").write_text("b")
    assert tree.sha256(app) != before
    (app / "assets").symlink_to(tmp_path)
    with pytest.raises(LinkLeaves, match=r"assets is a link to .*, outside of the app's folder: put the folder itself"):
        install(app, cache=tmp_path / "cache")
    (app / "assets").unlink()
    (app / "views" / "up").symlink_to("..")
    with pytest.raises(LinkLeaves, match=r"up is a link to .*, in which it stands itself"):
        install(app, cache=tmp_path / "cache")


def left(tmp_path: Path) -> list[str]:
    return [path.name for path in (tmp_path / "cache").iterdir() if path.is_dir()]


@pytest.mark.skipif(shutil.which("ruby") is None, reason="needs ruby")
def test_a_lock_that_cannot_be_met_leaves_nothing_and_is_said(app: Path, tmp_path: Path) -> None:
    (app / "Gemfile").write_text("source 'https://rubygems.org'\ngem 'no-such-gem-here'\n")
    with pytest.raises(Unavailable, match=r"mine is unavailable: .*no-such-gem-here"):
        install(app, cache=tmp_path / "cache")
    assert left(tmp_path) == []


@pytest.mark.skipif(shutil.which("ruby") is None, reason="needs ruby")
def test_a_lock_that_is_broken_is_the_apps_own_failure(app: Path, tmp_path: Path) -> None:
    (app / "Gemfile").write_text("raise 'a mistake of mine'\n")
    with pytest.raises(InstallFailed, match=r"mine cannot be installed: .*a mistake of mine"):
        install(app, cache=tmp_path / "cache")
    assert left(tmp_path) == []


@pytest.mark.skipif(shutil.which("cargo") is None, reason="needs cargo")
def test_crates_are_fetched_and_nothing_is_compiled_yet(app: Path, tmp_path: Path) -> None:
    (app / "Cargo.toml").write_text('[package]\nname = "mine"\nversion = "1.0.0"\nedition = "2021"\n')
    (app / "src").mkdir()
    (app / "src" / "main.rs").write_text("this is no Rust\n")
    folder = install(app, cache=tmp_path / "cache").folder
    assert not (folder / "target").exists()
    (app / "Cargo.toml").write_text("[package]\n")
    with pytest.raises(InstallFailed, match=r"mine cannot be installed: `cargo fetch` ended with 101: .*Cargo\.toml"):
        install(app, cache=tmp_path / "cache")


def test_a_missing_program_is_named_with_its_remedy(tmp_path: Path) -> None:
    with pytest.raises(StepFailed, match=r"no-such-tool is missing: install it") as failed:
        Step(("no-such-tool",), "install it").run(tmp_path)
    assert failed.value.missing


def test_the_line_that_names_what_is_missing_is_told(tmp_path: Path) -> None:
    said = "npm error 404  '@x/y@1' is not in this registry.\n\nnpm error 404 Note\nnpm error A log\nnpm error more"
    with pytest.raises(StepFailed, match=r"^`sh -c` ended with 1: npm error 404  '@x/y@1' is not in this registry.$"):
        Step(("sh", "-c", f'echo "{said}"; exit 1'), "").run(tmp_path)


def test_a_step_that_hangs_is_ended(tmp_path: Path) -> None:
    with pytest.raises(StepFailed, match=r"it took longer than 0\.2 s"):
        Step(("sh", "-c", "sleep 30 & sleep 30"), "").run(tmp_path, timeout_s=0.2)


def test_every_app_whose_registry_was_reached_locks_its_dependencies() -> None:
    locks = ("requirements.lock", "package-lock.json", "Cargo.lock", "Gemfile.lock")
    unlocked = [name for name in built_in() if not any((APPS / name / lock).is_file() for lock in locks)]
    assert unlocked == ["axum-baseline", "spikard-node", "spikard-ruby", "spikard-rust", "spikard-wasm"]


def test_locks_of_python_have_a_hash_for_everything() -> None:
    for lock in APPS.glob("*/requirements.lock"):
        entries = lock.read_text().split("\n", 1)[1].replace("\\\n", "").strip().splitlines()
        assert all("==" in entry and "--hash=sha256:" in entry for entry in entries), lock


def test_an_app_without_a_lock_gets_what_its_registry_has(tmp_path: Path) -> None:
    (tmp_path / "package.json").write_text('{"dependencies": {}}')
    assert steps(tmp_path) == []
    (tmp_path / "package.json").write_text('{"dependencies": {"hono": "4"}}')
    assert [step.command[:2] for step in steps(tmp_path)] == [("npm", "install")]
    (tmp_path / "package-lock.json").write_text("{}")
    assert [step.command[:2] for step in steps(tmp_path)] == [("npm", "ci")]


def test_an_unknown_app_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["nothing"]) == 1
    assert "There is no app 'nothing': take one of axum-baseline, express" in capsys.readouterr().err
