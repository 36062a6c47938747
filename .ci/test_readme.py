"""Runs what the README shows, as a reader would: `python3 .ci/test_readme.py`.

Needs the libraries of `requirements.txt` and, for Spark, Java.
"""

import doctest
import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path
from typing import Any

import hypothesis
from hypothesis import strategies

HERE = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(HERE), str(HERE / ".ci")]

import bench  # noqa: E402

from runobject import RunObject, RunObjectError  # noqa: E402

README = (HERE / "README.md").read_text(encoding="utf-8")
BLOCKS: list[tuple[str, str]] = re.findall(r"^```(\w+)\n(.*?)^```$", README, re.M | re.S)
EXAMPLE, CHECK, TESTS, LATER, PIPE, FOLDER, DIFF = [code for _, code in BLOCKS]

GOOD: dict[str, Any] = {
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
# A run as later versions of the API write it.
NESTED: dict[str, Any] = {
    **{name: value for name, value in GOOD.items() if name != "file_ids"},
    "tools": [{"type": "function", "function": {"name": "größe", "parameters": {"a": [1, None]}}}],
    "required_action": {
        "type": "submit_tool_outputs",
        "submit_tool_outputs": {"tool_calls": [{"id": "call_1"}]},
    },
    "last_error": {"code": "server_error", "message": "Sorry"},
    "metadata": {"user": "u_1"},
    "usage": {"total_tokens": 7},
    "temperature": 1.0,
    "response_format": "auto",
}


def numbered(first: int, *runs: dict[str, Any]) -> list[dict[str, Any]]:
    return [{**run, "id": f"run_{number}"} for number, run in enumerate(runs, first)]


class Folder(unittest.TestCase):
    """A new folder of a reader's with the two files, and the Python of these tests as `python3`."""

    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        for name in ("runobject.py", "test_runobject.py"):
            shutil.copy(HERE / name, self.folder)
        (self.folder / "bin").mkdir()
        (self.folder / "bin" / "python3").symlink_to(sys.executable)

    def shell(self, code: str, **environment: str) -> subprocess.CompletedProcess[str]:
        path = f"{self.folder}/bin:{os.environ['PATH']}"
        return subprocess.run(
            ["bash", "-eo", "pipefail", "-c", code],
            cwd=self.folder,
            env={**os.environ, **environment, "PATH": path},
            capture_output=True,
            text=True,
        )

    def file(self, name: str, content: Any) -> None:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        content = content if isinstance(content, (bytes, str)) else json.dumps(content)
        path.write_bytes(content.encode() if isinstance(content, str) else content)


class QuickStart(Folder):
    def test_the_shell_lines_succeed(self) -> None:
        for environment in ({}, {"PYTHONUNBUFFERED": "1"}):
            done = self.shell(CHECK, **environment)
            self.assertEqual((done.returncode, done.stderr), (0, ""))
            self.assertEqual(len(json.loads(done.stdout)), 19)
        done = self.shell(TESTS, PYTHONUNBUFFERED="1")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertTrue(done.stderr.endswith("\nOK\n"), done.stderr)

    def test_the_example_holds(self) -> None:
        test = doctest.DocTestParser().get_doctest(EXAMPLE, {}, "README.md", "README.md", 0)
        results = doctest.DocTestRunner().run(test)
        self.assertEqual((results.failed, results.attempted), (0, 4))

    def test_every_block_is_run_by_a_test(self) -> None:
        kinds = [kind for kind, _ in BLOCKS]
        self.assertEqual(kinds, ["pycon", "sh", "sh", "python", "sh", "python", "diff"])

    def test_its_length_and_that_of_the_script(self) -> None:
        self.assertLessEqual(README.count("\n"), 220)
        self.assertLessEqual(LATER.count("\n"), 50)


class Tables(unittest.TestCase):
    def test_the_fields(self) -> None:
        rows = re.findall(r"^\| ([a-z ]+) \| (`.*) \| (.*?) ?\| `(\S.*)` \|$", README, re.M)
        optional = "`expires_at`, `started_at`, `cancelled_at`, `failed_at`, `completed_at`"
        self.assertEqual(
            rows,
            [
                (
                    "text",
                    "`id`, `object`, `thread_id`, `assistant_id`, `status`, `model`",
                    "`last_error`, `instructions`",
                    "String",
                ),
                ("integer", "`created_at`", optional, "i64"),
                (
                    "text map",
                    "`metadata`",
                    "`required_action`, `headers`",
                    "HashMap<String, String>",
                ),
                ("list of texts", "`file_ids`", "", "Vec<String>"),
                ("list of text maps", "`tools`", "", "Vec<HashMap<String, String>>"),
            ],
        )

    def test_what_the_peers_take_that_is_no_run(self) -> None:
        # What the README says of them in a sentence.
        bits, surrogate, lists = "an integer of 65 bits", "a lone surrogate", "a nested tool"
        self.assertEqual(
            {
                name: {case for case in taken if taken[case]}
                for name, taken in bench.takes().items()
            },
            {
                "RunObject": set(),
                "msgspec, Struct": {bits, surrogate},
                "msgspec, dataclass": {bits, surrogate},
                "pydantic, strict": {bits, surrogate},
                "mashumaro": {*bench.WRONG} - {"no `file_ids`"},
                "dacite": {bits, surrogate, "`true` for an integer"},
                "openai client": {*bench.WRONG, lists},
            },
        )

    def test_the_rows_and_columns_of_costs(self) -> None:
        header, _, *rows = re.findall(r"^\| (.*) \|$", README[README.index("## Peers") :], re.M)
        version, *columns = header.split(" | ")
        self.assertRegex(version, r"^CPython 3\.\d+\.\d+$")
        self.assertEqual(columns, bench.SHORT_COLUMNS)
        self.assertEqual([row.split(" | ")[0] for row in rows], bench.SHORT_ROWS)
        for row in rows:
            self.assertRegex(row, r"^[\w, ]+( \| \d+\.\d\d){4}$")


class LaterVersions(Folder):
    def setUp(self) -> None:
        super().setUp()
        self.file("later.py", LATER)
        spec = importlib.util.spec_from_file_location("later", self.folder / "later.py")
        assert spec and spec.loader
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        self.adapted = module.adapted

    def test_nested_objects_become_json_text_and_there_is_a_way_back(self) -> None:
        before = json.dumps(NESTED)
        run = RunObject.from_dict(self.adapted(NESTED))
        self.assertEqual(json.dumps(NESTED), before)
        self.assertEqual(run.file_ids, ())
        self.assertEqual(run.tools[0]["type"], "function")
        self.assertIn('`json.loads(run.tools[0]["function"])`', README)
        self.assertEqual(json.loads(run.tools[0]["function"]), NESTED["tools"][0]["function"])
        assert run.required_action and run.last_error
        self.assertEqual(run.required_action["type"], "submit_tool_outputs")
        outputs = json.loads(run.required_action["submit_tool_outputs"])
        self.assertEqual(outputs, {"tool_calls": [{"id": "call_1"}]})
        self.assertEqual(json.loads(run.last_error), NESTED["last_error"])

    def test_what_is_null_absent_or_of_the_first_version_stays_so(self) -> None:
        self.assertEqual(RunObject.from_dict(self.adapted(GOOD)), RunObject.from_dict(GOOD))
        nulls = dict.fromkeys(["last_error", "required_action", "file_ids", "metadata"])
        run = RunObject.from_dict(self.adapted({**NESTED, **nulls}))
        self.assertEqual((run.last_error, run.required_action), (None, None))
        self.assertEqual((run.file_ids, run.metadata), ((), {}))

    def test_nothing_else_is_changed(self) -> None:
        for name, value, path in [
            ("metadata", {"n": 7}, "metadata['n']"),
            ("metadata", {"n": {}}, "metadata['n']"),
            ("metadata", [], "metadata"),
            ("last_error", 5, "last_error"),
            ("required_action", [], "required_action"),
            ("required_action", {"n": 7}, "required_action['n']"),
            ("tools", {}, "tools"),
            ("tools", [7], "tools[0]"),
            ("tools", [{"type": None}], "tools[0]['type']"),
            ("file_ids", "", "file_ids"),
            ("id", 7, "id"),
        ]:
            with self.assertRaises(RunObjectError) as caught:
                RunObject.from_dict(self.adapted({**NESTED, name: value}))
            self.assertEqual(list(caught.exception.problems), [path])
        with self.assertRaises(RunObjectError) as caught:
            RunObject.from_dict(self.adapted([]))
        self.assertEqual(caught.exception.problems, {"": "expected dict, got list"})

    def test_files_of_every_form_are_recognised_in_folders_all_the_way_down(self) -> None:
        runs = numbered(0, *[GOOD, NESTED] * 8)
        runs[0]["created_at"] = 2**63 - 1
        lines = [json.dumps(run) for run in runs]
        page = {"object": "list", "data": runs[2:4], "first_id": "run_2", "has_more": False}
        self.file("responses/0.json", lines[0])
        self.file("responses/1", json.dumps(runs[1], indent=2))
        self.file("responses/2/page.json", json.dumps(page, indent=2))
        self.file("responses/2/x.y/array.json", runs[4:6])
        self.file("responses/3.jsonl", b"\xef\xbb\xbf" + "\r\n".join(lines[6:8]).encode())
        self.file("responses/4.jsonl", "\n\n".join(lines[8:10]) + "\n")
        self.file("responses/5.jsonl", json.dumps({**page, "data": runs[10:12]}) + "\n" + lines[12])
        self.file("responses/6.jsonl", lines[13][:-1] + "\n" + lines[14])
        self.file("responses/60.jsonl", lines[15] + "\n" + lines[13][:50])
        self.file("responses/7.json", "")
        self.file("responses/8.json", json.dumps(runs[0], indent=2)[:200])
        self.file("responses/9.json", lines[0].encode().replace(b"gpt-4", b"gpt-\xff"))
        self.file("responses/A.json", lines[0].replace('"gpt-4"', "NaN"))
        self.file("responses/B.json", "[" * 200_000)
        (self.folder / "responses" / "C.json").symlink_to("nowhere")
        done = self.shell(PIPE)
        self.assertEqual(done.returncode, 1)
        written = (self.folder / "runs.jsonl").read_text().splitlines()
        numbers = [int(json.loads(line)["id"][4:]) for line in written]
        self.assertEqual(sorted(numbers), [*range(13), 14, 15])
        self.assertIn(": 9223372036854775807,", written[numbers.index(0)])
        *errors, count = done.stderr.splitlines()
        self.assertEqual(count, "<stdin>: 15 of 15 runs fit")
        places = [error.split(": ")[0].removeprefix("responses/") for error in errors]
        expected = ["6.jsonl:1", "60.jsonl:2", "7.json:1", "8.json:10", "9.json:1", "A.json:1"]
        self.assertEqual(places, [*expected, "B.json:1", "C.json:1"])
        for path in (self.folder / "responses").glob("[6-9ABC]*"):
            path.unlink()
        self.file("13.json", lines[13])
        done = self.shell(PIPE.replace("responses/", "responses/ 13.json"))
        self.assertEqual((done.returncode, done.stderr), (0, "<stdin>: 14 of 14 runs fit\n"))

    json_values: Any = strategies.recursive(
        strategies.none() | strategies.booleans() | strategies.integers() | strategies.floats()
        | strategies.text(strategies.characters(categories=None)),
        lambda inner: strategies.lists(inner) | strategies.dictionaries(strategies.text(), inner),
        max_leaves=6,
    )  # fmt: skip

    @hypothesis.settings(max_examples=2000, deadline=None, print_blob=True, database=None)
    @hypothesis.given(
        strategies.dictionaries(strategies.sampled_from([*bench.TYPICAL, "usage"]), json_values)
        | json_values
    )
    def test_every_refusal_is_a_run_object_error(self, changes: Any) -> None:
        payload = {**NESTED, **changes} if isinstance(changes, dict) else changes
        try:
            self.assertIs(type(RunObject.from_dict(self.adapted(payload))), RunObject)
        except RunObjectError as error:
            self.assertTrue(error.problems)


class Runs(Folder):
    """The script of a folder of runs, with the module under another name, as if pasted."""

    def setUp(self) -> None:
        super().setUp()
        shutil.move(self.folder / "runobject.py", self.folder / "pasted.py")
        code = FOLDER.replace("from runobject import", "from pasted import")
        self.file("folder.py", code)
        # Up to the paths that it finds, for another way to go on.
        self.head = code[: code.index("    with sqlite3")]
        statuses = [json.dumps({**GOOD, "status": each}) for each in ("queued", "queued", "failed")]
        self.file("runs.jsonl", statuses[0] + "\n")
        self.file("runs/a.jsonl", "\ufeff" + "\n".join(statuses))
        self.file("runs/2024/b c.jsonl", "\n".join(statuses))
        self.environment = {"PYSPARK_PYTHON": sys.executable, "SPARK_LOCAL_IP": "127.0.0.1"}

    def python(self, code: str) -> str:
        self.file("script.py", code)
        done = self.shell(f'"{sys.executable}" script.py', **self.environment)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout

    def bad_lines(self) -> None:
        bad = json.dumps(GOOD).encode().replace(b"completed", b"\xff") + b"\n{}\n{\n"
        self.file("runs/bad.jsonl", bad)

    def test_into_sqlite_and_counted_in_a_pool(self) -> None:
        for _ in range(2):
            done = self.shell("python3 folder.py")
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertEqual(done.stdout, "{'queued': 5, 'failed': 2}\n")
            stored = self.python(
                "import sqlite3\n"
                "for row in sqlite3.connect('runs.db').execute('select * from runs'): print(*row)"
            )
            # The last run of the id that was read, in the order of paths.
            self.assertEqual(stored[:6], "run_1 ")
            self.assertEqual(json.loads(stored[6:])["status"], "failed")

    def test_a_line_that_is_no_run_raises_and_changes_nothing(self) -> None:
        self.bad_lines()
        done = self.shell("python3 folder.py")
        self.assertEqual(done.returncode, 1)
        self.assertEqual(
            self.python(
                "import sqlite3\n"
                "print(sqlite3.connect('runs.db').execute('select count(*) from runs').fetchall())"
            ),
            "[(0,)]\n",
        )
        counts = self.python(f"{self.head}    print(dict(sum(map(statuses, paths), Counter())))")
        self.assertEqual(eval(counts), {"queued": 5, "failed": 2, "(not a run)": 3})

    def test_counted_by_dask(self) -> None:
        self.bad_lines()
        (call,) = re.findall(r"^Dask: `(dask\..*)`\.$", README, re.M)
        counts = self.python(f"{self.head}    import dask.bag\n    print(dict({call}))")
        self.assertEqual(eval(counts), {"queued": 5, "failed": 2, "(not a run)": 3})

    def test_counted_by_spark(self) -> None:
        self.bad_lines()
        ((prepare, call),) = re.findall(
            r"^Spark.*? `(context\.add.*?)`.*: `(context\..*)`\.$", README, re.M
        )
        counts = self.python(
            f"{self.head}    from pyspark.sql import SparkSession\n"
            "    context = SparkSession.builder.getOrCreate().sparkContext\n"
            f"    {prepare.replace('runobject.py', 'pasted.py')}\n    print(dict({call}))"
        )
        self.assertEqual(eval(counts), {"queued": 5, "failed": 2, "(not a run)": 2, "\ufffd": 1})


class AddingAField(Folder):
    def changed(self, name: str, *changes: tuple[str, str]) -> None:
        text = (self.folder / name).read_text(encoding="utf-8")
        for old, new in changes:
            self.assertEqual(text.count(old), 1, old)
            text = text.replace(old, new)
        self.file(name, text)

    def test_the_diff_applies_and_the_tests_pass(self) -> None:
        self.file("usage.diff", DIFF)
        self.assertIn("`patch <usage.diff`", README)
        done = self.shell("patch <usage.diff && python3 test_runobject.py")
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.file("run.json", {**GOOD, "usage": {"total_tokens": 579}})
        self.assertEqual(
            json.loads(self.shell("python3 runobject.py run.json").stdout)["usage"],
            {"total_tokens": 579},
        )
        self.file("run.json", {**GOOD, "usage": {"total_tokens": "579", "other": True}})
        self.assertEqual(
            self.shell("python3 runobject.py run.json || true").stderr,
            "run.json:1: usage['total_tokens']: expected int, got str\n"
            "run.json:1: usage['other']: expected int, got bool\n",
        )

    def test_a_field_of_a_known_kind(self) -> None:
        self.changed(
            "runobject.py",
            (
                "    metadata: Mapping[str, str]  #",
                "    temperature: str  # of the model\n    metadata: Mapping[str, str]  #",
            ),
            (
                '    run["metadata"] =',
                '    run["temperature"] = _text(\n'
                '        given.get("temperature", MISSING), "str", "temperature", problems\n'
                '    )\n    run["metadata"] =',
            ),
            (
                '"file_ids": [], "metadata": {}}',
                '"file_ids": [], "temperature": "1", "metadata": {}}',
            ),
        )
        self.changed(
            "test_runobject.py",
            (
                '    ("metadata", "text',
                '    ("temperature", "text", False),\n    ("metadata", "text',
            ),
            (
                '        "metadata": {"user"',
                '        "temperature": "1",\n        "metadata": {"user"',
            ),
        )
        done = self.shell("python3 test_runobject.py")
        self.assertEqual(done.returncode, 0, done.stderr)

    def test_file_ids_made_optional(self) -> None:
        self.changed(
            "runobject.py",
            ("    file_ids: Sequence[str]  #", "    file_ids: Sequence[str] | None = None  #"),
            (
                '    run["file_ids"] = _texts(given.get("file_ids", MISSING), "list", "file_ids",'
                " problems)\n",
                '    if (value := given.get("file_ids")) is not None:\n'
                '        run["file_ids"] = _texts(value, "list or None", "file_ids", problems)\n',
            ),
            (
                '        data["file_ids"] = [*self.file_ids]\n',
                "        if self.file_ids is not None:\n"
                '            data["file_ids"] = [*self.file_ids]\n',
            ),
        )
        self.changed(
            "test_runobject.py", ('"file_ids", "text list", False', '"file_ids", "text list", True')
        )
        done = self.shell("python3 test_runobject.py")
        self.assertEqual(done.returncode, 0, done.stderr)


if __name__ == "__main__":
    unittest.main()
