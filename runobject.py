# SPDX-License-Identifier: MIT-0
"""A run of the OpenAI-style Assistants API, one execution of an assistant on a thread, as a checked, immutable value.

>>> data = {"id": "run_1", "object": "thread.run", "created_at": 1699063290, "thread_id": "thread_1",
...         "assistant_id": "asst_1", "status": "queued", "model": "gpt-4", "tools": [{"type": "retrieval"}],
...         "file_ids": [], "metadata": {}}
>>> run = RunObject.from_dict(data)
>>> run.status, run.tools[0]["type"], run.completed_at, run == RunObject.from_dict(run.to_dict())
('queued', 'retrieval', None, True)
>>> RunObject.from_dict({**data, "created_at": "today", "metadata": {"user": 7}})
Traceback (most recent call last):
runobject.RunObjectError: created_at: expected int, got str; metadata['user']: expected str, got int

To vendor it, copy this file, first line included, into your project under any name; to update, copy it again.
It needs CPython 3.10 or newer and nothing else. `python3 runobject.py --help` tells how to check files of runs.
"""

import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import MISSING, dataclass, fields
from functools import partial
from operator import itemgetter

__all__ = ["RunObject", "RunObjectError"]
__version__ = "1.0.0"
TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing_extensions import Any, Self
else:  # importing `typing` would nearly double what this file adds to importing `dataclasses`
    Any, Self = object, "RunObject"


class RunObjectError(ValueError):
    """What keeps data from being a run: places and types, but no values, which may be secret.

    `problems` maps paths, written as in Python (`tools[0]['type']`; `''` is the whole input), to reasons, in field
    order. It has at most 100 items; if there are more problems, the last one, under `...`, says so.
    """

    @property
    def problems(self) -> dict[str, str]:
        return {path: line[len(path) + 2 :] for path, line in self.args[0].items()}

    def __str__(self) -> str:
        return "; ".join(self.args[0].values()).removeprefix(": ")


@dataclass(frozen=True, kw_only=True)
class RunObject:
    """A run: the 19 fields of the Rust struct `RunObject`, by the rules of its `Deserialize`.

    Takes keyword arguments; raises `RunObjectError` unless they fit. Text is `str` that UTF-8 can encode, integers
    are of 64 bits, timestamps Unix seconds. It never changes: maps are `dict`s that refuse to, lists are tuples.
    """

    id: str  # unique identifier of the run
    object: str  # type of the object: "thread.run", as the API sends it
    created_at: int  # when the run was created, Unix seconds
    thread_id: str  # identifier of the thread that it runs on
    assistant_id: str  # identifier of the assistant that runs
    status: str  # status of the run; any text
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
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """Return the run in a mapping, such as parsed JSON, by the rules of the Rust struct's `Deserialize`.

        Optional fields may be absent or `None`; unknown keys are ignored. Raises `RunObjectError` with every problem.
        """
        run: Self = _draft(data)
        if type(run) is not _Draft:  # then it is the problems
            raise RunObjectError(run)
        if cls is not RunObject:  # a subclass may have a constructor of its own
            return cls(**vars(run))
        run.__class__ = cls
        return run

    def to_dict(self) -> dict[str, Any]:
        """Return a new, plain `dict` of the 19 fields in order, ready for JSON and for `from_dict`."""
        return _plain(self)

    def __post_init__(self) -> None:
        values = vars(RunObject.from_dict(vars(self)))
        # In the order of `values`, since decoders set fields in any; `vars` has the further fields of a subclass.
        object.__setattr__(self, "__dict__", {**values, **vars(self), **values})

    def __reduce__(self) -> tuple[Any, ...]:
        return partial(type(self), **({f.name: getattr(self, f.name) for f in fields(self)} | self.to_dict())), ()


class _FrozenDict(dict[str, str]):
    """A `dict` that refuses every change. To call the class, as copiers do, gives a plain `dict`."""

    __slots__ = ()

    def _refuse(self: Any, *args: Any, **kwargs: Any) -> Any:
        raise TypeError("the maps of a run cannot be changed")

    __init__ = __setattr__ = __delattr__ = __setitem__ = __delitem__ = __ior__ = _refuse
    clear = pop = popitem = setdefault = update = _refuse

    def __new__(cls, *args: Any, **kwargs: Any) -> dict[str, str]:  # type: ignore[misc]
        return dict(*args, **kwargs)

    def __hash__(self) -> int:  # type: ignore[override]
        return hash(frozenset(self.items()))


