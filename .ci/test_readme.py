"""Runs what the README shows, as a reader would: `python3 .ci/test_readme.py`.

Needs the libraries of `requirements.txt`, jq and, for Spark, Java.
"""

import doctest
import email.message
import gzip
import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import typing
import unittest
from pathlib import Path
from typing import Any

import fastapi
import fastapi.testclient
import httpx
import hypothesis
import openai.types.beta.threads.run
import pandas
import pydantic
from hypothesis import strategies

HERE = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(HERE), str(HERE / ".ci")]

import bench  # noqa: E402

from runobject import RunObject, RunObjectError  # noqa: E402

Data = dict[str, Any]

README = (HERE / "README.md").read_text(encoding="utf-8")
BLOCKS: list[tuple[str, str]] = re.findall(r"^```(\w+)\n(.*?)^```$", README, re.M | re.S)
EXAMPLE, CHECK, TESTS, LATER, FIND, INTO_SQLITE, STORE, COUNT = [code for _, code in BLOCKS]
SCRIPTS = {code.split(" ", 2)[1].split("\n")[0]: code for code in (LATER, INTO_SQLITE, COUNT)}

OLD: Data = {
    "id": "run_1",
    "object": "thread.run",
    "created_at": 1699063290,
    "thread_id": "thread_1",
    "assistant_id": "asst_1",
    "status": "completed",
    "model": "gpt-4",
    "tools": [{"type": "code_interpreter"}],
    "file_ids": [],
    "metadata": {},
}
# A run as version 2 of the API writes it.
NEW: Data = {
    "id": "run_2",
    "object": "thread.run",
    "created_at": 1720000000,
    "thread_id": "thread_1",
    "assistant_id": "asst_1",
    "status": "requires_action",
    "required_action": {
        "type": "submit_tool_outputs",
        "submit_tool_outputs": {"tool_calls": [{"id": "call_1"}]},
    },
    "last_error": {"code": "server_error", "message": "Sorry"},
    "model": "gpt-4o",
    "instructions": None,
    "tools": [
        {"type": "file_search", "file_search": None},
        {"type": "function", "function": {"name": "größe", "parameters": {"a": [1, None]}}},
    ],
    "metadata": {"user": "u_1"},
    "usage": {
        "prompt_tokens": 20,
        "completion_tokens": 11,
        "total_tokens": 31,
        "prompt_token_details": {"cached_tokens": 0},
    },
    "temperature": 1.0,
    "response_format": "auto",
}


def numbered(first: int, *runs: Data) -> list[Data]:
    return [{**run, "id": f"run_{number}"} for number, run in enumerate(runs, first)]


def lines(*runs: Any) -> str:
    return "".join([json.dumps(run) + "\n" for run in runs])


class Folder(unittest.TestCase):
    """A new folder of a reader's with the files, and the Python of these tests as `python3`."""

    maxDiff = None

    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        for name in ("runobject.py", "test_runobject.py"):
            shutil.copy(HERE / name, self.folder)
        for name, code in SCRIPTS.items():
            self.file(name, code)
        self.file("bin/python3", f'#!/bin/sh\nexec "{sys.executable}" "$@"\n')
        (self.folder / "bin" / "python3").chmod(0o755)
        self.path = f"{self.folder}/bin:{os.environ['PATH']}"

    def shell(self, code: str, **environment: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["bash", "-eo", "pipefail", "-c", code],
            cwd=self.folder,
            env={**os.environ, **environment, "PATH": self.path},
            capture_output=True,
            text=True,
            timeout=300,
        )

    def file(self, name: str, content: Any) -> None:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        text = content if isinstance(content, (bytes, str)) else json.dumps(content)
        path.write_bytes(text.encode() if isinstance(text, str) else text)

    def python(self, code: str, **environment: str) -> str:
        """What a script of the reader's, beside those of the README, prints."""
        self.file("script.py", code)
        done = self.shell("python3 script.py", **environment)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout


