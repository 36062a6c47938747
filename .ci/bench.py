"""Compares RunObject with its peers, side by side in one process: `python3 .ci/bench.py [ROUNDS]`.

Needs the libraries of `.ci/requirements.txt`. Prints Markdown. Each cell has the least time of all rounds, and the
median over the rounds of its ratio to RunObject's in the same round: rounds are interleaved, since a shared machine's
speed drifts.
"""

import dataclasses
import gc
import json
import statistics
import subprocess
import sys
import tempfile
import time
import tracemalloc
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(HERE))

import cattrs  # noqa: E402
import dacite  # noqa: E402
import msgspec  # noqa: E402
import pydantic  # noqa: E402
from mashumaro import DataClassDictMixin  # noqa: E402
from openai.types.beta.threads.run import Run as ClientRun  # noqa: E402

from runobject import RunObject  # noqa: E402

Function = Callable[[], Any]
ROUNDS = int(sys.argv[1]) if len(sys.argv) > 1 else 25

TYPICAL: dict[str, Any] = {
    "id": "run_UWvV94U0FQYiT2rlbBrdEVmC",
    "object": "thread.run",
    "created_at": 1699063290,
    "thread_id": "thread_BDDwIqM4KgHibXX3mqmN3Lgs",
    "assistant_id": "asst_nGl00s4xa9zmVY6Fvuvz9wwQ",
    "status": "completed",
    "required_action": None,
    "last_error": None,
    "expires_at": None,
    "started_at": 1699063291,
    "cancelled_at": None,
    "failed_at": None,
    "completed_at": None,
    "model": "gpt-4",
    "instructions": None,
    "tools": [{"type": "code_interpreter"}],
    "file_ids": ["file-9F1ex49ipEnKzyLUNnCA0Yzx", "file-dEWwUbt2UGHp3v0e0DpCzemP"],
    "metadata": {"user": "user_17"},
    "headers": None,
}
FULL: dict[str, Any] = {
    **TYPICAL,
    "required_action": {"type": "submit_tool_outputs"},
    "last_error": "rate_limit_exceeded",
    "expires_at": 1699063890,
    "cancelled_at": 1699063292,
    "failed_at": 1699063293,
    "completed_at": 1699063294,
    "instructions": "You are a helpful assistant. Answer in one sentence.",
    "headers": {"content-type": "application/json", "x-request-id": "req_1"},
}
SPARSE = {name: value for name, value in TYPICAL.items() if value is not None}
SPARSE.update(usage=None, temperature=1.0, response_format="auto")
BAD = {**TYPICAL, "created_at": "1699063290", "status": None, "metadata": {"user": 17}}


def parsed(data: dict[str, Any]) -> dict[str, Any]:
    """As it comes from JSON text: with keys of its own."""
    result: dict[str, Any] = json.loads(json.dumps(data))
    return result


Map = dict[str, str]
TYPES: dict[str, Any] = {
    **dict.fromkeys(["required_action", "headers"], Map | None),
    **dict.fromkeys(["last_error", "instructions"], str | None),
    **{name: int | None for name in TYPICAL if name.endswith("_at")},
    **dict.fromkeys(["id", "object", "thread_id", "assistant_id", "status", "model"], str),
    "created_at": int,
    "tools": list[Map],
    "file_ids": list[str],
    "metadata": Map,
}
# What the standard library offers by itself: `json`, a plain dict, `dataclasses`.
STANDARD = "standard library"
OPTIONAL = [field.name for field in dataclasses.fields(RunObject) if field.default is None]


def dataclass_of(name: str, bases: tuple[type, ...] = ()) -> Any:
    fields = [(n, TYPES[n], None) if n in OPTIONAL else (n, TYPES[n]) for n in TYPICAL]
    made = [(*field[:2], dataclasses.field(default=field[2])) if len(field) == 3 else field for field in fields]
    return dataclasses.make_dataclass(name, made, bases=bases, frozen=True, kw_only=True)  # type: ignore[arg-type]


