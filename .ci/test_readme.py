"""Runs what the README shows, as a reader would: `python3 .ci/test_readme.py`.

Needs the libraries of `requirements.txt`, unzip, zstd and, for Spark, Java.
"""

import bz2
import csv
import dataclasses
import doctest
import email.message
import gzip
import importlib.util
import io
import json
import lzma
import os
import pickle
import re
import shutil
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
EXAMPLE, CHECK, FIND, OTHERS, MANY = [code for kind, code in BLOCKS if kind in ("pycon", "sh")]

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


class QuickStart(Folder):
    def test_every_block_is_run_by_a_test(self) -> None:
        scripts = ["later.py", "find_runs.py", "into_sqlite.py", "count_statuses.py"]
        self.assertEqual([*SCRIPTS], scripts)
        self.assertEqual(len(BLOCKS), len(SCRIPTS) + 5)

    def test_the_example_holds(self) -> None:
        test = doctest.DocTestParser().get_doctest(EXAMPLE, {}, "README.md", "README.md", 0)
        results = doctest.DocTestRunner().run(test)
        self.assertEqual((results.failed, results.attempted), (0, 4))

    def test_a_run_is_checked(self) -> None:
        self.file("check.sh", f"set -eo pipefail\n{CHECK}")
        for command in ("bash check.sh", 'env -i PATH="$PATH" bash check.sh'):
            done = self.shell(command)
            self.assertEqual((done.returncode, done.stderr), (0, ""))
            self.assertEqual(
                [*json.loads(done.stdout)], [field.name for field in dataclasses.fields(RunObject)]
            )

    def test_the_tests_pass(self) -> None:
        (command,) = re.findall(r"`(python3 test_runobject.py)`", README)
        done = self.shell(f'env -i PATH="$PATH" {command}')
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertTrue(done.stderr.endswith("\nOK\n"), done.stderr)


class Tables(unittest.TestCase):
    def test_the_fields(self) -> None:
        kinds = {
            str: "text",
            int: "integer",
            Mapping[str, str]: "text map",
            Sequence[str]: "list of texts",
            Sequence[Mapping[str, str]]: "list of text maps",
        }
        told: dict[str, tuple[Any, bool]] = {}
        for kind, *cells in re.findall(r"^\| ([a-z ]+) \| (`.*) \| (.*?) ?\|$", README, re.M):
            for optional, cell in enumerate(cells):
                told |= {name: (kind, bool(optional)) for name in re.findall(r"`(\w+)`", cell)}
        hints = typing.get_type_hints(RunObject)
        expected: dict[str, tuple[Any, bool]] = {}
        for field in dataclasses.fields(RunObject):
            optional = field.default is None
            (hint,) = [kind for kind in kinds if hints[field.name] in (kind, kind | None)]
            expected[field.name] = (kinds[hint], optional)
        self.assertEqual(told, expected)
        named = re.findall(r"(\d+) fields", README)
        self.assertEqual(set(named), {str(len(expected))})

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


class ReadingResponses(Folder):
    def test_nested_objects_come_back(self) -> None:
        run: Any = RunObject.from_response(NEW)
        self.assertIn('`json.loads(run.tools[0]["function"])`', README)
        self.assertEqual(json.loads(run.tools[1]["function"]), NEW["tools"][1]["function"])
        self.assertEqual(run.tools[0], {"type": "file_search"})
        self.assertEqual(json.loads(run.last_error), NEW["last_error"])

    def test_what_other_writers_write(self) -> None:
        changes: list[tuple[Data, str, Any]] = [
            ({"tools": None}, "tools", ()),
            ({"metadata": []}, "metadata", {}),
            ({"created_at": 1720000000.0}, "created_at", 1720000000),
        ]
        for change, name, value in changes:
            self.assertEqual(getattr(RunObject.from_response({**NEW, **change}), name), value)
        for change in ({"metadata": {"a": 1}}, {"created_at": "2024-04-01"}):
            with self.assertRaises(RunObjectError):
                RunObject.from_response({**NEW, **change})

    def test_an_object_of_the_openai_package(self) -> None:
        given = {**NEW, "instructions": ""}
        response = openai.types.beta.threads.run.Run.construct(**given)
        self.assertIn("`RunObject.from_response(response.to_dict())`", README)
        run = RunObject.from_response(response.to_dict())
        self.assertEqual(run, RunObject.from_response(given))
        dumped = RunObject.from_response(json.loads(response.model_dump_json()))
        self.assertEqual(dumped.tools[0], {"type": "file_search"})


