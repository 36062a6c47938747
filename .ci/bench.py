"""Compares RunObject with its peers: `python3 .ci/bench.py [--rounds N] [--processes N]`.

Measures the Python that runs it, and prints Markdown. Needs msgspec, openai and pydantic;
`bash .ci/run bench` installs them. In each process two or more functions take turns in
rounds, since a shared machine's speed drifts; a ratio is the median over the rounds of a function's
time over that of the first in the same round, and of that the median over the processes, each of
which hashes with another seed, since a seed moves such ratios by some percent.
"""

import argparse
import copy
import dataclasses
import gc
import json
import os
import py_compile
import shutil
import statistics
import subprocess
import sys
import sysconfig
import tempfile
import time
import tracemalloc
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from types import FunctionType
from typing import Any, get_type_hints

HERE = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(HERE))

import msgspec  # noqa: E402
import pydantic  # noqa: E402
from openai.types.beta.threads.run import Run as ClientRun  # noqa: E402

from runobject import RunObject  # noqa: E402

Data = dict[str, Any]
Function = Callable[[], Any]
Results = dict[str, dict[str, float]]  # what was measured, of what, the first's figure or a ratio

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
EMPTY: Data = {**TYPICAL, "file_ids": [], "metadata": {}}
FULL_BUT_ONE_MAP: Data = {**FULL, "metadata": {}}
# As the API answered before version 2.
SINCE_2023: Data = {
    name: value for name, value in EMPTY.items() if name not in ("required_action", "headers")
}
EARLY: list[Data] = [
    SINCE_2023,
    {**SINCE_2023, "tools": [{"type": "retrieval"}, {"type": "code_interpreter"}]},
    {**SINCE_2023, "status": "queued", "started_at": None, "expires_at": 1699063890},
    {**SINCE_2023, "file_ids": TYPICAL["file_ids"], "instructions": "You summarize books."},
    {**SINCE_2023, "metadata": {"user": "user_17"}, "usage": {"total_tokens": 579}},
]
SPARSE: Data = {name: value for name, value in TYPICAL.items() if value is not None}
SPARSE.update(usage=None, response_format="auto")
ASCII: Data = {**TYPICAL, "metadata": {f"key_{i:02}": f"value {i:02} e" for i in range(16)}}
BEYOND_ASCII: Data = {**TYPICAL, "metadata": {f"key_{i:02}": f"value {i:02} é" for i in range(16)}}
WITH_USAGE: Data = {**TYPICAL, "usage": {"total_tokens": 579}}
# As version 2 of the API sends them: no `file_ids`, keys that are no field, nested objects.
SINCE_2024: Data = {
    **{name: value for name, value in TYPICAL.items() if name not in ("file_ids", "headers")},
    "model": "gpt-4o",
    "instructions": "You help people with their sums. Use the tool wherever one is to be added up, "
    "and answer in one short sentence.",
    "tools": [{"type": "code_interpreter"}],
    "metadata": {},
    "incomplete_details": None,
    "usage": {"prompt_tokens": 123, "completion_tokens": 456, "total_tokens": 579},
    "temperature": 1.0,
    "top_p": 1.0,
    "max_prompt_tokens": 1000,
    "max_completion_tokens": 1000,
    "truncation_strategy": {"type": "auto", "last_messages": None},
    "response_format": "auto",
    "tool_choice": "auto",
    "parallel_tool_calls": True,
}
NUMBERS = {"type": "array", "items": {"type": "number"}, "description": "What is to be added up"}
PARAMETERS = {"type": "object", "properties": {"numbers": NUMBERS}, "required": ["numbers"]}
ADD: Data = {"name": "add", "description": "Add numbers.", "parameters": PARAMETERS}
CALL: Data = {
    "id": "call_FthC9qRpsL5kBpwwyw6c7j4k",
    "type": "function",
    "function": {"name": "add", "arguments": '{"numbers": [1, 2]}'},
}
RESPONSES: list[Data] = [
    SINCE_2024,
    {**SINCE_2024, "tools": [{"type": "file_search"}, {"type": "function", "function": ADD}]},
    {**SINCE_2024, "last_error": {"code": "server_error", "message": "Sorry, try it again."}},
    {
        **SINCE_2024,
        "tools": [{"type": "function", "function": ADD}],
        "required_action": {
            "type": "submit_tool_outputs",
            "submit_tool_outputs": {"tool_calls": [CALL]},
        },
    },
]
# Three problems: a text for an integer, no `file_ids`, a number in the metadata.
BAD: Data = {**TYPICAL, "created_at": "1699063290", "metadata": {"user": 17}}
del BAD["file_ids"]

