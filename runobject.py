# SPDX-License-Identifier: MIT-0
# SPDX-FileCopyrightText: 2026 the RunObject authors
"""Runs of the OpenAI-style Assistants API, as checked values that do not change.

A run is one execution of an assistant on a thread. There are two ways to read one:

- `RunObject.from_response` takes what an API of any version, or a server like it, answered.
- `RunObject.from_dict` is strict: it takes the 19 fields as `run.to_dict()` has them.

Both return a run, or raise `RunObjectError`, which tells all that does not fit.

>>> response = {"id": "run_1", "object": "thread.run", "created_at": 1720000000, "model": "gpt-4o",
...             "thread_id": "thread_1", "assistant_id": "asst_1", "status": "queued",
...             "tools": [{"type": "function", "function": {"name": "add"}}], "metadata": {}}
>>> run = RunObject.from_response(response)
>>> run.status, run.tools[0]["function"], run.file_ids, run.completed_at
('queued', '{"name": "add"}', (), None)
>>> try:
...     RunObject.from_dict(response)
... except RunObjectError as error:
...     print(error)
tools[0]['function']: expected str, got dict; file_ids: missing

To vendor it, copy this file, its first lines included, under any name. It needs CPython 3.11 or
newer. There is no need to edit it: to add to a run, write a subclass in a file of your own.
"""

import json
import os
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import MISSING, Field, dataclass, fields
from typing import Any, Self

__all__ = ["RunObject", "RunObjectError", "main"]
__version__ = "2.0.0"


class RunObjectError(ValueError):
    """Tells where and why data is no run.

    `problems` maps paths to reasons, in the order of the fields. A path is written as in Python,
    such as `tools[0]['type']`, and is empty for the whole input. Keys are shown, cut after 60
    characters, and types, but no values, which may be secret. At most 100 problems of a run are
    told; the last path is `...` where there are more.

    To tell what is wrong with a field of its own, a subclass of `RunObject` raises it with such a
    mapping: `RunObjectError({"tag": "expected str, got int"})`.
    """

    def __init__(self, problems: Mapping[str, str]) -> None:
        self.problems = dict(problems)
        super().__init__(self.problems)

    def __str__(self) -> str:
        lines = [f"{path}: {reason}" if path else reason for path, reason in self.problems.items()]
        return "; ".join(lines)