class OwnFields(Folder):
    def setUp(self) -> None:
        super().setUp()
        self.run_class: Any = self.module("later").Run

    def test_they_are_kept(self) -> None:
        run = self.run_class.from_response(NEW)
        self.assertEqual((run.usage, run.temperature), (NEW["usage"], 1.0))
        self.assertIsNone(run.incomplete_details)
        self.assertIs(run.usage, NEW["usage"])
        self.assertEqual(self.run_class.from_dict(json.loads(json.dumps(run.to_dict()))), run)
        self.assertEqual(len({run}), 1)
        self.assertNotEqual(run, RunObject.from_response(NEW))

    def test_they_are_checked(self) -> None:
        with self.assertRaises(RunObjectError) as caught:
            self.run_class.from_response({**NEW, "temperature": "1"})
        told = {"temperature": "expected float or None, got str"}
        self.assertEqual(caught.exception.problems, told)

    def test_the_keys_that_are_dropped_are_named(self) -> None:
        names = [field.name for field in dataclasses.fields(RunObject)]
        dropped = [name for name in NEW if name not in names]
        (sentence,) = re.findall(r"Of runs since 2024, these are ([^.]*)\.", README)
        self.assertEqual(sorted(re.findall(r"`(\w+)`", sentence)), sorted(dropped))

    def test_the_command_is_theirs(self) -> None:
        self.file("run.json", NEW)
        done = self.shell("python3 later.py --responses run.json")
        self.assertEqual(json.loads(done.stdout)["usage"], NEW["usage"])
        script = SCRIPTS["into_sqlite.py"]
        line, other = re.findall(r"(from runobject .*)  # or: (from .*)", script)[0]
        self.file("into_sqlite.py", script.replace(line, other))
        done = self.shell("python3 later.py --responses run.json | python3 into_sqlite.py")
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        (stored,) = self.python(Databases.rows).splitlines()
        self.assertIn('"total_tokens": 31', stored)

    def test_a_default_and_an_adapter(self) -> None:
        (adapter,) = re.findall(r"`(return super\(\).*)`\.", README)
        (default,) = re.findall(r"`(file_ids: .*)`", README)
        printed = self.python(
            "from collections.abc import Sequence\n"
            "from dataclasses import dataclass\n"
            "from runobject import RunObject\n"
            "@dataclass(frozen=True, kw_only=True)\n"
            "class Run(RunObject):\n"
            f"    {default}\n"
            "    @classmethod\n"
            "    def from_response(cls, data):\n"
            f"        {adapter}\n"
            f"data = {OLD}\n"
            "del data['file_ids']\n"
            "print(Run.from_dict(data).file_ids)\n"
            "del data['assistant_id']\n"
            "print(Run.from_response({**data, 'agent_id': 'agent_1'}).assistant_id)\n"
            "try: Run.from_response(7)\n"
            "except ValueError as error: print(error)\n"
        )
        self.assertEqual(printed, "()\nagent_1\nexpected dict, got int\n")


