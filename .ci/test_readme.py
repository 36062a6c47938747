"""Runs what the README shows, as a reader would: `python3 .ci/test_readme.py`.

Needs the libraries of `requirements.txt`, `jq` and, for Spark, Java.
"""

import doctest
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
LATER: dict[str, Any] = {
    **{name: value for name, value in GOOD.items() if name != "file_ids"},
    "tools": [{"type": "function", "function": {"name": "größe", "parameters": {"a": [1, None]}}}],
    "required_action": {
        "type": "submit_tool_outputs",
        "submit_tool_outputs": {"tool_calls": [{"id": "call_1"}]},
    },
    "last_error": {"code": "server_error", "message": "Sorry"},
    "metadata": {"user": "u_1", "n": 7},
    "usage": {"total_tokens": 7},
    "temperature": 1.0,
    "response_format": "auto",
}


def block(kind: str, part: str) -> str:
    """The one block of a kind that has a part."""
    (found,) = [code for each, code in BLOCKS if each == kind and part in code]
    return found


def run(*arguments: str, cwd: Path, **options: Any) -> str:
    done = subprocess.run(arguments, cwd=cwd, capture_output=True, text=True, **options)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


class Folder(unittest.TestCase):
    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        shutil.copy(HERE / "runobject.py", self.folder)
        shutil.copy(HERE / "test_runobject.py", self.folder)
        (self.folder / "bin").mkdir()
        (self.folder / "bin" / "python3").symlink_to(sys.executable)
        self.environment = {**os.environ, "PATH": f"{self.folder}/bin:{os.environ['PATH']}"}

    def shell(self, code: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["bash", "-o", "pipefail", "-c", code],
            cwd=self.folder,
            env=self.environment,
            capture_output=True,
            text=True,
        )

    def runs(self, files: dict[str, list[str]]) -> None:
        (self.folder / "runs").mkdir()
        for name, lines in files.items():
            (self.folder / "runs" / name).write_text("".join(line + "\n" for line in lines))


class QuickStart(Folder):
    def test_the_check_prints_what_the_readme_shows(self) -> None:
        command = next(code for kind, code in BLOCKS if kind == "sh")
        shown = next(code for kind, code in BLOCKS if kind == "text")
        self.assertEqual(BLOCKS.index(("text", shown)), BLOCKS.index(("sh", command)) + 1)
        done = self.shell(command)
        self.assertEqual((done.returncode, done.stdout, done.stderr), (0, shown, ""))

    def test_the_examples_hold(self) -> None:
        code = "".join(code for kind, code in BLOCKS if kind == "pycon")
        test = doctest.DocTestParser().get_doctest(code, {}, "README.md", "README.md", 0)
        results = doctest.DocTestRunner().run(test)
        self.assertEqual(results.failed, 0)
        self.assertEqual(results.attempted, 4)

    def test_every_block_is_run_by_a_test(self) -> None:
        kinds = [kind for kind, _ in BLOCKS]
        counts = {kind: kinds.count(kind) for kind in sorted(set(kinds))}
        self.assertEqual(counts, {"pycon": 2, "python": 3, "sh": 2, "text": 1})

    def test_its_length(self) -> None:
        self.assertLessEqual(README.count("\n"), 240)


