# SPDX-License-Identifier: MIT-0
"""A run of the OpenAI-style Assistants API, as a checked value that does not change.

A run is one execution of an assistant on a thread. `RunObject` has the fields of the struct of that
name in the Rust crate openai-api-rs 4.0.7, and takes the objects that serde's `Deserialize` takes.

>>> data = {"id": "run_1", "object": "thread.run", "created_at": 1699063290, "status": "queued",
...         "thread_id": "thread_1", "assistant_id": "asst_1", "model": "gpt-4",
...         "tools": [{"type": "retrieval"}], "file_ids": [], "metadata": {}}
>>> run = RunObject.from_dict(data)
>>> run.status, run.tools[0]["type"], run.completed_at
('queued', 'retrieval', None)
>>> try:
...     RunObject.from_dict({**data, "created_at": "today", "metadata": {"user": 7}})
... except RunObjectError as error:
...     print(error)
created_at: expected int, got str; metadata['user']: expected str, got int

To vendor it, copy this file, first line included, under any name. It needs CPython 3.10 or newer.
To add to it, write a subclass in a file of your own. `RunObject` itself refuses objects nested in
its fields, and runs without `file_ids` (since April 2024): adapt these in a subclass's `from_dict`.
"""

import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import MISSING, dataclass, fields
from typing import Any, TypeVar

__all__ = ["RunObject", "RunObjectError", "main"]
__version__ = "1.3.0"
_Run = TypeVar("_Run", bound="RunObject")
_Value = dict[Any, Any] | list[Any] | tuple[Any, ...] | str | float | None


class RunObjectError(ValueError):
    """What keeps data from being a run: places and types, but no values, which may be secret.

    Takes and keeps `problems`, which maps paths to reasons. A path is written as in Python, such as
    `tools[0]['type']`, and is empty for the whole input. Of a run, at most 100 are told: the 100th,
    at the path `...`, stands for the rest.
    """

    def __init__(self, problems: Mapping[str, str]) -> None:
        self.problems = dict(problems)
        super().__init__(self.problems)

    def __str__(self) -> str:
        return "; ".join(_lines(self.problems))


@dataclass(frozen=True, kw_only=True)
class RunObject:
    """A run. Takes its fields as keyword arguments; raises `RunObjectError` if one does not fit.

    To leave out a required one is a `TypeError`. Text is what UTF-8 can encode, integers have 64
    bits, timestamps are Unix seconds. Maps are kept as dicts that refuse changes, lists as tuples.

    A subclass, decorated just like this class, may add fields with defaults, which `from_dict` and
    `to_dict` take along as they are. Its `__post_init__` calls this one, then checks its own fields
    and raises `RunObjectError`.
    """

    id: str  # unique identifier of the run
    object: str  # type of the object; the API sends "thread.run"
    created_at: int  # when the run was created, Unix seconds
    thread_id: str  # identifier of the thread that it runs on
    assistant_id: str  # identifier of the assistant that runs
    status: str  # status of the run, any text
    required_action: Mapping[str, str] | None = None  # actions that the run waits for
    last_error: str | None = None  # last error met during the run
    expires_at: int | None = None  # when the run expires, Unix seconds
    started_at: int | None = None  # when it started, Unix seconds
    cancelled_at: int | None = None  # when it was cancelled, Unix seconds
    failed_at: int | None = None  # when it failed, Unix seconds
    completed_at: int | None = None  # when it was completed, Unix seconds
    model: str  # model used in the run
    instructions: str | None = None  # instructions for the run
    tools: Sequence[Mapping[str, str]]  # tools used during the run
    file_ids: Sequence[str]  # identifiers of the files that belong to the run
    metadata: Mapping[str, str]  # what the caller attached to the run
    headers: Mapping[str, str] | None = None  # headers of the response that brought the run

    @classmethod
    def from_dict(cls: type[_Run], data: Mapping[str, Any]) -> _Run:
        """Return the run in a mapping, such as parsed JSON; raise `RunObjectError` if it is none.

        Optional fields may be absent or `None`, and keys that are no field are ignored, both as
        serde does.
        """
        if cls is not RunObject:
            arguments = _arguments(cls, data)
            run = cls(**arguments)
            if run.metadata is arguments["metadata"]:  # which a check would have copied
                raise TypeError("a __post_init__ does not call super().__post_init__()")
            return run
        run = _new(cls)
        # The constructor, which sets field after field, would take about twice as long.
        _set_attribute(run, "__dict__", _checked(data))
        return run

    def to_dict(self) -> dict[str, Any]:
        """Return a new `dict` of the fields in order, its maps and lists plain as those of JSON."""
        data = self.__dict__.copy()
        if type(self) is not RunObject:  # but a subclass, which may hold more than its fields
            data = {field.name: data[field.name] for field in fields(self) if field.init}
        tools: list[dict[str, str]] = []
        for tool in self.tools:  # a comprehension is a call, up to CPython 3.11
            tools.append({**tool})
        data["tools"] = tools
        data["file_ids"] = [*self.file_ids]
        data["metadata"] = {**self.metadata}
        if self.required_action is not None:
            data["required_action"] = {**self.required_action}
        if self.headers is not None:
            data["headers"] = {**self.headers}
        return data

    def __post_init__(self) -> None:
        given = self.__dict__
        # In the order of the fields, whatever order a decoder set them in; then a subclass's own.
        _set_attribute(self, "__dict__", {**_BLANK, **given, **_checked(given)})