class Folders(Folder):
    """A folder of responses, and files that are turned into such on the way."""

    def written(self) -> list[str]:
        text = (self.folder / "runs.jsonl").read_text()
        return [json.loads(line)["id"] for line in text.splitlines()]

    def test_a_folder_of_responses(self) -> None:
        runs = numbered(0, *[OLD, NEW] * 6)
        page = {"data": runs[2:4], "first_id": "run_2", "has_more": False}
        self.file("responses/0.json", runs[0])
        self.file("responses/1.json", "\ufeff" + json.dumps(runs[1], indent=2))
        self.file("responses/2 page.json", json.dumps({"object": "list", **page}, indent=2))
        self.file("responses/4/array.json", runs[4:6])
        self.file("responses/6.jsonl", lines(runs[6], {**page, "data": [runs[7]]}) + "\n")
        self.file("responses/8.ndjson", lines(runs[8], runs[9]))
        done = self.shell(FIND)
        self.assertEqual(
            done.stderr.splitlines(),
            [
                "responses/2 page.json: 2 of 2 runs fit",
                "responses/4/array.json: 2 of 2 runs fit",
                "responses/6.jsonl: 2 of 2 runs fit",
                "responses/8.ndjson: 2 of 2 runs fit",
            ],
        )
        self.assertEqual(done.returncode, 0)
        self.assertEqual(self.written(), [f"run_{number}" for number in range(10)])

    def test_what_is_no_run_is_told_and_the_rest_goes_on(self) -> None:
        runs = numbered(0, NEW, {**NEW, "metadata": {"user": 7}}, NEW)
        self.file("responses/a.jsonl", f"# exported\n{lines(*runs)}{json.dumps(NEW)[:50]}")
        self.file("responses/b.json", {"error": {"message": "No run found"}})
        self.file("responses/c.json", json.dumps(NEW).replace("1.0", "1e999"))
        done = self.shell(FIND)
        self.assertEqual((done.returncode, self.written()), (123, ["run_0", "run_2"]))
        told = [
            "responses/a.jsonl:1:1: Expecting value",
            r"responses/a.jsonl:3: metadata\['user'\]: expected str, got int",
            r"responses/a.jsonl:5:\d+: .*",
            "responses/a.jsonl: 2 of 5 runs fit",
            "responses/b.json:1: id: missing; object: missing; .*",
            "responses/c.json:1: not a finite number",
        ]
        for line, pattern in zip(done.stderr.splitlines(), told, strict=True):
            self.assertRegex(line, rf"\A{pattern}\Z")

    def test_each_process_writes_into_a_file_of_its_own(self) -> None:
        for number in range(250):
            self.file(f"responses/{number}.json", {**NEW, "id": f"run_{number}"})
        done = self.shell(MANY)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        files = sorted(self.folder.glob("parts/*.jsonl"))
        ids = [json.loads(line)["id"] for file in files for line in file.read_text().splitlines()]
        self.assertEqual(sorted(ids), sorted([f"run_{number}" for number in range(250)]))
        self.assertEqual(len(files), 3)


