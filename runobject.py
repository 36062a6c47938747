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
>>> try:
...     RunObject.from_dict({**data, "created_at": "today", "metadata": {"user": 7}})
... except RunObjectError as error:
...     print(error)
created_at: expected int, got str; metadata['user']: expected str, got int

To vendor it, copy this file, first line included, under any name. It needs CPython 3.10 or newer.
"""

import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import MISSING, dataclass, fields
from typing import Any, TypeVar

__all__ = ["RunObject", "RunObjectError"]
__version__ = "1.2.0"
_Run = TypeVar("_Run", bound="RunObject")


class RunObjectError(ValueError):
    """What keeps data from being a run: places and types, but no values, which may be secret.

    Takes and keeps `problems`, which maps paths to reasons. A path is written as in Python, such as
    `tools[0]['type']`, and empty for the whole input. A 100th, at `...`, says that there are more.
    """

    def __init__(self, problems: Mapping[str, str]) -> None:
        self.problems = dict(problems)
        super().__init__(self.problems)

    def __str__(self) -> str:
        return "; ".join([f"{path}: {why}" if path else why for path, why in self.problems.items()])


@dataclass(frozen=True, kw_only=True)
class RunObject:
    """A run; takes its fields as keyword arguments, and raises `RunObjectError` unless they fit.

    Text fits UTF-8, integers 64 bits; timestamps are Unix seconds. Maps and lists never change.
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
        checked = _checked(data)
        if cls is not RunObject:  # a subclass may have more to construct and to check
            return cls(**checked)
        run = object.__new__(cls)
        object.__setattr__(run, "__dict__", checked)  # field by field would take twice as long
        return run

    def to_dict(self) -> dict[str, Any]:
        """Return a new, plain `dict` of the 19 fields in order, ready for JSON and `from_dict`."""
        data = self.__dict__.copy()
        if len(data) != len(_BLANK):  # a subclass holds more
            data = {name: data[name] for name in _BLANK}
        data["tools"] = tools = []
        for tool in self.tools:  # up to CPython 3.11, a comprehension would be a call
            tools.append({**tool})
        data["file_ids"] = [*self.file_ids]
        data["metadata"] = {**self.metadata}
        if self.required_action is not None:
            data["required_action"] = {**self.required_action}
        if self.headers is not None:
            data["headers"] = {**self.headers}
        return data

    def __post_init__(self) -> None:
        checked = _checked(vars(self))
        # `checked` first gives the order, which decoders may not keep; last, the values.
        object.__setattr__(self, "__dict__", {**checked, **vars(self), **checked})

    def __setstate__(self, state: dict[str, Any]) -> None:
        vars(self).update(state)
        self.__post_init__()  # which may compute fields of a subclass anew
        vars(self).update({name: state[name] for name in state if name not in _BLANK})


class _ReadOnlyDict(dict[str, Any]):  # its copies and pickles are plain
    __slots__ = ()

    def _refuse(self: Any, *args: Any, **kwargs: Any) -> Any:
        raise TypeError("the maps of a run cannot be changed")

    __setitem__ = __delitem__ = __ior__ = clear = pop = popitem = setdefault = update = _refuse

    def __hash__(self) -> int:  # type: ignore[override]
        return hash(frozenset(self.items()))

    def __reduce__(self) -> tuple[Any, ...]:
        return dict, (dict(self),)


_BLANK: dict[str, Any] = dict.fromkeys(field.name for field in fields(RunObject))


# From here on, plain cases come first for speed: exact types, and text in ASCII.
def _checked(data: Any) -> dict[str, Any]:
    """Return the fields that a mapping holds, checked and frozen, or raise `RunObjectError`."""
    if type(data) is not dict and not isinstance(data, Mapping):
        raise RunObjectError({"": _mismatch(data, "dict")})
    given: dict[Any, Any] = data if type(data) is dict else dict(data.items())
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


