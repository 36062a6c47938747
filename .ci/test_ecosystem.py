"""What users do with a run and real libraries: what comes back is equal and never changes.

`PYTHONPATH=. .venv/bin/python .ci/test_ecosystem.py`, as processes that these start import it, too.
"""

import dataclasses
import importlib
import io
import itertools
import json
import os
import pickle
import shutil
import subprocess
import sys
import tempfile
import unittest
import unittest.mock
import warnings
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from types import MappingProxyType
from typing import Any, ClassVar

import beartype.roar
import cattrs
import cloudpickle
import dacite
import fastapi
import fastapi.testclient
import httpx
import hypothesis
import joblib
import msgspec
import numpy
import orjson
import pydantic
import rich.console
import typeguard
import yaml
from hypothesis import strategies

import runobject
from runobject import RunObject, RunObjectError

MODULE = Path(runobject.__file__).resolve()
DATA: dict[str, Any] = {
    "id": "run_1",
    "object": "thread.run",
    "created_at": 1699063290,
    "thread_id": "thread_1",
    "assistant_id": "asst_1",
    "status": "completed",
    "required_action": None,
    "last_error": None,
    "expires_at": None,
    "started_at": 1699063291,
    "cancelled_at": None,
    "failed_at": None,
    "completed_at": 1699063294,
    "model": "gpt-4",
    "instructions": "Sois bref – 手短に 🙂",
    "tools": [{"type": "code_interpreter"}, {"type": "retrieval"}],
    "file_ids": ["file-1", "file-2"],
    "metadata": {"user": "u_1"},
    "headers": {"x-request-id": "req_1"},
}
RUN = RunObject.from_dict(DATA)
JSON = json.dumps(DATA)
OPTIONAL = [field.name for field in dataclasses.fields(RunObject) if field.default is None]


@dataclasses.dataclass(frozen=True, kw_only=True)
class Run(RunObject):
    """A run with a field of its own."""

    usage: dict[str, int] | None = None


WITH_USAGE = {**DATA, "usage": {"total_tokens": 579}}


class Case(unittest.TestCase):
    def same(self, run: Any) -> None:
        """Check that it is a run like `RUN`, which can't be changed."""
        self.assertIs(type(run), RunObject)
        self.assertEqual(run, RUN)
        self.assertEqual(hash(run), hash(RUN))
        self.assertEqual(list(run.to_dict().items()), list(DATA.items()))
        self.assertEqual((type(run.tools), type(run.file_ids)), (tuple, tuple))
        for texts in (run.metadata, run.headers, *run.tools):
            with self.assertRaises(TypeError):
                texts["a"] = "b"
        with self.assertRaises(dataclasses.FrozenInstanceError):
            run.id = "other"

    def has_usage(self, run: Any) -> None:
        self.assertIs(type(run), Run)
        self.assertEqual(run, Run.from_dict(WITH_USAGE))
        self.assertEqual(list(run.to_dict().items()), list(WITH_USAGE.items()))


class Encoders(Case):
    def test_orjson(self) -> None:
        self.assertEqual(orjson.loads(orjson.dumps(RUN)), DATA)
        self.assertEqual(orjson.loads(orjson.dumps([RUN])), [DATA])
        self.same(RunObject.from_dict(orjson.loads(orjson.dumps(RUN.to_dict()))))

    def test_yaml(self) -> None:
        self.same(RunObject.from_dict(yaml.safe_load(yaml.safe_dump(RUN.to_dict()))))
        # Unsorted, as its loader sets the fields one by one, without a look at the class.
        self.same(yaml.unsafe_load(yaml.dump(RUN, sort_keys=False)))