class OtherFiles(Folder):
    """Files of every kind, through the script that finds runs, or a command in front."""

    runs = numbered(0, NEW, OLD, NEW)
    check, all_files, compressed, python_reads = OTHERS.splitlines()

    def numbers(self, text: str) -> list[int]:
        return [int(json.loads(line)["id"][4:]) for line in text.splitlines()]

    def found(self, content: Any) -> list[int]:
        """What the command for a folder finds in a file of this content."""
        self.file("responses/a b/file", content)
        done = self.shell(f"{self.check}\n{self.all_files}")
        self.assertIn(done.returncode, (0, 1), done.stderr)
        numbers = self.numbers((self.folder / "runs.jsonl").read_text())
        told = (self.folder / "found.txt").read_text()
        self.assertRegex(
            told, rf"\A{len(numbers)} of \d+ runs, from line 1 on: responses/a b/file\n\Z"
        )
        return numbers

    def piped(self, command: str, before: str, after: str) -> list[int]:
        """What a command finds, once a part of it is another one."""
        self.assertIn(before, command)
        done = self.shell(f"{self.check}\n{command.replace(before, after)}; cat runs.jsonl")
        self.assertEqual(done.returncode, 0, done.stderr)
        (self.folder / "runs.jsonl").unlink()
        return self.numbers(done.stdout)

    def test_runs_inside_other_objects(self) -> None:
        first, second, third = self.runs
        envelopes = [{"url": "/v1/runs", "response": {"body": run}} for run in self.runs]
        self.assertEqual(self.found(lines(*envelopes)), [0, 1, 2])
        trace = {"spans": [{"output": [first]}, {"output": {"data": [second, third]}}]}
        self.assertEqual(self.found(trace), [0, 1, 2])
        indented = "".join([json.dumps(run, indent=2) + "\n" for run in self.runs])
        self.assertEqual(self.found(indented), [0, 1, 2])
        others = [{"object": "thread.run.step"}, {"object": "thread"}, first, None, 7, "{"]
        self.assertEqual(self.found(others), [0])
        self.assertEqual(self.found(json.dumps(self.runs)[:-1]), [0, 1, 2])

    def test_json_as_text_in_json(self) -> None:
        first, second, third = self.runs
        texts = [json.dumps(first), json.dumps(second, indent=2), json.dumps({"data": [third]})]
        entries = [{"response": {"content": {"text": text}}} for text in texts]
        self.assertEqual(self.found({"log": {"entries": entries}}), [0, 1, 2])
        docker = [{"log": f"INFO run {json.dumps(run)} done\n"} for run in self.runs]
        self.assertEqual(self.found(lines(*docker)), [0, 1, 2])
        stream = "".join([f"event: a\ndata: {json.dumps(run)}\n\n" for run in self.runs])
        self.assertEqual(self.found({"body": stream}), [0, 1, 2])
        twice = {"message": json.dumps({"MESSAGE": json.dumps(first)})}
        self.assertEqual(self.found(twice), [0])
        pieces = json.dumps(first, indent=2).splitlines(keepends=True)
        notebook = {"cells": [{"outputs": [{"text": pieces}, {"text": []}]}]}
        self.assertEqual(self.found(notebook), [0])
        self.assertEqual(self.found({"message": json.dumps(first)[:-1]}), [])
        for text in (json.dumps(first), json.dumps(first, indent=2)):
            self.assertEqual(self.found([text, "b"]), [0])
            self.assertEqual(self.found(f"body={json.dumps(text)} level=info"), [0])

    def test_text_around_runs(self) -> None:
        first, second, third = [json.dumps(run) for run in self.runs]
        compact = json.dumps(self.runs[2], separators=(",", ":"))
        step = json.dumps({"id": "step_1", "object": "thread.run.step"})
        events = [first, step, compact, "[DONE]"]
        stream = "".join([f"event: some\ndata: {data}\n\n" for data in events])
        self.assertEqual(self.found(stream), [0, 2])
        log = f"[INFO] {{req-1}} {first} in 3 s\nruns [{second}, {third}]\n{first[:-1]}\n"
        self.assertEqual(self.found(log), [0, 1, 2])
        body = json.dumps(self.runs[0], indent=2)
        self.assertEqual(self.found(f"HTTP/2 200\r\ndate: now\r\n\r\n{body}\n"), [0])
        shown = "* Connected\n> GET /v1/runs HTTP/2\n>\n< HTTP/2 200\n<\n{ [5 bytes data]\n"
        self.assertEqual(self.found(f"{shown}{body}\n* Connection #0 left intact\n"), [0])

    def test_files_are_told_in_which_fewer_runs_were_found(self) -> None:
        self.file("responses/a", lines(*self.runs))
        self.file("responses/b/cut", f"{lines(OLD)}{json.dumps(NEW)[:-1]}")
        self.file("responses/b/cut16", json.dumps(self.runs).encode("utf-16")[:-1])
        self.file("responses/b/DS_Store", b"\0\0\0\1Bud1\0\0\x10\0\0\0\x08\0")
        self.file("responses/c", lines({**NEW, "metadata": {"a": 1}}))
        done = self.shell(f"set +e; {self.check}\n{self.all_files}")
        self.assertEqual(done.stdout, "1 of 2 runs, from line 4 on: responses/b/cut\n")
        told = "<stdin>:8: metadata['a']: expected str, got int\n<stdin>: 7 of 8 runs fit\n"
        self.assertEqual(done.stderr, told)
        told = (self.folder / "found.txt").read_text().splitlines()
        self.assertEqual(told[-1], "1 of 1 runs, from line 8 on: responses/c")

    def test_texts_in_json_may_be_long(self) -> None:
        long = [{**run, "instructions": "x" * 600_000} for run in self.runs]
        self.assertEqual(self.found({"text": json.dumps({"data": long})}), [0, 1, 2])

    def test_large_files_take_linear_time(self) -> None:
        line = f'INFO {{x}} {json.dumps(OLD)} {{"a: 1\n'  # In quadratic time, these take minutes.
        self.assertEqual(len(self.found(line * 40_000)), 40_000)

    def test_utf_16(self) -> None:
        text = json.dumps(self.runs, ensure_ascii=False)
        for encoding in ("utf-16", "utf-16-le", "utf-8-sig"):
            self.assertEqual(self.found(text.encode(encoding)), [0, 1, 2])

    def test_compressed_files_and_archives(self) -> None:
        text = lines(*self.runs).encode()
        self.file("lines", text)
        self.shell("zstd -q lines -o zst")
        self.file("gz", gzip.compress(text))
        self.file("bz2", bz2.compress(text))
        self.file("xz", lzma.compress(text))
        named = re.findall(r"`(\w+ -\w+)`", README[README.index("- As `gzip -dc`") :])
        for command, file in zip(named, ["gz", "bz2", "xz", "zst"], strict=True):
            found = self.piped(self.compressed, "gzip -dc responses.gz", f"{command} {file}")
            self.assertEqual(found, [0, 1, 2], command)

    def test_what_python_reads(self) -> None:
        table = io.StringIO()
        writer = csv.DictWriter(table, ["name", "run"])
        writer.writeheader()
        writer.writerows([{"name": "a", "run": json.dumps(run)} for run in self.runs])
        frame = pandas.DataFrame([{**run, "completed_at": None} for run in self.runs])
        frame.loc[1, "completed_at"] = 1720000000
        frame["metadata"] = [None, {"user": "u_1"}, {"user": "u_2"}]
        contents: dict[str, Any] = {
            "map(ast.literal_eval": "".join([f"{run!r}\n" for run in self.runs]),
            "pickle.load": pickle.dumps(self.runs),
            "yaml.safe": yaml.safe_dump_all(self.runs),
            "(json.loads": table.getvalue(),
            "json.loads": frame.to_parquet(),
        }
        usual = "map(ast.literal_eval, sys.stdin)"
        others = re.findall(r"^  - .*: `(.*)`$", README, re.M)
        for expression, (start, content) in zip([usual, *others], contents.items(), strict=True):
            self.assertTrue(expression.startswith(start))
            self.file("reprs.txt", content)
            self.file("runs.parquet", content)
            command = self.python_reads.replace("ast,", "ast, csv, io, pandas, pickle, yaml,")
            self.assertEqual(self.piped(command, usual, expression), [0, 1, 2])
        frame["metadata"] = [{"a": "1"}, {"b": "2"}, {}]
        frame["created_at"] = pandas.to_datetime(frame["created_at"], unit="s")
        self.file("runs.parquet", frame.to_parquet())
        command = self.python_reads.replace("ast,", "io, pandas,").replace(usual, others[-1])
        self.shell(f"{self.check}\n{command}")
        written = (self.folder / "runs.jsonl").read_text().splitlines()
        times = [json.loads(line)["created_at"] for line in written]
        self.assertEqual(times, [run["created_at"] for run in self.runs])