def _text(value: object, expected: str, path: str, problems: dict[str, str]) -> str:
    if type(value) is not str:
        if not isinstance(value, str):
            _note(_mismatch(value, expected), path, problems)
            return ""
        value = str.__str__(value)  # `str(value)` would be the name of an enum's member
    if not value.isascii() and not _is_utf8(value):
        _note("not valid UTF-8", path, problems)
    return value


def _is_utf8(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:  # lone surrogate; this error holds the text, so raise none here
        return False
    return True


def _integer(value: Any, expected: str, path: str, problems: dict[str, str]) -> int:
    if type(value) is not int and (type(value) is bool or not isinstance(value, int)):
        _note(_mismatch(value, expected), path, problems)
        return 0
    if not -(2**63) <= value < 2**63:
        _note("out of range for 64 bits", path, problems)
    return value if type(value) is int else int(value)


def _texts(value: Any, expected: str, path: str, problems: dict[str, str]) -> tuple[str, ...]:
    if type(value) is not list and not isinstance(value, (list, tuple)):
        _note(_mismatch(value, expected), path, problems)
        return ()
    texts = tuple(value)
    for text in texts:
        if type(text) is not str or not text.isascii():
            return tuple([_text(t, "str", f"{path}[{i}]", problems) for i, t in enumerate(texts)])
    return texts


def _text_maps(value: Any, expected: str, path: str, problems: dict[str, str]) -> tuple[Any, ...]:
    if type(value) is not list and not isinstance(value, (list, tuple)):
        _note(_mismatch(value, expected), path, problems)
        return ()
    maps: list[dict[str, str]] = []
    for item in tuple(value):  # a copy, as other threads may append to it
        maps.append(_text_map(item, "dict", path, problems, len(maps)))
    return tuple(maps)


def _text_map(
    value: Any, expected: str, path: str, problems: dict[str, str], index: int | None = None
) -> dict[str, str]:
    if type(value) is dict:
        texts = _ReadOnlyDict(value)
        for key in texts:  # for one entry, as most maps have, `items()` is slower
            text = texts[key]
            if not (type(key) is type(text) is str and key.isascii() and text.isascii()):
                break
        else:
            return texts
    if index is not None:  # added late, as to do so each time takes 6 % of a load
        path = f"{path}[{index}]"
    if not isinstance(value, Mapping):
        _note(_mismatch(value, expected), path, problems)
        return {}
    checked: dict[str, str] = {}
    for key, item in [*value.items()]:  # a copy, as other threads may change the map
        place = f"{path}[{_shown(key)}]"
        text = _text(key, "str as key", place, problems)
        checked[text] = _text(item, "str", place, problems)
    return _ReadOnlyDict(checked)


def _note(reason: str, path: str, problems: dict[str, str]) -> None:
    if len(problems) == 99 and path not in problems:
        raise RunObjectError({**problems, "...": "more problems than these"})
    problems.setdefault(path, reason)  # if a key and its value are bad, the key's stays


def _mismatch(value: Any, expected: str) -> str:
    name = _shown(type(value).__name__)[1:-1]
    return "missing" if value is MISSING else f"expected {expected}, got {name}"


def _shown(key: Any) -> str:
    """Return a key as paths show it: printable, cut in the middle if long; its type if no text."""
    if not isinstance(key, str):
        return f"<{_shown(type(key).__name__)[1:-1][:55]}>"  # for 99 of them to stay short
    shown = str.__repr__(key)
    return shown if len(shown) <= 60 else f"{shown[:28]}...{shown[-29:]}"


def main() -> int:
    """Check runs in JSON, as `--help` tells; return the exit status."""
    import signal  # here, as only the command needs it
    from argparse import ArgumentParser

    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:  # not if ignored, as in `&`
        signal.signal(signal.SIGINT, lambda *_: os._exit(130))  # even if a write is blocked
    parser = ArgumentParser(
        description="Check runs in JSON, no key twice; write those that fit, less unknown keys.",
        epilog="exit status: 0 all fit; 1 some don't; 2 usage, input or output failed; 130 Ctrl-C",
    )
    parser.add_argument("files", nargs="*", metavar="FILE", default=["-"], help="none or -: stdin")
    parser.add_argument("--json-lines", action="store_true", help="one run a line, then a count")
    parser.add_argument("--version", action="version", version=__version__)
    try:
        with open(1, "w", errors="replace", closefd=False) as sys.stdout:  # is closed here
            sys.stderr = sys.stderr or open(os.devnull, "w", errors="replace")  # if it is closed
            options = parser.parse_args()
            return max([_write_runs(file, options.json_lines) for file in options.files])
    except OSError as error:
        if not isinstance(error, BrokenPipeError):  # whose reader has seen enough, as `head` does
            print(f"standard output: {error.strerror}\n", end="", file=sys.stderr)
        sys.stderr = None  # if that failed, its flush at exit would fail again
        return 2


def _write_runs(file: str, json_lines: bool) -> int:
    """Write the runs in a file and what is wrong with the rest; return the exit status."""
    name = "<stdin>" if file == "-" else file
    fit = misfits = 0
    for outcome in _outcomes(file, json_lines):
        if isinstance(outcome, str):
            fit += 1
            print(f"{outcome}\n", end="", flush=True)  # whole, as other processes may write, too
        elif isinstance(outcome, list):
            misfits += 1
            sys.stderr.write("".join([f"{name}:{complaint}\n" for complaint in outcome]))
        else:
            sys.stderr.write(f"{name}: {getattr(outcome, 'strerror', 'not enough memory')}\n")
            return 2
    if json_lines:
        sys.stderr.write(f"{name}: {fit} of {fit + misfits} runs fit\n")
    return 1 if misfits else 0


def _outcomes(file: str, json_lines: bool) -> Iterator[str | list[str] | Exception]:
    """Yield each run in a file as JSON, what is wrong with it, or what is wrong with the file."""
    try:
        with open(0 if file == "-" else file, "rb", closefd=file != "-") as stream:
            if os.name == "posix":  # another process may have made a pipe non-blocking
                os.set_blocking(stream.fileno(), True)
            for line, document in enumerate(stream if json_lines else [stream.read()], 1):
                document = document.removeprefix(b"\xef\xbb\xbf").rstrip(b" \t\r\n")
                if document or not json_lines:
                    yield _normalised(document, line, json_lines)
    except (OSError, MemoryError) as error:
        yield error


def _normalised(document: bytes, line: int, json_lines: bool) -> str | list[str]:
    """Return the run in a document as JSON, or what is wrong with it, line by line."""
    from json import JSONDecodeError, dumps, loads

    try:
        data = loads(document.decode(), object_pairs_hook=_unique, parse_constant=_reject)
        page = isinstance(data, dict) and data.get("object") == "list" and "id" not in data
        if page or isinstance(data, list):
            return [f"{line}: a list, not a run; write its items one a line, for --json-lines"]
        return dumps(RunObject.from_dict(data).to_dict(), indent=None if json_lines else 4)
    except RunObjectError as error:
        return [f"{line}: {path}{path and ': '}{why}" for path, why in error.problems.items()]
    except JSONDecodeError as error:
        hint = "; see --json-lines" if error.msg == "Extra data" and not json_lines else ""
        return [f"{line + error.lineno - 1}:{error.colno}: {error.msg}{hint}"]
    except UnicodeDecodeError:
        return [f"{line}: not valid UTF-8"]
    except (ValueError, RecursionError) as error:
        return [f"{line}: {str(error).partition(';')[0]}"]  # without Python's advice on `sys`


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in pairs:
        if key in found:
            raise RunObjectError({"": f"duplicate key {_shown(key)}"})
        found[key] = value
    return found


def _reject(constant: str) -> None:
    raise RunObjectError({"": f"{constant} is not JSON"})


if __name__ == "__main__":
    sys.exit(main())
