"""Runs what the README shows, as a reader would: `python3 .ci/test_readme.py`.

Needs the libraries of `requirements.txt` and, for Spark, Java.
"""

import csv
import dataclasses
import doctest
import email.message
import gzip
import html
import importlib.util
import io
import json
import os
import pickle
import re
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import typing
import unittest
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import fastapi
import fastapi.testclient
import httpx
import msgspec
import openai.types.beta.threads.run
import pandas
import pydantic
import yaml

HERE = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(HERE), str(HERE / ".ci")]

import bench  # noqa: E402

from runobject import RunObject, RunObjectError  # noqa: E402

Data = dict[str, Any]

README = (HERE / "README.md").read_text(encoding="utf-8")
BLOCKS: list[tuple[str, str]] = re.findall(r"^```(\w+)\n(.*?)^```$", README, re.M | re.S)
NAMED = [(re.match(r"# (\w+\.\w+)\n", code), code) for _, code in BLOCKS]
SCRIPTS = {named[1]: code for named, code in NAMED if named}
FIRST, EXAMPLE, TESTS = [code for kind, code in BLOCKS if kind in ("pycon", "sh")]
# The commands of the table of files.
ROWS = [row.split(" | ") for row in re.findall(r"^\| (.*) \|$", README, re.M)]
ONE, FOLDER, COMPRESSED, OTHERS, LOGS = [
    cells[1].split("`")[1].replace(r"\|", "|") for cells in ROWS if "runs.jsonl" in cells[1]
]

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
# A run as the API wrote it at last.
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
    "instructions": 'You\'re to be "brief"\n- größer',
    "tools": [
        {"type": "file_search", "file_search": None},
        {"type": "function", "function": {"name": "größe", "parameters": {"a": [1, None]}}},
    ],
    "metadata": {"user": "u_1"},
    "incomplete_details": None,
    "usage": {"prompt_tokens": 20, "completion_tokens": 11, "total_tokens": 31},
    "temperature": 1.0,
    "top_p": 1.0,
    "max_prompt_tokens": None,
    "max_completion_tokens": None,
    "truncation_strategy": {"type": "auto", "last_messages": None},
    "tool_choice": "auto",
    "parallel_tool_calls": True,
    "response_format": "auto",
    "tool_resources": {},
    "reasoning_effort": None,
}


def numbered(first: int, *runs: Data) -> list[Data]:
    return [{**run, "id": f"run_{number}"} for number, run in enumerate(runs, first)]


def lines(*runs: Any) -> str:
    return "".join([json.dumps(run) + "\n" for run in runs])


def quoted(start: str) -> str:
    """The one thing in the README that is quoted as code and starts so."""
    (found,) = re.findall(rf"`({re.escape(start)}[^`]*)`", README)
    return str(found)


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

    def module(self, name: str) -> Any:
        """A script of the README, imported."""
        sys.path.insert(0, str(self.folder))
        self.addCleanup(sys.path.remove, str(self.folder))
        spec = importlib.util.spec_from_file_location(name, self.folder / f"{name}.py")
        assert spec and spec.loader
        module = importlib.util.module_from_spec(spec)
        sys.modules[name] = module
        self.addCleanup(sys.modules.pop, name)
        spec.loader.exec_module(module)
        return module

    def written(self) -> list[Data]:
        text = (self.folder / "runs.jsonl").read_text()
        return [json.loads(line) for line in text.splitlines()]

    def numbers(self) -> list[int]:
        return [int(run["id"][4:]) for run in self.written()]


