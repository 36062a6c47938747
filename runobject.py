# SPDX-License-Identifier: MIT-0
"""A run of the OpenAI-style Assistants API, as a checked value that never changes.

A run is one execution of an assistant on a thread. `RunObject` has the 19 fields of the Rust
struct of that name, and takes the JSON objects that its `Deserialize` takes.

>>> data = {"id": "run_1", "object": "thread.run", "created_at": 1699063290, "status": "queued",
...         "thread_id": "thread_1", "assistant_id": "asst_1", "model": "gpt-4",
...         "tools": [{"type": "retrieval"}], "file_ids": [], "metadata": {}}
>>> run = RunObject.from_dict(data)
>>> run.status, run.tools[0]["type"], run.completed_at
('queued', 'retrieval', None)
>>> RunObject.from_dict(run.to_dict()) == run
True
>>> try:
...     RunObject.from_dict({**data, "created_at": "today", "metadata": {"user": 7}})
... except RunObjectError as error:
...     print(error)
created_at: expected int, got str; metadata['user']: expected str, got int

To vendor it, copy this file, first line included, into your project under any name. It needs
CPython 3.10 or newer and nothing else. `python3 runobject.py --help` tells how to check files.
"""

import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import MISSING, dataclass, fields
from functools import partial

__all__ = ["RunObject", "RunObjectError"]
__version__ = "1.1.0"

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, TypeVar

    _Run = TypeVar("_Run", bound="RunObject")
else:  # to import `typing` takes about as long as to run this file
    Any, _Run = object, "RunObject"


class RunObjectError(ValueError):
    """What keeps data from being a run: places and types, but no values, which may be secret.

    Takes and keeps `problems`, which maps the path of each to its reason, in field order. A path is
    the Python expression that reaches the value, such as `tools[0]['type']`, with long keys cut in
    the middle; it is empty for the whole input. After 99 paths, a last one, `...`, stands for more.
    """

    def __init__(self, problems: Mapping[str, str]) -> None:
        # In an error that version 1.0.0 pickled, each reason starts with its path.
        self.problems = {path: text.removeprefix(f"{path}: ") for path, text in problems.items()}
        super().__init__(self.problems)

    def __str__(self) -> str:
        return "; ".join([f"{path}: {why}" if path else why for path, why in self.problems.items()])


