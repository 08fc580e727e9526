"""Ours beside GuideLLM and AIPerf: the same load on the same server, what each reports, and what CPU it takes.

They are not installed with this project (gigabytes, and libraries of other versions). Each goes to an environment of its own, and
`GUIDELLM` and `AIPERF` name its command; without that it is not compared. `python -m benchmarks.llm_tools COUNT URL` is our side.
"""

import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
from benchfleet_results.fleets.percentile import interpolated

from benchmarks.child_cpu import ROOT
from benchmarks.llm_streams import ITL_S, STREAMS, TOKENS, TTFT_S, measured_streams, serving_streams
from benchmarks.metric import Metric

FEW, MANY = STREAMS, 5 * STREAMS  # requests of two runs: what a tool costs to start is in both
TIMEOUT_S = 300
SNAPSHOT = "0" * 40


@dataclass(frozen=True)
class Told:
    """What a tool reports, in ms: percentiles 50 and 99 of TTFT, and the mean gap between tokens."""

    ttft_p50: float
    ttft_p99: float
    gap: float


Tool = Callable[[int, str, Path], Told]


def metrics() -> list[dict[str, Any]]:
    found = {"ours": _ours, **{name: tool for name, tool in _TOOLS.items() if _command(name)}}
    rows = [row for name, tool in found.items() if len(found) > 1 for row in _compared(name, tool)]
    missing = [name for name in _TOOLS if name not in found]
    how = f"not compared, because not installed: {', '.join(missing)}" if missing else "all of them"
    return [row.as_dict() for row in [*rows, Metric("tools beside ours", len(found) - 1, "tools", None, how)]]


def _compared(name: str, tool: Tool) -> list[Metric]:
    with serving_streams() as url, tempfile.TemporaryDirectory() as folder:
        few_s, _, _ = _run(tool, FEW, url, Path(folder))
        many_s, told, true = _run(tool, MANY, url, Path(folder))
    how = f"{STREAMS} streams at a time, {MANY} requests of {TOKENS} tokens, beside what the server did"
    cpu = f"of {MANY} requests, less what {FEW} took: starting is left out"
    tokens = (MANY - FEW) * TOKENS
    return [
        Metric(f"{name}: error of the reported p50 of TTFT", round(told.ttft_p50 - true.ttft_p50, 2), "ms", None, how),
        Metric(f"{name}: error of the reported p99 of TTFT", round(told.ttft_p99 - true.ttft_p99, 2), "ms", None, how),
        Metric(f"{name}: error of the mean gap between tokens", round(told.gap - true.gap, 3), "ms", None, how),
        Metric(f"{name}: CPU of 1,000 streamed tokens", round(1000 * (many_s - few_s) / tokens, 3), "s", None, cpu),
    ]


def _run(tool: Tool, count: int, url: str, folder: Path) -> tuple[float, Told, Told]:
    """CPU seconds of the tool's processes, what it reports, and what the server did."""
    behaviour = {"ttft_s": TTFT_S, "itl_s": ITL_S, "tokens": TOKENS}
    httpx.put(f"{url}/_control", json={"default": behaviour}, trust_env=False)
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    told = tool(count, url, folder)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    asked = httpx.get(f"{url}/_control", timeout=60, trust_env=False).json()["asked"]
    true = summed([(each["written"][0] - each["at"], each["written"]) for each in asked])
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, told, true


def summed(streams: Sequence[tuple[float, Sequence[float]]]) -> Told:
    """Of (TTFT, moments of the tokens), in seconds."""
    first = sorted(1000 * ttft for ttft, _ in streams)
    gaps = [1000 * (moments[-1] - moments[0]) / (len(moments) - 1) for _, moments in streams]
    return Told(interpolated(first, 50), interpolated(first, 99), sum(gaps) / len(gaps))


def _ours(count: int, url: str, folder: Path) -> Told:
    said = _said([sys.executable, "-m", "benchmarks.llm_tools", str(count), url], {})
    return Told(**json.loads(said.splitlines()[-1]))


