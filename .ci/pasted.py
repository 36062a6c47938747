"""Uses both files as if pasted into a package under another name: `PYTHON .ci/pasted.py`.

The tests have the one line edited that the README names. Here is what they can't do themselves.
"""

import os
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

HERE = Path(__file__).resolve().parent.parent
LINE = "\nimport runobject  # the line to edit\n"
POOL = """
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from ours.vendored.runs import RunObject, RunObjectError

DATA = {
    "id": "run_1", "object": "thread.run", "created_at": 1, "thread_id": "thread_1",
    "assistant_id": "asst_1", "status": "queued", "model": "gpt-4",
    "tools": [{"type": "retrieval"}], "file_ids": ["file-1"], "metadata": {"a": "b"},
}
if __name__ == "__main__":
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        run = pool.submit(RunObject.from_dict, DATA).result()
        error = pool.submit(RunObject.from_dict, {**DATA, "id": None}).exception()
    assert run == RunObject.from_dict(DATA)
    assert type(error) is RunObjectError
    assert error.problems == {"id": "expected str, got NoneType"}
"""


def python(where: Path, *arguments: str | Path, **environment: str) -> None:
    print(*arguments, flush=True)
    subprocess.run(
        [sys.executable, *arguments], check=True, cwd=where, env={**os.environ, **environment}
    )


with tempfile.TemporaryDirectory() as name:
    folder = Path(name)
    package = folder / "ours" / "vendored"
    package.mkdir(parents=True)
    (package.parent / "__init__.py").touch()
    (package / "__init__.py").touch()
    (package / "runs.py").write_bytes((HERE / "runobject.py").read_bytes())
    tests = (HERE / "test_runobject.py").read_text(encoding="utf-8")
    assert tests.count(LINE) == 1

    def write_tests(line: str) -> None:
        (package / "test_runs.py").write_text(tests.replace(LINE, f"\n{line}\n"), encoding="utf-8")

    write_tests("import runs as runobject")
    python(folder, package / "test_runs.py")
    write_tests("from ours.vendored import runs as runobject")
    python(folder, "-m", "unittest", "ours.vendored.test_runs")
    (folder / "pool.py").write_text(POOL)
    python(folder, "pool.py")

    zipped = folder / "zipped"
    zipped.mkdir()
    (zipped / "pool.py").write_text(POOL)
    with zipfile.ZipFile(zipped / "ours.zip", "w") as archive:
        for path in package.parent.rglob("*.py"):
            archive.write(path, path.relative_to(folder))
    python(zipped, "pool.py", PYTHONPATH="ours.zip")
    python(zipped, "-m", "unittest", "ours.vendored.test_runs", PYTHONPATH="ours.zip")
