"""What backends have, as their own APIs tell it; and how a catalogue follows them."""

from pathlib import Path

import httpx
import pytest
from benchfleet_contract.authorities import authorities
from benchfleet_contract.registry.descriptors import ModelDescriptor

from runner_image.executor.backends import Backend, Backends, BackendsError, load, normalised
from runner_image.executor.catalog import changes, configured, most, with_found
from runner_image.executor.discovery import Discovery, Found, ProbeFailed
from tests.each_case import each_case
from tests.unit import model_servers as servers
from tests.unit.model_servers import ModelServer, serving


def found(server: ModelServer, *, key: str | None = None, **backend: object) -> Found:
    with serving(server), httpx.Client(trust_env=False, verify=authorities({})) as http:
        described = Backend.model_validate({"name": "here", "base_url": f"{server.url}/v1/", **backend})
        return Discovery(http)(described, key)


def test_lm_studio_tells_context_architecture_quantization_and_state() -> None:
    loaded = servers.LM_MODEL | {"id": "a", "type": "llm", "state": "loaded", "loaded_context_length": 4096}
    other = servers.LM_MODEL | {"id": "e", "type": "embeddings"}
    got = found(servers.lm_studio(servers.LM_MODEL, loaded, other))
    assert got.type == "lmstudio"
    seen, running, embedding = got.models
    assert (seen.state, seen.capabilities.max_context_length, seen.capabilities.architecture) == (
        "not_loaded",
        32768,
        "qwen2_vl",
    )
    assert (seen.capabilities.quantization, seen.capabilities.format) == ("4bit", "mlx")
    assert "vision" in seen.capabilities.features
    assert (running.state, running.capabilities.loaded_context_length) == ("loaded", 4096)
    assert embedding.capabilities.features == ["embeddings"]


def test_ollama_tells_what_is_on_disk_and_what_is_loaded() -> None:
    other = servers.OLLAMA_MODEL | {"name": "llama3:8b", "digest": "abc"}
    server = servers.ollama(
        servers.OLLAMA_MODEL, other, running=(servers.OLLAMA_RUNNING,), shown={"gpt-oss:20b": servers.OLLAMA_SHOWN}
    )
    got = found(server)
    assert got.type == "ollama"
    running, resting = got.models
    assert (running.state, resting.state) == ("loaded", "not_loaded")
    assert (running.capabilities.max_context_length, running.capabilities.loaded_context_length) == (131072, 8192)
    assert running.capabilities.model_digest == servers.OLLAMA_MODEL["digest"]
    assert (running.capabilities.model_size, running.capabilities.quantization) == ("20.9B", "MXFP4")
    assert running.capabilities.features == ["chat", "completion", "functions", "streaming"]
    assert resting.capabilities.metadata == {"max_context_length": "assumed"}


def test_vllm_llama_cpp_and_others_are_told_apart() -> None:
    assert (found(servers.vllm("meta-llama/Llama")).type, found(servers.llama_cpp("smol")).type) == (
        "vllm",
        "openai_compatible",
    )
    assert found(servers.vllm("m", length=7)).models[0].capabilities.max_context_length == 7
    assert found(servers.llama_cpp("m")).models[0].capabilities.max_context_length == 8192
    plain = found(servers.compatible("m"), max_context_length=99, features=["chat"])
    assert (plain.type, plain.models[0].capabilities.max_context_length) == ("openai_compatible", 99)


def test_a_type_that_is_told_is_the_only_one_that_is_asked() -> None:
    server = servers.compatible("m")
    with pytest.raises(ProbeFailed, match="ollama: /api/tags: status 404"):
        found(server, type="ollama")
    assert [name for name, _ in server.asked] == ["GET /api/tags"]


def test_a_key_is_sent_and_globs_choose() -> None:
    server = servers.compatible("gpt-4", "gpt-4-mini", "embed-1", "other")
    server.key = "secret"
    got = found(server, key="secret", allow=["gpt-*", "embed-*"], deny=["*embed*"])
    assert [one.model_id for one in got.models] == ["gpt-4", "gpt-4-mini"]
    with pytest.raises(ProbeFailed, match="401"):
        found(server)


@pytest.mark.parametrize(
    ("answer", "words"),
    [(b"<html>", "not answered with JSON"), ([], "not answered with an object"), ({"data": {}}, "no list of data")],
)
def test_what_answers_nonsense_is_no_backend(answer: object, words: str) -> None:
    with pytest.raises(ProbeFailed, match=words):
        found(ModelServer({"GET /v1/models": lambda _: answer}), type="openai_compatible")