class _ReadOnlyDict(dict[str, str]):
    """A dict that can be hashed, and refuses to be changed."""

    __slots__ = ()

    def _refuse(self: Any, *args: Any, **kwargs: Any) -> Any:
        raise TypeError("the maps of a run cannot be changed")

    __setitem__ = __delitem__ = __ior__ = clear = pop = popitem = setdefault = update = _refuse

    def __hash__(self) -> int:  # type: ignore[override]
        return hash(frozenset(self.items()))

    def __reduce__(self) -> tuple[Any, ...]:
        # By default, copies and pickles are filled through `__setitem__`, which refuses.
        return _ReadOnlyDict, (dict(self),)


# Those of `object`, as a frozen class's own `__setattr__` refuses.
_new, _set_attribute = object.__new__, object.__setattr__
_BLANK: dict[str, Any] = dict.fromkeys(f.name for f in fields(RunObject))
# In place of absent fields, for which a subclass's constructor would raise a `TypeError`.
_ABSENT: dict[str, Any] = {f.name: MISSING for f in fields(RunObject) if f.default is MISSING}


def _arguments(cls: type[RunObject], data: Any) -> dict[str, Any]:
    """Return the arguments in a mapping for the constructor of a subclass, which checks them."""
    given = _as_dict(data)
    arguments = _ABSENT.copy()
    for field in fields(cls):
        value = given.get(field.name, MISSING)
        if field.init and value is not MISSING:
            arguments[field.name] = value
    return arguments


def _as_dict(data: _Value) -> dict[Any, Any]:
    if not isinstance(data, Mapping):
        raise RunObjectError({"": _mismatch(data, "dict")})
    # By one call of `items()`, as maps are read, too: to look up an HTTP header may take long.
    return dict(data.items())