_Draft: Any = type("_Draft", (), {})  # takes a run's values, then its class: to set a frozen run's fields is far slower
_TYPES: dict[str, Any] = {"str": str, "int": int, "dict": Mapping, "list": (list, tuple)}
_DEFAULTS = {field.name: field.default for field in fields(RunObject)}
_pick = itemgetter(*_DEFAULTS)
_new_dict, _update, _set_item = (getattr(dict, name) for name in ("__new__", "update", "__setitem__"))
_exact_str, _exact_int, _name_of = str.__str__, int.__int__, vars(type)["__name__"].__get__  # whatever overrides them


def _read(value: Any, path: str, problems: dict[str, str], kind: str = "str", or_none: str = "") -> Any:
    """Return plain `str` or `int`, a `dict` of what is under text keys or a `tuple`; or note what is wrong."""
    try:  # `isinstance` would ask the value, which can lie
        fits = issubclass(type(value), _TYPES[kind]) and not issubclass(type(value), bool)
    except Exception:  # a class that cannot be hashed is no `Mapping`
        fits = False
    if not fits:
        line = f"{path}: missing" if value is MISSING else f"{path}: expected {kind}{or_none}, got {_type_name(value)}"
    elif kind == "str":
        if (text := _exact_str(value)).encode(errors="ignore").decode() == text:
            return text
        line = f"{path}: not valid UTF-8"
    elif kind == "int":
        if -(2**63) <= (number := _exact_int(value)) < 2**63:
            return number
        line = f"{path}: out of range for 64 bits"
    elif kind == "list":
        return (*next(base for base in _TYPES["list"] if issubclass(type(value), base)).__iter__(value),)
    else:
        texts: dict[str, Any] = {}
        items: list[Any] = [*value.items()] if type(value) is dict else [(key, value[key]) for key in value]
        for key, item in items:
            if path or issubclass(type(key), str):  # what else `data` has is ignored, once it is known to be UTF-8
                name = _read(key, f"{path}[{_shown(key)}]", problems)
                if type(name) is str:
                    texts[name] = item
        return texts
    if len(problems) == 99 and path not in problems:
        raise RunObjectError({**problems, "...": "...: more problems than these"})
    problems[path] = line
    if not path:
        raise RunObjectError(problems)
    return ()


def _text_map(value: Any, path: str, problems: dict[str, str], or_none: str = "", index: Any = ()) -> Any:
    if type(value) is dict:
        frozen = _new_dict(_FrozenDict)
        _update(frozen, value)
        for key, text in frozen.items():
            if type(key) is not str or (not key.isascii() and key.encode(errors="ignore").decode() != key):
                break
            if type(text) is not str or not (text.isascii() or text.encode(errors="ignore").decode() == text):
                _set_item(frozen, key, _read(text, f"{path % index}[{_shown(key)}]", problems))
        else:
            return frozen
    return _text_map(dict(_read(value, path % index, problems, "dict", or_none)), path % index, problems)


def _shown(key: Any) -> str:
    if not issubclass(type(key), str):
        return f"<{_type_name(key)}>"
    shown = repr((text := _exact_str(key))[:80])  # which has no control characters, and is cut to 80 bytes
    fits = len(shown) <= 20 or len(text) <= 80 >= len(shown.encode())  # a character takes 4 bytes at most
    return shown if fits else f"{ascii(text[:80])[:76]}...{shown[0]}"


def _type_name(value: Any) -> str:
    name = _exact_str(_name_of(type(value)))
    return name if name.isidentifier() and name.isascii() and len(name) <= 40 else ascii(name)[1:-1][:40]


# The lines that check a value X of each kind, and copy it. What JSON mostly brings stays on this straight line: `str`
# itself, since a subclass is converted, that UTF-8 can encode, as ASCII tells at once; integers but for -2**63.
_ODD = "type(X) is not str or not (X.isascii() or X.encode(errors='ignore').decode() == X)"
_EACH = "items = []\n  for item in X if type(X) is list else _read(X, 'X', problems, 'list'OR_NONE): items.append("
_TEXT = f"_read(item, f'X[{{len(items)}}]', problems) if {_ODD.replace('X', 'item')} else item)\n  X = (*items,)"
_MAP = "_text_map(item, 'X[%d]', problems, '', len(items)))\n  X = (*items,)"
_COPY = "items = []\n  for item in copy['X']: items.append({**item})\n  copy['X'] = items"
_LINES: dict[Any, tuple[str, str]] = {
    str: (f"if {_ODD}: X = _read(X, 'X', problems, 'str'OR_NONE)", ""),
    int: ("if type(X) is not int or X.bit_length() > 63: X = _read(X, 'X', problems, 'int'OR_NONE)", ""),
    Mapping[str, str]: ("X = _text_map(X, 'X', problemsOR_NONE)", "copy['X'] = {**copy['X']}"),
    Sequence[str]: (_EACH + _TEXT, "copy['X'] = [*copy['X']]"),
    Sequence[Mapping[str, str]]: (_EACH + _MAP, _COPY),
}


