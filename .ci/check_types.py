"""Runs `mypy --strict` and pyright strict on the files in a folder: `check_types.py FOLDER README`.

The README's Python examples become files there, too: under the name in the first line, if that is a
comment such as `# later.py`, so that others can import them. No error is allowed but on the lines
of `wrong_use.py` that are marked `# wrong`, and on each of these every checker has to report one.
The oldest Python that the module supports is assumed. No file may turn pyright's rules off.
"""

import ast
import doctest
import json
import re
import subprocess
import sys
from pathlib import Path


def script(example: str) -> str:
    """An example of the prompt as a program, which prints what the prompt would show."""
    tree = ast.parse("".join(each.source for each in doctest.DocTestParser().get_examples(example)))
    for node in tree.body:
        if isinstance(node, ast.Expr):
            node.value = ast.Call(ast.Name("print"), [node.value], [])
    return ast.unparse(tree)


folder, readme = Path(sys.argv[1]), Path(sys.argv[2]).read_text(encoding="utf-8")
oldest = Path(__file__).with_name("pythons").read_text().split()[1]
files = ["runobject.py", "test_runobject.py", "typical_use.py", "wrong_use.py"]
examples = re.findall(r"^```(pycon|python)\n(.*?)^```$", readme, re.M | re.S)
for kind, code in examples:
    named = re.match(r"# (\w+\.py)$", code, re.M)
    files.append(named[1] if named else f"readme_{len(files)}.py")
    code = script(code) if kind == "pycon" else code
    (folder / files[-1]).write_text(code, encoding="utf-8")
assert examples
assert len(examples) == len(re.findall(r"^\s*```\s*py", readme, re.M)), "a block was not found"
assert len(files) == len(set(files)), files
for file in files:
    assert "# pyright:" not in (folder / file).read_text(encoding="utf-8"), file
settings = {"typeCheckingMode": "strict", "pythonVersion": oldest, "include": files}
(folder / "pyrightconfig.json").write_text(json.dumps(settings))
marked = {
    ("wrong_use.py", number)
    for number, line in enumerate((folder / "wrong_use.py").read_text().splitlines(), 1)
    if "# wrong: " in line
}
assert marked

failed = False
for name, arguments in {
    "mypy": ["mypy", "--strict", "--python-version", oldest, *files],
    "pyright": ["pyright", "--outputjson", "--pythonpath", sys.executable],
}.items():
    done = subprocess.run(
        [sys.executable, "-m", *arguments], cwd=folder, capture_output=True, text=True
    )
    if name == "mypy":
        reports = [
            (file, int(line), text)
            for file, line, text in re.findall(r"^(\S+):(\d+): error: (.*)", done.stdout, re.M)
        ]
        complete = f"(checked {len(files)} source files)" in done.stdout
    else:
        answer = json.loads(done.stdout)
        complete = answer["summary"]["filesAnalyzed"] == len(files)
        reports = [
            (Path(report["file"]).name, report["range"]["start"]["line"] + 1, report["message"])
            for report in answer["generalDiagnostics"]
            if report["severity"] != "information"
        ]
    found = {(file, line) for file, line, _ in reports}
    for file, line, text in reports:
        if (file, line) not in marked:
            print(f"{name}: {file}:{line}: {text.splitlines()[0]}")
    for file, line in sorted(marked - found):
        print(f"{name}: {file}:{line}: this wrong use is not reported")
    if not complete:
        print(f"{name} did not check every file:\n{done.stdout}{done.stderr}")
    failed |= found != marked or not complete
sys.exit(failed)