# From here on, plain cases come first, for speed: exact types, and text in ASCII.
def _checked(data: Any) -> dict[str, Any]:
    """Return the 19 fields in a mapping, checked and frozen, or raise `RunObjectError`."""
    given: dict[Any, Any] = data
    if type(data) is not dict:
        given = _as_dict(data)
    problems: dict[str, str] = {}
    run = _BLANK.copy()  # the fields in order, `None` unless they are given
    run["id"] = _text(given.get("id", MISSING), "str", "id", problems)
    run["object"] = _text(given.get("object", MISSING), "str", "object", problems)
    run["created_at"] = _integer(given.get("created_at", MISSING), "int", "created_at", problems)
    run["thread_id"] = _text(given.get("thread_id", MISSING), "str", "thread_id", problems)
    run["assistant_id"] = _text(given.get("assistant_id", MISSING), "str", "assistant_id", problems)
    run["status"] = _text(given.get("status", MISSING), "str", "status", problems)
    if (value := given.get("required_action")) is not None:
        run["required_action"] = _text_map(value, "dict or None", "required_action", problems)
    if (value := given.get("last_error")) is not None:
        run["last_error"] = _text(value, "str or None", "last_error", problems)
    if (value := given.get("expires_at")) is not None:
        run["expires_at"] = _integer(value, "int or None", "expires_at", problems)
    if (value := given.get("started_at")) is not None:
        run["started_at"] = _integer(value, "int or None", "started_at", problems)
    if (value := given.get("cancelled_at")) is not None:
        run["cancelled_at"] = _integer(value, "int or None", "cancelled_at", problems)
    if (value := given.get("failed_at")) is not None:
        run["failed_at"] = _integer(value, "int or None", "failed_at", problems)
    if (value := given.get("completed_at")) is not None:
        run["completed_at"] = _integer(value, "int or None", "completed_at", problems)
    run["model"] = _text(given.get("model", MISSING), "str", "model", problems)
    if (value := given.get("instructions")) is not None:
        run["instructions"] = _text(value, "str or None", "instructions", problems)
    run["tools"] = _text_maps(given.get("tools", MISSING), "list", "tools", problems)
    run["file_ids"] = _texts(given.get("file_ids", MISSING), "list", "file_ids", problems)
    run["metadata"] = _text_map(given.get("metadata", MISSING), "dict", "metadata", problems)
    if (value := given.get("headers")) is not None:
        run["headers"] = _text_map(value, "dict or None", "headers", problems)
    if problems:
        raise RunObjectError(problems)
    return run


def _text(value: _Value, expected: str, path: str, problems: dict[str, str]) -> str:
    if type(value) is not str:
        if not isinstance(value, str):
            _note(_mismatch(value, expected), path, problems)
            return ""
        value = str.__str__(value)  # `str(value)` would be the name of an enum's member
    if not (value.isascii() or _is_utf8(value)):
        _note("not valid UTF-8", path, problems)
    return value