def test_an_endless_answer_and_a_dead_server_are_given_up() -> None:
    with pytest.raises(ProbeFailed, match="more than"):
        found(ModelServer({"GET /v1/models": lambda _: b" " * (5 * 1024 * 1024)}), type="openai_compatible")
    with (
        httpx.Client(trust_env=False, verify=authorities({})) as http,
        pytest.raises(ProbeFailed, match="ConnectError"),
    ):
        Discovery(http)(Backend(name="x", base_url="http://127.0.0.1:9"), None)


def test_a_model_that_cannot_be_announced_is_left_out_with_the_reason() -> None:
    got = found(servers.compatible("fine", "x" * 300))
    assert [one.model_id for one in got.models] == ["fine"]
    assert got.left_out[0][1].startswith("String should have at most 256")


@each_case("url", ["http://h:1234", "http://h:1234/", "http://h:1234/v1", "http://h:1234/api/v0/", "http://h:1234/v1/"])
def test_whatever_is_written_behind_the_address_it_is_one_server(url: str) -> None:
    assert normalised(url) == "http://h:1234"


def descriptor(model_id: str, **changes: object) -> ModelDescriptor:
    return ModelDescriptor.model_validate(
        {
            "model_id": model_id, "backend_type": "ollama", "backend_name": "here", "source": "discovered",
            "capabilities": {"max_context_length": 10}, **changes,
        }
    )  # fmt: skip


def test_a_catalogue_follows_its_backend() -> None:
    backend = Backend(name="here", base_url="http://h", models=["kept", "named"])
    own = descriptor("own", backend_name=None)
    start = configured(Backends(backends=[backend], models=[own]))
    assert sorted(start) == ["kept", "named", "own"]
    seen = Found("ollama", (descriptor("kept"), descriptor("new"), descriptor("own")))
    after = with_found(start, seen, backend, failures=0)
    assert after["own"] == own  # what the file describes, no backend changes
    assert (after["kept"].source, after["kept"].capabilities.max_context_length) == ("configured", 10)
    assert (after["named"].is_available, after["new"].is_available) == (False, True)
    once, twice = (with_found(after, None, backend, failures=failures) for failures in (1, 2))
    assert once == after
    assert {name: one.is_available for name, one in twice.items()} == {
        "own": True, "kept": False, "named": False, "new": False
    }  # fmt: skip
    gone = with_found(twice, Found("ollama", (descriptor("kept"),)), backend, failures=0)
    assert (sorted(gone), gone["kept"].is_available) == (["kept", "named", "own"], True)


def test_changes_come_in_the_five_kinds_removals_first() -> None:
    before = {one.model_id: one for one in (descriptor("a"), descriptor("b"), descriptor("c"), descriptor("d"))}
    dearer = descriptor("b", pricing={"input_token_price": "1", "output_token_price": "1"})
    longer = descriptor("c", capabilities={"max_context_length": 11}, is_available=False)
    after = {one.model_id: one for one in (dearer, longer, descriptor("d"), descriptor("e"))}
    assert [(one.type, [model.model_id for model in one.models]) for one in changes(before, after)] == [
        ("RemoveModels", ["a"]), ("AddModels", ["e"]), ("UpdateCapabilities", ["c"]), ("UpdatePricing", ["b"]),
        ("UpdateAvailability", ["c"]),
    ]  # fmt: skip
    assert changes(after, after) == []


def test_fifty_models_are_announced_and_the_rest_is_counted() -> None:
    many = {f"m-{number:03}": descriptor(f"m-{number:03}") for number in range(53)}
    kept, left_out = most(many)
    assert (len(kept), kept[0].model_id, left_out) == (50, "m-000", 3)


def test_a_file_tells_everything_that_is_wrong_at_once(tmp_path: Path) -> None:
    file = tmp_path / "executor.toml"
    file.write_text('[[backends]]\nname = ""\nbase_url = "ftp://x"\nkind = 1\n[executor]\nmax_concurrent = 0\n')
    with pytest.raises(BackendsError) as raised:
        load(file)
    for place in ("backends[0].name", "backends[0].base_url", "backends[0].kind", "executor.max_concurrent"):
        assert place in str(raised.value)
    with pytest.raises(BackendsError, match="cannot read"):
        load(tmp_path / "none.toml")
    file.write_text("= =")
    with pytest.raises(BackendsError, match="not TOML"):
        load(file)


def test_a_key_comes_from_the_named_variable_or_from_the_backends_own() -> None:
    backend = Backend(name="my-host", base_url="http://h")
    assert backend.key({"MY_HOST_API_KEY": "k"}) == "k"
    assert Backend(name="x", base_url="http://h", api_key_env="OTHER").key({"OTHER": "o", "X_API_KEY": "k"}) == "o"
    assert backend.key({}) is None