# The peers' classes have the fields of `RunObject`, of the types in which JSON comes.
FIELDS = [field.name for field in dataclasses.fields(RunObject)]
assert {*TYPICAL} == {*FULL} == {*FIELDS}, "the data here lack a field, or have one too many"
assert None not in FULL.values()
KINDS: dict[Any, Any] = {
    str: str,
    int: int,
    Mapping[str, str]: dict[str, str],
    Sequence[str]: list[str],
    Sequence[Mapping[str, str]]: list[dict[str, str]],
}
KINDS |= {kind | None: peers | None for kind, peers in KINDS.items()}
HINTS = get_type_hints(RunObject)
TYPES: dict[str, Any] = {name: KINDS[HINTS[name]] for name in FIELDS}
OPTIONAL = [field.name for field in dataclasses.fields(RunObject) if field.default is None]


@dataclasses.dataclass(frozen=True, kw_only=True)
class RunWithUsage(RunObject):
    usage: dict[str, int] | None = None


TYPED: Any = [
    (name, TYPES[name], None) if name in OPTIONAL else (name, TYPES[name]) for name in FIELDS
]
Struct = msgspec.defstruct("Struct", TYPED, kw_only=True)
Plain: Any = dataclasses.make_dataclass("Plain", TYPED, frozen=True, kw_only=True)
Model: Any = pydantic.create_model(
    "Model",
    __config__=pydantic.ConfigDict(strict=True),
    **{name: (TYPES[name], None if name in OPTIONAL else ...) for name in FIELDS},
)
ModelWithUsage: Any = pydantic.create_model(
    "ModelWithUsage", __base__=Model, usage=(dict[str, int] | None, None)
)

LOADERS: dict[str, Callable[[Any], Any]] = {
    "RunObject": lambda data: RunObject.from_dict(data),
    "msgspec, dataclass": lambda data: msgspec.convert(data, Plain),
    "pydantic, strict": lambda data: Model.model_validate(data),
    "openai client": lambda data: ClientRun.construct(**data),
}
DUMPERS: dict[str, Callable[[Any], Any]] = {
    "RunObject": lambda run: run.to_dict(),
    "msgspec, dataclass": lambda run: msgspec.to_builtins(run),
    "pydantic, strict": lambda run: run.model_dump(),
    "openai client": lambda run: run.to_dict(),
}
IMPORTS = {
    "RunObject": "import runobject",
    "msgspec, dataclass": "import msgspec, dataclasses",
    "pydantic, strict": "import pydantic; pydantic.create_model('Model', id=str)",
    "openai client": "from openai.types.beta.threads.run import Run",
    "dataclasses": "import dataclasses",
}
SHORT_COLUMNS = ["load typical", "life", "bytes", "import"]
SHORT_ROWS = ["msgspec, dataclass", "pydantic, strict", "openai client"]


def interpreter() -> str:
    """Its version, and how it was built, which moves the ratios."""
    # Not from `sysconfig`, which on Debian tells of another build than that of /usr/bin/python3.
    maps = Path("/proc/self/maps")
    build = "unknown build"
    if maps.exists():
        build = "shared library" if "/libpython" in maps.read_text() else "linked in"
    if "--enable-optimizations" in (sysconfig.get_config_var("CONFIG_ARGS") or ""):
        build += ", --enable-optimizations"
    return f"CPython {sys.version.split()[0]} ({build})"


def parsed(data: Data) -> Data:
    """As it comes from JSON text: with keys of its own."""
    result: Data = json.loads(json.dumps(data))
    return result


