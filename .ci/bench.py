"""Compares RunObject with its peers: `python3 .ci/bench.py [--rounds N] [--processes N]`.

Needs the libraries of `requirements.txt`; prints Markdown. In each process the libraries take turns
in rounds, since a shared machine's speed drifts; a ratio is the median over the rounds of a
library's time over RunObject's in the same round, and of that the median over the processes, each
of which hashes with another seed, since a seed moves such ratios by some percent.
"""

import argparse
import dataclasses
import gc
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
import tracemalloc
from collections.abc import Callable
from functools import partial
from pathlib import Path
from types import FunctionType
from typing import Any

HERE = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(HERE))

import dacite  # noqa: E402
import msgspec  # noqa: E402
import pydantic  # noqa: E402
from mashumaro import DataClassDictMixin  # noqa: E402
from openai.types.beta.threads.run import Run as ClientRun  # noqa: E402

from runobject import RunObject  # noqa: E402

Data = dict[str, Any]
Function = Callable[[], Any]
Results = dict[str, dict[str, float]]  # column, library, ratio or, for RunObject, figure

TYPICAL: Data = {
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
FULL: Data = {
    **TYPICAL,
    "required_action": {"type": "submit_tool_outputs"},
    "last_error": "rate_limit_exceeded",
    "expires_at": 1699063890,
    "cancelled_at": 1699063292,
    "failed_at": 1699063293,
    "completed_at": 1699063294,
    "instructions": "Du hilfst, so gut du kannst. Antworte in einem kurzen, höflichen Satz.",
    "headers": {"content-type": "application/json", "x-request-id": "req_1"},
}
SPARSE: Data = {name: value for name, value in TYPICAL.items() if value is not None}
SPARSE.update(usage=None, response_format="auto")
# Three problems: a text for an integer, no `file_ids`, a number in the metadata.
BAD: Data = {**TYPICAL, "created_at": "1699063290", "metadata": {"user": 17}}
del BAD["file_ids"]

# Documents that are no runs, and what is wrong with them.
WRONG: dict[str, Data] = {
    "an integer of 65 bits": {**TYPICAL, "created_at": 2**63},
    "`true` for an integer": {**TYPICAL, "created_at": True},
    "a number for a text": {**TYPICAL, "status": 7},
    "a lone surrogate": {**TYPICAL, "status": "\ud800"},
    "a nested tool": {**TYPICAL, "tools": [{"type": "function", "function": {"name": "f"}}]},
    "no `file_ids`": {name: TYPICAL[name] for name in TYPICAL if name != "file_ids"},
}

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
OPTIONAL = [field.name for field in dataclasses.fields(RunObject) if field.default is None]


def dataclass_of(name: str, bases: tuple[type, ...] = ()) -> Any:
    fields = [
        (name, TYPES[name], dataclasses.field(default=None))
        if name in OPTIONAL
        else (name, TYPES[name], dataclasses.field())
        for name in TYPICAL
    ]
    return dataclasses.make_dataclass(name, fields, bases=bases, frozen=True, kw_only=True)


Struct = msgspec.defstruct(
    "Struct",
    [(n, TYPES[n], None) if n in OPTIONAL else (n, TYPES[n]) for n in TYPICAL],
    kw_only=True,
)
Plain, Mashed = dataclass_of("Plain"), dataclass_of("Mashed", (DataClassDictMixin,))
Model: Any = pydantic.create_model(
    "Model",
    __config__=pydantic.ConfigDict(strict=True),
    **{n: (TYPES[n], None if n in OPTIONAL else ...) for n in TYPICAL},
)

LOADERS: dict[str, Callable[[Any], Any]] = {
    "RunObject": lambda data: RunObject.from_dict(data),
    "msgspec, Struct": lambda data: msgspec.convert(data, Struct),
    "msgspec, dataclass": lambda data: msgspec.convert(data, Plain),
    "pydantic, strict": lambda data: Model.model_validate(data),
    "mashumaro": lambda data: Mashed.from_dict(data),
    "dacite": lambda data: dacite.from_dict(Plain, data),
    "openai client": lambda data: ClientRun.construct(**data),
}
DUMPERS: dict[str, Callable[[Any], Any]] = {
    "RunObject": lambda run: run.to_dict(),
    "msgspec, Struct": lambda run: msgspec.to_builtins(run),
    "msgspec, dataclass": lambda run: msgspec.to_builtins(run),
    "pydantic, strict": lambda run: run.model_dump(),
    "mashumaro": lambda run: run.to_dict(),
    "dacite": lambda run: dataclasses.asdict(run),
    "openai client": lambda run: run.to_dict(),
}
IMPORTS = {
    "RunObject": "import runobject",
    "msgspec, Struct": "import msgspec",
    "msgspec, dataclass": "import msgspec, dataclasses",
    "pydantic, strict": "import pydantic; pydantic.create_model('Model', id=str)",
    "mashumaro": "import mashumaro",
    "dacite": "import dacite",
    "openai client": "from openai.types.beta.threads.run import Run",
}
SHORT_COLUMNS = ["load typical", "life", "bytes", "import"]
SHORT_ROWS = ["msgspec, dataclass", "pydantic, strict", "mashumaro", "openai client"]
COLUMNS = ["load typical", "load full", "load sparse", "read", "dump", "life", "refuse", "bytes"]


def parsed(data: Data) -> Data:
    """As it comes from JSON text: with keys of its own."""
    result: Data = json.loads(json.dumps(data))
    return result


def read_fields(run: Any) -> tuple[Any, ...]:
    first = run.id, run.object, run.created_at, run.thread_id, run.assistant_id, run.status
    second = run.required_action, run.last_error, run.expires_at, run.started_at, run.cancelled_at
    third = run.failed_at, run.completed_at, run.model, run.instructions, run.tools, run.file_ids
    return first, second, third, run.metadata, run.headers


def reader() -> Callable[[Any], Any]:
    """`read_fields` anew: the interpreter specialises the code for the one library that runs it."""
    return FunctionType(read_fields.__code__.replace(), {})


def life(load: Callable[[Any], Any], dump: Callable[[Any], Any], data: Data) -> Function:
    read = reader()

    def live() -> None:
        run = load(data)
        read(run)
        dump(run)

    return FunctionType(live.__code__.replace(), {}, closure=live.__closure__)


def refuse(load: Callable[[Any], Any], data: Data) -> Function:
    def attempt() -> str:
        try:
            load(data)
        except Exception as error:
            return str(error)
        raise AssertionError("it was accepted")

    return attempt


def measure(functions: dict[str, Function], rounds: int, seconds: float = 0.01) -> dict[str, float]:
    """Return the least time of the first function, and the ratios of the others to it."""
    counts: dict[str, int] = {}
    times: dict[str, list[float]] = {name: [] for name in functions}
    for name, function in functions.items():
        function()
        start = time.perf_counter()
        function()
        counts[name] = max(1, min(10_000, int(seconds / (time.perf_counter() - start))))
    gc.collect()
    for _ in range(rounds):
        for name, function in functions.items():
            repeat = range(counts[name])
            start = time.perf_counter()
            for _ in repeat:
                function()
            times[name].append((time.perf_counter() - start) / counts[name])
    first, *others = functions
    result = {first: min(times[first])}
    for name in others:
        result[name] = statistics.median(map(float.__truediv__, times[name], times[first]))
    return result


def size(make: Function) -> float:
    """Bytes of memory that one of many results takes."""
    make()
    gc.collect()
    tracemalloc.start()
    kept = [make() for _ in range(1000)]
    gc.collect()
    taken, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return (taken - sys.getsizeof(kept)) / len(kept)


def sizes() -> dict[str, float]:
    text = json.dumps(TYPICAL)
    taken = {name: size(lambda f=f: f(json.loads(text))) for name, f in LOADERS.items()}  # type: ignore[misc]
    own = taken["RunObject"]
    ratios = {name: each / own for name, each in taken.items()}
    return {**ratios, "RunObject": own, "plain dict": size(lambda: json.loads(text)) / own}


def one_process(rounds: int) -> Results:
    """Measure everything but whole processes, in this one."""
    check_agreement()
    typical, full, sparse, bad = parsed(TYPICAL), parsed(FULL), parsed(SPARSE), parsed(BAD)
    runs = {name: load(typical) for name, load in LOADERS.items()}
    functions: dict[str, dict[str, Function]] = {
        "load typical": {name: partial(load, typical) for name, load in LOADERS.items()},
        "load full": {name: partial(load, full) for name, load in LOADERS.items()},
        "load sparse": {name: partial(load, sparse) for name, load in LOADERS.items()},
        "read": {name: partial(reader(), run) for name, run in runs.items()},
        "dump": {name: partial(DUMPERS[name], run) for name, run in runs.items()},
        "life": {name: life(load, DUMPERS[name], typical) for name, load in LOADERS.items()},
        "refuse": {name: refuse(load, bad) for name, load in LOADERS.items()},
    }
    del functions["refuse"]["openai client"]  # which refuses nothing
    results = {column: measure(each, rounds) for column, each in functions.items()}
    return {**results, "bytes": sizes()}


def check_agreement() -> None:
    """Check that all libraries make the same of good runs."""
    for data in (TYPICAL, FULL, SPARSE):
        expected = {name: data.get(name) for name in TYPICAL}
        for name, load in LOADERS.items():
            run = load(parsed(data))
            values = {field: getattr(run, field, None) for field in TYPICAL}
            assert json.loads(json.dumps(values, default=without_nulls)) == expected, name


def without_nulls(item: Any) -> Data:
    return {name: value for name, value in vars(item).items() if value is not None}


def accepts(load: Callable[[Any], Any], data: Data) -> bool:
    try:
        load(data)
    except Exception:
        return False
    return True


def process(*arguments: str, **options: Any) -> Function:
    return lambda: subprocess.run([sys.executable, *arguments], check=True, cwd=HERE, **options)


def imports(rounds: int) -> dict[str, float]:
    return measure({name: process("-c", code) for name, code in IMPORTS.items()}, rounds)


def throughput(rounds: int) -> dict[str, float]:
    """The command on 20,000 lines, and how long `json` alone takes for reading and writing them."""
    bare = "import json, sys\nfor line in open(sys.argv[1]): print(json.dumps(json.loads(line)))"
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "runs.jsonl")
        path.write_text((json.dumps(TYPICAL) + "\n") * 20_000)
        command = process("runobject.py", "--json-lines", str(path), **quiet)
        return measure(
            {"command": command, "json": process("-c", bare, str(path), **quiet)}, rounds
        )