Struct = msgspec.defstruct(
    "Struct", [(n, TYPES[n], None) if n in OPTIONAL else (n, TYPES[n]) for n in TYPICAL], kw_only=True
)
Plain, Mashed = dataclass_of("Plain"), dataclass_of("Mashed", (DataClassDictMixin,))
Model: Any = pydantic.create_model(
    "Model",
    __config__=pydantic.ConfigDict(strict=True),
    **{n: (TYPES[n], None if n in OPTIONAL else ...) for n in TYPICAL},
)
converter = cattrs.Converter()

LOADERS: dict[str, Callable[[Any], Any]] = {
    "RunObject": RunObject.from_dict,
    "msgspec Struct": lambda data: msgspec.convert(data, Struct),
    "msgspec dataclass": lambda data: msgspec.convert(data, Plain),
    "pydantic strict": lambda data: Model.model_validate(data),
    "cattrs": lambda data: converter.structure(data, Plain),
    "mashumaro": lambda data: Mashed.from_dict(data),
    "dacite": lambda data: dacite.from_dict(Plain, data),
    "openai client": lambda data: ClientRun.construct(**data),
}
LOADERS["RunObject"] = lambda data: RunObject.from_dict(data)


def contents(value: Any) -> Any:
    """A run of any library as plain data."""
    values = {name: getattr(value, name, None) for name in TYPICAL}
    return json.loads(json.dumps(values, default=lambda item: {k: v for k, v in vars(item).items() if v is not None}))


def measure(functions: dict[str, Function], seconds: float = 0.02) -> dict[str, tuple[float, float]]:
    """Return the least time of each function, and the median ratio to that of the first."""
    counts, rounds = {}, {name: list[float]() for name in functions}
    for name, function in functions.items():
        start = time.perf_counter()
        function()
        counts[name] = max(1, min(100_000, int(seconds / max(time.perf_counter() - start, 1e-6))))
    gc.collect()
    for number in range(ROUNDS):
        if sys.stderr.isatty():
            print(f"\r{number + 1}/{ROUNDS} ", end="", file=sys.stderr, flush=True)
        for name, function in functions.items():
            repeat = range(counts[name])
            start = time.perf_counter()
            for _ in repeat:
                function()
            rounds[name].append((time.perf_counter() - start) / counts[name])
    first = next(iter(rounds.values()))
    return {
        name: (min(t), statistics.median(a / b for a, b in zip(t, first, strict=True))) for name, t in rounds.items()
    }


def refuse(load: Callable[[Any], Any], data: Any) -> Function:
    def attempt() -> str:
        try:
            load(data)
        except Exception as error:
            return str(error)
        raise AssertionError("it was accepted")

    return attempt


def shown(seconds: float) -> str:
    return f"{seconds * 1e6:.2f} µs" if seconds < 1e-3 else f"{seconds * 1e3:.1f} ms"


def row(title: str, functions: dict[str, Function]) -> dict[str, str]:
    cells = measure(functions)
    return {"": title, **{name: f"{shown(least)} ({ratio:.2f})" for name, (least, ratio) in cells.items()}}


def table(rows: list[dict[str, str]]) -> None:
    names = [*LOADERS, STANDARD]
    print("| | " + " | ".join(names) + " |")
    print("|---" * (len(names) + 1) + "|")
    for cells in rows:
        print("| " + " | ".join([cells[""], *[cells.get(name, "") for name in names]]) + " |")


def size(make: Callable[[], Any]) -> float:
    """Bytes of memory that one of many results takes."""
    make()
    gc.collect()
    tracemalloc.start()
    kept = [make() for _ in range(1000)]
    gc.collect()
    taken, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return (taken - sys.getsizeof(kept)) / len(kept)


def sizes() -> dict[str, str]:
    text = json.dumps(TYPICAL)
    results = {STANDARD: size(lambda: json.loads(text))}
    for name, load in LOADERS.items():
        results[name] = size(lambda load=load: load(json.loads(text)))  # type: ignore[misc]
    first = results["RunObject"]
    return {"": "bytes a run", **{name: f"{taken:.0f} ({taken / first:.2f})" for name, taken in results.items()}}


def process(*arguments: str, **options: Any) -> Function:
    return lambda: subprocess.run([sys.executable, *arguments], check=True, cwd=HERE, **options)