class QuickStart(Folder):
    def test_every_block_is_run_by_a_test(self) -> None:
        scripts = ["to_json.py", "find_runs.py", "into_sqlite.py", "later.py", "other_server.py"]
        self.assertEqual([*SCRIPTS], scripts)
        self.assertEqual(len(BLOCKS), len(SCRIPTS) + 3)
        self.assertLessEqual(README.count("\n"), 230)
        self.assertLessEqual(len(SCRIPTS["find_runs.py"].splitlines()), 36)

    def test_the_first_screen_holds(self) -> None:
        told = "".join([line[2:] for line in FIRST.splitlines(keepends=True) if line[0] == "#"])
        # As a script would, in an environment in which nothing else is set.
        self.file("first.sh", FIRST)
        done = self.shell('env -i PATH="$PATH" sh first.sh')
        self.assertEqual((done.returncode, done.stderr), (1, told))
        before = os.getcwd()
        self.addCleanup(os.chdir, before)
        os.chdir(self.folder)
        test = doctest.DocTestParser().get_doctest(EXAMPLE, {}, "README.md", "README.md", 0)
        results = doctest.DocTestRunner().run(test)
        self.assertEqual((results.failed, results.attempted), (0, 6))

    def test_the_tests_pass(self) -> None:
        done = self.shell(f'env -i PATH="$PATH" {TESTS}')
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertTrue(done.stderr.endswith("\nOK\n"), done.stderr)


class Tables(unittest.TestCase):
    def test_the_fields(self) -> None:
        kinds = {
            "Text,": [str],
            "Integer,": [int],
            "Text map,": [Mapping[str, str]],
            "List,": [Sequence[Mapping[str, str]], Sequence[str]],
        }
        hints = typing.get_type_hints(RunObject)
        told: list[str] = []
        for start, types in kinds.items():
            (sentence,) = re.findall(rf"^- {start} [^:]*: (.*(?:\n  .*)*)$", README, re.M)
            required, _, optional = sentence.partition("; optional: ")
            for part, default in [(required, dataclasses.MISSING), (optional, None)]:
                for name in re.findall(r"`(\w+)`", part):
                    self.assertIn(hints[name], types if part is required else [types[0] | None])
                    self.assertIs(RunObject.__dataclass_fields__[name].default, default)
                    told.append(name)
        self.assertEqual(sorted(told), sorted(RunObject.__dataclass_fields__))
        self.assertEqual({*re.findall(r"(\d+) fields", README)}, {str(len(told))})

    def test_the_rows_and_columns_of_costs(self) -> None:
        tables = README[README.index("## Costs") :].split("\n\n")
        (table,) = [table for table in tables if table.startswith("| CPython")]
        rows = [line.strip("| ").split(" | ") for line in table.splitlines()]
        (version, *columns), _, *rows = rows
        self.assertRegex(version, r"^CPython 3\.\d+\.\d+")
        self.assertEqual(columns, bench.SHORT_COLUMNS)
        self.assertEqual([row[0] for row in rows], bench.SHORT_ROWS)
        for _, *cells in rows:
            self.assertRegex(" ".join(cells), r"^\d+\.\d\d( \d+\.\d\d){3}$")
        self.assertRegex(README, r"which loads \d{3},000 runs a second on one core")


