"""An app's folder is all that is needed: the framework is found, and its server started, asked and ended."""

from pathlib import Path

import httpx
from benchfleet_contract.authorities import authorities

from runner_image.workloads.http.detection.detect import detect
from runner_image.workloads.http.frameworks.registry import Registry
from runner_image.workloads.http.life.app import App
from runner_image.workloads.http.life.ports import is_answered
from runner_image.workloads.http.life.server import Server
from tests.integration.http.small_servers import HEAD, slot

# As an app of spikard takes its port.
SERVER = HEAD.replace("int(sys.argv[1])", 'int(os.environ["SPIKARD_SERVER_PORT"])') + "serve()\n"


def test_auto_start_python_server(tmp_path: Path) -> None:
    app_dir = tmp_path / "apps" / "spikard-python"
    app_dir.mkdir(parents=True)
    (app_dir / "server.py").write_text(SERVER)

    found = detect(app_dir, Registry.load())
    with slot(tmp_path) as opened, Server(opened, found.framework, App(found.folder), logs=tmp_path) as server:
        assert httpx.get(f"{server.base_url}/health", trust_env=False, verify=authorities({})).is_success

    assert found.framework.name == "spikard-python"
    assert not is_answered(server.port)
