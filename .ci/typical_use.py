"""Ordinary code around runs, which type checkers have to accept as it is."""

import dataclasses
import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from runobject import RunObject, RunObjectError, main


class Archived(RunObject):
    def seconds(self) -> int | None:
        return None if self.completed_at is None else self.completed_at - self.created_at


@dataclasses.dataclass(frozen=True, kw_only=True)
class Run(RunObject):
    file_ids: Sequence[str] = ()
    usage: Mapping[str, int] | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.usage is not None and "total_tokens" not in self.usage:
            raise RunObjectError({"usage['total_tokens']": "missing"})

    @classmethod
    def from_response(cls, data: Mapping[str, Any]) -> "Run":
        return super().from_response({**data, "assistant_id": data.get("agent_id")})


def load(lines: Iterable[str]) -> list[RunObject]:
    runs: list[RunObject] = []
    for line in lines:
        try:
            runs.append(RunObject.from_dict(json.loads(line)))
        except RunObjectError as error:
            for path, reason in error.problems.items():
                print(path.upper(), reason.upper())
    return runs


def by_status(runs: Iterable[RunObject]) -> dict[str, set[RunObject]]:
    groups: dict[str, set[RunObject]] = {}
    for run in runs:
        groups.setdefault(run.status, set()).add(run)
    return groups


def make(headers: Mapping[str, str], file_ids: Sequence[str]) -> RunObject:
    run = RunObject(
        id="run_1",
        object="thread.run",
        created_at=1,
        thread_id="thread_1",
        assistant_id="asst_1",
        status="queued",
        model="gpt-4",
        tools=[{"type": "retrieval"}],
        file_ids=file_ids,
        metadata={},
        headers=headers,
    )
    return dataclasses.replace(run, status="completed", completed_at=2, tools=run.tools)


archived: Archived = Archived.from_dict(make({}, ()).to_dict())
seconds: int | None = archived.seconds()
tool: str = archived.tools[0]["type"]
user: str | None = archived.metadata.get("user")
request: str = (archived.headers or {}).get("x-request-id", "none")
text: str = json.dumps(archived.to_dict())
run: Run = Run.from_dict({**archived.to_dict(), "usage": {"total_tokens": 579}})
tokens: int = (run.usage or {}).get("total_tokens", 0)
adapted: Run = Run.from_response(json.loads(text))
response: RunObject = RunObject.from_response({"id": "run_1", "tools": None})
longer: Run = dataclasses.replace(run, usage={"total_tokens": 580})

if __name__ == "__main__":
    sys.exit(main(Run))
