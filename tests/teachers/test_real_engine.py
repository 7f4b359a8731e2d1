"""The LLM teacher against a real engine: `transformers serve` with a chat model of random weights.

The protocol is real and the answers are rubbish, so no query may come of them.
"""

import importlib.util
import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from chat_server import make_chunks

from idiolect.errors import TeacherError
from idiolect.progress import Silent

NEEDED = ("torch", "transformers", "tokenizers", "fastapi", "uvicorn", "openai")
STARTUP = 120.0
"""Seconds for the engine to import and load its model, on a busy machine."""
RUBBISH = (
    "the last time: (the answer is empty|the answer holds no JSON|the JSON holds no list `queries`"
    "|the answer was cut off before its first item was complete)"
)
"""What can be said of letters drawn at random, of which the first may be the end."""
TEMPLATE = "{% for message in messages %}{{ message.role }}: {{ message.content }}\n{% endfor %}assistant: "


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, str]]:
    """(base URL, model name) of a running engine."""
    missing = [name for name in NEEDED if importlib.util.find_spec(name) is None]
    if missing:
        pytest.skip(f"a real engine needs {', '.join(missing)}: pip install 'transformers[serving]'")
    folder = tmp_path_factory.mktemp("engine")
    model = make_model(folder / "tiny-chat")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    program = "from transformers.cli.transformers import main; main()"
    command = [sys.executable, "-c", program, "serve", str(model), "--device", "cpu"]
    command += ["--host", "127.0.0.1", "--port", str(port)]
    offline = os.environ | {"HF_HUB_OFFLINE": "1", "TRANSFORMERS_OFFLINE": "1", "OMP_NUM_THREADS": "1"}
    with (folder / "log.txt").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT, env=offline)
    try:
        wait_for(f"http://127.0.0.1:{port}/health", process, folder / "log.txt")
        yield f"http://127.0.0.1:{port}/v1", str(model)
    finally:
        process.terminate()
        process.wait(20)


def make_model(folder: Path) -> Path:
    """A Llama of random weights with 48 tokens of answer at most, and a byte tokenizer with a chat template."""
    import torch
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers
    from transformers import GenerationConfig, LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

    letters = sorted(pre_tokenizers.ByteLevel.alphabet())
    tokenizer = Tokenizer(models.BPE({letter: n for n, letter in enumerate([*letters, "<end>"])}, []))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    fast = PreTrainedTokenizerFast(tokenizer_object=tokenizer, eos_token="<end>", pad_token="<end>")
    fast.chat_template = TEMPLATE
    fast.save_pretrained(folder)
    torch.manual_seed(13)
    end = len(letters)
    config = LlamaConfig(
        vocab_size=end + 1,
        hidden_size=16,
        intermediate_size=32,
        num_hidden_layers=1,
        num_attention_heads=2,
        num_key_value_heads=2,
        max_position_embeddings=16_384,
        bos_token_id=end,
        eos_token_id=end,
        pad_token_id=end,
    )
    network = LlamaForCausalLM(config)
    network.generation_config = GenerationConfig(do_sample=True, eos_token_id=end, pad_token_id=end)
    network.save_pretrained(folder)
    return folder


def wait_for(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    until = time.monotonic() + STARTUP
    while time.monotonic() < until:
        if process.poll() is not None:
            pytest.fail(f"the engine ended with {process.returncode}: {log.read_text()[-2_000:]}")
        try:
            urllib.request.urlopen(url, timeout=2).close()
            return
        except (urllib.error.URLError, OSError):
            time.sleep(0.2)
    pytest.fail(f"the engine did not start within {STARTUP:.0f} s: {log.read_text()[-2_000:]}")


def test_rubbish_of_a_real_engine_ends_the_run(
    engine: tuple[str, str], teacher: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    url, model = engine
    monkeypatch.setattr("idiolect.teachers.client.LONGEST_ANSWER", 48)
    with pytest.raises(TeacherError, match=rf"6 of 6 chunks got no usable answer .*; {RUBBISH}; try another"):
        teacher(url, model=model, concurrency=2, timeout=60.0).write(make_chunks(6), Silent())


def test_a_model_that_the_engine_does_not_have_is_named(
    engine: tuple[str, str], teacher: Callable[..., Any]
) -> None:
    url, _ = engine
    with pytest.raises(TeacherError, match="no-such-model"):
        teacher(url, model="no-such/no-such-model", timeout=60.0).write(make_chunks(2), Silent())
