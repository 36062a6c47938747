# SPDX-License-Identifier: MIT-0
"""Runs of the OpenAI-style Assistants API, as checked values that do not change.

A run is one execution of an assistant on a thread. There are two ways to read one:

- `RunObject.from_response` takes a run as the API of any version, or a server like it, sends it.
- `RunObject.from_dict` is strict: each of the 19 fields has its type, as in `run.to_dict()`.

>>> data = {"id": "run_1", "object": "thread.run", "created_at": 1720000000, "status": "queued",
...         "thread_id": "thread_1", "assistant_id": "asst_1", "model": "gpt-4o", "metadata": {},
...         "tools": [{"type": "function", "function": {"name": "add"}}]}
>>> run = RunObject.from_response(data)
>>> run.status, run.tools[0]["function"], run.file_ids, run.completed_at
('queued', '{"name": "add"}', (), None)
>>> try:
...     RunObject.from_dict(data)
... except RunObjectError as error:
...     print(error)
tools[0]['function']: expected str, got dict; file_ids: missing

To vendor it, copy this file, first line included, under any name. It needs CPython 3.10 or newer.
To add to it, write a subclass in a file of your own.
"""

import json
import os
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import MISSING, dataclass, fields
from functools import cache
from math import isfinite
from typing import Any, TypeVar, cast

__all__ = ["RunObject", "RunObjectError", "main"]
__version__ = "1.4.0"
_Run = TypeVar("_Run", bound="RunObject")
_Value = dict[Any, Any] | list[Any] | tuple[Any, ...] | str | int | float | bool | None


class RunObjectError(ValueError):
    """Tells where and why data is no run, but shows no values, which may be secret.

    Takes and keeps `problems`, which maps paths to reasons. A path is written as in Python, such as
    `tools[0]['type']`, but long keys are shortened in it; the path of the whole input is empty. At
    most 100 problems of a run are told: the 100th, at the path `...`, stands for the rest.
    """

    def __init__(self, problems: Mapping[str, str]) -> None:
        self.problems = dict(problems)
        super().__init__(self.problems)

    def __str__(self) -> str:
        told = [f"{path}: {reason}" if path else reason for path, reason in self.problems.items()]
        return "; ".join(told)