class QuickStart(Folder):
    def test_every_block_is_run_by_a_test(self) -> None:
        kinds = [kind for kind, _ in BLOCKS]
        expected = ["pycon", "sh", "sh", "python", "sh", "python", "sh", "python"]
        self.assertEqual(kinds, expected)
        self.assertEqual([*SCRIPTS], ["later.py", "into_sqlite.py", "count_statuses.py"])

    def test_the_example_holds(self) -> None:
        test = doctest.DocTestParser().get_doctest(EXAMPLE, {}, "README.md", "README.md", 0)
        results = doctest.DocTestRunner().run(test)
        self.assertEqual((results.failed, results.attempted), (0, 4))

    def test_a_run_is_checked(self) -> None:
        self.file("check.sh", f"set -eo pipefail\n{CHECK}")
        for command in ("bash check.sh", 'env -i PATH="$PATH" bash check.sh'):
            for unbuffered in ("", "1"):
                done = self.shell(command, PYTHONUNBUFFERED=unbuffered)
                self.assertEqual((done.returncode, done.stderr), (0, ""))
                self.assertEqual(len(json.loads(done.stdout)), 19)
                self.assertEqual(done.stdout.count("\n"), 25)

    def test_the_tests_pass(self) -> None:
        self.file("tests.sh", TESTS)
        done = self.shell('env -i PATH="$PATH" bash tests.sh')
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertTrue(done.stderr.endswith("\nOK\n"), done.stderr)


class Tables(unittest.TestCase):
    def test_the_fields(self) -> None:
        rows = re.findall(r"^\| ([a-z ]+) \| (`.*) \| (.*?) ?\| `(\S.*)` \|$", README, re.M)
        optional = "`expires_at`, `started_at`, `cancelled_at`, `failed_at`, `completed_at`"
        texts = "`id`, `object`, `thread_id`, `assistant_id`, `status`, `model`"
        maps = "HashMap<String, String>"
        self.assertEqual(
            rows,
            [
                ("text", texts, "`last_error`, `instructions`", "String"),
                ("integer", "`created_at`", optional, "i64"),
                ("text map", "`metadata`", "`required_action`, `headers`", maps),
                ("list of texts", "`file_ids`", "", "Vec<String>"),
                ("list of text maps", "`tools`", "", f"Vec<{maps}>"),
            ],
        )

    def rows(self, first: str) -> list[list[str]]:
        """The cells of the table of peers whose first cell begins so."""
        tables = README[README.index("## Peers") :].split("\n\n")
        (table,) = [table for table in tables if table.startswith(f"| {first}")]
        return [line.strip("| ").split(" | ") for line in table.splitlines()]

    def test_what_the_peers_take_that_is_no_run(self) -> None:
        (_, *cases), _, *rows = self.rows("takes")
        self.assertEqual([row[0] for row in rows], ["RunObject", *bench.SHORT_ROWS])
        taken = bench.takes()
        for name, *cells in rows:
            self.assertEqual(cells, ["yes" if taken[name][case] else "no" for case in cases], name)

    def test_the_rows_and_columns_of_costs(self) -> None:
        (version, *columns), _, *rows = self.rows("CPython")
        self.assertRegex(version, r"^CPython 3\.\d+\.\d+")
        self.assertEqual(columns, bench.SHORT_COLUMNS)
        self.assertEqual([row[0] for row in rows], bench.SHORT_ROWS)
        for _, *cells in rows:
            self.assertRegex(" ".join(cells), r"^\d+\.\d\d( \d+\.\d\d){3}$")