class Models(Case):
    def test_msgspec(self) -> None:
        self.assertEqual(msgspec.json.decode(msgspec.json.encode(RUN)), DATA)
        tuples = {**DATA, "tools": tuple(DATA["tools"]), "file_ids": tuple(DATA["file_ids"])}
        self.assertEqual(msgspec.to_builtins(RUN), tuples)
        self.same(msgspec.json.decode(JSON, type=RunObject))
        self.same(msgspec.convert(DATA, RunObject))
        self.same(msgspec.json.decode(json.dumps(dict(reversed(DATA.items()))), type=RunObject))
        self.has_usage(msgspec.json.decode(json.dumps(WITH_USAGE), type=Run))
        self.has_usage(msgspec.convert(WITH_USAGE, Run))
        with self.assertRaises(msgspec.ValidationError):
            msgspec.json.decode(JSON.replace("1699063290", "9223372036854775808"), type=RunObject)

    def test_pydantic(self) -> None:
        adapter = pydantic.TypeAdapter(RunObject)
        self.same(adapter.validate_python(DATA))
        self.same(adapter.validate_json(JSON))
        self.same(adapter.validate_python(RUN))
        self.assertEqual(json.loads(adapter.dump_json(RUN)), DATA)
        schema = adapter.json_schema()
        self.assertEqual(list(schema["properties"]), list(DATA))
        self.assertEqual(set(schema["required"]), {*DATA} - {*OPTIONAL})
        with self.assertRaises(pydantic.ValidationError):
            adapter.validate_python({**DATA, "created_at": 2**63})
        with_usage = pydantic.TypeAdapter(Run)
        self.has_usage(with_usage.validate_python(WITH_USAGE))
        self.has_usage(with_usage.validate_json(json.dumps(WITH_USAGE)))
        self.assertEqual(json.loads(with_usage.dump_json(Run.from_dict(WITH_USAGE))), WITH_USAGE)

        class Archive(pydantic.BaseModel):
            run: RunObject

        self.same(Archive(run=RUN).run)
        self.same(Archive.model_validate({"run": DATA}).run)
        self.same(Archive.model_validate_json(Archive(run=RUN).model_dump_json()).run)

    def test_fastapi(self) -> None:
        app = fastapi.FastAPI()
        app.get("/run", response_model=Run)(lambda: Run.from_dict(WITH_USAGE))
        client = fastapi.testclient.TestClient(app)
        self.has_usage(Run.from_dict(client.get("/run").json()))
        schemas = client.get("/openapi.json").json()["components"]["schemas"]
        self.assertEqual(list(schemas["Run"]["properties"]), list(WITH_USAGE))

    def test_cattrs(self) -> None:
        self.same(cattrs.structure(DATA, RunObject))
        self.same(RunObject.from_dict(cattrs.unstructure(RUN)))

    def test_dacite(self) -> None:
        self.same(dacite.from_dict(RunObject, DATA))


class Crowds(Case):
    def test_joblib(self) -> None:
        runs = joblib.Parallel(n_jobs=2)(
            joblib.delayed(RunObject.from_dict)(DATA) for _ in range(10)
        )
        for run in runs:
            self.same(run)
        self.assertEqual(joblib.hash(RUN), joblib.hash(RunObject.from_dict(DATA)))

    def test_cloudpickle(self) -> None:
        self.same(pickle.loads(cloudpickle.dumps(RUN)))
        self.same(pickle.loads(cloudpickle.dumps(lambda: RUN))())

    def test_numpy(self) -> None:
        with warnings.catch_warnings(action="error"):
            run = RunObject.from_response({**DATA, "created_at": numpy.float64(1699063290)})
            self.same(run)
            self.assertIs(type(run.created_at), int)
            for texts in ([], ["file-1"], ["file-1", "file-2"]):
                for read in (RunObject.from_dict, RunObject.from_response):
                    with self.assertRaises(RunObjectError) as caught:
                        read({**DATA, "file_ids": numpy.array(texts)})
                    told = {"file_ids": "expected list, got ndarray"}
                    self.assertEqual(caught.exception.problems, told)

    def test_rich(self) -> None:
        shown = io.StringIO()
        rich.console.Console(file=shown, width=120).print(RUN)
        self.assertIn("status='completed'", shown.getvalue())