def imports() -> dict[str, str]:
    codes = {
        "RunObject": "import runobject",
        STANDARD: "import dataclasses",
        "msgspec Struct": "import msgspec",
        "pydantic strict": "import pydantic; pydantic.create_model('Model', id=str)",
        "cattrs": "import cattrs",
        "mashumaro": "import mashumaro",
        "dacite": "import dacite",
        "openai client": "from openai.types.beta.threads.run import Run",
    }
    return row("import, whole process", {name: process("-c", code) for name, code in codes.items()})


def accepted() -> list[dict[str, str]]:
    """Check that all agree on good runs; return which bad documents each accepts."""
    for data in (TYPICAL, FULL, SPARSE):
        expected = {name: data.get(name) for name in TYPICAL}
        for name, load in LOADERS.items():
            assert contents(load(parsed(data))) == expected, name
    documents = {
        "an integer of 65 bits": {**TYPICAL, "created_at": 2**63},
        "`true` for an integer": {**TYPICAL, "created_at": True},
        "a number for a text": {**TYPICAL, "status": 7},
        "a lone surrogate": {**TYPICAL, "status": "\ud800"},
        "a nested tool": {**TYPICAL, "tools": [{"type": "function", "function": {"name": "f"}}]},
        "no `file_ids`": {name: value for name, value in TYPICAL.items() if name != "file_ids"},
    }
    rows = []
    for title, data in documents.items():
        cells = {"": f"takes {title}"}
        for name, load in LOADERS.items():
            try:
                load(data)
                cells[name] = "yes"
            except Exception:
                cells[name] = "no"
        rows.append(cells)
    return rows


def main() -> None:
    rows = accepted()
    typical, full, sparse = parsed(TYPICAL), parsed(FULL), parsed(SPARSE)
    for title, data in [("typical", typical), ("all fields set", full), ("sparse, unknown keys", sparse)]:
        rows.append(row(f"load, {title}", {name: partial(load, data) for name, load in LOADERS.items()}))
    struct, plain, mashed = (LOADERS[n](typical) for n in ("msgspec Struct", "msgspec dataclass", "mashumaro"))
    run, model, client = (LOADERS[n](typical) for n in ("RunObject", "pydantic strict", "openai client"))
    dumpers: dict[str, Function] = {
        "RunObject": lambda: run.to_dict(),
        "msgspec Struct": lambda: msgspec.to_builtins(struct),
        "msgspec dataclass": lambda: msgspec.to_builtins(plain),
        "pydantic strict": lambda: model.model_dump(),
        "cattrs": lambda: converter.unstructure(plain),
        "mashumaro": lambda: mashed.to_dict(),
        "openai client": lambda: client.to_dict(),
        STANDARD: lambda: dataclasses.asdict(run),
    }
    rows.append(row("dump", dumpers))
    refusing = ["RunObject", "msgspec Struct", "msgspec dataclass", "pydantic strict", "dacite"]
    bad = parsed(BAD)
    rows.append(row("refuse three problems, `str()`", {name: refuse(LOADERS[name], bad) for name in refusing}))
    rows.append(sizes())
    text = json.dumps(TYPICAL)
    decode, encode = msgspec.json.Decoder(Struct).decode, msgspec.json.Encoder().encode
    around: dict[str, Function] = {
        "RunObject": lambda: json.dumps(RunObject.from_dict(json.loads(text)).to_dict()),
        "msgspec Struct": lambda: encode(decode(text)),
        "pydantic strict": lambda: Model.model_validate_json(text).model_dump_json(),
        STANDARD: lambda: json.dumps(json.loads(text)),
    }
    rows.append(row("JSON text to value and back", around))
    with tempfile.NamedTemporaryFile("w", suffix=".jsonl") as lines:
        lines.write((text + "\n") * 20_000)
        lines.flush()
        bare = "import json, sys\nfor line in open(sys.argv[1]): print(json.dumps(json.loads(line)))"
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        commands = {
            "RunObject": process("runobject.py", "--json-lines", lines.name, **quiet),
            STANDARD: process("-c", bare, lines.name, **quiet),
        }
        rows.append(row("20,000 JSON Lines, a process", commands))
    rows.append(imports())
    print(f"CPython {sys.version.split()[0]}, {ROUNDS} rounds\n")
    table(rows)


if __name__ == "__main__":
    main()
