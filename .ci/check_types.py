"""Runs `mypy --strict` and pyright strict on the files in a folder: `check_types.py FOLDER`.

No error is allowed but on the lines of `wrong_use.py` that are marked `# wrong`, and on each of
these every checker has to report one. The oldest Python that the module supports is assumed. Of
pyright's rules, those on unknown types are off: that of JSON is unknown until it has been checked.
"""

import json
import re
import subprocess
import sys
from pathlib import Path

folder = Path(sys.argv[1])
files = ["runobject.py", "test_runobject.py", "typical_use.py", "wrong_use.py"]
unknown = ["Argument", "Lambda", "Member", "Parameter", "Variable"]
settings = {
    "typeCheckingMode": "strict",
    "pythonVersion": "3.10",
    "include": files,
    **{f"reportUnknown{of}Type": False for of in unknown},
}
(folder / "pyrightconfig.json").write_text(json.dumps(settings))
marked = {
    ("wrong_use.py", number)
    for number, line in enumerate((folder / "wrong_use.py").read_text().splitlines(), 1)
    if "# wrong: " in line
}
assert len(marked) > 10

failed = False
for name, arguments in {
    "mypy": ["mypy", "--strict", "--python-version", "3.10", *files],
    "pyright": ["pyright", "--outputjson"],
}.items():
    done = subprocess.run(
        [sys.executable, "-m", *arguments], cwd=folder, capture_output=True, text=True
    )
    if name == "mypy":
        reports = [
            (file, int(line), text)
            for file, line, text in re.findall(r"^(\S+):(\d+): error: (.*)", done.stdout, re.M)
        ]
        complete = "errors in 1 file (checked 4 source files)" in done.stdout
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
            print(f"{name}: {file}:{line}: {text}")
    for file, line in sorted(marked - found):
        print(f"{name}: {file}:{line}: this wrong use is not reported")
    if not complete:
        print(f"{name} did not check every file:\n{done.stdout}{done.stderr}")
    failed |= found != marked or not complete
sys.exit(failed)