class Tables(unittest.TestCase):
    def test_the_fields(self) -> None:
        rows = re.findall(r"^\| `(\w+)` \| ([^|]+) \| (\w*) ?\| `([^`]+)` \| \S", README, re.M)
        self.assertEqual(
            rows,
            [
                ("id", "text", "yes", "String"),
                ("object", "text", "yes", "String"),
                ("created_at", "integer", "yes", "i64"),
                ("thread_id", "text", "yes", "String"),
                ("assistant_id", "text", "yes", "String"),
                ("status", "text", "yes", "String"),
                ("required_action", "text map", "", "Option<HashMap<String, String>>"),
                ("last_error", "text", "", "Option<String>"),
                ("expires_at", "integer", "", "Option<i64>"),
                ("started_at", "integer", "", "Option<i64>"),
                ("cancelled_at", "integer", "", "Option<i64>"),
                ("failed_at", "integer", "", "Option<i64>"),
                ("completed_at", "integer", "", "Option<i64>"),
                ("model", "text", "yes", "String"),
                ("instructions", "text", "", "Option<String>"),
                ("tools", "list of text maps", "yes", "Vec<HashMap<String, String>>"),
                ("file_ids", "list of texts", "yes", "Vec<String>"),
                ("metadata", "text map", "yes", "HashMap<String, String>"),
                ("headers", "text map", "", "Option<HashMap<String, String>>"),
            ],
        )

    def test_what_the_peers_take(self) -> None:
        for row in bench.takes():
            self.assertTrue(f"| {' | '.join(row)} |\n" in README, row)

    def test_the_rows_and_columns_of_costs(self) -> None:
        columns = [*bench.COLUMNS, "import"]
        self.assertTrue(f"|  | {' | '.join(columns)} |\n" in README)
        cells = r" \| ".join([r"(?:[\d.]+(?: µs| ms)?|never)"] * len(columns))
        for name in bench.LOADERS:
            self.assertTrue(re.search(rf"^\| {name} \| {cells} \|$", README, re.M), name)


class Runs(Folder):
    def test_a_folder_of_runs(self) -> None:
        other = json.dumps({**GOOD, "id": "run_2"})
        wrong = json.dumps({**GOOD, "created_at": "today", "file_ids": None})
        nested = "[" * 200_000
        self.runs({"a.jsonl": [json.dumps(GOOD), "{", wrong], "b.jsonl": [nested, other]})
        script = self.folder / "load.py"
        script.write_text(block("python", "sqlite3") + "print([run.id for run in stored])\n")
        for _ in range(2):
            done = subprocess.run(
                [sys.executable, "load.py"], cwd=self.folder, capture_output=True, text=True
            )
            first, second, third = done.stderr.splitlines()
            self.assertRegex(first, r"\Aruns/a\.jsonl:2: Expecting property name")
            reason = "created_at: expected int, got str; file_ids: expected list, got NoneType"
            self.assertEqual(second, f"runs/a.jsonl:3: {reason}")
            self.assertRegex(third, r"\Aruns/b\.jsonl:1: ")
            self.assertEqual((done.returncode, done.stdout), (0, "['run_1', 'run_2']\n"))

    def test_the_command_on_pages_and_on_many_files(self) -> None:
        line = json.dumps(GOOD)
        self.runs({"a.jsonl": [line, line], "b c.jsonl": [line], "d.jsonl": [line, "{}"]})
        (self.folder / "pages").mkdir()
        for number in range(2):
            page = {"object": "list", "data": [GOOD, {**GOOD, "id": f"run_{number}"}]}
            (self.folder / "pages" / f"{number}.json").write_text(json.dumps(page))
        pages, files = block("sh", "jq").splitlines()
        done = self.shell(pages)
        self.assertEqual((done.returncode, done.stdout, done.stderr), (0, "", ""))
        listed = (self.folder / "runs" / "listed.jsonl").read_text().splitlines()
        ids = [json.loads(each)["id"] for each in listed]
        self.assertEqual(ids, ["run_1", "run_0", "run_1", "run_1"])
        done = self.shell(files)
        self.assertEqual(done.returncode, 123)  # what xargs makes of a 1
        self.assertEqual(done.stdout, "")
        self.assertIn("runs/d.jsonl:2: id: missing\n", done.stderr)
        for count in ("2 of 2", "1 of 1", "1 of 2", "4 of 4"):
            self.assertIn(f"{count} runs fit\n", done.stderr)

    def count(self, way: str) -> Any:
        """The README's counts, with the module under another name, as if pasted."""
        status = [json.dumps({**GOOD, "status": each}) for each in ("queued", "queued", "failed")]
        self.runs({"a.jsonl": ["\ufeff" + status[0], *status[1:]], "b.jsonl": ["{}", *status]})
        with (self.folder / "runs" / "b.jsonl").open("ab") as file:
            file.write(status[0].encode().replace(b"queued", b"\xff") + b"\n")
        shutil.move(self.folder / "runobject.py", self.folder / "pasted.py")
        code = block("python", "ProcessPoolExecutor")
        code = code.replace("from runobject import", "from pasted import")
        called = 'with_a_pool("runs/*.jsonl")'
        self.assertEqual(code.count(called), 1)
        (self.folder / "count.py").write_text(code.replace(called, f'{way}("runs/*.jsonl")'))
        environment = {
            **os.environ,
            "PYSPARK_PYTHON": sys.executable,
            "SPARK_LOCAL_IP": "127.0.0.1",
        }
        return run(sys.executable, "count.py", cwd=self.folder, env=environment)

    def test_counting_in_a_pool(self) -> None:
        counts = self.count("with_a_pool")
        self.assertEqual(counts, "{'queued': 4, 'failed': 2, '(not a run)': 2}\n")

    def test_counting_with_dask(self) -> None:
        counts = self.count("with_dask")
        self.assertEqual(counts, "{'queued': 4, 'failed': 2, '(not a run)': 2}\n")

    def test_counting_with_spark(self) -> None:
        counts = eval(self.count("with_spark"))
        self.assertEqual(counts, {"queued": 4, "failed": 2, "(not a run)": 1, "\ufffd": 1})