class Files(Folder):
    """The rows of the table, on files of each kind."""

    def test_runs_arrays_pages_and_json_lines(self) -> None:
        runs = numbered(0, *[OLD, NEW] * 5)
        page = {"data": runs[2:4], "first_id": "run_2", "has_more": False}
        self.file("responses/0.json", runs[0])
        self.file("responses/1.json", "\ufeff" + json.dumps(runs[1], indent=2))
        self.file("responses/2 page.json", json.dumps({"object": "list", **page}, indent=2))
        self.file("responses/4/array.json", runs[4:6])
        self.file("responses/6.jsonl", lines(runs[6], {**page, "data": [runs[7]]}) + "\n")
        self.file("responses/8.ndjson", lines(runs[8], runs[9]))
        files = " ".join(
            ["0.json", "1.json", "'2 page.json'", "4/array.json", "6.jsonl", "8.ndjson"]
        )
        for command in (f"cd responses; {ONE.replace('FILE...', files)}", FOLDER):
            command = command.replace("python3 runobject", f"python3 {self.folder}/runobject")
            done = self.shell(command.replace(">runs", f">{self.folder}/runs"))
            self.assertEqual((done.returncode, done.stderr), (0, ""))
            self.assertEqual(self.numbers(), [*range(10)])

    def test_what_is_no_run_is_told_and_the_rest_goes_on(self) -> None:
        runs = numbered(0, NEW, {**NEW, "metadata": {"user": 7}}, NEW)
        self.file("responses/a.jsonl", f"# exported\n{lines(*runs)}{json.dumps(NEW)[:50]}")
        self.file("responses/b.json", {"error": {"message": "No run found"}})
        done = self.shell(FOLDER)
        self.assertEqual((done.returncode, self.numbers()), (123, [0, 2]))
        told = [
            "responses/a.jsonl:1:1: Expecting value",
            r"responses/a.jsonl:3: metadata\['user'\]: expected str, got int",
            r"responses/a.jsonl:5:\d+: .*",
            "responses/b.json:1: id: missing; object: missing; .*",
            "2 of 6 runs fit",
            "left out: incomplete_details, max_completion_tokens, .*, usage",
        ]
        for line, pattern in zip(done.stderr.splitlines(), told, strict=True):
            self.assertRegex(line, rf"\A{pattern}\Z")

    def test_compressed_json_lines(self) -> None:
        self.file("runs.jsonl.gz", gzip.compress(lines(OLD, NEW).encode()))
        done = self.shell(COMPRESSED)
        self.assertEqual((done.returncode, done.stderr, self.numbers()), (0, "", [1, 2]))

    def test_what_other_libraries_read(self) -> None:
        runs = numbered(0, NEW, OLD, NEW)
        table = io.StringIO()
        writer = csv.DictWriter(table, ["name", "run"])
        writer.writeheader()
        writer.writerows([{"name": "a", "run": json.dumps(run)} for run in runs])
        with sqlite3.connect(self.folder / "old.db") as database:
            database.execute("create table runs (run text)")
            database.executemany("insert into runs values (?)", [[json.dumps(run)] for run in runs])
        usual = "map(ast.literal_eval, sys.stdin)"
        contents: dict[str, Any] = {
            usual: "".join([f"{run!r}\n" for run in runs]),
            quoted("pickle."): pickle.dumps(runs),
            quoted("yaml."): yaml.safe_dump_all(runs),
            quoted('(json.loads(row["run'): table.getvalue(),
            quoted("(json.loads(run)"): "",
        }
        for expression, content in contents.items():
            code = SCRIPTS["to_json.py"].replace("ast,", "ast, csv, pickle, sqlite3, yaml,")
            self.assertIn(usual, code)
            self.file("to_json.py", code.replace(usual, expression))
            self.file("FILE", content)
            done = self.shell(OTHERS.replace("<FILE", "<FILE 2>told"))
            self.assertEqual((done.returncode, self.numbers()), (0, [0, 1, 2]), done.stderr)

    def test_parquet(self) -> None:
        frame = pandas.DataFrame(numbered(0, {**OLD, "completed_at": None}, OLD))
        frame["metadata"] = [{"a": "1"}, {"a": "2"}]
        frame.loc[1, "completed_at"] = 1720000000
        code = quoted("pandas.read_parquet").replace("FILE", "'FILE'")
        self.file("to_json.py", f"import pandas, sys\n{code}\n")
        for kind in ("int64", "datetime64[s]"):
            frame["created_at"] = frame["created_at"].astype(kind)
            frame.to_parquet(self.folder / "FILE")
            done = self.shell(OTHERS)
            self.assertEqual(done.returncode, 0, done.stderr)
            written = [(run["created_at"], run["completed_at"]) for run in self.written()]
            self.assertEqual(written, [(1699063290, None), (1699063290, 1720000000)])


