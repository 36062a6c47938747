"""Wrong uses of a run: a type checker that takes one of them finds its comment unnecessary."""

from dataclasses import dataclass

from runobject import RunObject, RunObjectError, main


@dataclass(frozen=True, kw_only=True)
class Run(RunObject):
    usage: int = 0


run = RunObject.from_dict({})
run.status = "completed"  # type: ignore[misc]
run.metadata["user"] = "u_1"  # type: ignore[index]
del run.metadata["user"]  # type: ignore[attr-defined]
run.metadata.update(user="u_1")  # type: ignore[attr-defined]
run.tools.append({})  # type: ignore[attr-defined]
run.tools[0]["type"] = "retrieval"  # type: ignore[index]
run.file_ids[0] = "file-1"  # type: ignore[index]
number: int = run.id  # type: ignore[assignment]
length: int = len(run.instructions)  # type: ignore[arg-type]
seconds: int = run.completed_at - run.created_at  # type: ignore[operator]
header: str = run.headers["x-request-id"]  # type: ignore[index]
usage = run.usage  # type: ignore[attr-defined]
positional = RunObject("run_1")  # type: ignore[call-arg]
lacking = RunObject(id="run_1")  # type: ignore[call-arg]
plain: str = run.to_dict()  # type: ignore[assignment]
unknown: int = RunObjectError({}).problems["id"]  # type: ignore[assignment]
told: RunObjectError = RunObjectError("not a run")  # type: ignore[arg-type]
added = Run.from_dict({})
added.usage = 7  # type: ignore[misc]
tokens: str = added.usage  # type: ignore[assignment]
more: Run = run  # type: ignore[assignment]
main(int)  # type: ignore[arg-type]
main(added)  # type: ignore[arg-type]
status: str = main()  # type: ignore[assignment]
