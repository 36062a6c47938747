"""Runs `mypy --strict` and pyright strict on the files in a folder: `check_types.py FOLDER README`.

The README's Python examples become files there, too: under the name in the first line, if that is a
comment such as `# later.py`, so that others can import them. The oldest Python that the module
supports is assumed. An error may be ignored on its line, which is an error if there is none; no
file may turn pyright's rules off.
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
settings = {
    "typeCheckingMode": "strict",
    "pythonVersion": oldest,
    "enableTypeIgnoreComments": True,
    "reportUnnecessaryTypeIgnoreComment": "error",
}
(folder / "pyrightconfig.json").write_text(json.dumps(settings))
mypy = ["mypy", "--strict", "--python-version", oldest]
pyright = ["pyright", "--warnings", "--pythonpath", sys.executable]
statuses = [
    subprocess.run([sys.executable, "-m", *checker, *files], cwd=folder).returncode
    for checker in (mypy, pyright)
]
sys.exit(any(statuses))