class Logs(Folder):
    """What `find_runs.py` finds, and comes out as it is."""

    first, second = numbered(0, NEW, OLD)

    def found(self, *contents: Any) -> list[int]:
        """The numbers of the runs found in files of such contents, which are told."""
        names = [f"log {number}" for number in range(len(contents))]
        for name, content in zip(names, contents, strict=True):
            self.file(name, content)
        files = " ".join([f"'{name}'" for name in names])
        done = self.shell(f"python3 find_runs.py {files}")
        self.assertEqual(done.returncode, 0, done.stderr)
        found = [json.loads(line) for line in done.stdout.splitlines()]
        for run in found:
            self.assertIn(run, [self.first, self.second])
        counts = [int(line.split()[0]) for line in done.stderr.splitlines()]
        self.assertEqual([line.split(": ")[1] for line in done.stderr.splitlines()], names)
        self.assertEqual(sum(counts), len(found))
        self.named = [int(line.split()[3]) for line in done.stderr.splitlines()]
        return counts

    def test_logs_streams_and_what_is_pretty_printed(self) -> None:
        one, two = json.dumps(self.first), json.dumps(self.second, separators=(",", ":"))
        pretty = json.dumps(self.first, indent=2, ensure_ascii=False)
        step = json.dumps({"id": "step_1", "object": "thread.run.step"})
        log = f"[INFO] {{req-1}} user's run: {one} in 3 s\nthe users' [{one}, {two}]\n"
        events = "".join([f"event: a\ndata: {each}\n\n" for each in (one, step, two, "[DONE]")])
        curl = (
            f"* Connected\nHTTP/2 200\r\ndate: now\r\n\r\n{{ [5 bytes data]\n{pretty}\n* Closed\n"
        )
        markdown = f"It's this:\n```json\n{pretty}\n```\n"
        torn = f"{one[:80]}\n{one}\n{two[:-1]}"
        stray = f"'tis the log\n{one}\nprompt: 'You\n{two}\n"
        found = self.found(log, events, curl, markdown, torn, stray)
        self.assertEqual(found, [3, 2, 1, 1, 1, 2])
        self.assertEqual(self.named, [3, 2, 1, 1, 3, 2])

    def test_recordings_and_texts_in_json(self) -> None:
        one, two = json.dumps(self.first), json.dumps(self.second, indent=2)
        stream = f"event: a\ndata: {one}\n\nevent: b\ndata: {one}\n\n"
        texts = [one, two, stream, json.dumps({"data": [self.second, {"log": one}]})]
        entries = [{"response": {"content": {"text": text}}} for text in texts]
        har = {"log": {"entries": entries}}
        docker = lines(*[{"log": f"INFO run {text} done\n"} for text in (one, two)])
        trace = {"spans": [{"output": [self.first]}, {"output": {"data": [self.second]}}]}
        others = [{"object": "thread.run.step"}, self.first, None, 7, "{", {"a": [[one]]}]
        self.assertEqual(self.found(har, docker, trace, others), [6, 2, 2, 2])
        self.assertEqual(self.named, [6, 2, 2, 2])
        long = json.dumps({"text": json.dumps({"x": "x" * 2_000_000, "run": self.first})})
        self.assertEqual(self.found(long), [1])

    def test_a_run_comes_out_as_it_is_or_not_at_all(self) -> None:
        run = {**OLD, "instructions": "You're to use <b> & \n\\d"}
        plain = json.dumps(run)
        doubled, marked = plain.replace("'", "''"), html.escape(plain, quote=False)
        escaped = plain.replace("\\", "\\\\")
        cases = [
            f"insert into t values (1, '{doubled}', '', 'it''s', '[{doubled},\n {doubled}]');\n",
            f"values (N'run: {doubled}', E'{plain}');\n",
            yaml.safe_dump({"a": plain, "b": f"event: a\n\ndata: {plain}\n"}),
            f"{ {'body': plain}!r}\n{[plain]!r}\n{f'data: {plain}'.encode()!r}\n{run!r}\n",
            f"u'{plain}'\n",
            f"COPY runs FROM stdin;\n1\t{escaped}\n\\.\n{escaped}\n",
            f'text = """\n{escaped}\n"""\n',
            f"<pre>\n{marked}\n</pre>\n{html.escape(plain)}\n",
            f"values ('\n{doubled}\n');\n",
        ]
        self.assertEqual(self.found(*cases), [0] * len(cases))
        self.assertEqual(self.named, [3, 2, 2, 4, 1, 2, 1, 2, 1])
        # In a file that is JSON as a whole, and in an event, nobody has changed it.
        type(self).second = {**OLD, "instructions": "x = '' &amp; \\"}
        one = json.dumps(self.second)
        found = self.found(
            f"{one}\ndata: {one}\r\n", [self.second], {"a": json.dumps([one])}, repr(one)
        )
        self.assertEqual((found, self.named), ([1, 1, 1, 0], [2, 1, 1, 1]))

    def test_other_encodings_and_files_that_cannot_be_read(self) -> None:
        text = json.dumps([self.first], ensure_ascii=False)
        encoded = [text.encode(name) for name in ("utf-16", "utf-16-le", "utf-8-sig", "utf-32")]
        self.assertEqual(self.found(*encoded), [1] * 4)
        self.file("latin", text.encode("latin-1"))
        self.file("cut", text.encode("utf-16")[:-1])
        done = self.shell("python3 find_runs.py no bin cut latin")
        told = [line.split(":")[:2] for line in done.stderr.splitlines()]
        named = [
            ["not read", " no"],
            ["not read", " bin"],
            ["not read", " cut"],
            ["1 runs of 1 named", " latin"],
        ]
        self.assertEqual(told, named)
        self.file("found.jsonl", done.stdout)
        done = self.shell("python3 runobject.py found.jsonl; true")
        self.assertIn("found.jsonl:1: instructions: not valid UTF-8", done.stderr)

    def test_it_takes_linear_time(self) -> None:
        # In quadratic time, these take minutes.
        line = f'INFO {{x}} {json.dumps(OLD)} {{"a: 1\n'
        runs = [{**OLD, "id": "run_1"}]
        type(self).second = runs[0]
        contents = [line * 20_000, '{"k": v}\n' * 500_000, '{"a":' * 30_000, " 'a" * 500_000]
        contents.append('{"a": "' + "\\" * 2_000_000)
        self.assertEqual(self.found(*contents), [20_000, 0, 0, 0, 0])

    def test_the_row_of_the_table_and_a_pipe(self) -> None:
        self.file("a.log", f"INFO {json.dumps(self.first)}\n{json.dumps({**self.second, 'id': 7})}")
        done = self.shell(LOGS.replace("FILE...", "a.log"))
        told = ["2 runs of 2 named: a.log", "<stdin>:2: id: expected str, got int"]
        told.append("1 of 2 runs fit")
        self.assertEqual((done.returncode, done.stderr.splitlines()[:3]), (1, told))
        self.assertEqual(self.numbers(), [0])
        found = quoted("find logs/")
        self.file("logs/b/c.log", gzip.compress(json.dumps(self.first).encode()))
        self.assertIn("0 runs of 0 named: logs/b/c.log", self.shell(found).stderr)
        done = self.shell(quoted("gzip -dc log.gz").replace("log.gz", "logs/b/c.log"))
        self.assertEqual((done.returncode, json.loads(done.stdout)), (0, self.first))
        body = {"body": {"string": json.dumps(self.first)}}
        self.file("a.yaml", yaml.safe_dump({"interactions": [body]}))
        code = SCRIPTS["to_json.py"].replace("ast,", "yaml,")
        usual = "map(ast.literal_eval, sys.stdin)"
        self.file("to_json.py", code.replace(usual, quoted("yaml.")))
        done = self.shell("python3 to_json.py <a.yaml | python3 find_runs.py /dev/stdin")
        self.assertEqual((done.returncode, json.loads(done.stdout)), (0, self.first))