@dataclass(frozen=True, kw_only=True)
class RunObject:
    """A run. Takes its fields as keyword arguments; raises `RunObjectError` if one does not fit.

    The fields, and their order, are those of the struct `RunObject` in the Rust crate openai-api-rs
    4.0.7. What fits is what serde's `Deserialize` takes for them: text that UTF-8 can encode,
    integers of 64 bits, maps of text to text, and lists of either. Timestamps are Unix seconds.
    Maps are kept as dicts that refuse changes, lists as tuples. If an argument for a required field
    is missing, that is a `TypeError`.

    A subclass may add methods, and these:

    - Fields, which are read, written and kept as they are; with `init=False`, they are only kept.
      The subclass must then be decorated as this class is, `@dataclass(frozen=True, kw_only=True)`;
      otherwise it has no fields of its own.
    - A `__post_init__`, which must first call `super().__post_init__()`, as that checks the fields
      of this class. Then it may check its own, and raise `RunObjectError`.

    It must have no `__init__` of its own, no `InitVar` and no `slots=True`, as `from_dict` does not
    call `__init__`, but sets `__dict__`.
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
    def from_response(cls: type[_Run], data: Mapping[str, Any]) -> _Run:
        """Return the run in a response of any version of the API; raise `RunObjectError` if none.

        It is what `from_dict` returns for a copy of the response in which

        - an object or array is JSON text, if JSON can hold it, where it is `last_error`, or a value
          of `required_action` or of a tool;
        - a value of `required_action` or of a tool that is null is left out;
        - `tools`, `file_ids` and `metadata` are empty if they are absent or null, and `metadata` if
          it is an empty array;
        - a time that is a whole float is an integer.
        """
        return cls.from_dict(_adapted(data))

    @classmethod
    def from_dict(cls: type[_Run], data: Mapping[str, Any]) -> _Run:
        """Return the run in a mapping, such as parsed JSON; raise `RunObjectError` if none.

        Optional fields may be absent or `None`, and keys that are no field are ignored, both as
        serde does.
        """
        given: Any = data
        if type(data) is not dict:  # A plain dict needs no copy, as it is only read.
            given = _as_dict(data)
        # Not by the constructor, which sets field by field and takes twice as long.
        run = object.__new__(cls)
        if cls is RunObject:
            problems: dict[str, str] = {}
            values = _values(given, problems)
            if problems:
                raise RunObjectError(problems)
            object.__setattr__(run, "__dict__", values)
            return run
        values = _values_or_defaults(cls, given)
        object.__setattr__(run, "__dict__", values)
        run.__post_init__()
        if run.__dict__ is values:  # `RunObject.__post_init__` sets a new one.
            raise TypeError("a __post_init__ does not call super().__post_init__()")
        return run

    def __post_init__(self) -> None:
        problems: dict[str, str] = {}
        values = _values(self.__dict__, problems)
        for name, value in self.__dict__.items():
            if name not in values:  # It is a field of a subclass.
                values[name] = value
                if value is MISSING:  # `from_dict` found neither a value nor a default.
                    _note("missing", name, problems)
        if problems:
            raise RunObjectError(problems)
        object.__setattr__(self, "__dict__", values)

    def to_dict(self) -> dict[str, Any]:
        """Return a new `dict` of the fields in order, with plain dicts and lists, as those of JSON.

        The fields that a subclass adds come last, as they are, without those of `init=False`.
        """
        data = self.__dict__.copy()
        if type(self) is not RunObject:  # It may hold more than fields: a cached property, say.
            data = _known(type(self), data)
        tools: list[dict[str, str]] = []
        for tool in self.tools:  # For one or two, a comprehension takes longer up to CPython 3.11.
            tools.append({**tool})
        data["tools"] = tools
        data["file_ids"] = [*self.file_ids]
        data["metadata"] = {**self.metadata}
        if self.required_action is not None:
            data["required_action"] = {**self.required_action}
        if self.headers is not None:
            data["headers"] = {**self.headers}
        return data


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


def _adapted(data: Any) -> dict[Any, Any]:
    """Return a copy of a response, changed as `from_response` tells."""
    run = _as_dict(data)
    if "last_error" in run:
        run["last_error"] = _flat(run["last_error"])
    if "required_action" in run:
        run["required_action"] = _flat_map(run["required_action"])
    tools: _Value = run.get("tools")
    if isinstance(tools, (list, tuple)):
        run["tools"] = [_flat_map(tool) for tool in tools]
    for name in ("tools", "file_ids"):
        if run.get(name) is None:
            run[name] = []
    metadata = run.get("metadata")
    if metadata is None or (isinstance(metadata, list) and not metadata):
        run["metadata"] = {}
    run.update(_whole_times(run))
    return run


def _flat_map(value: _Value) -> Any:
    """Return a mapping without nulls and with flat values; any other value as it is."""
    if not isinstance(value, Mapping):
        return value
    # The items are copied first, as another thread may change a dict meanwhile.
    return {key: _flat(item) for key, item in [*value.items()] if item is not None}


def _flat(value: _Value) -> _Value:
    """Return an object or array as JSON text, if JSON can hold it; any other value as it is."""
    if not isinstance(value, (dict, list)):
        return value
    try:
        return _json_text(value)
    except ValueError:
        return value


_TIMES = ("created_at", "expires_at", "started_at", "cancelled_at", "failed_at", "completed_at")


def _whole_times(run: dict[Any, Any]) -> dict[str, int]:
    """Return the times in a run that are whole floats, as integers."""
    return {
        name: int(time)
        for name in _TIMES
        if isinstance(time := run.get(name), float) and time.is_integer()
    }


_ENCODER = json.JSONEncoder(allow_nan=False)


def _json_text(value: Any) -> str:
    """Return a value as JSON text; raise `ValueError` if JSON cannot hold it."""
    try:
        return _ENCODER.encode(value)
    except (TypeError, RecursionError) as error:
        raise ValueError(str(error)) from None


def _as_dict(data: Mapping[Any, Any] | _Value) -> dict[Any, Any]:
    """Return a copy of a mapping as a plain `dict`; raise `RunObjectError` if it is none."""
    if type(data) is dict:
        return {**data}
    if not isinstance(data, Mapping):
        raise RunObjectError({"": _reason(data, "dict")})
    # Not `dict(data)`, which would not call the `items` of a subclass of `dict`.
    return dict(data.items())


def _values_or_defaults(cls: Any, given: dict[Any, Any]) -> dict[str, Any]:
    """Return the fields of a subclass in a dict; for absent ones, their defaults or `MISSING`."""
    values = _known(cls, given)
    for name, make in _factories(cls).items():
        if values.get(name, MISSING) is MISSING:
            values[name] = make()
    return values


def _known(cls: Any, data: dict[Any, Any]) -> dict[str, Any]:
    """Return the fields that a class's constructor takes, in order, from a dict or by default."""
    defaults = _defaults(cls)
    # Keys that are no field come last, so they can be popped: twice as fast as picking the fields.
    known = {**defaults, **data}
    while len(known) > len(defaults):
        known.popitem()
    return known