def _guidellm(count: int, url: str, folder: Path) -> Told:
    prompts, out = folder / "prompts.jsonl", folder / "guidellm.json"
    prompts.write_text(
        "".join(json.dumps({"prompt": f"p{n}", "output_tokens_count": TOKENS}) + "\n" for n in range(count))
    )
    backend = f"kind=openai_http,target={url},model=m,request_format=/v1/chat/completions"
    flags = [
        "run", "--backend", backend, "--profile", f"kind=concurrent,streams={STREAMS}", "--disable-console",
        "--constraint", f"kind=max_requests,count={count}", "--data", f"kind=json_file,path={prompts}",
        "--output", f"kind=json,path={out}",
    ]  # fmt: skip
    _said([_command("guidellm") or "", *flags], _offline(folder))
    found = json.loads(out.read_text())["benchmarks"][0]["metrics"]
    ttft, gap = (found[f"{name}_ms"]["successful"] for name in ("time_to_first_token", "inter_token_latency"))
    return Told(ttft["percentiles"]["p50"], ttft["percentiles"]["p99"], gap["mean"])


def _aiperf(count: int, url: str, folder: Path) -> Told:
    prompts, out = folder / "prompts.jsonl", folder / "aiperf"
    prompts.write_text("".join(json.dumps({"text": f"p{n}"}) + "\n" for n in range(count)))
    flags = [
        "profile", "--model-names", "m", "--endpoint-type", "chat", "--streaming", "--url", url, "--ui", "none",
        "--concurrency", str(STREAMS), "--request-count", str(count), "--input-file", str(prompts),
        "--custom-dataset-type", "single_turn", "--tokenizer", "local/tokens", "--use-server-token-count",
        "--artifact-dir", str(out),
    ]  # fmt: skip
    _said([_command("aiperf") or "", *flags], _offline(folder))
    found = json.loads((out / "profile_export_aiperf.json").read_text())
    ttft = found["time_to_first_token"]
    return Told(ttft["p50"], ttft["p99"], found["inter_token_latency"]["avg"])


_TOOLS: Mapping[str, Tool] = {"guidellm": _guidellm, "aiperf": _aiperf}


def _command(name: str) -> str | None:
    return shutil.which(os.environ.get(name.upper(), name))


def _said(command: Sequence[str], environment: Mapping[str, str]) -> str:
    """Raises subprocess.CalledProcessError and TimeoutExpired."""
    kept = {name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy")}
    done = subprocess.run(
        command, cwd=ROOT, env={**kept, **environment}, check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
        text=True, timeout=TIMEOUT_S,
    )  # fmt: skip
    return done.stdout


def _offline(folder: Path) -> dict[str, str]:
    """A cache of Hugging Face with a tokenizer of words: AIPerf starts with none, though the server counts."""
    place = folder / "hf" / "hub" / "models--local--tokens"
    snapshot = place / "snapshots" / SNAPSHOT
    snapshot.mkdir(parents=True, exist_ok=True)
    (place / "refs").mkdir(exist_ok=True)
    (place / "refs" / "main").write_text(SNAPSHOT)
    model = {"type": "WordLevel", "vocab": {"[UNK]": 0, "w": 1}, "unk_token": "[UNK]"}
    tokenizer = {"version": "1.0", "added_tokens": [], "pre_tokenizer": {"type": "Whitespace"}, "model": model}
    (snapshot / "tokenizer.json").write_text(json.dumps(tokenizer))
    config = {"tokenizer_class": "PreTrainedTokenizerFast", "unk_token": "[UNK]", "eos_token": "[UNK]"}
    (snapshot / "tokenizer_config.json").write_text(json.dumps(config))
    (snapshot / "config.json").write_text(json.dumps({"model_type": "gpt2"}))
    return {"HF_HOME": str(folder / "hf"), "HF_HUB_OFFLINE": "1", "TRANSFORMERS_OFFLINE": "1"}


if __name__ == "__main__":
    measured = measured_streams(sys.argv[2], int(sys.argv[1]))
    print(
        json.dumps(vars(summed([(each.stamps.chunks[0] - each.stamps.sent, each.stamps.chunks) for each in measured])))
    )