def read_fields(run: Any) -> tuple[Any, ...]:
    first = run.id, run.object, run.created_at, run.thread_id, run.assistant_id, run.status
    second = run.required_action, run.last_error, run.expires_at, run.started_at, run.cancelled_at
    third = run.failed_at, run.completed_at, run.model, run.instructions, run.tools, run.file_ids
    return first, second, third, run.metadata, run.headers


assert {*read_fields.__code__.co_names} == {*FIELDS}, "a field is not read"


def reader() -> Callable[[Any], Any]:
    """`read_fields` anew: the interpreter fits its code to the one library that runs it."""
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
    taken["dict"] = size(lambda: json.loads(text))
    own = taken["RunObject"]
    return {name: own if name == "RunObject" else each / own for name, each in taken.items()}


def load_all(load: Callable[[Any], Any], data: list[Data]) -> None:
    for each in data:
        load(each)


def pairs() -> dict[str, tuple[Function, Function]]:
    """What is measured and of which peer, as cells of a row; RunObject's function, the peer's."""

    def load(data: Data) -> Function:
        return partial(LOADERS["RunObject"], parsed(data))

    def strict(data: Data) -> Function:
        return partial(LOADERS["pydantic, strict"], parsed(data))

    typical, usage = parsed(TYPICAL), parsed(WITH_USAGE)
    run, plain, struct = load(typical)(), Plain(**typical), msgspec.convert(typical, Struct)
    lives = [life(LOADERS[each], DUMPERS[each], typical) for each in [*LOADERS][:2]]
    run_with_usage = RunWithUsage.from_dict(usage)
    responses, texts = (
        [parsed(each) for each in RESPONSES],
        [json.dumps(each) for each in RESPONSES],
    )
    refusals = [refuse(LOADERS[each], BAD) for each in ("RunObject", "pydantic, strict")]
    return {
        "life | msgspec, dataclass": (lives[0], lives[1]),
        "load typical | pydantic, strict": (load(TYPICAL), strict(TYPICAL)),
        "load, every field set | pydantic, strict": (load(FULL), strict(FULL)),
        "load, no metadata, no files | pydantic, strict": (load(EMPTY), strict(EMPTY)),
        "load, every field set, one map empty | pydantic, strict": (
            load(FULL_BUT_ONE_MAP),
            strict(FULL_BUT_ONE_MAP),
        ),
        "load, runs as of 2023 | pydantic, strict": (
            partial(load_all, RunObject.from_dict, [*map(parsed, EARLY)]),
            partial(load_all, Model.model_validate, [*map(parsed, EARLY)]),
        ),
        "load sparse, two unknown keys | pydantic, strict": (load(SPARSE), strict(SPARSE)),
        "load, 16 metadata beyond ASCII | RunObject, in ASCII": (load(BEYOND_ASCII), load(ASCII)),
        "load of a subclass with one field | pydantic, strict": (
            lambda: RunWithUsage.from_dict(usage),
            lambda: ModelWithUsage.model_validate(usage),
        ),
        "`from_response`, function tools and errors | `json.loads` of the text": (
            lambda: [RunObject.from_response(each) for each in responses],
            lambda: [json.loads(each) for each in texts],
        ),
        "constructor | pydantic, strict": (lambda: RunObject(**typical), lambda: Model(**typical)),
        "read all fields | frozen dataclass": (partial(reader(), run), partial(reader(), plain)),
        "dump | msgspec, Struct": (lambda: run.to_dict(), lambda: msgspec.to_builtins(struct)),
        "dump of a subclass with one field | dump of a run": (
            lambda: run_with_usage.to_dict(),
            lambda: run.to_dict(),
        ),
        "refuse three problems, `str()` | pydantic, strict": (refusals[0], refusals[1]),
        "`copy.copy` | frozen dataclass": (lambda: copy.copy(run), lambda: copy.copy(plain)),
    }


def one_process(rounds: int) -> Results:
    """Measure everything but whole processes, in this one."""
    check_agreement()
    typical = parsed(TYPICAL)
    loads = {name: partial(load, typical) for name, load in LOADERS.items()}
    lives = {name: life(load, DUMPERS[name], typical) for name, load in LOADERS.items()}
    return {
        "load typical": measure(loads, rounds),
        "life": measure(lives, rounds),
        "bytes": sizes(),
        "pairs": {
            name: measure({"peer": peer, "own": own}, rounds)["own"]
            for name, (own, peer) in pairs().items()
        },
    }


