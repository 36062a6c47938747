"""Checks what the project promises of its files: `.venv/bin/python .ci/test_project.py`.

Needs a git checkout.
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
    return subprocess.check_output(arguments, cwd=HERE, text=True)


def pip_name(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


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
        named = re.findall(
            r"([\d.]+) is tested on CPython (3\.\d+) to (3\.\d+)[^.]* last (\w+)[^.]* WebAssembly",
            README,
        )
        count = {1: "one", 2: "two", 3: "three"}[len(WASM)]
        self.assertEqual(named, [(__version__, OLDEST, [*MACHINE, *WASM][-1], count)])

    def test_the_release_is_told_by_its_version(self) -> None:
        self.assertEqual(re.findall(r"git tag -a ([\d.]+)", text(".ci/README.md")), [__version__])

    def test_the_workflow_installs_the_supported_pythons(self) -> None:
        workflow = text(".github/workflows/check.yml")
        (named,) = re.findall(r'python-version: "(.*)"', workflow)
        self.assertEqual(named.split(r"\n"), MACHINE)

    def test_the_tools_assume_the_supported_pythons(self) -> None:
        target = f'\ntarget-version = "py{OLDEST.replace(".", "")}"\n'
        self.assertIn(target, text(".ci/ruff.toml"))
        wasm = json.loads(text(".ci/package.json"))["dependencies"]
        self.assertEqual([*wasm], [f"pyodide-{version}" for version in WASM])

    def test_the_libraries_are_locked_with_the_oldest_python(self) -> None:
        first, *pins = text(".ci/requirements.txt").splitlines()
        self.assertIn(f" python{OLDEST} -m venv ", first)
        names = [pip_name(line) for line in text(".ci/requirements.in").splitlines()]
        self.assertLessEqual({*names}, {pip_name(pin.split("==")[0]) for pin in pins})
        self.assertTrue(all("==" in pin for pin in pins))


class Files(unittest.TestCase):
    def test_the_top_level_is_four_files(self) -> None:
        # Of a checkout of another user's, git tells nothing without this setting.
        listed = output("git", "-c", "safe.directory=*", "ls-files").splitlines()
        shown = {path.split("/")[0] for path in listed if not path.startswith(".")}
        self.assertEqual(shown, {"LICENSE", "README.md", "runobject.py", "test_runobject.py"})

    def test_every_file_that_is_pasted_names_its_licence_and_its_holder_first(self) -> None:
        title, _, copyright = text("LICENSE").splitlines()[:3]
        self.assertEqual(title, "MIT No Attribution")
        holder = copyright.removeprefix("Copyright ")
        head = f"# SPDX-License-Identifier: MIT-0\n# SPDX-FileCopyrightText: {holder}\n"
        for name in PASTED:
            with self.subTest(name):
                self.assertEqual(text(name)[: len(head)], head)

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

    def test_it_and_what_tells_of_it_count_its_fields(self) -> None:
        for name in ("runobject.py", ".ci/README.md"):
            with self.subTest(name):
                told = {int(number) for number in re.findall(r"(\d+)\s+fields", text(name))}
                self.assertEqual(told, {len(dataclasses.fields(RunObject))})

    def test_the_readme_names_every_option_of_the_command(self) -> None:
        options = {*re.findall(r"--[\w-]+", output(sys.executable, "runobject.py", "--help"))}
        self.assertEqual(options - {*re.findall(r"--[\w-]+", README)}, {"--help"})

    def test_no_code_is_made_at_run_time(self) -> None:
        names = {node.id for node in ast.walk(TREE) if isinstance(node, ast.Name)}
        self.assertEqual(names & {"exec", "eval", "compile", "globals", "__import__"}, set())


if __name__ == "__main__":
    if SOURCE.count("\n") > 620:  # people read all of it before they paste it
        print("warning: runobject.py has more than 620 lines", file=sys.stderr)
    unittest.main()
