"""Times the README's ways through a folder of runs: `python3 .ci/bench_files.py [RUNS ...]`.

Needs Dask (`requirements.txt`). For each number of runs a file, it writes 8 files and times whole
processes that count the statuses in them: one after the other, in a pool, and with Dask. The code
is the README's own. The ways take turns in rounds; the least time of each counts.
"""

import json
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent.parent
ROUNDS = 5
# Each way, as the last line of the README's script.
WAYS = {
    "one process": "sum(map(statuses, sorted(glob('runs/*.jsonl'))), Counter())",
    "a pool": "with_a_pool('runs/*.jsonl')",
    "Dask": "with_dask('runs/*.jsonl')",
}
RUN = {
    "id": "run_UWvV94U0FQYiT2rlbBrdEVmC",
    "object": "thread.run",
    "created_at": 1699063290,
    "thread_id": "thread_BDDwIqM4KgHibXX3mqmN3Lgs",
    "assistant_id": "asst_nGl00s4xa9zmVY6Fvuvz9wwQ",
    "status": "completed",
    "started_at": 1699063291,
    "completed_at": None,
    "model": "gpt-4",
    "tools": [{"type": "code_interpreter"}],
    "file_ids": ["file-9F1ex49ipEnKzyLUNnCA0Yzx", "file-dEWwUbt2UGHp3v0e0DpCzemP"],
    "metadata": {"user": "user_17"},
}


def script(way: str) -> str:
    """The README's script with the counting done in one of the ways."""
    blocks = re.findall(r"^```python\n(.*?)^```$", (HERE / "README.md").read_text(), re.M | re.S)
    (block,) = [block for block in blocks if "ProcessPoolExecutor" in block]
    call = 'with_a_pool("runs/*.jsonl")'
    assert block.count(call) == 1
    return block.replace(call, WAYS[way])


def measure(folder: Path, runs: int) -> dict[str, float]:
    for number in range(8):
        (folder / "runs" / f"{number}.jsonl").write_text((json.dumps(RUN) + "\n") * runs)
    least = dict.fromkeys(WAYS, float("inf"))
    for _ in range(ROUNDS):
        for way in WAYS:
            start = time.perf_counter()
            done = subprocess.run(
                [sys.executable, f"{way}.py"],
                cwd=folder,
                check=True,
                capture_output=True,
                text=True,
            )
            least[way] = min(least[way], time.perf_counter() - start)
            assert done.stdout == f"{{'completed': {8 * runs}}}\n", done.stdout
    return least


def main() -> None:
    sizes = [int(size) for size in sys.argv[1:]] or [100, 10_000, 100_000]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "runs").mkdir()
        (folder / "runobject.py").write_bytes((HERE / "runobject.py").read_bytes())
        for way in WAYS:
            (folder / f"{way}.py").write_text(script(way))
        print(f"| runs a file | {' | '.join(WAYS)} |")
        print("|---" * (len(WAYS) + 1) + "|")
        for size in sizes:
            cells = [f"{seconds:.2f} s" for seconds in measure(folder, size).values()]
            print(f"| {size:,} | {' | '.join(cells)} |")


if __name__ == "__main__":
    main()
