"""Checks what the project promises of its files: `python3 .ci/test_project.py`.

Needs ruff (`requirements.txt`) and a git checkout.
"""

import ast
import json
import re
import subprocess
import sys
import unittest
from pathlib import Path

HERE = Path(__file__).resolve().parent.parent
SOURCE = (HERE / "runobject.py").read_text(encoding="utf-8")
TREE = ast.parse(SOURCE)


def output(*arguments: str) -> str:
    return subprocess.run(arguments, cwd=HERE, stdout=subprocess.PIPE, text=True).stdout


class Project(unittest.TestCase):
    def test_the_top_level_is_four_files(self) -> None:
        top = {path.split("/")[0] for path in output("git", "ls-files").splitlines()}
        shown = sorted(name for name in top if not name.startswith("."))
        self.assertEqual(shown, ["LICENSE", "README.md", "runobject.py", "test_runobject.py"])

    def test_every_file_that_is_pasted_names_its_licence_first(self) -> None:
        for name in ("runobject.py", "test_runobject.py"):
            first = (HERE / name).read_text(encoding="utf-8").splitlines()[0]
            self.assertEqual(first, "# SPDX-License-Identifier: MIT-0")
        self.assertTrue((HERE / "LICENSE").read_text().startswith("MIT No Attribution\n"))

    def test_the_readme_is_of_this_version(self) -> None:
        (version,) = re.findall(r'^__version__ = "(.*)"$', SOURCE, re.M)
        self.assertIn(f"\n{version} ", (HERE / "README.md").read_text(encoding="utf-8"))

    def test_the_module_is_short_and_so_are_its_functions(self) -> None:
        self.assertLessEqual(SOURCE.count("\n"), 360)
        for node in ast.walk(TREE):
            if isinstance(node, ast.FunctionDef):
                assert node.end_lineno is not None
                self.assertLessEqual(node.end_lineno - node.lineno + 1, 45, node.name)

    def test_only_the_reading_of_the_fields_has_more_than_eight_branches(self) -> None:
        found = output(
            *(sys.executable, "-m", "ruff", "check", "--no-cache", "--output-format", "json"),
            *("--isolated", "--select", "C901", "--config", "lint.mccabe.max-complexity=8"),
            "runobject.py",
        )
        self.assertEqual([each["message"][:11] for each in json.loads(found)], ["`_checked` "])

    def test_every_field_says_what_it_means_and_timestamps_their_unit(self) -> None:
        (run,) = [each for each in TREE.body if getattr(each, "name", "") == "RunObject"]
        assert isinstance(run, ast.ClassDef)
        fields = [each for each in run.body if isinstance(each, ast.AnnAssign)]
        self.assertEqual(len(fields), 19)
        for field in fields:
            line = SOURCE.splitlines()[field.lineno - 1]
            self.assertRegex(line, r"  # \w.{15,}$")
            self.assertEqual("int" in ast.unparse(field.annotation), "Unix seconds" in line)

    def test_the_command_takes_a_hundred_lines(self) -> None:
        (command,) = [each for each in TREE.body if getattr(each, "name", "") == "main"]
        self.assertLessEqual(SOURCE.count("\n") - command.lineno + 1, 100)

    def test_no_code_is_made_at_run_time(self) -> None:
        names = {node.id for node in ast.walk(TREE) if isinstance(node, ast.Name)}
        self.assertEqual(names & {"exec", "eval", "compile", "globals", "__import__"}, set())

    def test_only_the_standard_library_is_imported(self) -> None:
        for name in ("runobject.py", "test_runobject.py"):
            imported: set[str] = set()
            for node in ast.walk(ast.parse((HERE / name).read_text(encoding="utf-8"))):
                if isinstance(node, ast.Import):
                    imported |= {each.name.split(".")[0] for each in node.names}
                elif isinstance(node, ast.ImportFrom):
                    imported.add(str(node.module).split(".")[0])
            self.assertLessEqual(imported - {"runobject"}, sys.stdlib_module_names)


if __name__ == "__main__":
    unittest.main()