class States(Folder):
    store = "python3 into_sqlite.py <runs.jsonl"
    rows = "import sqlite3\nfor row in sqlite3.connect('runs.db').execute('select run from runs'):"

    def stored(self, *runs: Data) -> Any:
        """The one run that is kept of some states, which come in this order."""
        (self.folder / "runs.db").unlink(missing_ok=True)
        self.file("runs.jsonl", lines(*[RunObject.from_response(run).to_dict() for run in runs]))
        done = self.shell(self.store)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        (row,) = self.python(f"{self.rows} print(*row)").splitlines()
        return json.loads(row)

    def test_the_state_that_got_furthest_stays(self) -> None:
        self.assertIn(f"`{self.store}`", README)
        queued = {**OLD, "status": "queued"}
        started = {**OLD, "status": "in_progress", "started_at": 1699063291}
        for last in (
            {**started, "status": "completed", "completed_at": 1699063300},
            {**queued, "status": "odd", "failed_at": 1699063280},
            {**started, "status": "cancelling"},
            {**queued, "status": "expired"},
        ):
            for states in ([queued, started, last], [last, started, queued], [started, last]):
                self.assertEqual(self.stored(*states)["status"], last["status"])
        self.assertEqual(self.stored(started, queued)["status"], "in_progress")
        acting = {**started, "status": "requires_action"}
        self.assertEqual(self.stored(started, acting)["status"], "requires_action")

    def test_a_line_that_is_no_run_changes_nothing(self) -> None:
        self.file("runs.jsonl", lines(OLD))
        self.shell(self.store)
        self.file("runs.jsonl", lines({**OLD, "id": "run_9"}, {}))
        self.assertEqual(self.shell(self.store).returncode, 1)
        self.assertEqual(len(self.python(f"{self.rows} print(*row)").splitlines()), 1)

    def test_several_processes_at_once(self) -> None:
        self.file("runs.jsonl", lines(*numbered(0, *[OLD] * 2000)))
        done = self.shell(f"for i in 1 2 3 4; do {self.store} & done; wait")
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertEqual(len(self.python(f"{self.rows} print(*row)").splitlines()), 2000)

    def test_nested_text_is_reached(self) -> None:
        self.stored(NEW)
        query = f"select {quoted('json_extract(')} from runs".replace("'", "\\'")
        found = self.python(f"{self.rows} print(*row)".replace("select run from runs", query))
        self.assertEqual(found, "server_error\n")

    def test_in_pandas_the_last_stays(self) -> None:
        states = [{**OLD, "status": status} for status in ("queued", "completed")]
        frame = pandas.DataFrame([RunObject.from_dict(state) for state in states])
        last = eval(quoted("frame.drop_duplicates"), {"frame": frame})
        self.assertEqual([*last["status"]], ["completed"])