def _is_utf8(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:  # whatever is raised in here would keep the text as its context
        return False
    return True


def _integer(value: _Value, expected: str, path: str, problems: dict[str, str]) -> int:
    if type(value) is not int:
        if not isinstance(value, int) or isinstance(value, bool):
            _note(_mismatch(value, expected), path, problems)
            return 0
        value = int(value)
    if not -(2**63) <= value < 2**63:
        _note("out of range for 64 bits", path, problems)
    return value


def _texts(value: _Value, expected: str, path: str, problems: dict[str, str]) -> tuple[str, ...]:
    if type(value) is not list and not isinstance(value, (list, tuple)):
        _note(_mismatch(value, expected), path, problems)
        return ()
    texts = tuple(value)
    for text in texts:
        if type(text) is not str or not (text.isascii() or _is_utf8(text)):
            return tuple([_text(t, "str", f"{path}[{i}]", problems) for i, t in enumerate(texts)])
    return texts


def _text_maps(
    value: _Value, expected: str, path: str, problems: dict[str, str]
) -> tuple[dict[str, str], ...]:
    if type(value) is not list and not isinstance(value, (list, tuple)):
        _note(_mismatch(value, expected), path, problems)
        return ()
    maps: list[dict[str, str]] = []
    for index, item in enumerate(value):
        maps.append(_plain_map(item) or _other_map(item, "dict", f"{path}[{index}]", problems))
    return tuple(maps)


def _text_map(value: _Value, expected: str, path: str, problems: dict[str, str]) -> dict[str, str]:
    # An empty map is false, so it is read in both ways, and comes out the same.
    return _plain_map(value) or _other_map(value, expected, path, problems)


def _plain_map(value: _Value) -> dict[str, str] | None:
    """Return a read-only copy of a `dict` of text, or `None` if the value is something else."""
    if type(value) is not dict:
        return None
    texts = _ReadOnlyDict(value)
    for key, text in texts.items():
        if type(key) is not str or type(text) is not str:
            return None
        if not (key.isascii() or _is_utf8(key)) or not (text.isascii() or _is_utf8(text)):
            return None
    return texts


def _other_map(value: _Value, expected: str, path: str, problems: dict[str, str]) -> dict[str, str]:
    """Return a read-only copy of any mapping, and note what in it is no text."""
    if type(value) is not dict and not isinstance(value, Mapping):
        _note(_mismatch(value, expected), path, problems)
        return {}
    texts: dict[str, str] = {}
    for key, item in [*value.items()]:  # a copy, as other threads may change the map
        place = f"{path}[{_shown(key)}]"
        text = _text(key, "str as key", place, problems)
        texts[text] = _text(item, "str", place, problems)
    return _ReadOnlyDict(texts)


def _note(reason: str, path: str, problems: dict[str, str]) -> None:
    """Add a problem, unless its path has one; raise `RunObjectError` instead of adding a 100th."""
    if len(problems) == 99 and path not in problems:
        raise RunObjectError({**problems, "...": "more problems than these"})
    problems.setdefault(path, reason)


def _lines(problems: dict[str, str]) -> list[str]:
    return [f"{path}: {reason}" if path else reason for path, reason in problems.items()]


def _mismatch(value: Any, expected: str) -> str:
    if value is MISSING:
        return "missing"
    # Cut, as the name of a class may have any length.
    return f"expected {expected}, got {type(value).__name__[:50]}"


def _shown(key: Any) -> str:
    """Return a key as paths show it: text as Python writes it, without its middle if it is long."""
    if not isinstance(key, str):
        return f"<{type(key).__name__[:50]}>"
    shown = str.__repr__(key)
    return shown if len(shown) <= 60 else f"{shown[:28]}...{shown[-29:]}"


def main(kind: type[RunObject] = RunObject) -> int:
    """Check the runs in files, as `--help` tells, with `kind.from_dict`; return the exit status.

    Takes its arguments from `sys.argv`. Writes past `sys.stdout`; what is in there, flush before.
    Raises `SystemExit` for wrong usage, for `--help`, and where an output cannot be written. It is
    for the main thread; from here on, Ctrl-C ends the process, without a traceback.
    """
    import signal  # like the other imports of the command, not at the cost of the class

    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:  # not if ignored, as in `&`
        signal.signal(signal.SIGINT, signal.SIG_DFL)

    from argparse import ArgumentParser
    from contextlib import redirect_stderr
    from io import StringIO

    parser = ArgumentParser(
        description="Check runs in JSON documents, each of which is a run, an array of runs, or a "
        "list page of the API. Write those that fit, one a line, without keys that are no field.",
        epilog="exit status: 0 all fit; 1 some do not; 2 wrong usage, or a file or output failed",
    )
    parser.add_argument("files", nargs="*", metavar="FILE", default=["-"], help="none or -: stdin")
    parser.add_argument("--json-lines", action="store_true", help="each line is a document")
    parser.add_argument("--version", action="version", version=__version__)
    usage = StringIO()  # where standard error is closed, argparse would write to standard output
    try:
        with redirect_stderr(usage):
            options = parser.parse_args()
    except SystemExit:
        _write(2, usage.getvalue())
        raise
    return max([_check_file(kind, file, options.json_lines) for file in options.files])


def _check_file(kind: type[RunObject], file: str, json_lines: bool) -> int:
    """Write the runs of a file, and what is wrong with the rest; return the exit status."""
    name = "<stdin>" if file == "-" else file
    hint = "" if json_lines else "; see --json-lines"
    good = total = 0
    try:
        for line, document in _documents(file, json_lines):
            for fits, text in _outcomes(kind, document, name, line, hint):
                _write(1 if fits else 2, text)
                good += fits
                total += 1
    except OSError as error:
        _write(2, f"{name}: {error.strerror}\n")
        return 2
    if json_lines or total > 1:
        _write(2, f"{name}: {good} of {total} runs fit\n")
    return 0 if good == total else 1


def _documents(file: str, json_lines: bool) -> Iterator[tuple[int, bytes]]:
    """Yield the documents in a file, each after its line, which is 1 for a whole file."""
    with open(0 if file == "-" else file, "rb", closefd=file != "-") as stream:
        _make_blocking(stream.fileno())
        for line, document in enumerate(stream if json_lines else [stream.read()], 1):
            # Stripped, so that an error at its end is told of its own line, not of the next.
            document = document.rstrip(b" \t\r\n")
            if document or not json_lines:
                yield line, document


def _outcomes(
    kind: type[RunObject], document: bytes, name: str, line: int, hint: str
) -> Iterator[tuple[bool, str]]:
    """Yield of each run in a document whether it fits, and the run or what is wrong with it."""
    from json import JSONDecodeError, loads

    try:
        text = document.decode("utf-8-sig")
        data = loads(text, object_pairs_hook=_unique, parse_constant=_reject)
    except RunObjectError as error:
        yield False, f"{name}:{line}: {error}\n"
    except UnicodeDecodeError:
        yield False, f"{name}:{line}: not valid UTF-8\n"
    except JSONDecodeError as error:
        advice = hint if error.msg == "Extra data" else ""
        yield False, f"{name}:{line + error.lineno - 1}:{error.colno}: {error.msg}{advice}\n"
    except (ValueError, RecursionError) as error:
        # Without the advice that Python gives to programmers after a semicolon.
        yield False, f"{name}:{line}: {str(error).partition(';')[0]}\n"
    else:
        for place, item in _items(data, f"{name}:{line}:"):
            yield _outcome(kind, item, place)


def _items(data: _Value, place: str) -> Iterator[tuple[str, Any]]:
    """Yield what should be a run in a document, each after its place."""
    items: _Value = data
    path = ""
    if isinstance(data, dict) and data.get("object") == "list" and "id" not in data:
        items, path = data.get("data"), "data"
    if isinstance(items, list):
        for index, item in enumerate(items):
            yield f"{place} {path}[{index}]:", item
    else:
        yield place, data


def _outcome(kind: type[RunObject], data: Any, place: str) -> tuple[bool, str]:
    from json import dumps

    try:
        return True, dumps(kind.from_dict(data).to_dict()) + "\n"
    except RunObjectError as error:
        return False, "".join([f"{place} {line}\n" for line in _lines(error.problems)])
    except RecursionError as error:  # in a subclass, which may go deeper than the parser
        return False, f"{place} {error}\n"


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in pairs:
        if key in found:
            raise RunObjectError({"": f"duplicate key {_shown(key)}"})
        found[key] = value
    return found


def _reject(constant: str) -> None:
    raise RunObjectError({"": f"{constant} is not JSON"})


def _write(descriptor: int, text: str) -> None:
    """Write a text by one call if it fits, as other processes may write, too; exit if that fails.

    Python's own streams keep what they cannot write, and try again at exit.
    """
    if descriptor == 2 and sys.stderr is None:  # it is closed
        return
    data = text.encode("utf-8", "backslashreplace")
    try:
        _make_blocking(descriptor)
        while data:
            data = data[os.write(descriptor, data) :]
    except OSError as error:
        if descriptor == 1 and not isinstance(error, BrokenPipeError):  # as `head` leaves it
            _write(2, f"standard output: {error.strerror}\n")
        sys.exit(2)


def _make_blocking(descriptor: int) -> None:
    if os.name == "posix":  # another process may have made a pipe non-blocking
        os.set_blocking(descriptor, True)


if __name__ == "__main__":
    sys.exit(main())
