"""What users do with a run and real libraries: what comes back is equal and never changes.

`PYTHONPATH=. .venv/bin/python .ci/test_ecosystem.py`, as processes that these start import it, too.
"""

import dataclasses
import email
import io
import json
import pickle
import unittest
import warnings
from typing import Any

import cattrs
import cloudpickle
import dacite
import dask
import dask.bag
import fastapi
import fastapi.testclient
import httpx
import hypothesis
import joblib
import msgspec
import openai
import openai.types.beta.threads.run
import orjson
import pandas
import pydantic
import rich.pretty
import yaml
from hypothesis import strategies

from runobject import RunObject, RunObjectError

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

        @app.get("/run", response_model=RunObject)
        def get() -> RunObject:
            return RUN

        @app.post("/run")
        def post(run: RunObject) -> RunObject:
            self.same(run)
            return run

        @app.post("/with_usage")
        def post_with_usage(run: Run) -> Run:
            self.has_usage(run)
            return run

        client = fastapi.testclient.TestClient(app)
        self.same(RunObject.from_dict(client.get("/run").json()))
        self.same(RunObject.from_dict(client.post("/run", json=DATA).json()))
        self.has_usage(Run.from_dict(client.post("/with_usage", json=WITH_USAGE).json()))
        self.assertEqual(client.post("/run", json={**DATA, "metadata": None}).status_code, 422)
        self.assertIn("RunObject", client.get("/openapi.json").json()["components"]["schemas"])

    def test_cattrs(self) -> None:
        self.same(cattrs.structure(DATA, RunObject))
        self.same(RunObject.from_dict(cattrs.unstructure(RUN)))

    def test_dacite(self) -> None:
        self.same(dacite.from_dict(RunObject, DATA))

    def test_openai(self) -> None:
        given = {
            **DATA,
            "instructions": "",
            "parallel_tool_calls": True,
            "tools": [{"type": "code_interpreter"}],
        }
        run = openai.types.beta.threads.run.Run.construct(**given)
        self.assertEqual(
            RunObject.from_dict(run.to_dict(mode="json")).to_dict(),
            {**DATA, "instructions": "", "tools": [{"type": "code_interpreter"}]},
        )

    def test_httpx(self) -> None:
        def answer(request: httpx.Request) -> httpx.Response:
            return httpx.Response(200, json=DATA, headers={"X-Request-Id": "req_1"})

        with httpx.Client(transport=httpx.MockTransport(answer)) as client:
            response = client.get("https://api.example/v1/threads/thread_1/runs/run_1")
        run = RunObject.from_dict({**response.json(), "headers": response.headers})
        assert run.headers is not None
        self.assertEqual(run.headers["x-request-id"], "req_1")
        self.assertEqual(run.headers["content-type"], "application/json")

    def test_headers_of_urllib(self) -> None:
        # No `Mapping`; they are the headers of a response of `urllib.request`, too.
        headers = email.message_from_string("X-Request-Id: req_1\nX-Request-Id: req_2\n\n")
        with self.assertRaises(RunObjectError):
            RunObject.from_dict({**DATA, "headers": headers})
        run = RunObject.from_dict({**DATA, "headers": dict(headers.items())})
        self.assertEqual(run.headers, {"X-Request-Id": "req_2"})


class Crowds(Case):
    def test_pandas(self) -> None:
        for frame in (
            pandas.DataFrame([RUN, RUN]),
            pandas.DataFrame([RUN.to_dict(), RUN.to_dict()]),
        ):
            self.assertEqual(list(frame.columns), list(DATA))
            self.assertEqual(list(frame["id"]), ["run_1", "run_1"])
            self.assertEqual(frame["completed_at"].sum() - frame["created_at"].sum(), 8)
            self.assertEqual(frame["metadata"][1], DATA["metadata"])

    def test_dask(self) -> None:
        payloads = [{**DATA, "id": f"run_{i}"} for i in range(100)]
        with dask.config.set(scheduler="processes", num_workers=2):
            runs = dask.bag.from_sequence(payloads).map(RunObject.from_dict).compute()
        self.assertEqual([run.to_dict() for run in runs], payloads)

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

    def test_rich(self) -> None:
        console = rich.console.Console(file=io.StringIO(), width=120)
        console.print(RUN)
        self.assertIn("status='completed'", console.file.getvalue())  # type: ignore[attr-defined]


texts = strategies.text(max_size=20)
maps = strategies.dictionaries(texts, texts, max_size=3)
integers = strategies.integers(-(2**63), 2**63 - 1)
kinds = {
    **dict.fromkeys(
        [
            "id",
            "object",
            "thread_id",
            "assistant_id",
            "status",
            "model",
            "last_error",
            "instructions",
        ],
        texts,
    ),
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