@dataclass(frozen=True, kw_only=True)
class RunObject:
    """A run; takes its fields as keyword arguments, and raises `RunObjectError` unless they fit.

    Text is `str` that UTF-8 can encode, integers have 64 bits, timestamps are Unix seconds. A run
    never changes: its maps are `dict`s that refuse to, its lists are tuples.
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
        """Return the run in a mapping, such as parsed JSON, by the rules of the Rust struct.

        Optional fields may be absent or `None`; unknown keys are ignored. Raises `RunObjectError`.
        """
        problems: dict[str, str] = {}
        kind = type(data)  # inline, it would make pyright narrow `data` to `dict[Unknown, Unknown]`
        given = data if kind is dict else _as_dict(data, "", problems)
        values = _DEFAULTS.copy()  # field by field: a loop over a table would take a quarter longer
        values["id"] = _text(given.get("id", MISSING), "id", problems)
        values["object"] = _text(given.get("object", MISSING), "object", problems)
        values["created_at"] = _integer(given.get("created_at", MISSING), "created_at", problems)
        values["thread_id"] = _text(given.get("thread_id", MISSING), "thread_id", problems)
        values["assistant_id"] = _text(given.get("assistant_id", MISSING), "assistant_id", problems)
        values["status"] = _text(given.get("status", MISSING), "status", problems)
        if (value := given.get("required_action")) is not None:
            values["required_action"] = _text_map(value, "required_action", problems)
        if (value := given.get("last_error")) is not None:
            values["last_error"] = _text(value, "last_error", problems)
        if (value := given.get("expires_at")) is not None:
            values["expires_at"] = _integer(value, "expires_at", problems)
        if (value := given.get("started_at")) is not None:
            values["started_at"] = _integer(value, "started_at", problems)
        if (value := given.get("cancelled_at")) is not None:
            values["cancelled_at"] = _integer(value, "cancelled_at", problems)
        if (value := given.get("failed_at")) is not None:
            values["failed_at"] = _integer(value, "failed_at", problems)
        if (value := given.get("completed_at")) is not None:
            values["completed_at"] = _integer(value, "completed_at", problems)
        values["model"] = _text(given.get("model", MISSING), "model", problems)
        if (value := given.get("instructions")) is not None:
            values["instructions"] = _text(value, "instructions", problems)
        values["tools"] = _text_maps(given.get("tools", MISSING), "tools", problems)
        values["file_ids"] = _texts(given.get("file_ids", MISSING), "file_ids", problems)
        values["metadata"] = _text_map(given.get("metadata", MISSING), "metadata", problems)
        if (value := given.get("headers")) is not None:
            values["headers"] = _text_map(value, "headers", problems)
        if problems:
            raise RunObjectError(problems)
        if cls is not RunObject:  # a subclass may have more to construct and to check
            return cls(**values)
        run = _new_run(cls)
        _set(run, "__dict__", values)  # all at once: one by one would take as long as the checks
        return run

    def to_dict(self) -> dict[str, Any]:
        """Return a new, plain `dict` of the 19 fields in order, ready for JSON and `from_dict`."""
        data = self.__dict__.copy()
        if len(data) != len(_DEFAULTS):  # fields and cached properties of a subclass are there, too
            data = {name: data[name] for name in _DEFAULTS}
        tools: list[dict[str, str]] = []  # up to CPython 3.11, a comprehension would be slower
        for tool in self.tools:
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
        checked = vars(RunObject.from_dict(vars(self)))
        # `checked` is first for its order, as decoders may set fields in any; last, to win.
        _set(self, "__dict__", {**checked, **vars(self), **checked})

    def __reduce__(self) -> tuple[Any, ...]:
        # Copies are constructed, so checked; by `partial`, as `deepcopy` copies arguments alone.
        values = {field.name: getattr(self, field.name) for field in fields(self) if field.init}
        construct = partial(type(self), **values)
        return type(construct).__call__, (construct,)


class _FrozenDict(dict[str, str]):
    """A `dict` that refuses every change."""

    __slots__ = ()

    def _refuse(self: Any, *args: Any, **kwargs: Any) -> Any:
        raise TypeError("the maps of a run cannot be changed")

    __init__ = __setattr__ = __delattr__ = __setitem__ = __delitem__ = __ior__ = _refuse
    clear = pop = popitem = setdefault = update = _refuse

    def __new__(cls, *args: Any, **kwargs: Any) -> dict[str, str]:  # type: ignore[misc]
        return dict(*args, **kwargs)  # plain, for copiers and unpicklers to fill

    def __hash__(self) -> int:  # type: ignore[override]
        return hash(frozenset(self.items()))


# The default of each field: `None`, or `MISSING` if it is required.
_DEFAULTS: dict[str, Any] = {field.name: field.default for field in fields(RunObject)}
# Ways around the guards of frozen classes; to look them up each time would slow a load by 5 %.
_new_run, _set = object.__new__, object.__setattr__
_new_map, _fill = dict.__new__, dict[str, str].update  # the types are for pyright


def _text(value: object, path: str, problems: dict[str, str]) -> str:
    """Return a text as a plain `str`, or note why it is none."""
    if type(value) is not str:
        if not isinstance(value, str):
            _note_type("str", value, path, problems)
            return ""
        value = str.__str__(value)  # `str(value)` would be the name of an enum's member
    if not value.isascii() and not _is_utf8(value):
        _note("not valid UTF-8", path, problems)
    return value


def _is_utf8(text: str) -> bool:
    """Tell whether UTF-8 can encode a text, which it can't if there is a lone surrogate."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _integer(value: object, path: str, problems: dict[str, str]) -> int:
    """Return an integer of 64 bits as a plain `int`, or note why it is none."""
    if type(value) is not int:
        if not isinstance(value, int) or isinstance(value, bool):
            _note_type("int", value, path, problems)
            return 0
        value = int(value)
    if not -(2**63) <= value < 2**63:
        _note("out of range for 64 bits", path, problems)
    return value