class Databases(Folder):
    rows = (
        "import sqlite3\n"
        "for row in sqlite3.connect('runs.db').execute('select * from runs'): print(*row)"
    )
    store = "python3 into_sqlite.py <runs.jsonl"

    def stored(self, *runs: Data) -> Any:
        """The one run that is kept of some states, which come in this order."""
        (self.folder / "runs.db").unlink(missing_ok=True)
        self.file("runs.jsonl", lines(*[RunObject.from_response(run).to_dict() for run in runs]))
        done = self.shell(self.store)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        (row,) = self.python(self.rows).splitlines()
        return json.loads(row[row.index("{") :])

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
        before = self.python(self.rows)
        self.file("runs.jsonl", lines({**OLD, "id": "run_9"}, {}))
        done = self.shell(self.store)
        self.assertEqual((done.returncode, self.python(self.rows)), (1, before))

    def test_several_processes_at_once(self) -> None:
        self.file("runs.jsonl", lines(*numbered(0, *[OLD] * 2000)))
        done = self.shell(f"for i in 1 2 3 4; do {self.store} & done; wait")
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertEqual(len(self.python(self.rows).splitlines()), 2000)

    def test_nested_text_is_reached(self) -> None:
        (expression,) = re.findall(r"`(json_extract\(.*?)`", README)
        self.stored(NEW)
        query = f"select {expression} from runs".replace("'", "\\'")
        found = self.python(self.rows.replace("select * from runs", query))
        self.assertEqual(found, "server_error\n")