@dataclass(frozen=True, kw_only=True)
class RunObject:
    """A run. Takes its fields as keyword arguments; raises `RunObjectError` if one does not fit.

    The fields and their order are those of the struct `RunObject` in the Rust crate openai-rst
    0.1.0, and in openai-api-rs 4.0.8. A field takes what serde's `Deserialize` takes for it: text
    that UTF-8 can encode, an integer of 64 bits, a map of text to text, or a list of either.
    Timestamps are Unix seconds. Maps are kept as dicts that refuse changes, lists as tuples. A
    missing argument for a required field is a `TypeError`.

    A subclass may add methods and, if it is decorated as this class is, fields. These are read and
    written as they are; those of `init=False` are neither. A `__post_init__` of its own must first
    call `super().__post_init__()`, which checks the 19 fields; then it may check its own. It must
    have no `__init__` of its own and no `InitVar`, as `from_dict` calls no `__init__`, and no
    `slots=True`, as a run keeps its fields in its `__dict__`, where slots would hide them.
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
    def from_response(cls, data: Any) -> Self:
        """Return the run in a response of any version of the API, a mapping such as parsed JSON.

        It is what `from_dict` returns, or raises, for a copy of the response in which

        - a dict or list is JSON text, if JSON can hold it, where it is `last_error`, or a value of
          `required_action` or of a tool;
        - a value of `required_action` or of a tool that is null is left out;
        - `tools`, `file_ids` and `metadata` are empty if they are null, `[]` or `{}`, or are absent
          and have no default;
        - a time that is a whole float is an integer.
        """
        return cls.from_dict(_adapt(cls, data))

    @classmethod
    def from_dict(cls, data: Any) -> Self:
        """Return the run in a mapping, such as parsed JSON.

        Optional fields may be absent or `None`, and keys that are no field are ignored, as serde
        does. Raises `RunObjectError` for all else that does not fit, and for what is no mapping.
        """
        given = data if type(data) is _DICT else _copy_fields(data)
        # The fields are set at once: the constructor sets one by one, which takes twice as long.
        run = object.__new__(cls)
        if cls is RunObject:
            object.__setattr__(run, "__dict__", _read_fields(given))
            return run
        object.__setattr__(run, "__dict__", _read_fields_of(cls, given))
        if cls.__post_init__ is not RunObject.__post_init__:
            run.__post_init__()
        return run

    def __post_init__(self) -> None:
        held = self.__dict__
        values = _read_fields(held)
        if type(self) is not RunObject:
            # Its own fields in their order, too: a decoder may have set them in any.
            for name in [*self.__dataclass_fields__, *held]:
                if name in held:
                    values.setdefault(name, held[name])
        object.__setattr__(self, "__dict__", values)

    def to_dict(self) -> dict[str, Any]:
        """Return a new `dict` of the fields in order, with plain dicts and lists, as those of JSON.

        The fields that a subclass adds come last, as they are, without those of `init=False`.
        """
        data = self.__dict__.copy()
        if type(self) is not RunObject:
            # Behind the 19, it may hold more than fields: a cached property, say.
            for name in [*data][len(_BLANK) :]:
                field = self.__dataclass_fields__.get(name)
                if field is None or not field.init:
                    del data[name]
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


# What is taken for a dict, a mapping, a list. These are `Any` for type checkers, which would else
# take the items of a value, once it is known to be a list, for unknown.
_DICT: Any = dict
_MAPPING: Any = Mapping
_LIST: Any = (list, tuple)


class _Misfit(Exception):
    """The reason why a value does not fit, raised to a caller that knows its path."""


# Each reader takes any value and returns it checked and frozen, or raises `_Misfit`. It tests for
# the plain case first, an exact type and text in ASCII, as that is what most runs consist of.


def _read_text(value: object) -> str:
    if type(value) is not str:
        if not isinstance(value, str):
            raise _Misfit(_expected("str", value))
        value = str.__str__(value)  # Not `str(value)`, which is the name of an enum's member.
    if not value.isascii():
        _check_utf8(value)
    return value


def _check_utf8(text: str) -> None:
    try:
        text.encode()
    except UnicodeEncodeError:
        raise _Misfit("not valid UTF-8") from None


def _read_integer(value: object) -> int:
    if type(value) is not int:
        if not isinstance(value, int) or isinstance(value, bool):
            raise _Misfit(_expected("int", value))
        value = int(value)
    if not -(2**63) <= value < 2**63:
        raise _Misfit("out of range for 64 bits")
    return value


def _read_map(value: Any) -> _ReadOnlyDict:
    if type(value) is not _DICT:
        return _read_items(value)
    if not value:  # as most metadata is
        return _ReadOnlyDict()
    texts = _ReadOnlyDict(value)  # a copy before the checks, as another thread may change it
    for key, text in texts.items():
        if type(key) is not str or type(text) is not str:
            return _read_items(texts)
        if not key.isascii():
            _check_utf8(key)
        if not text.isascii():
            _check_utf8(text)
    return texts


def _read_items(value: Any) -> _ReadOnlyDict:
    if not isinstance(value, _MAPPING):
        raise _Misfit(_expected("dict", value))
    return _ReadOnlyDict([(_read_text(key), _read_text(text)) for key, text in _items(value)])


def _read_maps(value: Any) -> tuple[_ReadOnlyDict, ...]:
    if not isinstance(value, _LIST):
        raise _Misfit(_expected("list", value))
    maps: list[_ReadOnlyDict] = []
    for item in value:  # A comprehension takes longer, as in `to_dict`.
        maps.append(_read_map(item))
    return tuple(maps)


def _read_texts(value: Any) -> tuple[str, ...]:
    if not isinstance(value, _LIST):
        raise _Misfit(_expected("list", value))
    texts = tuple(value)
    for text in texts:
        if type(text) is not str or not text.isascii():
            return tuple([_read_text(each) for each in texts])
    return texts


def _expected(expected: str, value: object) -> str:
    return f"expected {expected}, got {type(value).__name__}"


def _items(mapping: Mapping[Any, Any]) -> list[tuple[Any, Any]]:
    """Return a copy of the items of a mapping, which another thread may change meanwhile."""
    # By one call: to look up each key takes quadratic time in the headers of HTTP libraries.
    return [*mapping.items()]


# The types that the fields of `RunObject` declare, which `from __future__ import annotations` would
# make texts, each with its reader.
_READERS: dict[Any, Callable[[Any], Any]] = {
    str: _read_text,
    str | None: _read_text,
    int: _read_integer,
    int | None: _read_integer,
    Mapping[str, str]: _read_map,
    Mapping[str, str] | None: _read_map,
    Sequence[Mapping[str, str]]: _read_maps,
    Sequence[str]: _read_texts,
}
# Name and reader of each field in order, and whether it is optional.
_FIELDS = [(each.name, _READERS[each.type], each.default is None) for each in fields(RunObject)]
_BLANK: dict[str, Any] = {name: None for name, _, _ in _FIELDS}
_TEXTS = [name for name, read, optional in _FIELDS if read is _read_text and not optional]
_OPTIONAL = [(name, read) for name, read, optional in _FIELDS if optional]
_TIMES = [name for name, read, _ in _FIELDS if read is _read_integer]
# `fields` takes half as long as a load, so it is called once for a subclass.
_FIELDS_OF: dict[type, tuple[Field[Any], ...]] = {}
# What stands for no default is known by its type: cloudpickle sends a copy of it with a class.
_MISSING_TYPE = type(MISSING)
_ENCODER = json.JSONEncoder(allow_nan=False)


def _read_fields(given: dict[Any, Any]) -> dict[str, Any]:
    """Return the 19 fields in order, checked and frozen; raise `RunObjectError` if some misfit."""
    values = _BLANK.copy()
    try:
        for name in _TEXTS:
            text = given[name]
            if type(text) is not str or not text.isascii():
                text = _read_text(text)
            values[name] = text
        values["created_at"] = _read_integer(given["created_at"])
        values["tools"] = _read_maps(given["tools"])
        values["file_ids"] = _read_texts(given["file_ids"])
        values["metadata"] = _read_map(given["metadata"])
        for name, read in _OPTIONAL:
            if (value := given.get(name)) is not None:
                values[name] = read(value)
        return values
    except (KeyError, _Misfit):
        pass  # What is raised in here would hold this error, and with it values, as its context.
    # It stops at the first misfit. So that loads are fast, only what does not fit is walked again.
    problems = _find_problems({**given})
    if not problems:  # Another thread has changed the data, which may fit by now.
        return _read_fields(given)
    raise RunObjectError(problems)


def _find_problems(given: dict[Any, Any]) -> dict[str, str]:
    """Return the reasons why fields do not fit, by path, in the order of the fields."""
    problems: dict[str, str] = {}
    for name, read, optional in _FIELDS:
        if optional and given.get(name) is None:
            continue
        misfits = _find_misfits(name, given[name], read) if name in given else [(name, "missing")]
        for path, reason in misfits:
            if len(problems) == 99 and path not in problems:
                return {**problems, "...": "more problems than these"}
            problems.setdefault(path, reason)
    return problems


def _find_misfits(path: str, value: Any, read: Callable[[Any], Any]) -> Iterator[tuple[str, str]]:
    """Yield the path and the reason of all in a value that does not fit.

    It owes its reader to yield something if, and only if, that raises. So where a reader takes a
    value apart, this has to do so, too.
    """
    if read is _read_maps and isinstance(value, _LIST):
        for index, item in enumerate(tuple(value)):
            yield from _find_misfits(f"{path}[{index}]", item, _read_map)
    elif read is _read_texts and isinstance(value, _LIST):
        for index, item in enumerate(tuple(value)):
            yield from _find_misfits(f"{path}[{index}]", item, _read_text)
    elif read is _read_map and isinstance(value, _MAPPING):
        for key, text in _items(value):
            try:
                _read_text(key)
                _read_text(text)
            except _Misfit as misfit:
                yield f"{path}[{_show_key(key)}]", str(misfit)
    else:
        try:
            read(value)
        except _Misfit as misfit:
            yield path, str(misfit)


def _show_key(key: object) -> str:
    """Return a key as paths show it: text as Python writes it, cut after 60 characters."""
    if not isinstance(key, str):
        return f"<{type(key).__name__}>"
    shown = str.__repr__(key)
    return shown if len(shown) <= 60 else f"{shown[:60]}..."


def _read_fields_of(cls: type[RunObject], data: dict[Any, Any]) -> dict[str, Any]:
    """Return the 19 fields of a subclass, and then its own, each as it is given or by default."""
    given = {**data}
    values: dict[str, Any] = {}
    absent: list[str] = []
    for field in _FIELDS_OF.get(cls) or _FIELDS_OF.setdefault(cls, fields(cls)):
        if field.init and field.name in given:
            values[field.name] = given[field.name]
        elif callable(field.default_factory):
            values[field.name] = field.default_factory()
        elif _has_default(field):
            values[field.name] = field.default
        elif field.init:
            absent.append(field.name)
    values = {**_BLANK, **values, **_read_fields(values)}
    if absent:
        raise RunObjectError(dict.fromkeys(absent, "missing"))
    return values


def _has_default(field: Field[Any]) -> bool:
    return not isinstance(field.default, _MISSING_TYPE) or callable(field.default_factory)


def _copy_fields(data: Any) -> dict[Any, Any]:
    """Return the items of a mapping whose keys are text; raise `RunObjectError` if it is none."""
    if not isinstance(data, _MAPPING):
        raise RunObjectError({"": _expected("dict", data)})
    if type(data) is _DICT:
        return {**data}
    return {key: value for key, value in _items(data) if isinstance(key, str)}


def _adapt(cls: type[RunObject], data: Any) -> dict[Any, Any]:
    """Return a copy of a response, changed as `from_response` tells."""
    run = _copy_fields(data)
    if "last_error" in run:
        run["last_error"] = _flatten(run["last_error"])
    if "required_action" in run:
        run["required_action"] = _flatten_items(run["required_action"])
    if isinstance(run.get("tools"), _LIST):
        run["tools"] = [_flatten_items(tool) for tool in run["tools"]]
    for name, wrong in (("tools", dict), ("file_ids", dict), ("metadata", list)):
        if name not in run and _has_default(cls.__dataclass_fields__[name]):
            continue
        value = run.get(name)
        if value is None or (isinstance(value, wrong) and not value):
            run[name] = {} if name == "metadata" else []
    for name in _TIMES:
        time = run.get(name)
        if isinstance(time, float) and time.is_integer():
            run[name] = int(time)
    return run


def _flatten_items(value: Any) -> Any:
    """Return a mapping without nulls and with flat values; any other value as it is."""
    if not isinstance(value, _MAPPING):
        return value
    items = _items(value)
    try:
        return {key: _flatten(item) for key, item in items if item is not None}
    except TypeError:  # A key without a hash is no text, which `from_dict` tells.
        return value


def _flatten(value: Any) -> Any:
    """Return a dict or list as JSON text, if JSON can hold it; any other value as it is."""
    if not isinstance(value, (_DICT, list)):
        return value
    try:
        text = _ENCODER.encode(value)
        if "{}" in text:  # The encoder may take a subclass of `dict` for empty, unlike its methods.
            text = _ENCODER.encode(_plain(value))
    except (TypeError, ValueError, RecursionError):
        return value
    return text


def _plain(value: Any) -> Any:
    """Return a value with plain dicts in place of subclasses, which are read by their methods."""
    if isinstance(value, _DICT):
        return {key: _plain(item) for key, item in _items(value)}
    if isinstance(value, _LIST):
        return [_plain(item) for item in value]
    return value


def main(kind: type[RunObject] = RunObject) -> int:
    """Run the command that `--help` describes, for a class of runs; return its exit status.

    Takes its arguments from `sys.argv`. Reads and writes file descriptors, not `sys.stdin` and
    `sys.stdout`: flush the latter before the call. Raises `SystemExit` for `--help`, `--version`
    and wrong usage, and where an output cannot be written.
    """
    # It is not imported with the module, as the command alone needs it.
    from argparse import ArgumentParser

    parser = ArgumentParser(
        description="Write the runs in JSON files, one a line, and tell what does not fit. A file "
        "holds a run, an array of runs, or a list page of the API; one named *.jsonl or *.ndjson "
        "holds one of these a line.",
        epilog="exit status: 0 all fit; 1 some do not; 2 wrong usage, or a file or output failed",
        allow_abbrev=False,
    )
    parser.add_argument("files", nargs="*", metavar="FILE", default=["-"], help="none or -: stdin")
    parser.add_argument("--strict", action="store_true", help="take the 19 fields as they are")
    parser.add_argument("--json-lines", action="store_true", help="read all files as *.jsonl")
    parser.add_argument("--version", action="version", version=__version__)
    # The first way knows `--`, the second knows options between files.
    options = parser.parse_args() if "--" in sys.argv else parser.parse_intermixed_args()
    command = _Command(kind.from_dict if options.strict else kind.from_response)
    for file in options.files:
        by_line = options.json_lines or file.endswith((".jsonl", ".ndjson"))
        command.read_file(file, by_line)
    return command.sum_up()


class _Command:
    """Writes the runs that fit, complains of the rest, and counts both."""

    def __init__(self, read: Callable[[Any], RunObject]) -> None:
        self.read = read
        self.fitting = self.refused = 0
        self.left_out: set[str] = set()  # keys of runs that fit
        self.failed = False  # whether a file could not be read

    def read_file(self, file: str, by_line: bool) -> None:
        name = "<stdin>" if file == "-" else file or repr(file)
        try:
            with open(0 if file == "-" else file, "rb", closefd=file != "-") as stream:
                if os.name == "posix":
                    # An input that does not block looks as if it ended when there is no data yet.
                    os.set_blocking(stream.fileno(), True)
                documents = stream if by_line else [stream.read()]
                for line, document in enumerate(documents, 1):
                    self.read_document(document, name, line, by_line)
        except OSError as error:
            self.failed = True
            _complain(f"{name}: {error.strerror or error}")
        except MemoryError:
            self.failed = True
            _complain(f"{name}: not enough memory")

    def read_document(self, document: bytes, name: str, line: int, by_line: bool) -> None:
        try:
            # Without the line's end, so that an error there is told of this line, not of the next.
            text = document.decode("utf-8-sig").rstrip("\r\n")
            if by_line and not text.strip():
                return
            data = json.loads(text)
        except UnicodeDecodeError:
            self.refuse(f"{name}:{line}: not valid UTF-8")
        except json.JSONDecodeError as error:
            hint = "; see --json-lines" if error.msg == "Extra data" and not by_line else ""
            self.refuse(f"{name}:{line + error.lineno - 1}:{error.colno}: {error.msg}{hint}")
        except (ValueError, RecursionError) as error:  # a number or nesting beyond Python's limits
            self.refuse(f"{name}:{line}: {error}")
        else:
            for path, item in _runs_in(data):
                self.read_run(item, f"{name}:{line}: {path}")

    def read_run(self, item: Any, place: str) -> None:
        try:
            run = self.read(item).to_dict()
            text = _ENCODER.encode(run)
        except (ValueError, TypeError, RecursionError) as error:
            self.refuse(f"{place}{error}")
            return
        _write(1, text)
        self.fitting += 1
        if isinstance(item, _DICT):  # A subclass may read something else.
            self.left_out.update(item.keys() - run.keys())

    def refuse(self, complaint: str) -> None:
        self.refused += 1
        _complain(complaint)

    def sum_up(self) -> int:
        """Tell the counts, unless all fit and nobody looks on; return the exit status."""
        if self.refused or os.isatty(2):
            _complain(f"{self.fitting} of {self.fitting + self.refused} runs fit")
            if self.left_out:
                _complain(f"left out: {_list_keys(self.left_out)}")
        return 2 if self.failed else int(self.refused > 0)


def _list_keys(keys: set[str]) -> str:
    """Return at most twenty keys, as paths show them, and how many more there are."""
    shown = [key if key.isidentifier() and len(key) <= 60 else _show_key(key) for key in keys]
    more = [f"and {len(shown) - 20} more"] if len(shown) > 20 else []
    return ", ".join(sorted(shown)[:20] + more)


def _runs_in(data: Any) -> list[tuple[str, Any]]:
    """Return what should be the runs in a document, each after its path, as complaints start."""
    path = ""
    if isinstance(data, _DICT) and "id" not in data and isinstance(data.get("data"), _LIST):
        path, data = "data", data["data"]
    if isinstance(data, _LIST):
        return [(f"{path}[{index}]: ", item) for index, item in enumerate(data)]
    return [("", data)]


def _complain(line: str) -> None:
    """Write a line to standard error, escaped if it cannot be printed, as a file's name may be."""
    _write(2, line if line.isprintable() else repr(line))


def _write(descriptor: int, line: str) -> None:
    """Write a line, by one call if the system takes it whole; exit if that fails.

    Other processes may write to the same file, so lines must not come in pieces. Python's own
    streams are no help: what they cannot write, they keep and try again at exit.
    """
    data = f"{line}\n".encode()
    try:
        while data:
            data = data[os.write(descriptor, data) :]
    except OSError as error:
        # A pipe that its reader has closed, as `head` does, is not worth a complaint.
        if descriptor == 1 and not isinstance(error, BrokenPipeError):
            _complain(f"standard output: {error.strerror}")
        sys.exit(2)


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        # Python ends by the signal then, and only its traceback is left out.
        sys.excepthook = lambda kind, error, traceback: None
        raise