@cache
def _defaults(cls: Any) -> dict[str, Any]:
    """Return the fields that a class's constructor takes, with their defaults or `MISSING`."""
    return {field.name: field.default for field in fields(cls) if field.init}


@cache
def _factories(cls: Any) -> dict[str, Any]:
    """Return the fields of a class that have a default factory, with that factory."""
    made = [field for field in fields(cls) if field.default_factory is not MISSING]
    return {field.name: field.default_factory for field in made}


_BLANK: dict[str, Any] = dict.fromkeys(field.name for field in fields(RunObject))


def _values(given: dict[Any, Any], problems: dict[str, str]) -> dict[str, Any]:
    """Return the 19 fields in a dict, checked and frozen, and note what is wrong with them.

    They are read one by one, since a loop over a table of them takes 10 to 20 % longer. For speed,
    too, the functions below test for the plain case first: an exact type, and text in ASCII. Where
    they note a problem, nobody uses what they return.
    """
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
    run["tools"] = _tools(given.get("tools", MISSING), problems)
    run["file_ids"] = _file_ids(given.get("file_ids", MISSING), problems)
    run["metadata"] = _text_map(given.get("metadata", MISSING), "dict", "metadata", problems)
    if (value := given.get("headers")) is not None:
        run["headers"] = _text_map(value, "dict or None", "headers", problems)
    return run


def _text(value: _Value, expected: str, path: str, problems: dict[str, str]) -> str:
    if type(value) is not str:
        # Not `isinstance`, which is true of a proxy, too: that has no text for `str.__str__`.
        if not issubclass(type(value), str):
            _note(_reason(value, expected), path, problems)
            return ""
        # Not `str(value)`, which is the name of an enum's member.
        value = str.__str__(cast(str, value))
    if not (value.isascii() or _is_utf8(value)):
        _note("not valid UTF-8", path, problems)
    return value