class OwnFields(Folder):
    def test_they_are_kept(self) -> None:
        cls = self.module("later").Run
        run = cls.from_response(NEW)
        self.assertIs(run.usage, NEW["usage"])
        self.assertEqual(cls.from_dict(json.loads(json.dumps(run.to_dict()))), run)
        self.assertEqual(len({run}), 1)
        self.assertNotEqual(run, RunObject.from_response(NEW))

    def test_the_keys_that_are_dropped_are_named(self) -> None:
        dropped = [name for name in NEW if name not in RunObject.__dataclass_fields__]
        (sentence,) = re.findall(r"keys that are no field: ([^.]*)\.", README)
        self.assertEqual(sorted(re.findall(r"`(\w+)`", sentence)), sorted(dropped))

    def test_the_command_is_theirs(self) -> None:
        self.file("run.json", NEW)
        script = SCRIPTS["into_sqlite.py"]
        line, other = re.findall(r"(from runobject .*)  # or: (from .*)", script)[0]
        self.file("into_sqlite.py", script.replace(line, other))
        done = self.shell("python3 later.py run.json | python3 into_sqlite.py")
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertIn('"total_tokens": 31', self.python(f"{States.rows} print(*row)"))

    def test_checks_and_defaults(self) -> None:
        decorator = "@dataclass(frozen=True, kw_only=True)"
        self.assertIn(decorator, SCRIPTS["later.py"])
        printed = self.python(
            "from collections.abc import Sequence\n"
            "from dataclasses import dataclass\n"
            "from runobject import RunObject, RunObjectError\n"
            f"{decorator}\n"
            "class Run(RunObject):\n"
            f"    {quoted('file_ids: Seq')}\n"
            "    usage: object = None\n"
            "    def __post_init__(self):\n"
            f"        {quoted('super().__post_init__()')}\n"
            f"        if self.usage: raise {quoted('RunObjectError({')}\n"
            "class Undecorated(RunObject):\n"
            "    usage: object = None\n"
            f"data = {OLD}\n"
            "del data['file_ids']\n"
            "print(Run.from_dict(data).file_ids)\n"
            "for more in ({'usage': 'a'}, {'usage': 'a', 'id': 7}):\n"
            "    try: Run.from_dict({**data, **more})\n"
            "    except RunObjectError as error: print(error)\n"
            "print(Undecorated.from_response({**data, 'usage': 7}).to_dict().get('usage'))\n"
        )
        told = "usage: expected dict, got str\nid: expected str, got int\n"
        self.assertEqual(printed, f"()\n{told}None\n")

    def test_another_server(self) -> None:
        cls = self.module("other_server").Run
        times = {"created_at": "2024-07-03T09:46:40Z", "started_at": "2024-07-03T11:46:40+02:00"}
        times |= {"completed_at": 1720000000123, "expires_at": "2024-07-03T09:46:40"}
        times |= {"cancelled_at": 1720000000123.0}
        data = {**NEW, **times, "failed_at": None, "agent_id": "agent_1"}
        data["metadata"] = {"a": 7, "b": "c", "d": True, "e": None}
        del data["assistant_id"]
        run = cls.from_response(data)
        self.assertEqual((run.assistant_id, run.failed_at), ("agent_1", None))
        self.assertEqual({run.created_at, run.started_at, run.expires_at}, {1720000000})
        self.assertEqual((run.completed_at, run.cancelled_at), (1720000000, 1720000000))
        with self.assertRaises(RunObjectError):
            cls.from_response({**data, "created_at": "1720000000123"})
        self.assertEqual(run.metadata, {"a": "7", "b": "c", "d": "true", "e": "null"})
        self.assertEqual(cls.from_response({**data, "metadata": None}).metadata, {})
        self.file("a.json", [data, 7, [], {**data, "created_at": "soon"}])
        done = self.shell("python3 other_server.py a.json")
        self.assertEqual(done.returncode, 1)
        self.assertNotIn("Traceback", done.stderr)
        self.assertIn("1 of 4 runs fit\n", done.stderr)