def _text_map(value: Any, path: str, problems: dict[str, str]) -> dict[str, str]:
    """Return a map of texts as a `dict` that refuses changes, or note what is wrong with it."""
    texts = _ascii_map(value)
    if texts is None:
        checked: dict[str, str] = {}
        for key, item in _as_dict(value, path, problems).items():
            place = f"{path}[{_shown(key)}]"
            text_key = _text(key, place, problems)
            if place not in problems:  # else a problem of the value would replace that of its key
                checked[text_key] = _text(item, place, problems)
        texts = _new_map(_FrozenDict)
        _fill(texts, checked)
    return texts


def _ascii_map(value: dict[Any, Any]) -> dict[str, str] | None:
    """Return a `dict` of ASCII texts as one that refuses changes; `None` for anything else."""
    if type(value) is not dict:
        return None
    texts: dict[str, str] = _new_map(_FrozenDict)
    _fill(texts, value)
    for key in texts:  # most have a key or two: for so few, `items()` would take longer
        text = texts[key]
        if not (type(key) is type(text) is str and key.isascii() and text.isascii()):
            return None
    return texts


def _as_dict(value: Mapping[Any, Any] | None, path: str, problems: dict[str, str]) -> Any:
    """Return what a mapping holds as a `dict`, or note that it is no mapping."""
    if isinstance(value, (dict, Mapping)):  # `dict` first, as to ask an abstract class takes long
        return dict(value.items())
    _note_type("dict", value, path, problems)
    return {}


def _text_maps(value: list[Any], path: str, problems: dict[str, str]) -> Sequence[Any]:
    """Return a list of text maps as a tuple, or note what is wrong with it."""
    maps: list[dict[str, str]] = []
    for item in value if type(value) is list else _as_tuple(value, path, problems):
        texts = _ascii_map(item)
        if texts is None:  # only now, since to format a path takes as long as to check a map
            texts = _text_map(item, f"{path}[{len(maps)}]", problems)
        maps.append(texts)
    return tuple(maps)


def _texts(value: list[Any], path: str, problems: dict[str, str]) -> Sequence[str]:
    """Return a list of texts as a tuple, or note what is wrong with it."""
    texts = tuple(value) if type(value) is list else _as_tuple(value, path, problems)
    for text in texts:
        if type(text) is not str or not text.isascii():
            return tuple([_text(item, f"{path}[{i}]", problems) for i, item in enumerate(texts)])
    return texts


def _as_tuple(value: Sequence[Any], path: str, problems: dict[str, str]) -> tuple[Any, ...]:
    """Return the items of a list or tuple, or note that it is neither."""
    if isinstance(value, (list, tuple)):
        return tuple(value)
    _note_type("list", value, path, problems)
    return ()


def _note_type(expected: str, value: object, path: str, problems: dict[str, str]) -> None:
    """Note that a value is missing, or of a type that is not the expected one."""
    or_none = " or None" if _DEFAULTS.get(path, MISSING) is None else ""
    mismatch = f"expected {expected}{or_none}, got {type(value).__name__}"
    _note("missing" if value is MISSING else mismatch, path, problems)


def _note(reason: str, path: str, problems: dict[str, str]) -> None:
    """Note a problem; raise them all if it is the 100th, or leaves nothing to go on with."""
    if len(problems) == 99 and path not in problems:
        raise RunObjectError({**problems, "...": "more problems than these"})
    problems[path] = reason
    if not path:
        raise RunObjectError(problems)


def _shown(key: object) -> str:
    """Return a key as paths show it: without control characters, and shortened if it is long."""
    if not isinstance(key, str):
        return f"<{type(key).__name__}>"
    shown = repr(str.__str__(key))
    return shown if len(shown) <= 60 else f"{shown[:28]}...{shown[-29:]}"


def main(argv: Sequence[str] | None = None) -> int:
    """Check runs in JSON and write them, normalised; return the exit status that `--help` tells."""
    from contextlib import redirect_stderr  # here, as below, since only the command needs it
    from io import TextIOBase

    # If standard error is closed, argparse would take standard output; a bare TextIOBase refuses.
    with redirect_stderr(sys.stderr or TextIOBase()):
        if sys.stdout is None:
            return _report("standard output is closed", 2)
        try:
            status = _check(argv)
            sys.stdout.flush()
            return status
        except KeyboardInterrupt:
            return 130
        except BrokenPipeError:  # whoever reads the output has seen enough, as `head` does
            return 2
        except OSError as error:
            return _report(f"standard output: {error.strerror}", 2)


