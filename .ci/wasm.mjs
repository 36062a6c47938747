// Runs test_runobject.py in WebAssembly: node .ci/wasm.mjs PYTHON-VERSION, such as 3.14
import { readFileSync } from "node:fs";

const version = process.argv[2];
const { loadPyodide } = await import(`pyodide-${version}`);
const pyodide = await loadPyodide();
pyodide.FS.mkdir("/project");
for (const name of ["runobject.py", "test_runobject.py"]) {
  pyodide.FS.writeFile(`/project/${name}`, readFileSync(new URL(`../${name}`, import.meta.url)));
}
const status = pyodide.runPython(`
import runpy, struct, sys
print("CPython", sys.version.split()[0], struct.calcsize("P") * 8, "bit", sys.platform)
assert sys.version.startswith("${version}.")
sys.path.insert(0, "/project")
sys.argv = ["/project/test_runobject.py"]
try:
    runpy.run_path("/project/test_runobject.py", run_name="__main__")
except SystemExit as stop:
    status = stop.code
int(status)
`);
process.exit(status);
