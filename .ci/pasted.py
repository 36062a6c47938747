"""Runs the tests as pasted into a package under another name, also from a zip: `.ci/pasted.py`.

They have the one line edited that the README names. Processes that they spawn import the package.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent.parent
LINE = "\nimport runobject  # the line to edit\n"

with tempfile.TemporaryDirectory() as name:
    folder, package = Path(name), Path(name, "ours", "vendored")
    package.mkdir(parents=True)
    (package / "__init__.py").touch()
    (package / "runs.py").write_bytes((HERE / "runobject.py").read_bytes())
    tests = (HERE / "test_runobject.py").read_text(encoding="utf-8")
    assert tests.count(LINE) == 1
    edited = tests.replace(LINE, "\nfrom ours.vendored import runs as runobject\n")
    (package / "test_runs.py").write_text(edited, encoding="utf-8")
    zipped = shutil.make_archive(f"{folder}/zipped", "zip", folder, "ours")
    for place in (name, zipped):
        subprocess.run(
            [sys.executable, "-m", "ours.vendored.test_runs"],
            cwd="/",
            env={**os.environ, "PYTHONPATH": place},
            check=True,
        )
