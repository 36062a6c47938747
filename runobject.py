# SPDX-License-Identifier: MIT-0
# SPDX-FileCopyrightText: 2026 the RunObject authors
"""Runs of the OpenAI-style Assistants API, as checked values that do not change.

A run is one execution of an assistant on a thread. There are two ways to read one:

- `RunObject.from_response` takes a response of the API, of any version, or of a server like it.
- `RunObject.from_dict` takes what `run.to_dict()` returned: 19 fields, each in its type.

Both ignore keys that are not fields, such as `usage`; a subclass keeps those that it declares. They
raise `RunObjectError`, which names the places that do not fit.

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
    """Raised where data is not a run.

    `problems` is a dict of reasons by path, in the order of the fields. A path is written as in
    Python, such as `tools[0]['type']`; that of the whole input is empty. Paths contain keys, of
    which long ones are cut at their end, and reasons contain names of types. Neither contains
    values, which may be secret. At most 100 problems of a run are reported: the 100th, with the
    path `...`, stands for all the others.

    For its own fields, a subclass of `RunObject` may raise it with paths and reasons of its own:
    `RunObjectError({"tag": "expected str, got int"})`.
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
    that UTF-8 can encode, an integer of 64 bits, a map of text to text, or a list of texts or of
    such maps. Timestamps are Unix seconds. Maps are kept as dicts that refuse changes, lists as
    tuples. A missing argument for a required field is a `TypeError`.

    A subclass may add methods, and

    - fields, if it is decorated as this class is, with `@dataclass(frozen=True, kw_only=True)`; an
      undecorated class adds none. They are read and written unchecked, as they are; those of
      `init=False` are neither read nor written;
    - checks, in a `__post_init__` that first calls `super().__post_init__()`.

    It must not have an `__init__`, an `InitVar` or `slots=True`: `from_dict` does not call
    `__init__`, and a run keeps its fields in its `__dict__`, where slots would hide them.
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

        Returns or raises what `from_dict` does for a copy of the response, changed so:

        - where `last_error`, or a value in `required_action` or in a tool, is a dict or a list, it
          becomes JSON text, if JSON can hold it;
        - where a value in `required_action` or in a tool is `None`, it is left out;
        - where `tools`, `file_ids` or `metadata` is `None`, `[]` or `{}`, it becomes empty; and
          where it is absent, too, unless a subclass has a default for it;
        - where a time is a whole float, it becomes an integer.
        """
        return cls.from_dict(_adapt(cls, data))

    @classmethod
    def from_dict(cls, data: Any) -> Self:
        """Return the run in a mapping, such as parsed JSON.

        Optional fields may be absent or `None`, and keys that are not fields are ignored, as in
        serde. Raises `RunObjectError` for anything else that does not fit.
        """
        given = data if type(data) is _DICT else _copy_mapping(data)
        # The fields are set all at once: with the constructor, this takes twice as long.
        run = object.__new__(cls)
        if cls is RunObject:
            object.__setattr__(run, "__dict__", _read_fields(given))
            return run
        object.__setattr__(run, "__dict__", _read_subclass(cls, given))
        if cls.__post_init__ is not RunObject.__post_init__:
            run.__post_init__()
        return run

    def __post_init__(self) -> None:
        held = self.__dict__
        values = _read_fields(held)
        if type(self) is not RunObject:
            # The fields may have been set in any order, as decoders written in C do.
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
            # After the 19, there may be more than fields: a cached property, say.
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


# What counts as a dict, a mapping, a list. They are `Any` to strict type checkers, which would
# otherwise know of a value that it is a dict, but not of what, and complain.
_DICT: Any = dict
_MAPPING: Any = Mapping
_LIST: Any = (list, tuple)


class _Misfit(Exception):
    """Says why a value does not fit, but not where: the caller knows its path."""


# Each function `_read_...` takes any value, and returns it checked and frozen or raises `_Misfit`.
# It tests for exact types and text in ASCII first, since most runs hold nothing else.


def _read_text(value: object) -> str:
    if type(value) is not str:
        if not isinstance(value, str):
            raise _Misfit(_expected("str", value))
        value = str.__str__(value)  # Not `str(value)`: of an enum, that is the member's name.
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
        return _read_mapping(value)
    if not value:  # as most metadata is
        return _ReadOnlyDict()
    texts = _ReadOnlyDict(value)  # copied before it is checked, as another thread may change it
    for key, text in texts.items():
        if type(key) is not str or type(text) is not str:
            return _read_mapping(texts)
        if not key.isascii():
            _check_utf8(key)
        if not text.isascii():
            _check_utf8(text)
    return texts


def _read_mapping(value: Any) -> _ReadOnlyDict:
    if not isinstance(value, _MAPPING):
        raise _Misfit(_expected("dict", value))
    return _ReadOnlyDict([(_read_text(key), _read_text(text)) for key, text in _copy_items(value)])


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


def _copy_items(mapping: Mapping[Any, Any]) -> list[tuple[Any, Any]]:
    """Return the items of a mapping at once, as another thread may change a dict meanwhile."""
    # By one call, since HTTP libraries take linear time to look up one key of their headers.
    return [*mapping.items()]


# The types in the declaration of `RunObject`, and who reads them. They must be types, not texts, so
# `from __future__ import annotations` cannot be added to this file.
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
# The fields in order: name, reader, and whether the field is optional.
_Field = tuple[str, Callable[[Any], Any], bool]
_FIELDS: list[_Field] = [
    (each.name, _READERS[each.type], each.default is None) for each in fields(RunObject)
]
_BLANK: dict[str, Any] = {name: None for name, _, _ in _FIELDS}
_TEXTS = [name for name, read, optional in _FIELDS if read is _read_text and not optional]
_OPTIONAL = [(name, read) for name, read, optional in _FIELDS if optional]
_TIMES = [name for name, read, _ in _FIELDS if read is _read_integer]
# Not `MISSING` itself: a class that was pickled by value has a copy of it.
_MISSING_TYPE = type(MISSING)
# The fields of each subclass, kept since `fields` takes a fifth of its load.
_FIELDS_OF: dict[type, tuple[Field[Any], ...]] = {}
_ENCODER = json.JSONEncoder(allow_nan=False)


def _read_fields(given: dict[Any, Any]) -> dict[str, Any]:
    """Return the 19 fields in order, checked and frozen, or raise `RunObjectError`."""
    values = _BLANK.copy()
    try:
        for name in _TEXTS:
            text = given[name]
            if type(text) is not str or not text.isascii():
                text = _read_text(text)
            values[name] = text
        # By name, as a loop over these and their readers takes longer.
        values["created_at"] = _read_integer(given["created_at"])
        values["tools"] = _read_maps(given["tools"])
        values["file_ids"] = _read_texts(given["file_ids"])
        values["metadata"] = _read_map(given["metadata"])
        for name, read in _OPTIONAL:
            if (value := given.get(name)) is not None:
                values[name] = read(value)
        return values
    except (KeyError, _Misfit):
        pass  # Raised in here, the error would hold that of `encode`, and with it the text.
    # So that loads are fast, problems are looked for only now: in a copy, which no thread changes.
    problems = _find_problems({**given}, _FIELDS)
    if not problems:  # Another thread has changed the data meanwhile, so that it may fit now.
        return _read_fields(given)
    raise RunObjectError(problems)


def _find_problems(given: dict[Any, Any], declared: list[_Field]) -> dict[str, str]:
    """Return the reasons, by path, why fields do not fit."""
    problems: dict[str, str] = {}
    for name, read, optional in declared:
        if optional and given.get(name) is None:
            continue
        misfits = _find_misfits(name, given[name], read) if name in given else [(name, "missing")]
        for path, reason in misfits:
            if len(problems) == 99 and path not in problems:
                return {**problems, "...": "more problems than these"}
            problems.setdefault(path, reason)
    return problems


def _find_misfits(path: str, value: Any, read: Callable[[Any], Any]) -> Iterator[tuple[str, str]]:
    """Yield the path and the reason of each part of a value that its reader does not take.

    The reader raises for a value if, and only if, this yields something for it.
    """
    if read is _read_maps and isinstance(value, _LIST):
        for index, item in enumerate(value):
            yield from _find_misfits(f"{path}[{index}]", item, _read_map)
    elif read is _read_texts and isinstance(value, _LIST):
        for index, item in enumerate(value):
            yield from _find_misfits(f"{path}[{index}]", item, _read_text)
    elif read is _read_map and isinstance(value, _MAPPING):
        for key, text in _copy_items(value):
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


def _read_subclass(cls: type[RunObject], data: dict[Any, Any]) -> dict[str, Any]:
    """Return the 19 fields of a subclass, then its own: what is given, or else the defaults."""
    given = {**data}
    values: dict[str, Any] = {}
    absent: list[_Field] = []
    for field in _FIELDS_OF.get(cls) or _FIELDS_OF.setdefault(cls, fields(cls)):
        name = field.name
        if name in given and field.init:
            values[name] = given[name]
        elif callable(field.default_factory):
            values[name] = field.default_factory()
        elif not isinstance(field.default, _MISSING_TYPE):
            values[name] = field.default
        elif field.init:
            absent.append((name, _read_text, False))  # As it is missing, nobody reads it.
    if absent:
        raise RunObjectError(_find_problems(values, [*_FIELDS, *absent]))
    return {**_BLANK, **values, **_read_fields(values)}


def _copy_mapping(data: Any) -> dict[Any, Any]:
    """Return a mapping as a new dict, which may lack keys that are not text, or raise."""
    if not isinstance(data, _MAPPING):
        raise RunObjectError({"": _expected("dict", data)})
    if type(data) is _DICT:
        return {**data}
    # A key that is not text is no field, and may have no hash.
    return {key: value for key, value in _copy_items(data) if isinstance(key, str)}


def _adapt(cls: type[RunObject], data: Any) -> dict[Any, Any]:
    """Return a copy of a response, changed as `from_response` says."""
    run = _copy_mapping(data)
    if "last_error" in run:
        run["last_error"] = _to_text(run["last_error"])
    if "required_action" in run:
        run["required_action"] = _to_texts(run["required_action"])
    if isinstance(run.get("tools"), _LIST):
        run["tools"] = [_to_texts(tool) for tool in run["tools"]]
    # In some languages, an empty list and an empty map are the same, and written as either.
    for name, other_type in (("tools", dict), ("file_ids", dict), ("metadata", list)):
        if name not in run and _has_default(cls, name):
            continue
        value = run.get(name)
        if value is None or (isinstance(value, other_type) and not value):
            run[name] = {} if name == "metadata" else []
    for name in _TIMES:
        time = run.get(name)
        if isinstance(time, float) and time.is_integer():
            run[name] = int(time)
    return run


def _has_default(cls: type[RunObject], name: str) -> bool:
    field = cls.__dataclass_fields__[name]
    return callable(field.default_factory) or not isinstance(field.default, _MISSING_TYPE)


def _to_texts(value: Any) -> Any:
    """Return a mapping without `None`, and with `_to_text` of its values; or any other value."""
    if not isinstance(value, _MAPPING):
        return value
    items = _copy_items(value)
    try:
        return {key: _to_text(item) for key, item in items if item is not None}
    except TypeError:  # A key has no hash, so it is not text, which `from_dict` finds out.
        return value


def _to_text(value: Any) -> Any:
    """Return a dict or a list as JSON text, if JSON can hold it; or any other value."""
    if not isinstance(value, (_DICT, list)):
        return value
    try:
        text = _ENCODER.encode(value)
        # It writes `{}` for a subclass of `dict` that stores its items elsewhere, too.
        if "{}" in text:
            text = _ENCODER.encode(_to_plain(value))
    except (TypeError, ValueError, RecursionError):
        return value
    return text


def _to_plain(value: Any) -> Any:
    """Return a copy of a value in plain dicts and lists, read by the methods of the originals."""
    if isinstance(value, _DICT):
        return {key: _to_plain(item) for key, item in _copy_items(value)}
    if isinstance(value, _LIST):
        return [_to_plain(item) for item in value]
    return value


def main(kind: type[RunObject] = RunObject) -> int:
    """Run the command that `--help` describes, for a class of runs; return its exit status.

    Takes its arguments from `sys.argv`. Reads and writes file descriptors 0, 1 and 2, so flush
    `sys.stdout` before the call. Raises `SystemExit` for `--help`, `--version` and wrong usage, and
    if an output cannot be written.
    """
    # Imported here, as only the command needs it.
    from argparse import ArgumentParser

    parser = ArgumentParser(
        description="Write the runs in JSON files, one a line, without keys that are not fields, "
        "and tell what does not fit. A file holds a run, an array of runs, or a list page of the "
        "API; one named *.jsonl or *.ndjson holds one of these a line.",
        epilog="exit status: 0 all fit; 1 some do not; 2 wrong usage, or a file or output failed",
        allow_abbrev=False,
    )
    parser.add_argument("files", nargs="*", metavar="FILE", default=["-"], help="none or -: stdin")
    parser.add_argument("--strict", action="store_true", help="take the 19 fields as they are")
    parser.add_argument("--json-lines", action="store_true", help="read all files as *.jsonl")
    parser.add_argument("--version", action="version", version=__version__)
    # `parse_intermixed_args` takes options between files, but also after `--`.
    options = parser.parse_args() if "--" in sys.argv else parser.parse_intermixed_args()
    command = _Command(kind.from_dict if options.strict else kind.from_response)
    for file in options.files:
        by_line = options.json_lines or file.endswith((".jsonl", ".ndjson"))
        command.read_file(file, by_line)
    return command.report()


class _Command:
    """Writes the runs that fit, complains about the others, and counts both."""

    def __init__(self, read: Callable[[Any], RunObject]) -> None:
        self.read = read
        self.fitting = self.refused = 0
        self.left_out: set[str] = set()  # keys of runs that fit, which were not written
        self.failed = False  # whether a file could not be read

    def read_file(self, file: str, by_line: bool) -> None:
        name = "<stdin>" if file == "-" else file or repr(file)
        try:
            with open(0 if file == "-" else file, "rb", closefd=file != "-") as stream:
                if os.name == "posix":
                    # With no data yet, an input that does not block returns `None` or no lines.
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
            # An error at the end of a line would otherwise be reported for the next line.
            text = document.decode("utf-8-sig").rstrip("\r\n")
            if by_line and not text.strip():
                return
            data = json.loads(text)
        except UnicodeDecodeError:
            self.refuse(f"{name}:{line}: not valid UTF-8")
        except json.JSONDecodeError as error:
            hint = "; see --json-lines" if error.msg == "Extra data" and not by_line else ""
            self.refuse(f"{name}:{line + error.lineno - 1}:{error.colno}: {error.msg}{hint}")
        except (ValueError, RecursionError) as error:  # a number or a nesting that is too large
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
        if isinstance(item, _DICT):  # A subclass may take something else.
            self.left_out.update(item.keys() - run.keys())

    def refuse(self, complaint: str) -> None:
        self.refused += 1
        _complain(complaint)

    def report(self) -> int:
        """Report the counts if a run did not fit, or on a terminal; return the exit status."""
        if self.refused or os.isatty(2):
            _complain(f"{self.fitting} of {self.fitting + self.refused} runs fit")
            if self.left_out:
                _complain(f"left out: {_list_keys(self.left_out)}")
        return 2 if self.failed else int(self.refused > 0)


def _list_keys(keys: set[str]) -> str:
    """Return at most twenty keys, written as in paths, and how many more there are."""
    shown = [key if key.isidentifier() and len(key) <= 60 else _show_key(key) for key in keys]
    more = [f"and {len(shown) - 20} more"] if len(shown) > 20 else []
    return ", ".join(sorted(shown)[:20] + more)


def _runs_in(data: Any) -> list[tuple[str, Any]]:
    """Return what should be runs in a document, each after its path as complaints show it."""
    path = ""
    if isinstance(data, _DICT) and "id" not in data and isinstance(data.get("data"), _LIST):
        path, data = "data", data["data"]
    if isinstance(data, _LIST):
        return [(f"{path}[{index}]: ", item) for index, item in enumerate(data)]
    return [("", data)]


def _complain(line: str) -> None:
    """Write a line to standard error, escaped if it is not printable, as names of files may be."""
    _write(2, line if line.isprintable() else repr(line))


def _write(descriptor: int, line: str) -> None:
    """Write a line, by one call if the system takes it whole; exit if that fails.

    Other processes may write to the same file, so lines must not come in pieces. Python's streams
    would keep what they could not write, and fail again at exit.
    """
    data = f"{line}\n".encode()
    try:
        while data:
            data = data[os.write(descriptor, data) :]
    except OSError as error:
        # That the reader of a pipe has closed it, as `head` does, is not worth a complaint.
        if descriptor == 1 and not isinstance(error, BrokenPipeError):
            _complain(f"standard output: {error.strerror}")
        sys.exit(2)


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        # Python itself then ends by the signal; this only keeps it from printing a traceback.
        sys.excepthook = lambda kind, error, traceback: None
        raise