json_values: Any = strategies.recursive(
    strategies.none() | strategies.booleans() | strategies.integers() | strategies.floats()
    | strategies.text(strategies.characters(categories=None)),
    lambda inner: strategies.lists(inner) | strategies.dictionaries(strategies.text(), inner),
    max_leaves=6,
)  # fmt: skip
other_values = strategies.binary() | strategies.sets(strategies.integers()) | strategies.dates()
mangled = strategies.dictionaries(
    strategies.sampled_from([*bench.TYPICAL, "usage"]),
    json_values | strategies.lists(json_values | other_values) | other_values,
)


class LaterVersions(unittest.TestCase):
    def setUp(self) -> None:
        names: dict[str, Any] = {}
        exec(block("python", "run_from_any_version"), names)
        self.load = names["run_from_any_version"]

    def test_the_first_version(self) -> None:
        self.assertEqual(self.load(GOOD), RunObject.from_dict(GOOD))

    def test_nested_objects_become_json_text(self) -> None:
        before = json.dumps(LATER)
        loaded = self.load(LATER)
        self.assertEqual(json.dumps(LATER), before)
        self.assertEqual(loaded.file_ids, ())
        self.assertEqual(loaded.tools[0]["type"], "function")
        self.assertEqual(json.loads(loaded.tools[0]["function"]), LATER["tools"][0]["function"])
        self.assertEqual(loaded.required_action["type"], "submit_tool_outputs")
        outputs = json.loads(loaded.required_action["submit_tool_outputs"])
        self.assertEqual(outputs, {"tool_calls": [{"id": "call_1"}]})
        self.assertEqual(json.loads(loaded.last_error), LATER["last_error"])
        self.assertEqual(loaded.metadata, {"user": "u_1", "n": "7"})

    def test_what_is_empty_or_null(self) -> None:
        loaded = self.load({**LATER, "last_error": {}, "required_action": {}, "metadata": None})
        self.assertEqual(loaded.last_error, "{}")
        self.assertEqual((loaded.required_action, loaded.metadata), ({}, {}))
        loaded = self.load({**LATER, "last_error": None, "required_action": None, "file_ids": None})
        self.assertEqual((loaded.last_error, loaded.required_action), (None, None))

    def test_what_does_not_fit_is_refused(self) -> None:
        for name, value in [
            ("file_ids", 0),
            ("tools", {}),
            ("tools", [7]),
            ("metadata", []),
            ("id", 7),
        ]:
            with self.assertRaises(RunObjectError) as caught:
                self.load({**LATER, name: value})
            (path,) = caught.exception.problems
            self.assertTrue(path.startswith(name))
        with self.assertRaises(RunObjectError) as caught:
            self.load([])
        self.assertEqual(caught.exception.problems, {"": "expected dict, got list"})

    @hypothesis.settings(max_examples=3000, deadline=None, print_blob=True, database=None)
    @hypothesis.given(mangled | json_values | other_values)
    def test_every_refusal_is_a_run_object_error(self, changes: Any) -> None:
        payload = {**LATER, **changes} if isinstance(changes, dict) else changes
        try:
            self.assertIs(type(self.load(payload)), RunObject)
        except RunObjectError as error:
            self.assertTrue(error.problems)


if __name__ == "__main__":
    unittest.main()