SENDING = """
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
import cloudpickle, runobject

@dataclass(frozen=True, kw_only=True)
class Run(runobject.RunObject):
    metadata: Mapping[str, str] = field(default_factory=lambda: {"by": "default"})
    usage: int = 7
    notes: list[str] = field(default_factory=list)
    tag: str

if "used" in sys.argv:
    Run.from_dict({**eval(sys.argv[1]), "tag": "a"})
if "by value" in sys.argv:
    cloudpickle.register_pickle_by_value(runobject)
sys.stdout.buffer.write(cloudpickle.dumps([Run.from_dict, Run.from_response]))
"""
RECEIVING = """
import importlib.util, pickle, sys
data, told = eval(sys.argv[1]), [importlib.util.find_spec("runobject") is not None]
for read in pickle.load(sys.stdin.buffer):
    run = read({**data, "tag": "a"})
    told += [run.to_dict(), [type(value).__name__ for value in vars(run).values()]]
    try:
        read(data)
    except ValueError as error:
        told += [type(error).__name__, error.problems]
print(told)
"""


class Sent(unittest.TestCase):
    """A class that a script defines, in processes that have the module alone, or not even that."""

    def test_by_value(self) -> None:
        data = {name: value for name, value in DATA.items() if name != "metadata"}
        own = {"metadata": {"by": "default"}, "usage": 7, "notes": [], "tag": "a"}
        types = [type(value).__name__ for value in [*vars(RUN).values(), 7, [], "a"]]
        told = [{**DATA, **own}, types, "RunObjectError", {"tag": "missing"}]
        for by_value, used in itertools.product(("by value", ""), ("used", "")):
            with self.subTest(by_value=by_value, used=used):
                python = [sys.executable, "-c"]
                sent = subprocess.check_output([*python, SENDING, repr(data), by_value, used])
                shown = subprocess.check_output(
                    [*python, RECEIVING, repr(data)],
                    input=sent,
                    cwd="/",
                    env={**os.environ, "PYTHONPATH": "" if by_value else str(MODULE.parent)},
                )
                self.assertEqual(eval(shown), [not by_value, *told, *told])


class Hooked(unittest.TestCase):
    """In a package whose functions a run-time type checker wraps, nothing is different."""

    hooks: ClassVar = {
        "beartyped": "from beartype.claw import beartype_this_package as hook; hook()",
        "typeguarded": "from typeguard import install_import_hook as hook; hook('typeguarded')",
    }

    @classmethod
    def setUpClass(cls) -> None:
        cls.enterClassContext(warnings.catch_warnings(action="error"))
        cls.folder = cls.enterClassContext(tempfile.TemporaryDirectory())
        cls.enterClassContext(unittest.mock.patch.object(sys, "path", [cls.folder, *sys.path]))
        cls.modules: list[Any] = []
        for name, hook in cls.hooks.items():
            package = Path(cls.folder, name)
            package.mkdir()
            (package / "__init__.py").write_text(hook)
            shutil.copy(MODULE, package / "runs.py")
            cls.modules.append(importlib.import_module(f"{name}.runs"))

    def outcomes(self, module: Any, data: Any) -> Iterator[Any]:
        own = dataclasses.make_dataclass(
            "Run", [("tag", str, "a")], bases=(module.RunObject,), frozen=True, kw_only=True
        )
        for kind in (module.RunObject, own):
            for read in (kind.from_dict, kind.from_response):
                try:
                    yield dataclasses.replace(read(data)).to_dict()
                except module.RunObjectError as error:
                    yield error.problems

    def test_reading(self) -> None:
        strange: list[Any] = [None, True, 7, 1.5, 2**63, "", "\ud800", b"", object(), date.today()]
        strange += [[], (), {}, [7], {"a": 7}, {7: "a"}, {(): None}, [["a"]], [{"a": None}]]
        given = [*strange, "text", JSON, [DATA], DATA, MappingProxyType(DATA), {7: 0, **DATA}]
        given += [{**DATA, "headers": httpx.Headers(DATA["headers"])}]
        given += [{**DATA, name: value} for name in DATA for value in strange]
        for module, data in itertools.product(self.modules, given):
            with self.subTest(f"{module.__name__}: {data}"):
                expected = list(self.outcomes(runobject, data))
                self.assertEqual(list(self.outcomes(module, data)), expected)

    def test_what_calls_it_wrongly_is_told_by_the_checker(self) -> None:
        checks = [beartype.roar.BeartypeException, typeguard.TypeCheckError]
        for module, error in zip(self.modules, checks, strict=True):
            with self.assertRaises(error):
                module.RunObjectError("no mapping")

    def test_the_command(self) -> None:
        documents = [JSON, json.dumps({**DATA, "id": 7}), json.dumps([WITH_USAGE]), "[", "7"]
        told = [
            subprocess.run(
                [sys.executable, "-c", f"import {name} as runs; exit(runs.main())", "--json-lines"],
                input="\n".join(documents),
                env={**os.environ, "PYTHONPATH": f"{MODULE.parent}{os.pathsep}{self.folder}"},
                capture_output=True,
                text=True,
            )
            for name in ("runobject", *[f"{name}.runs" for name in self.hooks])
        ]
        first, *others = [(done.returncode, done.stdout, done.stderr) for done in told]
        self.assertEqual((first[0], first[1].count("\n"), first[2].count("\n")), (1, 2, 5))
        self.assertEqual(others, [first] * len(self.hooks))