def _is_utf8(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:  # A problem that was raised in here would hold the text as context.
        return False
    return True


def _integer(value: _Value, expected: str, path: str, problems: dict[str, str]) -> int:
    if type(value) is not int:
        if not issubclass(type(value), int) or type(value) is bool:
            _note(_reason(value, expected), path, problems)
            return 0
        value = int(cast(int, value))
    if not -(2**63) <= value < 2**63:
        _note("out of range for 64 bits", path, problems)
    return value


def _tools(value: _Value, problems: dict[str, str]) -> tuple[dict[str, str], ...]:
    if type(value) is not list and not isinstance(value, (list, tuple)):
        _note(_reason(value, "list"), "tools", problems)
        return ()
    tools: list[dict[str, str]] = []
    for index, item in enumerate(value):
        # As in `_text_map`, but a path is formatted only where it is needed.
        tool = _plain_map(item)
        if tool is None:
            tool = _any_map(item, "dict", f"tools[{index}]", problems)
        tools.append(tool)
    return tuple(tools)


def _file_ids(value: _Value, problems: dict[str, str]) -> tuple[str, ...]:
    if type(value) is not list and not isinstance(value, (list, tuple)):
        _note(_reason(value, "list"), "file_ids", problems)
        return ()
    texts = tuple(value)
    for text in texts:
        if type(text) is not str or not (text.isascii() or _is_utf8(text)):
            # Some are not plain: check each, to note what does not fit and convert subclasses.
            return tuple(
                [_text(each, "str", f"file_ids[{i}]", problems) for i, each in enumerate(texts)]
            )
    return texts


def _text_map(value: _Value, expected: str, path: str, problems: dict[str, str]) -> dict[str, str]:
    texts = _plain_map(value)
    if texts is None:
        texts = _any_map(value, expected, path, problems)
    return texts


_EMPTY_MAP = _ReadOnlyDict()


def _plain_map(value: _Value) -> dict[str, str] | None:
    """Return a read-only copy of a `dict` of text, or `None` if the value is something else."""
    if type(value) is not dict:
        return None
    if not value:  # Most metadata is empty, so all runs share one such map.
        return _EMPTY_MAP
    texts = _ReadOnlyDict(value)
    for key, text in texts.items():
        if type(key) is not str or type(text) is not str:
            return None
        if not (key.isascii() or _is_utf8(key)) or not (text.isascii() or _is_utf8(text)):
            return None
    return texts


def _any_map(value: _Value, expected: str, path: str, problems: dict[str, str]) -> dict[str, str]:
    """Return a read-only copy of any mapping, and note what in it is no text."""
    if not isinstance(value, Mapping):
        _note(_reason(value, expected), path, problems)
        return {}
    texts: dict[str, str] = {}
    # It is read by one call of `items()`, since to look up each key takes quadratic time in headers
    # of HTTP libraries; and from a copy, since another thread may change a dict meanwhile.
    for key, item in [*value.items()]:
        place = f"{path}[{_shown_key(key)}]"
        name = _text(key, "str as key", place, problems)
        texts[name] = _text(item, "str", place, problems)
    return _ReadOnlyDict(texts)


def _note(reason: str, path: str, problems: dict[str, str]) -> None:
    """Add a problem, unless its path has one; raise `RunObjectError` instead of adding a 100th."""
    if len(problems) == 99 and path not in problems:
        raise RunObjectError({**problems, "...": "more problems than these"})
    problems.setdefault(path, reason)


def _reason(value: Any, expected: str) -> str:
    if value is MISSING:
        return "missing"
    # The name of a class may have any length.
    return f"expected {expected}, got {type(value).__name__[:50]}"


def _shown_key(key: Any) -> str:
    """Return a key as paths show it: text as Python writes it, without its middle if it is long."""
    if not issubclass(type(key), str):
        return f"<{type(key).__name__[:50]}>"
    shown = str.__repr__(key)
    return shown if len(shown) <= 60 else f"{shown[:28]}...{shown[-29:]}"


def main(kind: type[RunObject] = RunObject) -> int:
    """Run the command that `--help` describes, for a class of runs; return its exit status.

    Takes its arguments from `sys.argv`. Reads and writes file descriptors, not `sys.stdin` and
    `sys.stdout`: flush the latter before the call. Raises `SystemExit` for `--help`, `--version`
    and wrong usage, and where an output cannot be written. Ctrl-C ends the process by the signal,
    without a traceback.
    """
    import signal  # It is not imported with the module, as the command alone needs it.

    try:
        return _check_files(kind)
    except KeyboardInterrupt:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        signal.raise_signal(signal.SIGINT)
        # Still here: the first process of a container, which its own signals do not end.
        return 130


def _check_files(kind: type[RunObject]) -> int:
    from argparse import ArgumentParser

    parser = ArgumentParser(
        description="Check runs in JSON documents, each of which is a run, an array of runs, or a "
        "list page of the API. Write those that fit, one a line, without keys that are no field.",
        epilog="exit status: 0 all fit; 1 some do not; 2 wrong usage, or a file or output failed",
    )
    parser.add_argument("files", nargs="*", metavar="FILE", default=["-"], help="none or -: stdin")
    parser.add_argument("--responses", action="store_true", help="take runs of any API version")
    parser.add_argument("--json-lines", action="store_true", help="a document a line, as *.jsonl")
    parser.add_argument("--version", action="version", version=__version__)
    options = parser.parse_args()
    read = kind.from_response if options.responses else kind.from_dict
    statuses = [_check_file(file, options.json_lines, read) for file in options.files]
    return max(statuses)


def _check_file(file: str, json_lines: bool, read: Callable[[Any], RunObject]) -> int:
    """Check a file, tell how many of its runs fit, and return the exit status."""
    name = "<stdin>" if file == "-" else _printable(file)
    by_line = json_lines or file.endswith((".jsonl", ".ndjson"))
    try:
        good, total = _check_runs(_documents(file, by_line), name, read)
    except OSError as error:
        _write(2, f"{name}: {error.strerror or error}")
        return 2
    except MemoryError:
        _write(2, f"{name}: not enough memory")
        return 2
    if by_line or total > 1:
        _write(2, f"{name}: {good} of {total} runs fit")
    return 0 if good == total else 1


def _check_runs(
    documents: Iterator[tuple[int, bytes]], name: str, read: Callable[[Any], RunObject]
) -> tuple[int, int]:
    """Write the runs that fit, and what is wrong with the rest; return how many fit of how many."""
    good = total = 0
    for line, document in documents:
        for place, item in _items(document, line):
            total += 1
            try:
                if isinstance(item, ValueError):  # It is a fault of the document.
                    raise item
                text = _json_text(read(item).to_dict())
            except (ValueError, RecursionError) as error:  # The latter is of a subclass's own code.
                _write(2, f"{name}:{place}: {_printable(str(error))}")
            else:
                _write(1, text)
                good += 1
    return good, total


def _printable(text: str) -> str:
    """Return a text as it is, or as Python writes it if some of it cannot be printed."""
    return text if text.isprintable() else repr(text)


def _documents(file: str, by_line: bool) -> Iterator[tuple[int, bytes]]:
    """Yield the JSON documents in a file, each after the number of its first line."""
    with open(0 if file == "-" else file, "rb", closefd=file != "-") as stream:
        if os.name == "posix":
            # An input that does not block looks as if it ended when there is no data yet.
            os.set_blocking(stream.fileno(), True)
        # Not `read()`, which may return `None` if another process undoes that.
        documents = stream if by_line else [b"".join(stream)]
        for line, document in enumerate(documents, 1):
            # Its end is stripped, so that an error there is told of this line, not of the next.
            document = document.rstrip(b" \t\r\n")
            if document or not by_line:
                yield line, document
        if os.name == "posix" and not os.get_blocking(stream.fileno()):
            # What looked like the end may have been none.
            raise OSError(0, "another process has set it not to block")


def _items(document: bytes, line: int) -> Iterator[tuple[str, Any]]:
    """Yield what should be the runs in a document, each after its place; or its `ValueError`."""
    place, path = str(line), ""
    data: _Value | ValueError
    try:
        data = json.loads(
            document.decode("utf-8-sig"),
            object_pairs_hook=_unique_object,
            parse_constant=_finite_float,  # of NaN, Infinity and -Infinity
            parse_float=_finite_float,
        )
    except UnicodeDecodeError:
        data = ValueError("not valid UTF-8")
    except json.JSONDecodeError as error:
        place = f"{line + error.lineno - 1}:{error.colno}"
        data = ValueError(error.msg + _hint(error))
    except (ValueError, RecursionError) as error:
        # Of a number with too many digits, Python also tells how a program can allow it.
        data = ValueError(str(error).partition("; use sys.")[0])
    if isinstance(data, dict) and "id" not in data and isinstance(data.get("data"), list):
        data, path = data["data"], "data"
    if isinstance(data, list):
        for index, item in enumerate(data):
            yield f"{place}: {path}[{index}]", item
    else:
        yield place, data


def _hint(error: json.JSONDecodeError) -> str:
    """Return advice where a document of one line is followed by another on a line of its own."""
    before = error.doc[: error.pos].lstrip()
    if error.msg == "Extra data" and "\n" in before and "\n" not in before.rstrip():
        return "; see --json-lines"
    return ""


def _unique_object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in pairs:
        if key in found:
            raise ValueError(f"duplicate key {_shown_key(key)}")
        found[key] = value
    return found


def _finite_float(number: str) -> float:
    value = float(number)
    if not isfinite(value):
        raise ValueError("not a finite number")
    return value


def _write(descriptor: int, line: str) -> None:
    """Write a line, by one call if the system takes it whole; exit if that fails.

    Other processes may write to the same file, so lines must not come in pieces. Python's own
    streams are no help: what they cannot write, they keep and try again at exit.
    """
    if descriptor == 2 and sys.stderr is None:  # Standard error is closed.
        return
    data = (line + "\n").encode("utf-8", "backslashreplace")
    try:
        while data:
            data = data[os.write(descriptor, data) :]
    except OSError as error:
        # A pipe that its reader has closed, as `head` does, is not worth a complaint.
        if descriptor == 1 and not isinstance(error, BrokenPipeError):
            _write(2, f"standard output: {error.strerror}")
        sys.exit(2)


if __name__ == "__main__":
    sys.exit(main())