class RunsSince2024(Folder):
    def setUp(self) -> None:
        super().setUp()
        sys.path.insert(0, str(self.folder))
        self.addCleanup(sys.path.remove, str(self.folder))
        spec = importlib.util.spec_from_file_location("later", self.folder / "later.py")
        assert spec and spec.loader
        module = importlib.util.module_from_spec(spec)
        sys.modules["later"] = module
        self.addCleanup(sys.modules.pop, "later")
        spec.loader.exec_module(module)
        self.run_class: Any = module.Run

    def test_nested_objects_become_json_text_and_there_is_a_way_back(self) -> None:
        before = json.dumps(NEW)
        run = self.run_class.from_dict(NEW)
        self.assertEqual(json.dumps(NEW), before)
        self.assertIs(type(run), self.run_class)
        self.assertEqual(run.file_ids, ())
        self.assertEqual(run.tools[0], {"type": "file_search"})
        self.assertIn('`json.loads(run.tools[0]["function"])`', README)
        self.assertEqual(json.loads(run.tools[1]["function"]), NEW["tools"][1]["function"])
        self.assertEqual(run.required_action["type"], "submit_tool_outputs")
        outputs = json.loads(run.required_action["submit_tool_outputs"])
        self.assertEqual(outputs, {"tool_calls": [{"id": "call_1"}]})
        self.assertEqual(json.loads(run.last_error), NEW["last_error"])
        self.assertEqual((run.usage["total_tokens"], run.usage), (31, NEW["usage"]))
        self.assertEqual(self.run_class.from_dict(run.to_dict()), run)
        self.assertEqual(self.run_class.from_dict(json.loads(json.dumps(run.to_dict()))), run)
        self.assertEqual(len({run}), 1)

    def test_a_run_of_the_first_version_stays_as_it_is(self) -> None:
        expected = {**RunObject.from_dict(OLD).to_dict(), "usage": None}
        self.assertEqual(self.run_class.from_dict(OLD).to_dict(), expected)

    def test_nulls_are_left_out(self) -> None:
        nulls = dict.fromkeys(
            ["last_error", "required_action", "file_ids", "metadata", "usage", "headers"]
        )
        run = self.run_class.from_dict({**NEW, **nulls})
        self.assertEqual((run.last_error, run.required_action, run.usage), (None, None, None))
        self.assertEqual((run.file_ids, run.metadata, run.headers), ((), {}, None))

    def test_an_object_of_the_openai_package(self) -> None:
        given = {**NEW, "instructions": "", "parallel_tool_calls": True}
        response = openai.types.beta.threads.run.Run.construct(**given)
        run = self.run_class.from_dict(response.to_dict())
        self.assertEqual(run, self.run_class.from_dict(given))
        text = response.model_dump_json()
        self.assertIn('"file_search":null', text)
        dumped = self.run_class.from_dict(json.loads(text))
        self.assertEqual((dumped.id, dumped.usage), (run.id, run.usage))
        self.assertEqual(dumped.tools[0], {"type": "file_search"})

    def test_nothing_else_is_changed(self) -> None:
        for name, value, path, reason in [
            ("metadata", {"n": 7}, "metadata['n']", "expected str, got int"),
            ("metadata", {"n": {}}, "metadata['n']", "expected str, got dict"),
            ("metadata", [], "metadata", "expected dict, got list"),
            ("last_error", 5, "last_error", "expected str or None, got int"),
            ("required_action", [], "required_action", "expected dict or None, got list"),
            ("required_action", {"n": 7}, "required_action['n']", "expected str, got int"),
            ("tools", {}, "tools", "expected list, got dict"),
            ("tools", [7], "tools[0]", "expected dict, got int"),
            ("file_ids", "", "file_ids", "expected list, got str"),
            ("id", 7, "id", "expected str, got int"),
            ("usage", [], "usage", "expected dict or None, got list"),
            ("usage", {"total": "7"}, "usage['total']", "expected int, got str"),
            ("usage", {"total": True}, "usage['total']", "expected int, got bool"),
        ]:
            with self.assertRaises(RunObjectError) as caught:
                self.run_class.from_dict({**NEW, name: value})
            self.assertEqual(caught.exception.problems, {path: reason})
        with self.assertRaises(RunObjectError) as caught:
            self.run_class.from_dict([])
        self.assertEqual(caught.exception.problems, {"": "expected dict, got list"})

    json_values: Any = strategies.recursive(
        strategies.none() | strategies.booleans() | strategies.integers() | strategies.floats()
        | strategies.text(strategies.characters(categories=None)),
        lambda inner: strategies.lists(inner) | strategies.dictionaries(strategies.text(), inner),
        max_leaves=6,
    )  # fmt: skip

    @hypothesis.settings(max_examples=1000, deadline=None, print_blob=True, database=None)
    @hypothesis.given(
        strategies.dictionaries(strategies.sampled_from([*bench.TYPICAL, "usage"]), json_values)
        | json_values
    )
    def test_every_refusal_is_a_run_object_error(self, changes: Any) -> None:
        payload = {**NEW, **changes} if isinstance(changes, dict) else changes
        try:
            run = self.run_class.from_dict(payload)
        except RunObjectError as error:
            self.assertTrue(error.problems)
        else:
            self.assertIs(type(run), self.run_class)