class Processes(Folder):
    head = "from count_statuses import status\npaths = ['parts/1.jsonl', 'parts/2.jsonl']\n"
    counts: typing.ClassVar[Data] = {"queued": 2, "failed": 1, "(not a run)": 1}

    def setUp(self) -> None:
        super().setUp()
        first, *rest = [
            {**OLD, "status": status} for status in ("queued", "failed", "(not a run)", "queued")
        ]
        self.file("parts/1.jsonl", lines(first))
        self.file("parts/2.jsonl", lines(*rest))

    def test_counted_in_a_pool(self) -> None:
        (command,) = re.findall(r"`(cat .*count_statuses.py)`", README)
        done = self.shell(command)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertEqual(eval(done.stdout), self.counts)

    def test_counted_by_dask(self) -> None:
        (call,) = re.findall(r"^`(dask\.bag\..*)`$", README, re.M)
        main = f"import dask.bag\nif __name__ == '__main__':\n    print(dict({call}))"
        self.assertEqual(eval(self.python(self.head + main)), self.counts)

    def test_counted_by_spark(self) -> None:
        (sentence, call) = re.findall(r"^(With Spark, .*):\n`(context\..*)`$", README, re.M)[0]
        (add, *names) = re.findall(r"`(.*?)`", sentence)
        counts = self.python(
            f"{self.head}from pyspark.sql import SparkSession\n"
            "context = SparkSession.builder.getOrCreate().sparkContext\n"
            f"for name in {names}:\n    {add}\nprint(dict({call}))",
            PYSPARK_PYTHON=sys.executable,
            SPARK_LOCAL_IP="127.0.0.1",
        )
        self.assertEqual(eval(counts), self.counts)


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

    def test_msgspec_takes_large_integers_and_halves_of_characters(self) -> None:
        run = msgspec.convert({**OLD, "created_at": 2**63, "status": "\ud800"}, bench.Plain)
        self.assertEqual((run.created_at, run.status), (2**63, "\ud800"))

    def test_the_openai_package_takes_anything(self) -> None:
        run: Any = openai.types.beta.threads.run.Run.construct(id=7, metadata=[None])
        self.assertEqual((run.id, run.metadata), (7, [None]))


class OtherTools(unittest.TestCase):
    def test_fastapi(self) -> None:
        app = fastapi.FastAPI()
        (refusal,) = re.findall(r"`(raise HTTPException\([^`]*)`", README)
        self.assertEqual(refusal, "raise HTTPException(422, error.problems) from None")

        @app.post("/runs")
        def store(data: Data) -> Data:
            try:
                return RunObject.from_response(data).to_dict()
            except RunObjectError as error:
                raise fastapi.HTTPException(422, error.problems) from None

        client = fastapi.testclient.TestClient(app)
        answer = client.post("/runs", json=NEW)
        self.assertEqual((answer.status_code, answer.json()["file_ids"]), (200, []))
        answer = client.post("/runs", json={**NEW, "created_at": "secret"})
        told = {"detail": {"created_at": "expected int, got str"}}
        self.assertEqual((answer.status_code, answer.json()), (422, told))

    def test_what_fastapi_makes_of_runs_itself(self) -> None:
        app = fastapi.FastAPI()

        @app.post("/run")
        def store(run: RunObject) -> RunObject:
            return run

        client = fastapi.testclient.TestClient(app)
        for time in ("7", True, 1.0):
            self.assertEqual(client.post("/run", json={**OLD, "created_at": time}).status_code, 200)
        self.assertEqual(client.post("/run", json=NEW).status_code, 422)
        answer = client.post("/run", json={**OLD, "created_at": "secret"})
        self.assertEqual((answer.status_code, "secret" in answer.text), (422, True))

    def test_pandas(self) -> None:
        frame = pandas.DataFrame([RunObject.from_dict(OLD), RunObject.from_dict(OLD)])
        self.assertEqual((len(frame), len(frame.columns)), (2, 19))
        self.assertIn('`pandas.to_datetime(frame["created_at"], unit="s", utc=True)`', README)
        times = pandas.to_datetime(frame["created_at"], unit="s", utc=True)
        self.assertEqual(str(times[0]), "2023-11-04 02:01:30+00:00")

    def test_headers(self) -> None:
        response = httpx.Response(200, json=NEW, headers=[("X-Request-Id", "req_1")])
        self.assertIn(
            'RunObject.from_response({**response.json(), "headers": response.headers})', README
        )
        run: Any = RunObject.from_response({**response.json(), "headers": response.headers})
        self.assertEqual(run.headers["x-request-id"], "req_1")
        message = email.message.Message()
        message["X"], message["Y"] = "1", "2"
        run = RunObject.from_dict({**OLD, "headers": dict(message.items())})
        self.assertEqual(run.headers, {"X": "1", "Y": "2"})


if __name__ == "__main__":
    unittest.main()