class InCode(Folder):
    def test_nested_objects_come_back(self) -> None:
        run: Any = RunObject.from_response(NEW)
        self.assertIn('`json.loads(run.tools[0]["function"])`', README)
        self.assertEqual(json.loads(run.tools[1]["function"]), NEW["tools"][1]["function"])
        self.assertEqual(run.tools[0], {"type": "file_search"})
        self.assertEqual(json.loads(run.last_error), NEW["last_error"])

    def test_an_object_of_the_openai_package(self) -> None:
        given = {**NEW, "instructions": ""}
        response = openai.types.beta.threads.run.Run.construct(**given)
        run = eval(quoted("RunObject.from_response(response."), globals(), {"response": response})
        self.assertEqual(run, RunObject.from_response(given))

    def test_headers(self) -> None:
        pairs = [("X-Request-Id", "req_1"), ("X-Two", "a"), ("X-Two", "b")]
        response = httpx.Response(200, json=NEW, headers=pairs)
        code = quoted("RunObject.from_response({**response")
        run = eval(code, globals(), {"response": response})
        self.assertEqual((run.headers["x-request-id"], run.headers["x-two"]), ("req_1", "a, b"))
        message = email.message.Message()
        for name, value in pairs:
            message[name] = value
        headers = eval(
            quoted("dict(response.headers.items())").replace("response.headers", "message")
        )
        run = RunObject.from_dict({**OLD, "headers": headers})
        self.assertEqual(run.headers, {"X-Request-Id": "req_1", "X-Two": "b"})

    def test_fastapi(self) -> None:
        app = fastapi.FastAPI()
        self.assertIn("raise HTTPException(422, error.problems) from None", README)

        @app.post("/runs")
        def store(data: Data) -> Data:
            try:
                return RunObject.from_response(data).to_dict()
            except RunObjectError as error:
                raise fastapi.HTTPException(422, error.problems) from None

        @app.post("/laxer")
        def store_laxer(run: RunObject) -> RunObject:
            return run

        client = fastapi.testclient.TestClient(app)
        answer = client.post("/runs", json=NEW)
        self.assertEqual((answer.status_code, answer.json()["file_ids"]), (200, []))
        answer = client.post("/runs", json={**NEW, "created_at": "secret"})
        told = {"detail": {"created_at": "expected int, got str"}}
        self.assertEqual((answer.status_code, answer.json()), (422, told))
        for time in ("7", True, 1.0):
            answer = client.post("/laxer", json={**OLD, "created_at": time})
            self.assertEqual(answer.status_code, 200)

    def test_pandas(self) -> None:
        runs = [RunObject.from_dict(OLD), RunObject.from_dict({**OLD, "completed_at": 1720000000})]
        frame = eval(quoted("pandas.DataFrame("), {"pandas": pandas, "runs": runs})
        self.assertEqual((len(frame), len(frame.columns)), (2, 19))
        times = eval(quoted("pandas.to_datetime("), {"pandas": pandas, "frame": frame})
        self.assertEqual(str(times[0]), "2023-11-04 02:01:30+00:00")
        text = eval(quoted("frame.to_json("), {"frame": frame})
        again = [RunObject.from_response(json.loads(line)) for line in text.splitlines()]
        self.assertEqual(again, runs)
        with self.assertRaises(RunObjectError):
            RunObject.from_response(frame.to_dict(orient="records")[0])

    def test_each_process_writes_into_a_file_of_its_own(self) -> None:
        for number in range(250):
            self.file(f"responses/{number}.json", {**NEW, "id": f"run_{number}"})
        done = self.shell(quoted("mkdir parts"))
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        files = sorted(self.folder.glob("parts/*.jsonl"))
        ids = [json.loads(line)["id"] for file in files for line in file.read_text().splitlines()]
        self.assertEqual(sorted(ids), sorted([f"run_{number}" for number in range(250)]))
        self.assertEqual(len(files), 3)

    def test_runs_cross_processes(self) -> None:
        head = "import dask.bag, multiprocessing\nfrom runobject import RunObject\n"
        head += f"dicts = {numbered(0, OLD, OLD)}\n"
        tail = "    for run in runs: print(run.id, type(run.metadata).__name__)\n"
        expected = "run_0 _ReadOnlyDict\nrun_1 _ReadOnlyDict\n"
        self.assertIn("as by `multiprocessing`, `dask", README)
        for call in (
            "multiprocessing.Pool(2).map(RunObject.from_dict, dicts)",
            quoted("dask.bag."),
        ):
            main = f"if __name__ == '__main__':\n    runs = {call}\n"
            self.assertEqual(self.python(f"{head}{main}{tail}"), expected)
        spark = (
            "from pyspark.sql import SparkSession\n"
            "context = SparkSession.builder.getOrCreate().sparkContext\n"
            f"{quoted('context.addPyFile(')}\nif True:\n"
            f"    runs = {quoted('context.parallelize(')}\n"
        )
        printed = self.python(
            f"{head}{spark}{tail}", PYSPARK_PYTHON=sys.executable, SPARK_LOCAL_IP="127.0.0.1"
        )
        self.assertEqual(printed, expected)


class Reasons(unittest.TestCase):
    """What is said of the alternatives."""

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

    def test_msgspec_takes_large_integers_and_halves_of_characters(self) -> None:
        run = msgspec.convert({**OLD, "created_at": 2**63, "status": "\ud800"}, bench.Plain)
        self.assertEqual((run.created_at, run.status), (2**63, "\ud800"))

    def test_the_openai_package_takes_anything(self) -> None:
        run: Any = openai.types.beta.threads.run.Run.construct(id=7, metadata=[None])
        self.assertEqual((run.id, run.metadata), (7, [None]))


if __name__ == "__main__":
    unittest.main()
