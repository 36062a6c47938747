"""Uses `runobject.py` as if pasted into a package under another name: `pasted.py PYTHON FOLDER`.

The tests come along, with the one line edited that the README names.
"""

import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

python, project = sys.argv[1], Path(sys.argv[2])
SCRIPT = """
import copy, dataclasses, doctest, json, pickle, sys, typing
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

from ours.vendored.runs import RunObject, RunObjectError

data = {
    "id": "run_1", "object": "thread.run", "created_at": 1, "thread_id": "thread_1",
    "assistant_id": "asst_1", "status": "queued", "model": "gpt-4",
    "tools": [{"type": "retrieval"}], "file_ids": ["file-1"], "metadata": {"a": "b"},
}

def main():
    run = RunObject.from_dict(data)
    if run.__module__ != "ours.vendored.runs" or typing.get_type_hints(RunObject)["id"] is not str:
        raise SystemExit("it is not the pasted module")
    if doctest.testmod(sys.modules[run.__module__]).failed:
        raise SystemExit("its example does not hold")
    twins = [copy.deepcopy(run), dataclasses.replace(run)]
    twins.append(RunObject.from_dict(json.loads(json.dumps(run.to_dict()))))
    for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
        twins.append(pickle.loads(pickle.dumps(run, protocol)))
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        twins += pool.map(RunObject.from_dict, [data, data])
        twins.append(pool.submit(copy.copy, run).result())
        error = pool.submit(RunObject.from_dict, {**data, "id": None}).exception()
    if type(error) is not RunObjectError or error.problems != {"id": "expected str, got NoneType"}:
        raise SystemExit(f"another error: {error!r}")
    if any(twin != run or hash(twin) != hash(run) for twin in twins) or len(twins) < 11:
        raise SystemExit("a twin differs")

if __name__ == "__main__":
    main()
"""
with tempfile.TemporaryDirectory() as name:
    folder = Path(name)
    package = folder / "ours" / "vendored"
    package.mkdir(parents=True)
    (package.parent / "__init__.py").touch()
    (package / "__init__.py").touch()
    (package / "runs.py").write_bytes((project / "runobject.py").read_bytes())
    line = "\nimport runobject  # the line to edit\n"
    tests = (project / "test_runobject.py").read_text(encoding="utf-8")
    assert tests.count(line) == 1
    for edited, arguments in [
        ("import runs as runobject", [str(package / "test_runs.py")]),
        ("from . import runs as runobject", ["-m", "unittest", "ours.vendored.test_runs.Value"]),
    ]:
        edited = tests.replace(line, f"\n{edited}\n")
        (package / "test_runs.py").write_text(edited, encoding="utf-8")
        subprocess.run([python, *arguments], check=True, cwd=folder)
    script = folder / "script.py"
    script.write_text(SCRIPT)
    for flags in ([], ["-I", "-S"], ["-OO"], ["-bb"], ["-W", "error"]):
        # -I leaves out the script's folder
        if "-I" in flags:
            code = f"import sys; sys.path.insert(0, {name!r});"
            code += "from ours.vendored.runs import RunObject; RunObject.from_dict"
            subprocess.run([python, *flags, "-c", code], check=True)
        else:
            subprocess.run([python, *flags, str(script)], check=True)
    with zipfile.ZipFile(folder / "ours.zip", "w") as archive:
        for path in package.parent.rglob("*.py"):
            archive.write(path, path.relative_to(folder))
    zipped = folder / "zipped"
    zipped.mkdir()
    code = SCRIPT.replace(
        "import copy,",
        f"import sys; sys.path.insert(0, {str(folder / 'ours.zip')!r})\nimport copy,",
        1,
    )
    (zipped / "script.py").write_text(code)
    subprocess.run([python, str(zipped / "script.py")], check=True)