def other_processes(rounds: int, count: int) -> Results:
    """The median over processes that hash with different seeds."""
    answers: list[Results] = []
    for seed in range(1, count + 1):
        done = subprocess.run(
            [sys.executable, __file__, "--rounds", str(rounds), "--one"],
            env={**os.environ, "PYTHONHASHSEED": str(seed)},
            stdout=subprocess.PIPE,
            check=True,
        )
        answers.append(json.loads(done.stdout))
    return {
        column: {
            name: statistics.median(answer[column][name] for answer in answers)
            for name in answers[0][column]
        }
        for column in answers[0]
    }


def absolute(column: str, figure: float) -> str:
    if column == "bytes":
        return f"{figure:.0f}"
    return f"{figure * 1e3:.0f} ms" if column == "import" else f"{figure * 1e6:.2f} µs"


def table(header: list[str], rows: list[list[str]]) -> None:
    for row in (header, ["---"] * len(header), *rows):
        print(f"| {' | '.join(row)} |")


def takes() -> dict[str, dict[str, bool]]:
    """Whether each library takes each of the wrong documents."""
    return {
        name: {case: accepts(load, data) for case, data in WRONG.items()}
        for name, load in LOADERS.items()
    }


def show(results: Results, count: int) -> None:
    print("In short, as in the README:\n")
    table(
        [f"CPython {sys.version.split()[0]}", *SHORT_COLUMNS],
        [[row, *[f"{results[column][row]:.2f}" for column in SHORT_COLUMNS]] for row in SHORT_ROWS],
    )
    print("\nAnd all of it:\n")
    table(
        ["takes", *WRONG],
        [
            [name, *["yes" if taken else "no" for taken in row.values()]]
            for name, row in takes().items()
        ],
    )
    print()
    columns = [*COLUMNS, "import"]
    rows = [["RunObject", *[absolute(name, results[name]["RunObject"]) for name in columns]]]
    for name in [*LOADERS][1:]:
        cells = [results[column].get(name) for column in columns]
        rows.append([name, *["never" if cell is None else f"{cell:.2f}" for cell in cells]])
    table(["", *columns], rows)
    plain, command = results["bytes"]["plain dict"], results["throughput"]
    print(f"\nCPython {sys.version.split()[0]}, medians of {count} processes with various seeds.")
    print(f"A plain dict takes {plain:.2f} times the bytes of a run.")
    print(f"The command checks {20_000 / command['command']:,.0f} runs a second;", end=" ")
    print(f"`json` alone, reading and writing them, takes {command['json']:.2f} of its time.")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=25)
    parser.add_argument("--processes", type=int, default=5)
    parser.add_argument("--one", action="store_true", help="measure in this process, print JSON")
    options = parser.parse_args()
    if options.one:
        print(json.dumps(one_process(options.rounds)))
        return
    results = other_processes(options.rounds, options.processes)
    results["import"] = imports(options.rounds)
    results["throughput"] = throughput(min(options.rounds, 5))
    show(results, options.processes)


if __name__ == "__main__":
    main()