class Responses(Folder):
    """A folder of responses, and files that are turned into such on the way."""

    def test_a_folder_of_responses(self) -> None:
        runs = numbered(0, *[OLD, NEW] * 5)
        page = {"object": "list", "data": runs[2:4], "first_id": "run_2", "has_more": False}
        self.file("responses/0.json", runs[0])
        self.file("responses/one/1.json", "\ufeff" + json.dumps(runs[1], indent=2))
        self.file("responses/one/page.json", json.dumps(page, indent=2))
        self.file("responses/two words/array.json", runs[4:6])
        self.file("responses/lines.jsonl", lines(runs[6], page) + "\n" + lines(runs[7]))
        done = self.shell(FIND)
        self.assertEqual(done.returncode, 0, done.stderr)
        written = (self.folder / "runs.jsonl").read_text().splitlines()
        numbers = sorted(json.loads(line)["id"] for line in written)
        self.assertEqual(numbers, [f"run_{i}" for i in (0, 1, 2, 2, 3, 3, 4, 5, 6, 7)])
        self.assertEqual(
            sorted(done.stderr.splitlines()),
            [
                "responses/lines.jsonl: 4 of 4 runs fit",
                "responses/one/page.json: 2 of 2 runs fit",
                "responses/two words/array.json: 2 of 2 runs fit",
            ],
        )

    def test_what_is_no_run_is_told_and_the_rest_goes_on(self) -> None:
        runs = numbered(0, NEW, {**NEW, "metadata": {"user": 7}}, NEW)
        cut = json.dumps(NEW)[:50]
        self.file("responses/bad-ends.jsonl", f"# exported\n{lines(*runs)}{cut}")
        self.file("responses/error.json", {"error": {"message": "No run found"}})
        message = {"id": "msg_1", "object": "thread.message"}
        self.file("responses/messages.json", {"object": "list", "data": [message]})
        done = self.shell(f"{FIND.splitlines()[0]} || echo {{status 1}}\n{FIND.splitlines()[1]}")
        self.assertEqual((done.returncode, done.stdout), (1, "{status 1}\n"))
        written = (self.folder / "runs.jsonl").read_text().splitlines()
        self.assertEqual([json.loads(line)["id"] for line in written], ["run_0", "run_2"])
        for told in (
            "responses/bad-ends.jsonl:1:1: Expecting value\n",
            "responses/bad-ends.jsonl:3: metadata['user']: expected str, got int\n",
            "responses/bad-ends.jsonl:5:",
            "responses/bad-ends.jsonl: 2 of 5 runs fit\n",
            "responses/error.json:1: id: missing\n",
            "responses/messages.json:1: data[0]: assistant_id: missing\n",
        ):
            self.assertIn(told, done.stderr)

    def test_the_statuses_of_the_command_and_of_find(self) -> None:
        self.assertEqual(self.shell("python3 later.py no.json").returncode, 2)
        self.file("responses/0.json", NEW)
        done = self.shell(f"{FIND.splitlines()[0].replace('>runs.jsonl', '>/dev/full')}")
        self.assertEqual(done.returncode, 1)

    def test_other_kinds_of_files(self) -> None:
        runs = numbered(0, NEW, OLD, NEW)
        body, text = json.dumps(runs[0], indent=2), lines(*runs)
        events = [
            ("thread.run.created", json.dumps(runs[0])),
            ("thread.run.step.created", json.dumps({"id": "step_1", "object": "thread.run.step"})),
            ("thread.message.delta", json.dumps({"text": '{"object": "thread.run"}'})),
            ("thread.run.completed", json.dumps(runs[2], separators=(",", ":"))),
            ("done", "[DONE]"),
        ]
        self.file("lines.jsonl.gz", gzip.compress(text.encode()))
        self.file("utf16.json", body.encode("utf-16"))
        self.file("curl-i.txt", f"HTTP/2 200\r\ncontent-type: application/json\r\n\r\n{body}\n")
        self.file("stream.txt", "".join([f"event: {e}\ndata: {data}\n\n" for e, data in events]))
        prefixed = [f"2024-07-03 10:00:00 INFO run {json.dumps(run)}\n" for run in runs]
        self.file("prefixed.log", "2024-07-03 09:59:59 INFO started\n" + "".join(prefixed))
        envelopes = [{"url": "/v1/runs", "response": {"status": 200, "body": r}} for r in runs]
        self.file("envelope.jsonl", lines(*envelopes))
        self.file("concatenated.json", "".join([json.dumps(run, indent=2) + "\n" for run in runs]))
        expected = {
            "lines.jsonl.gz": [0, 1, 2],
            "utf16.json": [0],
            "curl-i.txt": [0],
            "stream.txt": [0, 2],
            "prefixed.log": [0, 1, 2],
            "envelope.jsonl": [0, 1, 2],
            "concatenated.json": [0, 1, 2],
        }
        (section,) = re.findall(r"^## Read a folder.*?^## ", README, re.M | re.S)
        commands = re.findall(r"^\| .* \| `(.*)` \| `?(.*?)`? ?\|$", section, re.M)
        found: dict[str, list[int]] = {}
        for command, option in commands:
            done = self.shell(f"{command} | python3 later.py {option}")
            self.assertEqual(done.returncode, 0, done.stderr)
            (name,) = [name for name in expected if name in command]
            found[name] = [int(json.loads(line)["id"][4:]) for line in done.stdout.splitlines()]
        self.assertEqual(found, expected)

    def test_many_compressed_files_with_their_complaints_apart(self) -> None:
        (loop,) = re.findall(r"^`(for file in .*; done)`", README, re.M)
        self.file("one.gz", gzip.compress(lines(NEW).encode()))
        self.file("two words.gz", gzip.compress(lines(OLD, {}).encode()))
        done = self.shell(f"set +e\n{loop}")
        self.assertEqual((done.stdout.count("\n"), done.stderr), (2, ""))
        told = (self.folder / "two words.gz.errors").read_text().splitlines()
        self.assertEqual(
            (told[0], told[-1]), ("<stdin>:2: id: missing", "<stdin>: 1 of 2 runs fit")
        )