def check_agreement() -> None:
    """Check that all libraries make the same of good runs."""
    for data in (TYPICAL, FULL, SPARSE):
        expected = {name: data.get(name) for name in FIELDS}
        for name, load in LOADERS.items():
            run = load(parsed(data))
            values = {field: getattr(run, field, None) for field in FIELDS}
            assert json.loads(json.dumps(values, default=without_nulls)) == expected, name


def without_nulls(item: Any) -> Data:
    return {name: value for name, value in vars(item).items() if value is not None}


def process(folder: str, *arguments: str, **environment: str) -> Function:
    return lambda: subprocess.run(
        [sys.executable, *arguments],
        check=True,
        cwd=folder,
        env={**os.environ, **environment},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def whole_processes(rounds: int) -> Results:
    """Imports; and the command on 20,000 responses, beside `json.tool` on them."""
    with tempfile.TemporaryDirectory() as folder:
        shutil.copy(HERE / "runobject.py", folder)
        py_compile.compile(f"{folder}/runobject.py")  # as Python does at the first import
        lines = "".join([json.dumps(each) + "\n" for each in RESPONSES])
        Path(folder, "lines").write_text(lines * (20_000 // len(RESPONSES)))
        own = "runobject.py", "--json-lines", "lines"
        peer = "-m", "json.tool", "--json-lines", "lines"
        commands = {
            "json.tool": process(folder, *peer, PYTHONUNBUFFERED=""),
            "buffered": process(folder, *own, PYTHONUNBUFFERED=""),
        }
        # As many containers set it.
        unbuffered = {
            "json.tool": process(folder, *peer, PYTHONUNBUFFERED="1"),
            "unbuffered": process(folder, *own, PYTHONUNBUFFERED="1"),
        }
        return {
            "import": measure(
                {name: process(folder, "-c", code) for name, code in IMPORTS.items()}, rounds
            ),
            "command": measure(commands, min(rounds, 5)) | measure(unbuffered, min(rounds, 5)),
        }


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


def show(results: Results) -> None:
    print("Costs of others relative to those of RunObject, as in the README:\n")
    print(f"| {' | '.join([interpreter(), *SHORT_COLUMNS])} |")
    print("| --- " * (1 + len(SHORT_COLUMNS)) + "|")
    for row in SHORT_ROWS:
        cells = [f"{results[column][row]:.2f}" for column in SHORT_COLUMNS]
        print(f"| {' | '.join([row, *cells])} |")
    own = {column: results[column]["RunObject"] for column in SHORT_COLUMNS}
    print(f"\nRunObject: {1 / own['load typical']:,.0f} runs loaded a second,", end=" ")
    print(f"{own['life'] * 1e6:.2f} µs a life, {own['bytes']:.0f} bytes a run,", end=" ")
    print(f"{own['import'] * 1e3:.0f} ms an import.\n")

    print(f"Costs of RunObject relative to those of others, {interpreter()}:\n")
    print("| of what | relative to | |\n| --- | --- | --- |")
    rows = {
        **results["pairs"],
        "bytes of a run | the dict that it came from": 1 / results["bytes"]["dict"],
        "import | `import dataclasses`": 1 / results["import"]["dataclasses"],
        "the command, 20,000 responses | `json.tool --json-lines`": results["command"]["buffered"],
        "that, with PYTHONUNBUFFERED=1 | `json.tool` with it": results["command"]["unbuffered"],
    }
    for row, ratio in rows.items():
        print(f"| {row} | {ratio:.2f} |")

    print()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=25)
    parser.add_argument("--processes", type=int, default=5)
    parser.add_argument("--one", action="store_true", help="measure in this process, print JSON")
    options = parser.parse_args()
    if options.one:
        print(json.dumps(one_process(options.rounds)))
    else:
        results = other_processes(options.rounds, options.processes)
        show({**results, **whole_processes(options.rounds)})


if __name__ == "__main__":
    main()