def _straight_line() -> tuple[Callable[[Any], Any], Callable[[RunObject], dict[str, Any]]]:
    """Write out, field after field, how to read a run (or what is wrong) and to copy it: a loop takes a fifth longer."""
    names, gets, checks, copies = ", ".join(_DEFAULTS), "", "", ""
    for field in fields(RunObject):
        kind: Any = field.type
        get, or_none, given = "X = data['X']; ", "", "True"
        if field.default is None:
            kind, get, or_none, given = kind.__args__[0], "X = data.get('X'); ", ", ' or None'", "X is not None"
        check, copy = _LINES[kind]
        gets += get.replace("X", field.name)
        checks += f"\n if {given}:\n  {check}".replace("OR_NONE", or_none).replace("X", field.name)
        copies += copy and f"\n if {given}:\n  {copy}".replace("X is", "copy['X'] is").replace("X", field.name)
    source = f"""
def draft(data):
 problems, plain = {{}}, type(data) is dict
 if plain:
  try:
   complete = len(data) == {len(_DEFAULTS)}
   if complete:
    try: {names} = _pick(data)
    except KeyError: complete = False
   if not complete:
    if not "".join([*data]).isascii(): raise ValueError
    try: {gets}
    except KeyError: {names} = _pick({{**_DEFAULTS, **data}})
  except Exception: plain = False  # a look-up compares keys, which can be anybody's code
 if not plain: {names} = _pick({{**_DEFAULTS, **_read(data, "", problems, "dict")}}){checks}
 if problems: return problems
 draft = _Draft(); {"; ".join(f"draft.{name} = {name}" for name in _DEFAULTS)}; return draft
def plain(run):
 copy = run.__dict__.copy()
 if len(copy) != {len(_DEFAULTS)}: copy = dict(zip(_DEFAULTS, _pick(copy))){copies}
 return copy"""
    exec(source, globals(), functions := dict[str, Any]())
    return functions["draft"], functions["plain"]


_draft, _plain = _straight_line()


def main(argv: Sequence[str] | None = None) -> int:
    """Check runs in JSON, write them normalised; return 0 if all fit, 1 if some don't, 2 for wrong usage or files."""
    import argparse
    import json
    from collections import Counter

    parser = argparse.ArgumentParser(description="Check runs in JSON and write them normalised on standard output.")
    parser.add_argument("--json-lines", action="store_true", help="one run a line, read and written in constant memory")
    parser.add_argument("files", nargs="*", metavar="FILE", default=["-"], help="JSON in UTF-8; -: standard input")
    try:
        options = parser.parse_args(argv)
    except SystemExit as stop:
        return int(stop.code or 0)

    def strict(found: Any) -> dict[str, Any]:
        if type(found) is str:  # NaN, Infinity or -Infinity
            raise ValueError(f"{found} is not JSON")
        if len(known := dict(found)) < len(found):
            raise ValueError(f"duplicate key {_shown(Counter(key for key, _ in found).most_common(1)[0][0])}")
        return known

    decode = json.JSONDecoder(object_pairs_hook=strict, parse_constant=strict).decode
    status = fit = count = 0
    for file in options.files:
        try:
            with open(0 if file == "-" else file, "rb", closefd=file != "-") as stream:
                for line, document in enumerate(stream if options.json_lines else [stream.read()], 1):
                    document = document.rstrip(b" \t\r\n")  # the white space of JSON
                    if options.json_lines and not document:
                        continue
                    count += 1
                    try:
                        run = RunObject.from_dict(decode(document.decode()))
                        print(json.dumps(run.to_dict(), indent=None if options.json_lines else 4))
                        fit += 1
                    except (ValueError, RecursionError) as error:
                        place = f"{stream.name or '<stdin>'}:{line + getattr(error, 'lineno', 1) - 1}"
                        for problem in getattr(error, "problems", {"": getattr(error, "msg", error)}).items():
                            print(place, *filter(None, problem), sep=": ", file=sys.stderr)
            sys.stdout.flush()
        except OSError as error:
            status = 2
            if not isinstance(error, BrokenPipeError):
                print(error, file=sys.stderr)
            if error.filename is None:  # the output has failed, and would again when it is flushed at exit
                sys.stdout = None
                return 2
    if options.json_lines:
        print(f"{fit} of {count} runs fit", file=sys.stderr)
    return status or int(fit < count)


if __name__ == "__main__":
    sys.exit(main())
