// Runs test_runobject.py in WebAssembly: node wasm.mjs FOLDER-OF-PYODIDE FOLDER-OF-THE-PROJECT
import { readFileSync } from "node:fs";
import { pathToFileURL } from "node:url";

const [pyodideFolder, project] = process.argv.slice(2);
const { loadPyodide } = await import(pathToFileURL(`${pyodideFolder}/pyodide.mjs`));
const pyodide = await loadPyodide({ indexURL: pyodideFolder });
pyodide.FS.mkdir("/project");
for (const name of ["runobject.py", "test_runobject.py"]) {
  pyodide.FS.writeFile(`/project/${name}`, readFileSync(`${project}/${name}`));
}
const status = pyodide.runPython(`
import runpy, struct, sys
print("CPython", sys.version.split()[0], struct.calcsize("P") * 8, "bit", sys.platform)
sys.path.insert(0, "/project")
sys.argv = ["/project/test_runobject.py"]
try:
    runpy.run_path("/project/test_runobject.py", run_name="__main__")
except SystemExit as stop:
    status = stop.code
int(status)
`);
process.exit(status);