texts = strategies.text(max_size=20)
maps = strategies.dictionaries(texts, texts, max_size=3)
integers = strategies.integers(-(2**63), 2**63 - 1)
kinds = {
    **dict.fromkeys(DATA, texts),
    **{name: integers for name in DATA if name.endswith("_at")},
    **dict.fromkeys(["required_action", "metadata", "headers"], maps),
    "tools": strategies.lists(maps, max_size=3),
    "file_ids": strategies.lists(texts, max_size=3),
}
documents = strategies.fixed_dictionaries(
    {name: kinds[name] for name in DATA if name not in OPTIONAL},
    optional={name: strategies.none() | kinds[name] for name in OPTIONAL},
)
anything: Any = strategies.recursive(
    strategies.none()
    | strategies.booleans()
    | strategies.integers()
    | strategies.floats()
    | strategies.binary()
    | strategies.text(strategies.characters(codec=None, categories=None))
    | strategies.dates()
    | strategies.complex_numbers(),
    lambda inner: (
        strategies.lists(inner)
        | strategies.dictionaries(strategies.text() | strategies.integers(), inner)
        | strategies.tuples(inner)
        | strategies.sets(strategies.integers())
    ),
    max_leaves=8,
)
settings = hypothesis.settings(max_examples=500, deadline=None, print_blob=True, database=None)


class AnyData(unittest.TestCase):
    @settings
    @hypothesis.given(
        documents,
        strategies.dictionaries(strategies.sampled_from(list(DATA)) | texts, anything, min_size=1),
    )
    def test_no_other_error(self, data: dict[str, Any], changes: dict[str, Any]) -> None:
        for read in (RunObject.from_dict, RunObject.from_response):
            try:
                run = read({**data, **changes})
            except RunObjectError as error:
                self.assertTrue(str(error).isprintable())
                self.assertLess(len(str(error).encode()), 16 * 1024)
            else:
                self.assertEqual(RunObject.from_dict(run.to_dict()), run)
                self.assertEqual(RunObject.from_response(run.to_dict()), run)

    @settings
    @hypothesis.given(documents)
    def test_all_that_from_dict_takes_is_a_response(self, data: dict[str, Any]) -> None:
        self.assertEqual(RunObject.from_response(data), RunObject.from_dict(data))

    @settings
    @hypothesis.given(anything)
    def test_no_other_error_for_anything(self, data: Any) -> None:
        for read in (RunObject.from_dict, RunObject.from_response):
            with self.assertRaises(RunObjectError):
                read(data)


if __name__ == "__main__":
    warnings.simplefilter("ignore", DeprecationWarning)
    unittest.main()
