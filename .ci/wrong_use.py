"""Wrong uses of a run: each type checker has to report every line marked `wrong`, and no other."""

from dataclasses import dataclass

from runobject import RunObject, RunObjectError, main


@dataclass(frozen=True, kw_only=True)
class Run(RunObject):
    usage: int = 0


run = RunObject.from_dict({})
run.status = "completed"  # wrong: frozen
run.metadata["user"] = "u_1"  # wrong: read-only
del run.metadata["user"]  # wrong: read-only
run.metadata.update(user="u_1")  # wrong: read-only
run.tools.append({})  # wrong: read-only
run.tools[0]["type"] = "retrieval"  # wrong: read-only
run.file_ids[0] = "file-1"  # wrong: read-only
number: int = run.id  # wrong: text
length: int = len(run.instructions)  # wrong: may be None
seconds: int = run.completed_at - run.created_at  # wrong: may be None
header: str = run.headers["x-request-id"]  # wrong: may be None
usage = run.usage  # wrong: no such field
positional = RunObject("run_1")  # wrong: keywords only, and the other fields are missing
lacking = RunObject(id="run_1")  # wrong: the other fields are missing
parsed = RunObject.from_dict("{}")  # wrong: text is no mapping
listed = RunObject.from_dict([])  # wrong: neither is a list
text_response = RunObject.from_response("{}")  # wrong: text is no mapping
plain: str = run.to_dict()  # wrong: a dict
unknown: int = RunObjectError({}).problems["id"]  # wrong: text
told: RunObjectError = RunObjectError("not a run")  # wrong: text is no mapping of problems
added = Run.from_dict({})
added.usage = 7  # wrong: frozen
tokens: str = added.usage  # wrong: an integer
more: Run = run  # wrong: a run without the field
main(int)  # wrong: no kind of run
main(added)  # wrong: a run, not its class
status: str = main()  # wrong: a number