def _check(argv: Sequence[str] | None) -> int:
    """Do what the arguments say; return the exit status."""
    from argparse import ArgumentParser

    parser = ArgumentParser(
        description="Check runs in JSON (UTF-8, no key twice) from files, or from standard input"
        " for none or -, and write them normalised on standard output.",
        epilog="exit status: 0 if all runs fit; 1 if some don't; 2 for wrong usage, a file that"
        " can't be read or an output that can't be written; 130 after Ctrl-C",
    )
    parser.add_argument("files", nargs="*", metavar="FILE", default=["-"])
    parser.add_argument("--json-lines", action="store_true", help="one run a line, streamed")
    parser.add_argument("--version", action="version", version=__version__)
    try:
        options = parser.parse_args(argv)
    except SystemExit as stop:  # after `--help`, `--version` or wrong usage
        return 2 if stop.code else 0
    status, counts = 0, [0, 0, 0]  # documents that fit, documents that don't, unreadable files
    for file in options.files:
        for outcome, text in _outcomes(file, options.json_lines):
            counts[outcome] += 1
            if outcome == 0:
                print(text)
            else:
                status = max(status, _report(text, outcome))
    if options.json_lines:
        status = max(status, _report(f"{counts[0]} of {counts[0] + counts[1]} runs fit", 0))
    return status


def _outcomes(file: str, json_lines: bool) -> Iterator[tuple[int, str]]:
    """Yield the outcome of each document in a file, or 2 and a reason if it can't be read."""
    from json import JSONDecoder

    decode = JSONDecoder(object_pairs_hook=_unique, parse_constant=_refuse_constant).decode
    name = "<stdin>" if file == "-" else file
    try:
        with open(0 if file == "-" else file, "rb", closefd=file != "-") as stream:
            for line, raw in enumerate(stream if json_lines else [stream.read()], 1):
                if (document := raw.rstrip(b" \t\r\n")) or not json_lines:
                    yield _outcome(document, decode, name, line, json_lines)
    except (OSError, MemoryError) as error:
        yield 2, f"{name}: {getattr(error, 'strerror', 'not enough memory')}"


def _outcome(raw: bytes, decode: Any, name: str, line: int, json_lines: bool) -> tuple[int, str]:
    """Return 0 and the run in a document as JSON, or 1 and what is wrong, one problem a line."""
    import json

    begin = line + raw.count(b"\n", 0, len(raw) - len(raw.lstrip(b"\xef\xbb\xbf \t\r\n")))
    try:
        run = RunObject.from_dict(decode(raw.decode("utf-8-sig")))
    except RunObjectError as error:
        problems = [f"{path}: {why}" if path else why for path, why in error.problems.items()]
        return 1, "\n".join([f"{name}:{begin}: {problem}" for problem in problems])
    except json.JSONDecodeError as error:
        hint = "; see --json-lines" if error.msg == "Extra data" and not json_lines else ""
        return 1, f"{name}:{line + error.lineno - 1}:{error.colno}: {error.msg}{hint}"
    except UnicodeDecodeError as error:
        found = line + error.object.count(b"\n", 0, error.start)
        return 1, f"{name}:{found}: not valid UTF-8"
    except (ValueError, RecursionError) as error:
        return 1, f"{name}:{begin}: {error}"
    return 0, json.dumps(run.to_dict(), indent=None if json_lines else 4)


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in pairs:
        if key in found:
            raise ValueError(f"duplicate key {_shown(key)}")
        found[key] = value
    return found


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")


def _report(text: str, status: int) -> int:
    """Write to standard error; return the exit status that it leads to, 2 if that fails."""
    try:
        sys.stderr.write(f"{text}\n")  # at once, or processes side by side would mix their lines
    except OSError:
        return 2
    return status


if __name__ == "__main__":
    if (status := main()) >= 2:  # a stream that failed would fail again when Python flushes it
        sys.stdout = sys.stderr = None
    sys.exit(status)