class Databases(Folder):
    rows = (
        "import sqlite3\n"
        "for row in sqlite3.connect('runs.db').execute('select * from runs'): print(*row)"
    )

    def test_the_last_run_of_each_id(self) -> None:
        last = {**NEW, "status": "failed"}
        self.file("runs.jsonl", lines(OLD, NEW, last))
        for _ in range(2):
            done = self.shell(STORE)
            self.assertEqual((done.returncode, done.stderr), (0, ""))
            first, second = self.python(self.rows).splitlines()
            self.assertEqual((first[:6], second[:6]), ("run_1 ", "run_2 "))
            stored = json.loads(second[6:])
            self.assertEqual((stored["status"], stored["usage"]), ("failed", NEW["usage"]))

    def test_a_line_that_is_no_run_is_named_and_changes_nothing(self) -> None:
        self.file("runs.jsonl", lines(OLD))
        self.shell(STORE)
        before = self.python(self.rows)
        for line, told in [
            ("{}", "runs.jsonl:2: id: missing; object: missing"),
            ("{", "runs.jsonl:2: Expecting property name"),
        ]:
            self.file("runs.jsonl", lines({**OLD, "id": "run_9"}) + line)
            done = self.shell(STORE)
            self.assertEqual(done.returncode, 1)
            self.assertEqual(done.stderr[: len(told)], told)
            self.assertEqual(self.python(self.rows), before)


