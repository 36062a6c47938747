"""Checks what the project promises of its files: `.venv/bin/python .ci/test_project.py`.

Needs ruff (`requirements.txt`) and a git checkout.
"""

import ast
import dataclasses
import json
import re
import subprocess
import sys
import unittest
from pathlib import Path

HERE = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(HERE))

from runobject import RunObject, __version__  # noqa: E402


def text(name: str) -> str:
    return (HERE / name).read_text(encoding="utf-8")


def output(*arguments: str) -> str:
    return subprocess.run(arguments, cwd=HERE, stdout=subprocess.PIPE, text=True).stdout


SOURCE = text("runobject.py")
TREE = ast.parse(SOURCE)
README = text("README.md")
PASTED = ("runobject.py", "test_runobject.py")
# The one list of the supported versions of CPython.
(_, *MACHINE), (_, *WASM) = [line.split() for line in text(".ci/pythons").splitlines()]
OLDEST = MACHINE[0]


class Versions(unittest.TestCase):
    def test_the_readme_tells_of_this_version(self) -> None:
        (section,) = re.findall(r"^## [^\n]*versions\n(.*?)(?=^## |\Z)", README, re.I | re.M | re.S)
        self.assertIn(__version__, re.findall(r"^- \*\*([\d.]+)\*\*", section, re.M))

    def test_module_and_readme_name_the_oldest_python(self) -> None:
        for name in ("runobject.py", "README.md"):
            with self.subTest(name):
                named = re.findall(r"CPython\s+(3\.\d+)\s+or\s+newer", text(name))
                self.assertEqual(set(named), {OLDEST})

    def test_the_readme_names_this_version_and_the_tested_pythons(self) -> None:
        named = re.findall(r"([\d.]+) is tested on CPython (3\.\d+) to (3\.\d+)", README)
        self.assertEqual(named, [(__version__, OLDEST, [*MACHINE, *WASM][-1])])

    def test_the_workflow_installs_the_supported_pythons(self) -> None:
        workflow = text(".github/workflows/check.yml")
        (named,) = re.findall(r'python-version: "(.*)"', workflow)
        self.assertEqual(named.split(r"\n"), MACHINE)

    def test_the_tools_assume_the_supported_pythons(self) -> None:
        target = f'\ntarget-version = "py{OLDEST.replace(".", "")}"\n'
        self.assertIn(target, text(".ci/ruff.toml"))
        wasm = json.loads(text(".ci/package.json"))["dependencies"]
        self.assertEqual([*wasm], [f"pyodide-{version}" for version in WASM])


class Files(unittest.TestCase):
    def test_the_top_level_is_four_files(self) -> None:
        # Of a checkout of another user's, git tells nothing without this setting.
        listed = output("git", "-c", "safe.directory=*", "ls-files").splitlines()
        shown = {path.split("/")[0] for path in listed if not path.startswith(".")}
        self.assertEqual(shown, {"LICENSE", "README.md", "runobject.py", "test_runobject.py"})

    def test_every_file_that_is_pasted_names_its_licence_first(self) -> None:
        for name in PASTED:
            with self.subTest(name):
                self.assertEqual(text(name).splitlines()[0], "# SPDX-License-Identifier: MIT-0")
        self.assertTrue(text("LICENSE").startswith("MIT No Attribution\n"))

    def test_only_the_standard_library_is_imported(self) -> None:
        for name in PASTED:
            imported: set[str] = set()
            for node in ast.walk(ast.parse(text(name))):
                if isinstance(node, ast.Import):
                    imported |= {each.name.split(".")[0] for each in node.names}
                elif isinstance(node, ast.ImportFrom):
                    imported.add(str(node.module).split(".")[0])
            with self.subTest(name):
                self.assertLessEqual(imported - {"runobject"}, sys.stdlib_module_names)


class Module(unittest.TestCase):
    def test_its_functions_fit_on_a_screen(self) -> None:
        for node in ast.walk(TREE):
            if isinstance(node, ast.FunctionDef):
                assert node.end_lineno is not None
                self.assertLessEqual(node.end_lineno - node.lineno + 1, 45, node.name)

    def test_only_the_reading_of_the_fields_has_more_than_eight_branches(self) -> None:
        # Those of `_values` have one shape, field after field, and are read at a glance.
        found = output(
            *(sys.executable, "-m", "ruff", "check", "--no-cache", "--output-format", "json"),
            *("--isolated", "--select", "C901", "--config", "lint.mccabe.max-complexity=8"),
            "runobject.py",
        )
        self.assertEqual([each["message"][:11] for each in json.loads(found)], ["`_values` i"])

    def test_every_field_says_what_it_means_and_timestamps_their_unit(self) -> None:
        (run,) = [each for each in TREE.body if getattr(each, "name", "") == "RunObject"]
        assert isinstance(run, ast.ClassDef)
        lines = {
            node.target.id: SOURCE.splitlines()[node.lineno - 1]
            for node in run.body
            if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name)
        }
        for field in dataclasses.fields(RunObject):
            self.assertRegex(lines[field.name], r"  # \w.{15,}$")
            is_time = field.type in (int, int | None)
            self.assertEqual("Unix seconds" in lines[field.name], is_time)

    def test_it_tells_how_many_fields_it_has(self) -> None:
        told = {int(number) for number in re.findall(r"the (\d+) fields", SOURCE)}
        self.assertEqual(told, {len(dataclasses.fields(RunObject))})

    def test_no_code_is_made_at_run_time(self) -> None:
        names = {node.id for node in ast.walk(TREE) if isinstance(node, ast.Name)}
        self.assertEqual(names & {"exec", "eval", "compile", "globals", "__import__"}, set())


if __name__ == "__main__":
    if SOURCE.count("\n") > 640:  # people read all of it before they paste it
        print("warning: runobject.py has more than 640 lines", file=sys.stderr)
    unittest.main()