class Processes(Folder):
    head = "from count_statuses import status\npaths = ['runs.jsonl', 'bad lines.jsonl']\n"

    def setUp(self) -> None:
        super().setUp()
        statuses = [{**NEW, "status": status} for status in ("queued", "queued", "failed")]
        self.file("runs.jsonl", lines(*statuses))
        bad = json.dumps(OLD).encode().replace(b"completed", b"\xff") + b"\n{}\n{\n"
        self.file("bad lines.jsonl", bad)

    def test_counted_in_a_pool(self) -> None:
        self.assertIn("`python3 count_statuses.py *.jsonl`", README)
        done = self.shell("python3 count_statuses.py *.jsonl")
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        counts = {"queued": 2, "failed": 1, "(not a run)": 3}
        self.assertEqual(eval(done.stdout), counts)

    def test_counted_by_dask(self) -> None:
        (call,) = re.findall(r"^`(dask\.bag\..*)`$", README, re.M)
        main = f"import dask.bag\nif __name__ == '__main__':\n    print(dict({call}))"
        counts = self.python(self.head + main)
        self.assertEqual(eval(counts), {"queued": 2, "failed": 1, "(not a run)": 3})

    def test_counted_by_spark(self) -> None:
        (sentence, call) = re.findall(r"^(Spark, .*):\n`(context\..*)`$", README, re.M)[0]
        (add, *names) = re.findall(r"`(.*?)`", sentence)
        counts = self.python(
            f"{self.head}from pyspark.sql import SparkSession\n"
            "context = SparkSession.builder.getOrCreate().sparkContext\n"
            f"for name in {names}:\n    {add}\nprint(dict({call}))",
            PYSPARK_PYTHON=sys.executable,
            SPARK_LOCAL_IP="127.0.0.1",
        )
        expected = {"queued": 2, "failed": 1, "(not a run)": 2, "\ufffd": 1}
        self.assertEqual(eval(counts), expected)


class Reasons(unittest.TestCase):
    """What the first screen says of the alternatives."""

    def test_a_typed_dict_checks_nothing(self) -> None:
        class Dict(typing.TypedDict):
            id: str

        self.assertEqual(typing.cast(Any, Dict)(id=7), {"id": 7})

    def test_pydantic_shows_values_and_freezes_the_surface(self) -> None:
        class Model(pydantic.BaseModel, frozen=True, strict=True):
            id: str
            metadata: dict[str, str]

        with self.assertRaisesRegex(pydantic.ValidationError, "5377"):
            Model.model_validate({"id": 5377, "metadata": {}})
        model = Model(id="run_1", metadata={})
        model.metadata["user"] = "u_1"
        self.assertEqual(model.metadata, {"user": "u_1"})

    def test_the_openai_package_takes_anything(self) -> None:
        run: Any = openai.types.beta.threads.run.Run.construct(id=7, metadata=[None])
        self.assertEqual((run.id, run.metadata), (7, [None]))


class OtherTools(unittest.TestCase):
    def test_fastapi(self) -> None:
        app = fastapi.FastAPI()

        @app.post("/run")
        def store(run: RunObject) -> RunObject:
            return run

        client = fastapi.testclient.TestClient(app)
        answer = client.post("/run", json={**OLD, "created_at": "7"})
        self.assertEqual((answer.status_code, answer.json()["created_at"]), (200, 7))
        for changes in ({"created_at": True}, {"created_at": 1.0}):
            self.assertEqual(client.post("/run", json={**OLD, **changes}).status_code, 200)
        for changes in ({"created_at": 2**63}, {"metadata": {"user": 7}}, {"file_ids": None}):
            self.assertEqual(client.post("/run", json={**OLD, **changes}).status_code, 422)

    def test_pandas(self) -> None:
        frame = pandas.DataFrame([RunObject.from_dict(OLD), RunObject.from_dict(OLD)])
        self.assertEqual((len(frame), len(frame.columns)), (2, 19))
        self.assertEqual(list(frame["id"]), ["run_1", "run_1"])

    def test_headers(self) -> None:
        message = email.message.Message()
        message["Set-Cookie"], message["set-cookie"] = "a=1", "b=2"
        headers = httpx.Headers([("Set-Cookie", "a=1"), ("set-cookie", "b=2")])
        run = RunObject.from_dict({**OLD, "headers": headers})
        self.assertEqual(run.headers, {"set-cookie": "a=1, b=2"})
        message = email.message.Message()
        message["X"], message["Y"] = "1", "2"
        message["X"] = "3"
        run = RunObject.from_dict({**OLD, "headers": dict(message.items())})
        self.assertEqual(run.headers, {"X": "3", "Y": "2"})


if __name__ == "__main__":
    unittest.main()
