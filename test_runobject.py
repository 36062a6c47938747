# SPDX-License-Identifier: MIT-0
# SPDX-FileCopyrightText: 2026 the RunObject authors
"""Tests of `runobject.py`, with the standard library alone: `python3 test_runobject.py`.

They can be vendored beside it. If it has another name there, edit the import marked below.
"""

import contextlib
import copy
import dataclasses
import datetime
import doctest
import enum
import faulthandler
import functools
import io
import itertools
import json
import os
import pickle
import random
import re
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import types
import typing
import unittest
import weakref
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent))

import runobject  # the line to edit

RunObject = runobject.RunObject
RunObjectError = runobject.RunObjectError
MODULE = Path(runobject.__file__).resolve()

Data = dict[str, Any]
# What a type checker would refuse is what many of these tests are about.
Unchecked: Any = RunObject
replaced: Any = dataclasses.replace

PROTOCOLS = range(pickle.HIGHEST_PROTOCOL + 1)
PATIENCE = 60  # seconds until a test that hangs is named and ended; its processes get half of it
BOUND = 10_000_000  # bytes that a process may write; of memory, it gets a hundred times as much
WASM = sys.platform in ("emscripten", "wasi")
DEEP = 1_000 if WASM else 100_000  # on a small stack, deeper nesting can be made, but not unmade
needs_processes = unittest.skipIf(WASM, "WebAssembly has no processes")
needs_file = unittest.skipIf(WASM or not MODULE.is_file(), "the module is no file to run")
needs_posix = unittest.skipUnless(os.name == "posix", "signals and streams as in POSIX")
needs_full = unittest.skipUnless(os.path.exists("/dev/full"), "no /dev/full")
needs_proc = unittest.skipUnless(os.path.exists("/proc/self/status"), "no /proc")

# Name, kind and optionality of the fields in order, as the Rust struct has them.
FIELDS = [
    ("id", "text", False),
    ("object", "text", False),
    ("created_at", "integer", False),
    ("thread_id", "text", False),
    ("assistant_id", "text", False),
    ("status", "text", False),
    ("required_action", "text map", True),
    ("last_error", "text", True),
    ("expires_at", "integer", True),
    ("started_at", "integer", True),
    ("cancelled_at", "integer", True),
    ("failed_at", "integer", True),
    ("completed_at", "integer", True),
    ("model", "text", False),
    ("instructions", "text", True),
    ("tools", "text map list", False),
    ("file_ids", "text list", False),
    ("metadata", "text map", False),
    ("headers", "text map", True),
]
NAMES = [name for name, _, _ in FIELDS]
REQUIRED = [name for name, _, optional in FIELDS if not optional]
OPTIONAL = [name for name, _, optional in FIELDS if optional]
TEXTS = [name for name, kind, _ in FIELDS if kind == "text"]
INTEGERS = [name for name, kind, _ in FIELDS if kind == "integer"]
MAPS = ["required_action", "metadata", "headers"]
# The type that a reason names for each kind.
EXPECTED = {
    "text": "str",
    "integer": "int",
    "text map": "dict",
    "text map list": "list",
    "text list": "list",
}


def full() -> Data:
    """All fields, in order, no two of them alike."""
    return {
        "id": "run_1",
        "object": "thread.run",
        "created_at": 1699063290,
        "thread_id": "thread_1",
        "assistant_id": "asst_1",
        "status": "failed",
        "required_action": {"type": "submit_tool_outputs"},
        "last_error": "rate_limit_exceeded",
        "expires_at": 1699063890,
        "started_at": 1699063291,
        "cancelled_at": 1699063292,
        "failed_at": 1699063293,
        "completed_at": 1699063294,
        "model": "gpt-4",
        "instructions": "Sois bref – 手短に 🙂",
        "tools": [{"type": "code_interpreter"}, {"type": "retrieval", "größe": "klein"}],
        "file_ids": ["file-1", "файл-2"],
        "metadata": {"user": "u_1", "": "", "clé": "x"},
        "headers": {"content-type": "application/json"},
    }


def small() -> Data:
    """The required fields alone."""
    data = full()
    return {name: data[name] for name in REQUIRED}


def whole(data: Data) -> Data:
    """All fields in order, with `None` where there is none."""
    return {name: data.get(name) for name in NAMES}


class Text(str):
    """A text that shows and prints otherwise than it reads, as an enum's member does."""

    def __str__(self) -> str:
        return "another text"

    __repr__ = __str__


class Number(int):
    """An integer that shows otherwise than it counts."""

    def __repr__(self) -> str:
        return "another number"


class Kind(str, enum.Enum):
    DONE = "completed"


class Headers(Mapping[str, Any]):
    """A mapping that can be read by its `items()` alone, whose calls it counts."""

    def __init__(self, items: Data) -> None:
        self.held, self.calls = items, 0

    def items(self) -> Any:
        self.calls += 1
        return iter(self.held.items())

    def __getitem__(self, key: str) -> str:
        raise AssertionError("a key was looked up")

    def __iter__(self) -> Iterator[str]:
        raise AssertionError("keys were asked for")

    def __len__(self) -> int:
        raise AssertionError("a length was asked for")


class Timed(RunObject):
    """A subclass with methods alone."""

    @functools.cached_property
    def duration(self) -> int:
        return (self.completed_at or 0) - self.created_at


@dataclasses.dataclass(frozen=True, kw_only=True)
class Tagged(RunObject):
    """A subclass with fields of its own, one of which it checks."""

    tag: str = "none"
    notes: list[str] = dataclasses.field(default_factory=list[str])

    def __post_init__(self) -> None:
        super().__post_init__()
        if type(self.tag) is not str:
            raise RunObjectError({"tag": f"expected str, got {type(self.tag).__name__}"})


@dataclasses.dataclass(frozen=True, kw_only=True)
class Made(RunObject):
    """A subclass with fields that are required, that it makes itself, and that it redeclares."""

    kinds: typing.ClassVar[int] = 3
    agent_id: str
    file_ids: Sequence[str] = ("file-0",)
    metadata: Mapping[str, str] = dataclasses.field(default_factory=lambda: {"by": "default"})
    seen: list[str] = dataclasses.field(default_factory=list[str], init=False)
    seconds: int = dataclasses.field(default=0, init=False)

    def __post_init__(self) -> None:
        super().__post_init__()
        object.__setattr__(self, "seconds", (self.completed_at or 0) - self.created_at)


def decoded(cls: type[RunObject], data: Data) -> Any:
    """Make a run as decoders in C do: set the fields, in any order, and call `__post_init__`."""
    run = Unchecked.__new__(cls)
    for name in data:
        object.__setattr__(run, name, data[name])
    run.__post_init__()
    return run


def copies(run: Any) -> list[Any]:
    """A run copied and pickled by all of Python's ways."""
    pickles = [pickle.loads(pickle.dumps(run, protocol)) for protocol in PROTOCOLS]
    return [copy.copy(run), copy.deepcopy(run), *pickles]


class Case(unittest.TestCase):
    maxDiff = None

    def setUp(self) -> None:
        if not WASM and sys.__stderr__:
            faulthandler.dump_traceback_later(PATIENCE, exit=True, file=sys.__stderr__)
            self.addCleanup(faulthandler.cancel_dump_traceback_later)

    def error(self, make: Callable[[], object]) -> Any:
        """The error of a call, after a look at it for what it must never hold."""
        with self.assertRaises(RunObjectError) as caught:
            make()
        error = caught.exception
        self.assertIsNone(error.__cause__)
        self.assertIsNone(error.__context__)
        self.assertLessEqual(len(error.problems), 100)
        self.assertLess(len(str(error)), 16_000)
        self.assertTrue(str(error).isprintable(), str(error))
        return error

    def problems(self, data: Any, cls: Any = RunObject) -> Any:
        return self.error(lambda: cls.from_dict(data)).problems

    def wrong(self, path: str, reason: str, **changes: Any) -> None:
        """Check that the one problem is told, by every way to make a run."""
        data = {**full(), **changes}
        for make in (
            lambda: Unchecked.from_dict(data),
            lambda: Unchecked(**data),
            lambda: Tagged.from_dict(data),
        ):
            self.assertEqual(self.error(make).problems, {path: reason})

class Reading(Case):
    """What `from_dict` takes, and what it makes of it."""

    def test_the_fields_are_those_of_the_struct_in_order(self) -> None:
        types_of_kinds: dict[str, Any] = {
            "text": str,
            "integer": int,
            "text map": Mapping[str, str],
            "text map list": Sequence[Mapping[str, str]],
            "text list": Sequence[str],
        }
        hints = typing.get_type_hints(RunObject)
        for field, (name, kind, optional) in zip(
            dataclasses.fields(RunObject), FIELDS, strict=True
        ):
            expected = types_of_kinds[kind]
            self.assertEqual(field.name, name)
            self.assertEqual(hints[name], expected | None if optional else expected)
            self.assertIs(field.default, None if optional else dataclasses.MISSING)

    def test_an_optional_field_may_be_absent_or_none(self) -> None:
        shuffled: Data = dict(reversed(small().items()))
        for data in (small(), whole(small()), shuffled):
            for run in (Unchecked.from_dict(data), Unchecked(**data), decoded(RunObject, data)):
                self.assertEqual(list(run.__dict__), NAMES)
                self.assertEqual([getattr(run, name) for name in OPTIONAL], [None] * len(OPTIONAL))
        for name in OPTIONAL:
            data = {**full(), name: None}
            self.assertEqual(Unchecked.from_dict(data).to_dict(), data)

    def test_a_required_field_may_not_be_missing_nor_none(self) -> None:
        kinds = {name: kind for name, kind, _ in FIELDS}
        for name in REQUIRED:
            data = full()
            del data[name]
            for cls in (RunObject, Tagged):
                self.assertEqual(self.problems(data, cls), {name: "missing"})
            with self.assertRaises(TypeError):
                Unchecked(**data)
            self.wrong(name, f"expected {EXPECTED[kinds[name]]}, got NoneType", **{name: None})
        self.assertEqual(list(self.problems({}).items()), [(name, "missing") for name in REQUIRED])

    def test_unknown_keys_are_ignored_whatever_they_are_and_hold(self) -> None:
        nested: list[Any] = []
        for _ in range(DEEP):
            nested = [nested]
        extra: dict[Any, Any] = {"no field": nested, 7: 8, b"key": 9, None: 1, (): 2, "\ud800": 3}
        for cls in (RunObject, Tagged):
            for data in (extra | full(), full() | extra, Headers(full() | extra)):
                run: Any = cls
                self.assertEqual(run.from_dict(data), run.from_dict(full()))
        with self.assertRaises(TypeError):
            Unchecked(**full(), **{"no field": 1})

    def test_every_field_refuses_every_other_kind_of_value(self) -> None:
        values: list[tuple[Any, str]] = [
            (None, "NoneType"),
            (True, "bool"),
            (False, "bool"),
            (7, "int"),
            (1.0, "float"),
            (float("nan"), "float"),
            ("", "str"),
            (b"text", "bytes"),
            ([], "list"),
            ((), "tuple"),
            ({}, "dict"),
            (set(), "set"),
            (range(2), "range"),
            ({}.items(), "dict_items"),
            (int, "type"),
        ]
        fitting = {"str": ["str"], "int": ["int"], "dict": ["dict"], "list": ["list", "tuple"]}
        for name, kind, optional in FIELDS:
            expected = EXPECTED[kind]
            fits = [*fitting[expected], *(["NoneType"] if optional else [])]
            for value, actual in [each for each in values if each[1] not in fits]:
                self.wrong(name, f"expected {expected}, got {actual}", **{name: value})

    def test_every_item_of_a_map_or_list_is_checked(self) -> None:
        wrong: list[tuple[Any, str]] = [
            (None, "NoneType"),
            (True, "bool"),
            (1.5, "float"),
            (b"", "bytes"),
            ([], "list"),
            ({}, "dict"),
        ]
        for value, actual in wrong:
            reason = f"expected str, got {actual}"
            for name in MAPS:
                self.wrong(f"{name}['b']", reason, **{name: {"a": "x", "b": value, "c": "y"}})
            self.wrong("headers['b']", reason, headers=Headers({"b": value}))
            self.wrong("tools[1]['b']", reason, tools=[{"a": "b"}, {"a": "b", "b": value}])
            self.wrong("tools[0]['ä']", reason, tools=({"ä": value},))
            self.wrong("file_ids[3]", reason, file_ids=["a", "b", "é", value])
            self.wrong("file_ids[0]", reason, file_ids=(value,))
        for value, actual in [*wrong[:-1], ("text", "str")]:
            self.wrong("tools[2]", f"expected dict, got {actual}", tools=[{}, {"a": "b"}, value])

    def test_a_key_that_is_no_text_is_one_problem(self) -> None:
        for key, actual in [(1, "int"), (None, "NoneType"), (b"c", "bytes"), ((), "tuple")]:
            reason = f"expected str, got {actual}"
            for value in ("x", 7):
                for name in MAPS:
                    self.wrong(f"{name}[<{actual}>]", reason, **{name: {key: value, "a": "b"}})
                self.wrong(f"tools[1][<{actual}>]", reason, tools=[{}, {"a": "b", key: value}])

    def test_a_mapping_may_have_keys_without_a_hash(self) -> None:
        class Pairs(Headers):
            def items(self) -> Any:
                return [([], {}), *self.held.items()]

        told = "expected str, got list"
        self.wrong("metadata[<list>]", told, metadata=Pairs({"a": "b"}))
        self.wrong("tools[0][<list>]", told, tools=[Pairs({"a": "b"})])
        for read in (Unchecked.from_dict, Unchecked.from_response, Tagged.from_dict):
            self.assertEqual(read(Pairs(full())).id, "run_1")
            data = {**full(), "tools": [Pairs({"a": "b"})], "required_action": Pairs({})}
            problems = self.error(lambda read=read, data=data: read(data)).problems  # type: ignore[misc]
            self.assertEqual(
                problems, {"required_action[<list>]": told, "tools[0][<list>]": told}
            )

    def test_integers_have_64_bits(self) -> None:
        for name in INTEGERS:
            for value in (0, 1, -1, 9223372036854775807, -9223372036854775808):
                self.assertEqual(getattr(Unchecked.from_dict({**full(), name: value}), name), value)
            for value in (9223372036854775808, -9223372036854775809, 10**5000, Number(2**63)):
                self.wrong(name, "out of range for 64 bits", **{name: value})

    def test_text_is_what_utf8_can_encode(self) -> None:
        for text in ("", "\x00", "日本語", "🙂", "\ue000", "\ud7ff", "é" * 99_999):
            data = {**full(), "id": text, "instructions": text, "file_ids": [text]}
            data.update(tools=[{text: text}], metadata={text: text}, headers={"a": text})
            self.assertEqual(Unchecked.from_dict(data).to_dict(), data)

    def test_lone_surrogates_are_refused(self) -> None:
        reason = "not valid UTF-8"
        for lone, shown in [
            ("\ud800", r"'\ud800'"),
            ("a\udfffb", r"'a\udfffb'"),
            ("é\ude00\ud83d", r"'é\ude00\ud83d'"),
            (Text("\udc80"), r"'\udc80'"),
        ]:
            for name in TEXTS:
                self.wrong(name, reason, **{name: lone})
            for name in MAPS:
                self.wrong(f"{name}['é']", reason, **{name: {"é": lone}})
                self.wrong(f"{name}[{shown}]", reason, **{name: {lone: object()}})
                self.wrong(f"{name}[{shown}]", reason, **{name: {lone: "a"}})
            self.wrong("tools[0]['a']", reason, tools=[{"a": lone}, {}])
            self.wrong(f"tools[1][{shown}]", reason, tools=[{}, {lone: "a"}])
            self.wrong("file_ids[1]", reason, file_ids=["a", lone])
        halves = {**full(), "file_ids": ["\ud83d", "\ude00"]}
        self.assertEqual(self.problems(halves), {"file_ids[0]": reason, "file_ids[1]": reason})

    def test_subclasses_of_str_and_int_become_plain(self) -> None:
        for value in (Text("completed"), Kind.DONE):
            data: dict[Any, Any] = {**full(), "status": value, "last_error": value}
            data.update(tools=[{value: "a"}], file_ids=["a", value], metadata={value: value})
            data.update(headers=Headers({"a": value}))
            data[Text("id")] = data.pop("id")
            for cls in (Unchecked, Tagged):
                for given in (data, Headers(data)):
                    run: Any = cls.from_dict(given)
                    texts: list[Any] = [run.status, run.last_error, run.file_ids[1]]
                    texts += [run.headers["a"], *run.tools[0]]
                    texts += [*run.metadata, *run.metadata.values()]
                    self.assertEqual({type(text) for text in texts}, {str})
                    self.assertEqual(set(texts), {"completed"})
                    self.assertEqual(run.id, "run_1")
        for name in INTEGERS:
            kept = getattr(Unchecked.from_dict({**full(), name: Number(1699063290)}), name)
            self.assertEqual((kept, type(kept)), (1699063290, int))

    def test_mappings_are_read_by_one_call_of_items(self) -> None:
        for read in (RunObject.from_dict, RunObject.from_response, Tagged.from_dict):
            data = full()
            for name in MAPS:
                data[name] = Headers(data[name])
            data["tools"] = [Headers(tool) for tool in data["tools"]]
            mappings = [Headers(data), *[data[name] for name in MAPS], *data["tools"]]
            run: Any = read(mappings[0])
            self.assertEqual({name: run.to_dict()[name] for name in NAMES}, full())
            self.assertEqual([mapping.calls for mapping in mappings], [1] * 6)

    def test_subclasses_of_dict_are_read_by_their_own_items(self) -> None:
        class Shown(dict[str, Any]):
            def items(self) -> Any:
                return [(key, "shown") for key in self]

        class Renamed(dict[str, Any]):
            def items(self) -> Any:
                return [(key.removeprefix("my_"), self[key]) for key in self]

        class Held(dict[str, Any]):
            """One that holds its items elsewhere, as what is read only on demand does."""

            def items(self) -> Any:
                return {"a": Text("b")}.items()

        for read in (Unchecked.from_dict, Unchecked.from_response):
            run = read({**full(), "metadata": Shown(a="b"), "tools": [Shown(c="d"), Held()]})
            tools = ({"c": "shown"}, {"a": "b"})
            self.assertEqual((run.metadata, run.tools), ({"a": "shown"}, tools))
            self.assertEqual(read({**full(), "metadata": Held()}).metadata, {"a": "b"})
            run = read(Renamed({f"my_{name}": full()[name] for name in NAMES}))
            self.assertEqual(run.to_dict(), full())
        run = Unchecked.from_response({**full(), "last_error": [{"c": (Held(), {})}]})
        self.assertEqual(run.last_error, '[{"c": [{"a": "b"}, {}]}]')
        run = Unchecked.from_response({**full(), "last_error": Shown(c={})})
        self.assertEqual(run.last_error, '{"c": "shown"}')

    def test_lists_are_lists_and_tuples_and_become_tuples(self) -> None:
        class List(list[Any]):
            pass

        class Pair(typing.NamedTuple):
            first: Any
            second: Any

        kinds: list[Callable[[Any], Any]] = [list, tuple, List, lambda items: Pair(*items)]
        for kind in kinds:
            for file_ids in (["a", "b"], ["a", "é"]):
                data = {**full(), "tools": kind(full()["tools"]), "file_ids": kind(file_ids)}
                run = Unchecked.from_dict(data)
                self.assertEqual(run.to_dict(), {**full(), "file_ids": file_ids})
                self.assertEqual((type(run.tools), type(run.file_ids)), (tuple, tuple))
        self.wrong("file_ids[1]", "expected str, got int", file_ids=List(["a", 1]))
        self.wrong("tools[1]", "expected dict, got int", tools=List([{}, 1]))

    def test_what_is_no_mapping_is_one_problem(self) -> None:
        for data, actual in [
            (None, "NoneType"),
            ([("id", "run_1")], "list"),
            ("text", "str"),
            (7, "int"),
            (full().items(), "dict_items"),
            (dict, "type"),
            (RunObject.from_dict(full()), "RunObject"),
        ]:
            expected = {"": f"expected dict, got {actual}"}
            for cls in (RunObject, Tagged):
                self.assertEqual(self.problems(data, cls), expected)
            error = self.error(lambda data=data: Unchecked.from_response(data))  # type: ignore[misc]
            self.assertEqual(error.problems, expected)

    def test_what_a_mapping_raises_passes_as_it_is(self) -> None:
        class Broken(Headers):
            def items(self) -> Any:
                raise ConnectionError("gone")

        for data in (Broken(full()), {**full(), "headers": Broken({})}):
            for read in (Unchecked.from_dict, Unchecked.from_response):
                with self.assertRaisesRegex(ConnectionError, "gone"):
                    read(data)

    def test_the_input_is_neither_changed_nor_kept(self) -> None:
        data = full()
        made = [Unchecked.from_dict(data), Unchecked(**data), Unchecked.from_response(data)]
        self.assertEqual(data, full())
        data["tools"][0]["type"] = data["tools"][1]["größe"] = "changed"
        data["metadata"]["user"] = data["headers"]["x"] = data["file_ids"][0] = "changed"
        data["required_action"].clear()
        data["tools"].clear()
        data.clear()
        for run in made:
            self.assertEqual(run.to_dict(), full())
        data = {**full(), "created_at": None}
        self.problems(data)
        self.assertEqual(data, {**full(), "created_at": None})

    def test_what_is_large_is_read_in_linear_time(self) -> None:
        # In quadratic time, it takes minutes.
        many = 100_000
        data = {**full(), "tools": [{"a": "b"}] * many, "file_ids": ["é", "a"] * many}
        data["metadata"] = {f"key {i}": "value" for i in range(many)}
        extra = {f"no field {i}": None for i in range(many)}
        made = Tagged.from_response({**data, **extra}).to_dict()
        self.assertTrue(all(made[name] == data[name] for name in NAMES))  # too long to show

    def test_what_was_checked_is_kept_even_if_the_input_changes_meanwhile(self) -> None:
        # As another thread may change it: here at one line that the module runs, then at the next.
        bad: Data = {"created_at": "1", "metadata": {"user": 7, "half": "\ud800"}}
        cases: list[tuple[Data, Callable[[Data], object]]] = [
            ({}, lambda data: data["metadata"].update(user=7)),
            ({}, lambda data: data["metadata"].update(new=7)),
            ({}, lambda data: data["headers"].held.update(new=7)),
            ({}, lambda data: data["required_action"].update(new={})),
            ({}, lambda data: data["tools"][0].update(type=7, new={})),
            ({}, lambda data: data["tools"].append(7)),
            ({}, lambda data: data["file_ids"].append(7)),
            ({}, lambda data: data["file_ids"].__setitem__(0, 7)),
            ({}, lambda data: data.pop("status")),
            (bad, lambda data: data.update(created_at=1, metadata={})),
            (bad, lambda data: data["metadata"].update(user="u_1", half="a", new="b")),
        ]
        reads = (RunObject.from_dict, RunObject.from_response, Tagged.from_dict)
        for (start, change), read in itertools.product(cases, reads):
            number = 0
            lines: list[int] = [0]
            while len(lines) > number:
                number += 1
                data: Data = {**small(), "headers": Headers({"a": "b"}), "file_ids": ["a", "b"]}
                data.update(required_action={"a": "b"}, **copy.deepcopy(start))
                with self.at_line(number, functools.partial(change, data)) as lines:
                    try:
                        run: Any = read(data)
                    except RunObjectError as error:
                        self.assertNotEqual(error.problems, {})
                        continue
                texts: list[Any] = [run.status, *run.file_ids]
                for each in (run.metadata, run.headers, run.required_action, *run.tools):
                    texts += each.values()
                self.assertEqual({text.__class__ for text in texts}, {str})
                self.assertTrue("".join(texts).isprintable())
            self.assertGreater(number, 40)

    @contextlib.contextmanager
    def at_line(
        self, number: int, change: Callable[[], object]
    ) -> Generator[list[int], None, None]:
        """Call a function when the module has run so many lines, which are counted in a list."""
        lines: list[int] = []

        def trace(frame: types.FrameType, event: str, arg: object) -> Any:
            if frame.f_globals["__name__"] != runobject.__name__:
                return None
            lines.append(frame.f_lineno)
            if len(lines) == number:
                change()
            return trace

        before = sys.gettrace()
        sys.settrace(trace)
        try:
            yield lines
        finally:
            sys.settrace(before)


class Responses(Case):
    """What `from_response` makes of the responses of any version that people hold."""

    def changed(self, **changes: Any) -> Any:
        """The fields of a response with such changes that come out other than those of `full`."""
        fields: Data = RunObject.from_response({**full(), **changes}).to_dict()
        expected = full()
        return {name: value for name, value in fields.items() if value != expected[name]}

    def wrong_response(self, path: str, reason: str, **changes: Any) -> None:
        error = self.error(lambda: RunObject.from_response({**full(), **changes}))
        self.assertEqual(error.problems, {path: reason})

    def test_a_run_of_version_2_fits(self) -> None:
        function = {"name": "größe", "parameters": {"a": [1, None, True, 0.5]}}
        calls = {"tool_calls": [{"id": "call_1"}]}
        data: Data = {
            **small(),
            "required_action": {"type": "submit_tool_outputs", "submit_tool_outputs": calls},
            "last_error": {"code": "server_error", "message": "Sorry"},
            "tools": [{"type": "file_search"}, {"type": "function", "function": function}],
            "metadata": None,
            "usage": {"total_tokens": 31},
            "temperature": 1.0,
        }
        del data["file_ids"]
        before = copy.deepcopy(data)
        run: Any = RunObject.from_response(data)
        self.assertEqual(data, before)
        self.assertEqual((run.file_ids, run.metadata), ((), {}))
        self.assertEqual(run.last_error, '{"code": "server_error", "message": "Sorry"}')
        self.assertEqual(
            run.required_action,
            {
                "type": "submit_tool_outputs",
                "submit_tool_outputs": '{"tool_calls": [{"id": "call_1"}]}',
            },
        )
        text = r'{"name": "gr\u00f6\u00dfe", "parameters": {"a": [1, null, true, 0.5]}}'
        self.assertEqual(
            run.tools, ({"type": "file_search"}, {"type": "function", "function": text})
        )
        self.assertEqual(json.loads(run.tools[1]["function"]), function)

    def test_lists_become_json_text_too_and_containers_may_be_of_any_kind(self) -> None:
        self.assertEqual(self.changed(last_error=["a", {}]), {"last_error": '["a", {}]'})
        self.assertEqual(self.changed(last_error=[]), {"last_error": "[]"})
        expected = {"required_action": {"a": "[1]", "b": "{}"}}
        for kind in (dict, Headers):
            self.assertEqual(self.changed(required_action=kind({"a": [1], "b": {}})), expected)
        kinds: list[Any] = [[{"a": {}}], ({"a": {}},), [Headers({"a": {}})]]
        for tools in kinds:
            self.assertEqual(self.changed(tools=tools), {"tools": [{"a": "{}"}]})
        self.wrong_response("last_error", "expected str, got tuple", last_error=("a",))

    def test_nulls_in_tools_and_required_actions_are_left_out(self) -> None:
        # As packages write them.
        expected = {"tools": [{"type": "file_search"}, {}]}
        tools = [{"type": "file_search", "file_search": None}, {"function": None}]
        self.assertEqual(self.changed(tools=tools), expected)
        action = {"type": "a", "submit_tool_outputs": None}
        self.assertEqual(self.changed(required_action=action), {"required_action": {"type": "a"}})

    def test_tools_files_and_metadata_may_be_absent_or_another_empty_value(self) -> None:
        # Clients in Go write null for an empty list, in PHP `[]` for a map, in Lua `{}` for a list.
        empty: Data = {"tools": [], "file_ids": [], "metadata": {}}
        for value in (None, [], {}):
            self.assertEqual(self.changed(**dict.fromkeys(empty, value)), empty)
        data = {name: value for name, value in full().items() if name not in empty}
        self.assertEqual(RunObject.from_response(data).to_dict(), {**full(), **empty})
        for name, reason in [("tools", "list"), ("file_ids", "list"), ("metadata", "dict")]:
            for value, actual in [("", "str"), (0, "int"), (False, "bool"), (set(), "set")]:
                self.wrong_response(name, f"expected {reason}, got {actual}", **{name: value})
        self.wrong_response("metadata", "expected dict, got list", metadata=[[]])
        self.wrong_response("metadata", "expected dict, got tuple", metadata=())
        self.wrong_response("tools", "expected list, got dict", tools={"a": "b"})

    def test_a_default_of_a_subclass_counts_where_a_field_is_absent(self) -> None:
        data = {**small(), "agent_id": "agent_1"}
        del data["file_ids"], data["metadata"], data["tools"]
        run: Any = Made.from_response(data)
        self.assertEqual((run.tools, run.file_ids), ((), ("file-0",)))
        self.assertEqual(run.metadata, {"by": "default"})
        for value in (None, [], {}):
            run = Made.from_response({**data, "file_ids": value, "metadata": value})
            self.assertEqual((run.file_ids, run.metadata), ((), {}))

    def test_what_compares_otherwise_is_a_problem(self) -> None:
        class Array:
            """As arrays of NumPy do, it compares each item and has no truth."""

            def __eq__(self, other: object) -> Any:
                return self

            def __bool__(self) -> bool:
                raise ValueError("the truth of an array")

        for name, reason in [("tools", "list"), ("file_ids", "list"), ("metadata", "dict")]:
            self.wrong_response(name, f"expected {reason}, got Array", **{name: Array()})

    def test_a_time_may_be_a_whole_float(self) -> None:
        # As pandas writes a column in which others are null.
        class Float(float):
            """A float as NumPy has them."""

        for name in INTEGERS:
            for time, expected in [
                (1.5e9, 1500000000),
                (-0.0, 0),
                (-(2.0**63), -(2**63)),
                (Float(7), 7),
            ]:
                self.assertEqual(self.changed(**{name: time}), {name: expected})
                kept: object = getattr(RunObject.from_response({**full(), name: time}), name)
                self.assertIs(kept.__class__, int)
            for value in (0.5, float("nan"), float("inf"), float("-inf")):
                self.wrong_response(name, "expected int, got float", **{name: value})
            for text in ("1.5e9", "7"):
                self.wrong_response(name, "expected int, got str", **{name: text})
            self.wrong_response(name, "out of range for 64 bits", **{name: 1e300})

    def test_nothing_else_is_changed(self) -> None:
        wrong: list[tuple[str, str, Any]] = [
            ("id", "expected str, got float", 1.0),
            ("model", "expected str, got NoneType", None),
            ("status", "expected str, got dict", {}),
            ("instructions", "expected str, got list", []),
            ("last_error", "expected str, got int", 5),
            ("required_action", "expected dict, got list", []),
            ("required_action['a']", "expected str, got int", {"a": 7}),
            ("required_action['a']", "not valid UTF-8", {"a": "\ud800"}),
            ("tools", "expected list, got int", 7),
            ("tools[0]", "expected dict, got int", [7]),
            ("tools[0]", "expected dict, got NoneType", [None]),
            ("tools[0]", "expected dict, got list", [[]]),
            ("tools[0]['a']", "expected str, got bool", [{"a": True}]),
            ("tools[0][<int>]", "expected str, got int", [{7: {}}]),
            ("file_ids", "expected list, got str", ""),
            ("file_ids[0]", "expected str, got dict", [{}]),
            ("metadata['a']", "expected str, got float", {"a": 1.0}),
            ("metadata['a']", "expected str, got dict", {"a": {}}),
            ("metadata['a']", "expected str, got NoneType", {"a": None}),
            ("headers", "expected dict, got list", []),
            ("headers['a']", "expected str, got list", {"a": []}),
        ]
        for path, reason, value in wrong:
            self.wrong_response(path, reason, **{path.partition("[")[0]: value})
        data = full()
        del data["model"]
        error = self.error(lambda: RunObject.from_response(data))
        self.assertEqual(error.problems, {"model": "missing"})

    def test_what_json_cannot_hold_is_a_problem(self) -> None:
        loop: Data = {}
        loop["a"] = [loop]
        deep: list[Any] = []
        for _ in range(DEEP):
            deep = [deep]
        # Elsewhere, what can be made is not too deep for the encoder.
        too_deep = [] if WASM else [deep]
        for value in (
            loop,
            *too_deep,
            {"a": datetime.datetime(2024, 4, 1)},
            {"a": {1, 2}},
            [b""],
            {(): 1},
            {"a": float("nan")},
            [float("inf")],
            [-(10**5000)],
        ):
            told = f"got {type(value).__name__}"
            self.wrong_response("last_error", f"expected str, {told}", last_error=value)
            reason = f"expected str, {told}"
            self.wrong_response("required_action['a']", reason, required_action={"a": value})
            self.wrong_response("tools[0]['a']", reason, tools=[{"a": value}])

    def test_a_subclass_gets_its_fields_as_they_are(self) -> None:
        data: Data = {**full(), "tag": "mine", "notes": [{"a": None}], "last_error": {}}
        run = Tagged.from_response(data)
        self.assertEqual((type(run), run.notes, run.last_error), (Tagged, [{"a": None}], "{}"))
        self.assertIs(run.notes, data["notes"])

    def test_an_adapter_makes_something_else_of_a_response_first(self) -> None:
        class Adapted(Tagged):
            @classmethod
            def from_response(cls, data: Mapping[str, Any]) -> Any:
                return super().from_response({"assistant_id": data["agent_id"], **data})

        data = {**small(), "agent_id": "agent_1", "tools": None, "tag": "mine"}
        del data["assistant_id"]
        run = Adapted.from_response(data)
        self.assertEqual((type(run), run.assistant_id, run.tag), (Adapted, "agent_1", "mine"))
        self.assertEqual(Adapted.from_dict(run.to_dict()), run)

class Errors(Case):
    """What `RunObjectError` tells, and what it never does."""

    def test_all_problems_are_told_in_the_order_of_the_fields(self) -> None:
        data: Data = {
            "headers": {"authorization": None},
            "metadata": [],
            "file_ids": ["a", 7],
            "tools": [{"type": "function", "function": {"name": "f"}}, "x", {"\udfff": 1}],
            "completed_at": 2**63,
            "status": "\ud800",
            "created_at": True,
            "id": None,
            "required_action": {"type": "a", "submit": {}, 5: ""},
        }
        expected = {
            "id": "expected str, got NoneType",
            "object": "missing",
            "created_at": "expected int, got bool",
            "thread_id": "missing",
            "assistant_id": "missing",
            "status": "not valid UTF-8",
            "required_action['submit']": "expected str, got dict",
            "required_action[<int>]": "expected str, got int",
            "completed_at": "out of range for 64 bits",
            "model": "missing",
            "tools[0]['function']": "expected str, got dict",
            "tools[1]": "expected dict, got str",
            r"tools[2]['\udfff']": "not valid UTF-8",
            "file_ids[1]": "expected str, got int",
            "metadata": "expected dict, got list",
            "headers['authorization']": "expected str, got NoneType",
        }
        for cls in (RunObject, Tagged, Made):
            error = self.error(lambda cls=cls: cls.from_dict(data))  # type: ignore[misc]
            self.assertIsInstance(error, ValueError)
            self.assertEqual(list(error.problems.items()), list(expected.items()))
            self.assertEqual(str(error), "; ".join([": ".join(each) for each in expected.items()]))

    def test_a_reason_may_be_about_the_whole_input(self) -> None:
        odd = RunObjectError({"": "is odd", "tag": "tag: is odd"})
        self.assertEqual(str(odd), "is odd; tag: tag: is odd")

    def test_there_are_at_most_100_problems_the_last_of_which_tells_of_more(self) -> None:
        floods: list[Data] = [
            {"tools": [{"function": {}}] * 1_000},
            {"headers": {f"{i}" * 2_000: i for i in range(100, 300)}},
            {"required_action": {f"{i}" + "\n\x1b\u202e" * 30: i for i in range(200)}},
            {"metadata": {chr(i) * 50: i for i in range(0xD800, 0xDFFF)}},
        ]
        for changes in floods:
            problems = self.problems({**full(), **changes})
            self.assertEqual(len(problems), 100)
            self.assertEqual(list(problems.items())[-1], ("...", "more problems than these"))
        paths = [f"file_ids[{i}]" for i in range(99)]
        self.assertEqual(list(self.problems({**full(), "file_ids": [7] * 99})), paths)
        for count in (100, 100_000):
            problems = self.problems({**full(), "file_ids": [7] * count, "metadata": 1})
            self.assertEqual(list(problems), [*paths, "..."])
        data = {**full(), "file_ids": [7] * 98, "metadata": dict.fromkeys(range(1_000))}
        self.assertEqual(list(self.problems(data)), [*paths[:98], "metadata[<int>]"])

    def test_keys_in_paths_are_printable_and_cut_at_their_end(self) -> None:
        for key, shown in [
            ("it's", '"it\'s"'),
            ("a\r\n\x1b[31m", r"'a\r\n\x1b[31m'"),
            ("ключ", "'ключ'"),
            ("\u202e", r"'\u202e'"),
            (Text("key"), "'key'"),
            ("k" * 58, "'" + "k" * 58 + "'"),
            ("k" * 59, "'" + "k" * 59 + "..."),
            ("k" * 1_000_000, "'" + "k" * 59 + "..."),
        ]:
            self.wrong(f"metadata[{shown}]", "expected str, got int", metadata={key: 1})
            self.wrong(f"tools[0][{shown}]", "expected str, got int", tools=[{key: 1}])

    def test_no_value_is_shown_nor_hung_on_an_error(self) -> None:
        for value in ["s3cr3t\ud800", b"s3cr3t", ["s3cr3t"], 5377.3, Number(537737 * 2**64)]:
            data: Data = dict.fromkeys(NAMES, value)
            data.update(tools=[value, {"a": value}], file_ids=[value], metadata={"a": value})
            for read in (RunObject.from_dict, RunObject.from_response, Tagged.from_dict):
                error = self.error(lambda read=read, data=data: read(data))  # type: ignore[misc]
                shown = [str(error), repr(error), repr(error.args), repr(error.__dict__)]
                self.assertNotRegex(" ".join(shown), "s3cr3t|5377")

    def test_an_error_can_be_pickled_and_copied(self) -> None:
        given = {"created_at": "expected int, got str", "metadata['a']": "expected str, got int"}
        error = RunObjectError(given)
        given.clear()
        for twin in (error, *copies(error)):
            self.assertIs(twin.__class__, RunObjectError)
            self.assertEqual(
                str(twin), "created_at: expected int, got str; metadata['a']: expected str, got int"
            )
            self.assertEqual(list(twin.problems), ["created_at", "metadata['a']"])
            self.assertEqual(twin.args, (twin.problems,))


class Value(Case):
    """What a run is once it is made."""

    def test_equal_runs_hash_equal(self) -> None:
        run = RunObject.from_dict(full())
        shuffled = dict(reversed(full().items()))
        shuffled["metadata"] = dict(reversed(full()["metadata"].items()))
        twin = RunObject.from_dict(shuffled)
        self.assertEqual((run, hash(run)), (twin, hash(twin)))
        self.assertEqual(len({run, twin, Unchecked(**full())}), 1)
        others: Data = {"str": "other", "int": 0, "list": [], "dict": {}}
        changes: list[Data] = [{name: others[EXPECTED[kind]]} for name, kind, _ in FIELDS]
        changes.append({"metadata": dict.fromkeys(run.metadata, "other")})
        for change in changes:
            other = replaced(run, **change)
            self.assertNotEqual(run, other)
            self.assertNotEqual(hash(run), hash(other))
        self.assertNotEqual(run, run.to_dict())
        self.assertNotEqual(run, Timed.from_dict(full()))

    def test_the_maps_refuse_every_change(self) -> None:
        changes: list[Callable[[Any], object]] = [
            lambda texts: texts.__setitem__("a", "b"),
            lambda texts: texts.__delitem__("type"),
            lambda texts: texts.__ior__({"a": "b"}),
            lambda texts: texts.clear(),
            lambda texts: texts.pop("type"),
            lambda texts: texts.popitem(),
            lambda texts: texts.setdefault("a", "b"),
            lambda texts: texts.update({"a": "b"}),
            lambda texts: texts.update(a="b"),
        ]
        for run in self.made():
            for texts in (run.metadata, run.headers, run.required_action, *run.tools):
                for change in changes:
                    with self.assertRaisesRegex(TypeError, "^the maps of a run cannot be changed$"):
                        change(texts)
                with self.assertRaises(AttributeError):
                    setattr(texts, "note", "a map holds nothing but its items")  # noqa: B010
            self.assertEqual(run.to_dict(), full())

    def test_the_fields_refuse_every_change(self) -> None:
        for run in self.made():
            for name in NAMES:
                with self.assertRaises(dataclasses.FrozenInstanceError):
                    setattr(run, name, None)
                with self.assertRaises(dataclasses.FrozenInstanceError):
                    delattr(run, name)
            self.assertEqual((type(run.tools), type(run.file_ids)), (tuple, tuple))
            self.assertEqual(run.to_dict(), full())
        run = RunObject.from_dict(full())
        for name in ("new", "__class__", "__dict__"):
            with self.assertRaises(dataclasses.FrozenInstanceError):
                setattr(run, name, None)

    def made(self) -> list[Any]:
        """The same run, made by every way there is."""
        run = RunObject.from_dict(full())
        twins = [run, Unchecked(**full()), replaced(run), decoded(RunObject, full())]
        return [*twins, Timed.from_dict(full()), *copies(run)]

    def test_maps_are_dicts_whose_copies_refuse_changes_too(self) -> None:
        run = Unchecked.from_dict(full())
        plain = full()["metadata"]
        for texts in (run.metadata, *copies(run.metadata)):
            self.assertIsInstance(texts, dict)
            self.assertEqual((texts, repr(texts)), (plain, repr(plain)))
            self.assertEqual(hash(texts), hash(run.metadata))
            self.assertEqual(json.loads(json.dumps(texts)), plain)
            with self.assertRaisesRegex(TypeError, "^the maps of a run cannot be changed$"):
                texts["a"] = "b"
        for texts in (run.metadata.copy(), dict(run.metadata), run.metadata | {}):
            self.assertIs(texts.__class__, dict)
            self.assertEqual(texts, plain)

    def test_to_dict_is_plain_new_and_in_order(self) -> None:
        def parts(value: Any) -> list[Any]:
            """A value and all that it holds, the outermost first."""
            items: list[Any] = [*value.values()] if isinstance(value, dict) else []
            items += value if isinstance(value, list) else []
            return [value, *itertools.chain.from_iterable(map(parts, items))]

        empty: Data = {**full(), "tools": [{}], "file_ids": [], **{name: {} for name in MAPS}}
        for data in (full(), small(), empty):
            run = RunObject.from_dict(data)
            plain = run.to_dict()
            kinds = {part.__class__ for part in parts(plain)}
            self.assertLessEqual(kinds, {dict, list, str, int, type(None)})
            self.assertEqual(list(plain.items()), list(whole(data).items()))
            self.assertEqual(json.loads(json.dumps(plain)), plain)
            for part in reversed(parts(plain)):
                getattr(part, "clear", int)()
            self.assertEqual(run.to_dict(), whole(data))

    def test_it_is_an_ordinary_frozen_dataclass(self) -> None:
        with self.assertRaises(TypeError):
            Unchecked(*full().values())
        run: Any = RunObject.from_dict(full())
        with self.assertRaises(TypeError):
            sorted([run, run])
        self.assertEqual(vars(run)["id"], "run_1")
        self.assertIs(weakref.ref(run)(), run)
        self.assertTrue(repr(run).startswith("RunObject(id='run_1', object='thread.run', "))
        self.assertEqual(RunObject.from_dict(dataclasses.asdict(run)), run)
        match run:
            case RunObject(status="failed", metadata={"user": user}, tools=[{"type": tool}, _]):
                self.assertEqual((user, tool), ("u_1", "code_interpreter"))
            case _:
                self.fail("no match")

    @needs_processes
    def test_runs_and_errors_cross_processes(self) -> None:
        with ProcessPoolExecutor(1, get_context("spawn"), limited) as pool:
            run = pool.submit(RunObject.from_dict, full()).result(PATIENCE / 2)
            error: Any = pool.submit(RunObject.from_dict, {}).exception(PATIENCE / 2)
        self.assertEqual(run, RunObject.from_dict(full()))
        self.assertIs(error.__class__, RunObjectError)
        self.assertEqual(error.problems, dict.fromkeys(REQUIRED, "missing"))

class Subclasses(Case):
    """What a subclass may add, without an edit to the module."""

    def test_methods_and_cached_properties(self) -> None:
        run = Timed.from_dict({**full(), "duration": 8})
        self.assertIs(type(run), Timed)
        self.assertEqual((run.duration, vars(run)["duration"]), (4, 4))
        self.assertEqual(list(run.to_dict().items()), list(full().items()))
        for twin in copies(run):
            self.assertEqual(vars(twin), vars(run))

    def test_fields_come_in_and_go_out_last(self) -> None:
        data: Data = {"notes": ["a"], **full(), "tag": "mine"}
        run = Tagged.from_dict(data)
        self.assertIs(type(run), Tagged)
        self.assertEqual((run.tag, run.notes), ("mine", ["a"]))
        self.assertIs(run.notes, data["notes"])
        expected = [*full().items(), ("tag", "mine"), ("notes", ["a"])]
        self.assertEqual(list(run.to_dict().items()), expected)
        self.assertIs(run.to_dict()["notes"], run.notes)
        for twin in (
            Tagged(**data),
            Tagged.from_dict(Headers(data)),
            Tagged.from_dict(run.to_dict()),
            decoded(Tagged, dict(reversed(data.items()))),
            *copies(run),
        ):
            self.assertIs(twin.__class__, Tagged)
            self.assertEqual(twin, run)
            self.assertEqual(list(twin.to_dict().items()), expected)
            self.assertEqual([*twin.__dict__], [*NAMES, "tag", "notes"])
        self.assertIs(copy.copy(run).notes, run.notes)
        self.assertIsNot(copy.deepcopy(run).notes, run.notes)
        self.assertEqual(replaced(run, status="queued").tag, "mine")

    def test_a_mixin_may_come_before_or_after(self) -> None:
        @dataclasses.dataclass(frozen=True, kw_only=True)
        class Mixin:
            seen: int = 3

        @dataclasses.dataclass(frozen=True, kw_only=True)
        class Before(Mixin, RunObject):
            pass

        @dataclasses.dataclass(frozen=True, kw_only=True)
        class After(RunObject, Mixin):
            pass

        for cls in (Before, After):
            run = cls.from_dict(full())
            expected = [*full().items(), ("seen", 3)]
            for each in (run, cls(**full())):
                self.assertEqual(list(each.to_dict().items()), expected)

    def test_a_field_that_is_absent_takes_its_default(self) -> None:
        first, second = Tagged.from_dict(full()), Tagged.from_dict(full())
        self.assertEqual((first.tag, first.notes), ("none", []))
        self.assertIsNot(first.notes, second.notes)
        self.assertEqual(first.to_dict(), {**full(), "tag": "none", "notes": []})
        self.assertIsNone(Tagged.from_dict({**full(), "notes": None}).notes)

    def test_a_default_that_one_of_the_19_fields_gets_counts(self) -> None:
        data: Data = {**small(), "agent_id": "agent_1"}
        del data["file_ids"], data["metadata"]
        run: Any = Made.from_dict(data)
        self.assertEqual((run.file_ids, run.metadata), (("file-0",), {"by": "default"}))
        with self.assertRaises(TypeError):
            run.metadata["by"] = "another"
        self.assertEqual(run, Made(**data))
        run = Made.from_dict({**data, "file_ids": ["a"], "metadata": {}})
        self.assertEqual((run.file_ids, run.metadata), (("a",), {}))
        told = {"metadata": "expected dict, got NoneType"}
        self.assertEqual(self.problems({**data, "metadata": None}, Made), told)

    def test_a_field_that_is_required_and_absent_is_missing(self) -> None:
        @dataclasses.dataclass(frozen=True, kw_only=True)
        class Finished(RunObject):
            completed_at: int = dataclasses.field()

        self.assertEqual(self.problems(full(), Made), {"agent_id": "missing"})
        self.assertIsNone(Made.from_dict({**full(), "agent_id": None}).agent_id)
        self.assertEqual(self.problems(small(), Finished), {"completed_at": "missing"})
        self.assertEqual(Finished.from_dict(full()).completed_at, 1699063294)

    def test_what_is_no_field_of_the_constructor_is_neither_read_nor_written(self) -> None:
        data = {**full(), "agent_id": "agent_1", "kinds": 6, "seconds": 7, "seen": ["a"]}
        run = Made.from_dict(data)
        self.assertEqual((run.kinds, run.seconds, run.seen), (3, 4, []))
        self.assertEqual(run.to_dict(), {**full(), "agent_id": "agent_1"})
        for twin in copies(run):
            self.assertEqual((twin, vars(twin)), (run, vars(run)))

    def test_what_a_field_may_hold_is_checked_by_the_subclass(self) -> None:
        for make in (
            lambda: Tagged.from_dict({**full(), "tag": None}),
            lambda: Tagged(**full(), tag=typing.cast(str, None)),
            lambda: replaced(Tagged.from_dict(full()), tag=None),
        ):
            self.assertEqual(self.error(make).problems, {"tag": "expected str, got NoneType"})

    def test_the_19_fields_are_checked_whatever_a_post_init_forgets(self) -> None:
        class Forgetful(Tagged):
            def __post_init__(self) -> None:
                object.__setattr__(self, "notes", ["seen"])

        for read in (Forgetful.from_dict, Forgetful.from_response):
            run = read(full())
            self.assertEqual(run.to_dict(), {**full(), "tag": "none", "notes": ["seen"]})
            with self.assertRaises(TypeError):
                run.metadata["a"] = "b"  # type: ignore[index]
            self.error(lambda read=read: read({**full(), "id": 7}))  # type: ignore[misc]

    def test_a_subclass_may_put_something_else_in_place_of_a_checked_value(self) -> None:
        class Redacted(RunObject):
            def __post_init__(self) -> None:
                super().__post_init__()
                object.__setattr__(self, "metadata", {})

        self.assertEqual(Redacted.from_dict(full()).to_dict(), {**full(), "metadata": {}})


class Laws(Case):
    """What holds for every run, on generated ones."""

    seed = os.environ.get("RUNOBJECT_SEED") or str(random.SystemRandom().randrange(2**32))

    @classmethod
    def setUpClass(cls) -> None:
        print(f"RUNOBJECT_SEED={cls.seed} repeats the generated documents", file=sys.stderr)

    def documents(self) -> Iterator[tuple[random.Random, Data]]:
        """500 valid documents, and the source of chance that they were drawn from."""
        choose = random.Random(self.seed)

        def text() -> str:
            return "".join(choose.choices('abc _-\n"\\\x00é語🙂', k=choose.choice([0, 1, 5, 30])))

        def texts() -> dict[str, str]:
            return {text(): text() for _ in range(choose.randrange(4))}

        make: dict[str, Callable[[], Any]] = {
            "text": text,
            "integer": lambda: choose.choice([0, 2**63 - 1, choose.randrange(-(2**63), 2**63)]),
            "text map": texts,
            "text map list": lambda: [texts() for _ in range(choose.randrange(4))],
            "text list": lambda: [text() for _ in range(choose.randrange(4))],
        }
        for _ in range(500):
            data: Data = {"no field": None, "ID": [{}]}
            for name, kind, optional in FIELDS:
                if not optional or choose.random() < 0.7:
                    data[name] = None if optional and choose.random() < 0.3 else make[kind]()
            items = list(data.items())
            choose.shuffle(items)
            yield choose, dict(items)

    def test_nothing_is_lost_on_the_way(self) -> None:
        for _, data in self.documents():
            before, expected = copy.deepcopy(data), whole(data)
            run = Unchecked.from_dict(data)
            self.assertIs(run.__class__, RunObject)
            self.assertEqual(list(run.to_dict().items()), list(expected.items()))
            self.assertEqual(
                {name: getattr(run, name) for name in TEXTS + INTEGERS},
                {name: expected[name] for name in TEXTS + INTEGERS},
            )
            for twin in (
                RunObject.from_dict(run.to_dict()),
                RunObject.from_dict(json.loads(json.dumps(run.to_dict()))),
                RunObject.from_response(data),
                RunObject.from_response(run.to_dict()),
                Unchecked(**expected),
                decoded(RunObject, expected),
                *copies(run),
            ):
                self.assertEqual((twin, hash(twin)), (run, hash(run)))
                self.assertEqual(list(twin.to_dict().items()), list(expected.items()))
            self.assertEqual(data, before)
            tagged = Tagged.from_dict({**data, "tag": "mine"})
            self.assertEqual(tagged.to_dict(), {**expected, "tag": "mine", "notes": []})
            self.assertEqual(Tagged.from_dict(tagged.to_dict()), tagged)

    def test_what_does_not_fit_is_told_wherever_it_is(self) -> None:
        # To refuse is one thing, and to tell why another: here each refusal is told, and nothing else.
        texts: list[tuple[Any, str]] = [
            (7, "expected str, got int"),
            (None, "expected str, got NoneType"),
            ("\ud800", "not valid UTF-8"),
            ("é\udfff", "not valid UTF-8"),
            (Text("\ud800"), "not valid UTF-8"),
        ]
        integers = [(True, "expected int, got bool"), (Number(2**63), "out of range for 64 bits")]
        lists = [({}, "expected list, got dict"), ("a", "expected list, got str")]
        maps = [([], "expected dict, got list"), ("a", "expected dict, got str")]
        for choose, data in self.documents():
            expected: dict[str, str] = {}
            for name in choose.sample([*data], 3):
                kind = {each: kind for each, kind, _ in FIELDS}.get(name)
                text, told = choose.choice(texts)
                if kind == "text":
                    if text is None:
                        continue
                    data[name], expected[name] = text, told
                elif kind == "integer":
                    data[name], expected[name] = choose.choice(integers)
                elif choose.random() < 0.3:
                    if kind:
                        wrong = maps if kind == "text map" else lists
                        data[name], expected[name] = choose.choice(wrong)
                elif kind == "text map":
                    mapping = choose.choice([dict, Headers, types.MappingProxyType])
                    data[name] = mapping({**(data[name] or {}), "new": text})
                    expected[f"{name}['new']"] = told
                elif kind == "text map list":
                    data[name] = (*data[name], {"a": "é"}, {"new": text})
                    expected[f"{name}[{len(data[name]) - 1}]['new']"] = told
                elif kind == "text list":
                    data[name] = [*data[name], text, "é"]
                    expected[f"{name}[{len(data[name]) - 2}]"] = told
            if expected:
                expected = {
                    path: expected[path]
                    for name in NAMES
                    for path in expected
                    if re.split(r"\[", path)[0] == name
                }
                for cls in (RunObject, Tagged):
                    problems = self.problems(data, cls)
                    self.assertEqual(list(problems.items()), list(expected.items()))

# As for a user whose environment asks for nothing, whatever that of the tests does.
BARE = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
BARE["COLUMNS"] = "200"  # so that the help breaks no sentence


def on_a_line(*runs: Data) -> str:
    """What the command writes of runs that fit."""
    return "".join([json.dumps(whole(data)) + "\n" for data in runs])


# What it tells of an empty object, from which no list and no map is missing.
LACKING = [name for name in REQUIRED if name not in ("tools", "file_ids", "metadata")]
NOTHING = "; ".join([f"{name}: missing" for name in LACKING])


def limited() -> None:
    """Let this process end before it has filled the disk or the memory."""
    if sys.platform == "linux":
        import resource

        for kind, limit in [(resource.RLIMIT_FSIZE, BOUND), (resource.RLIMIT_AS, 100 * BOUND)]:
            _, most = resource.getrlimit(kind)
            resource.setrlimit(kind, (limit if most < 0 else min(limit, most), most))


def prepared(sigint: Any) -> Data:
    """How each process is started that a test starts: bounded, with its own answer to Ctrl-C."""

    def prepare() -> None:
        # What runs in the background may have been started with the signal ignored.
        signal.signal(signal.SIGINT, sigint)
        limited()

    return {"preexec_fn": prepare} if os.name == "posix" else {}


def done(command: list[str], stdin: bytes | str = b"", **more: Any) -> tuple[int, str, str]:
    """Run a command; return its exit status, output and complaints."""
    given = stdin.encode() if isinstance(stdin, str) else stdin
    with tempfile.TemporaryFile() as output, tempfile.TemporaryFile() as errors:
        options: Data = {"env": BARE, "stdout": output, "stderr": errors, **more}
        options.update(timeout=PATIENCE / 2, **prepared(signal.SIG_DFL))
        status = subprocess.run(command, input=given, **options).returncode
        for stream in (output, errors):
            if stream.seek(0, os.SEEK_END) >= BOUND:
                raise AssertionError("it writes without end")
            stream.seek(0)
        return status, output.read().decode(), errors.read().decode()


@needs_file
class Command(Case):
    """What `python3 runobject.py` does, as its users see it."""

    def setUp(self) -> None:
        super().setUp()
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)

    def file(self, name: str, content: bytes | str | Data | list[Any]) -> None:
        """Write a file, as it is or as JSON."""
        text = content if isinstance(content, (bytes, str)) else json.dumps(content)
        (self.folder / name).write_bytes(text.encode() if isinstance(text, str) else text)

    def check(self, *arguments: str, stdin: bytes | str = b"", **options: Any) -> Any:
        command = [sys.executable, str(MODULE), *arguments]
        return done(command, stdin, cwd=self.folder, **options)

    def shell(self, line: str) -> Any:
        """Run a line of shell, in which `check` is the command."""
        env = {**BARE, "python": sys.executable, "module": str(MODULE)}
        command = ["sh", "-c", f'check() {{ "$python" "$module" "$@"; }}\n{line}']
        return done(command, cwd=self.folder, env=env)

    def main(self, code: str, *arguments: str, **options: Any) -> Any:
        """Run a program of one's own that imports `main` and ends with `status`."""
        path = f"import sys; sys.path.insert(0, {str(MODULE.parent)!r})\n"
        names = f"from {MODULE.stem} import RunObject, RunObjectError, main\nstatus = 0\n"
        self.file("mine.py", f"{path}{names}{code}\nsys.exit(status)\n")
        return done([sys.executable, "mine.py", *arguments], cwd=self.folder, **options)

    @contextlib.contextmanager
    def started(
        self, *arguments: str, before: Sequence[str] = (), sigint: Any = signal.SIG_DFL, **more: Any
    ) -> Generator[Any, None, None]:
        """Start the command with three pipes; kill it if that takes too long or the test fails."""
        pipes = dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.PIPE)
        options: Data = {"cwd": self.folder, "env": BARE, **pipes, **more, **prepared(sigint)}
        command = [*before, sys.executable, str(MODULE), *arguments]
        with subprocess.Popen(command, **options) as process:
            watchdog = threading.Timer(PATIENCE / 2, process.kill)
            watchdog.start()
            try:
                yield process
            except BaseException:
                process.kill()
                raise
            finally:
                watchdog.cancel()

    def rest(self, pipe: Any) -> str:
        """What comes until a pipe ends, which has to be little."""
        text: str = pipe.read(BOUND).decode()
        self.assertLess(len(text), BOUND)
        return text

    def take(self, process: Any) -> None:
        """Hand a run to a process that reads lines, and take what it writes of it."""
        process.stdin.write(on_a_line(full()).encode())
        process.stdin.flush()
        self.assertEqual(json.loads(process.stdout.readline()), full())

    def interrupt(self, process: Any, send: Callable[[], None]) -> None:
        """Send Ctrl-C, again and again until the process ends.

        A signal that comes just before a blocking call is handled only when that returns.
        """
        while process.poll() is None:
            send()
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(0.2)

    def test_a_run_is_written_normalised_on_a_line(self) -> None:
        document = json.dumps({**small(), "no field": None}, indent=4)
        self.file("spaced", f" \n{document}\n\n")
        self.file("marked", f"\ufeff{document}")
        self.file("full", full())
        self.assertEqual(
            self.check("full", "spaced", "-", "marked", stdin=document),
            (0, on_a_line(full(), *[small()] * 3), ""),
        )

    def test_what_is_no_run_is_one_line_and_the_rest_goes_on(self) -> None:
        self.file("bad", {**small(), "created_at": "1", "metadata": {"a\nb": None, "c": 1}})
        self.file("good", small())
        told = "bad:1: created_at: expected int, got str; metadata['a\\nb']: expected str, got "
        told += "NoneType; metadata['c']: expected str, got int\n"
        told += "<stdin>:1: expected dict, got int\n1 of 3 runs fit\n"
        self.assertEqual(self.check("bad", "-", "good", stdin="7"), (1, on_a_line(small()), told))

    def test_responses_are_read_and_the_19_fields_as_they_are_if_asked_for(self) -> None:
        data = {**full(), "file_ids": None, "last_error": {"code": "a"}, "created_at": 7.0}
        expected: Data = {**full(), "file_ids": [], "last_error": '{"code": "a"}', "created_at": 7}
        self.file("new", data)
        self.file("old", full())
        self.assertEqual(self.check("new", "old"), (0, on_a_line(expected, full()), ""))
        told = "new:1: created_at: expected int, got float; last_error: expected str, got dict; "
        told += "file_ids: expected list, got NoneType\n1 of 2 runs fit\n"
        self.assertEqual(self.check("new", "--strict", "old"), (1, on_a_line(full()), told))

    def test_keys_that_are_left_out_are_told_where_something_does_not_fit(self) -> None:
        extra = {"usage": 1, "a b": 2, "": 3, "k" * 61: 4, "é": 5, "a\n": 6, "temperature": 7}
        self.file("runs.jsonl", f"{json.dumps({**small(), **extra})}\n" * 2 + '{"no run": 1}\n')
        told = f"runs.jsonl:3: {NOTHING}\n2 of 3 runs fit\nleft out: '', 'a b', 'a\\n', "
        told += f"'{'k' * 59}..., temperature, usage, é\n"
        self.assertEqual(self.check("runs.jsonl"), (1, on_a_line(small(), small()), told))
        for count, end in [(20, "key_19"), (25, "key_19, and 5 more")]:
            more = {f"key_{number:02}": None for number in range(count)}
            self.file("more.json", [{**small(), **more}, 7])
            _, _, errors = self.check("more.json")
            names = ", ".join(f"key_{number:02}" for number in range(19))
            self.assertEqual(errors.splitlines()[-1], f"left out: {names}, {end}")

    @needs_posix
    def test_on_a_terminal_the_runs_are_counted(self) -> None:
        self.file("page.json", {"data": [{**small(), "usage": None}, full()]})
        for files, told in [
            (["page.json"], "2 of 2 runs fit\r\nleft out: usage\r\n"),
            (["/dev/null", "--json-lines"], "0 of 0 runs fit\r\n"),
        ]:
            ours, theirs = os.openpty()
            status, _, _ = self.check(*files, stderr=theirs)
            self.assertEqual((status, os.read(ours, BOUND).decode()), (0, told))
            os.close(ours)
            os.close(theirs)

    def test_a_document_may_be_an_array_or_a_list_page(self) -> None:
        runs = [small(), 7, {**full(), "id": 8}, full(), [small()]]
        page = {"data": runs, "first_id": "run_1", "has_more": False}
        places = ["[1]: ", "[2]: id: ", "[4]: "]
        reasons = ["expected dict, got int", "expected str, got int", "expected dict, got list"]
        told = [place + reason for place, reason in zip(places, reasons, strict=True)]
        self.file("array", runs)
        self.file("page", {"object": "list", **page})
        self.file("go", page)
        self.file("lines.jsonl", f"{json.dumps(page)}\n{json.dumps(small())}\n[]\n")
        names = [("array", ""), ("page", "data"), ("go", "data"), ("lines.jsonl", "data")]
        lines = [f"{name}:1: {path}{line}\n" for name, path in names for line in told]
        self.assertEqual(
            self.check("array", "page", "go", "lines.jsonl"),
            (
                1,
                on_a_line(small(), full()) * 4 + on_a_line(small()),
                "".join(lines) + "9 of 21 runs fit\n",
            ),
        )

    def test_what_only_looks_like_a_list_page_is_a_run(self) -> None:
        run = {**small(), "object": "list", "data": [7]}
        self.file("run", run)
        del run["id"]
        self.file("page", {**run, "data": {}})
        told = "page:1: id: missing\n1 of 2 runs fit\nleft out: data\n"
        self.assertEqual(self.check("run", "page"), (1, on_a_line({**run, "id": "run_1"}), told))

    def test_each_fault_of_a_document_is_one_line(self) -> None:
        good = json.dumps(small())
        # A document on one line, the column that is told of it, and the reason.
        faults: list[tuple[str | bytes, str, str]] = [
            ("{", ":2", "Expecting property name.*"),
            ("\ufeff{ ]", ":3", "Expecting property name.*"),
            (good[:-1], ":[0-9]+", "Expecting ',' delimiter"),
            (good.replace('"failed"', "'failed'"), ":[0-9]+", "Expecting value"),
            (good.replace("failed", "a\tb"), ":[0-9]+", "Invalid control character at"),
            ("\x00", ":1", "Expecting value"),
            (good + "\u00a0", ":[0-9]+", "Extra data"),
            (good + "\x0c", ":[0-9]+", "Extra data"),
            (f"{good} {good}", ":[0-9]+", "Extra data"),
            (good.replace('"failed"', "NaN"), "", "status: expected str, got float"),
            (good.replace("1699063290", "1e999"), "", "created_at: expected int, got float"),
            (good[:-1] + ', "last_error": [NaN]}', "", "last_error: expected str, got list"),
            (good.replace("failed", "ä").encode("latin-1"), "", "not valid UTF-8"),
            (good.replace("failed", "\ud800").encode("utf-8", "surrogatepass"), "", "not valid .*"),
            (good.encode("utf-16"), "", "not valid UTF-8"),
            ("[" * 100_000, "", "maximum recursion depth exceeded.*"),
            ('{"no field":' * 30_000, "", "maximum recursion depth exceeded.*"),
            (good.replace("1699063290", "9" * 100_000), "", r"Exceeds the limit \(4300.*"),
            (good.replace("1699063290", "1.5"), "", "created_at: expected int, got float"),
            (good.replace("failed", "\\ud800"), "", "status: not valid UTF-8"),
        ]
        documents = [each.encode() if isinstance(each, str) else each for each, _, _ in faults]
        # Each as a file.
        names = [f"{number}.json" for number in range(len(faults))]
        for name, document in zip(names, documents, strict=True):
            self.file(name, document)
        status, output, errors = self.check(*names)
        self.assertEqual((status, output), (1, ""))
        *complaints, count = errors.splitlines()
        self.assertEqual(count, f"0 of {len(faults)} runs fit")
        for name, told, (_, column, reason) in zip(names, complaints, faults, strict=True):
            hint = "; see --json-lines" if reason == "Extra data" else ""
            self.assertRegex(told, rf"\A{name}:1{column}: {reason}{hint}\Z")
        # Each as a line of one file, with a run after it.
        self.file("lines", b"\n".join([*documents, good.encode()]))
        status, output, errors = self.check("--json-lines", "lines")
        self.assertEqual((status, output), (1, on_a_line(small())))
        *complaints, count = errors.splitlines()
        self.assertEqual(count, f"1 of {len(faults) + 1} runs fit")
        for number, (told, fault) in enumerate(zip(complaints, faults, strict=True), 1):
            self.assertRegex(told, rf"\Alines:{number}{fault[1]}: {fault[2]}\Z")

    def test_what_is_left_out_may_be_anything(self) -> None:
        document = json.dumps(small())[:-1] + ', "a": [NaN, -Infinity, 1e999], "b": 1, "b": 2}'
        self.assertEqual(self.check(stdin=document), (0, on_a_line(small()), ""))

    def test_a_fault_in_a_document_of_several_lines_is_found(self) -> None:
        one = json.dumps(small())
        faults = [
            ("", "1:1: Expecting value"),
            ("\n" + "[" * 10 + "\n" * 10, "2:11: Expecting value"),
            ('\n\n{"id":\n  ?}', "4:3: Expecting value"),
            (f"{one}\n{{}}", "2:1: Extra data; see --json-lines"),
            (f"\n{one} \r\n\n \t{one}", "4:3: Extra data; see --json-lines"),
        ]
        names = [str(number) for number in range(len(faults))]
        for name, (document, _) in zip(names, faults, strict=True):
            self.file(name, document)
        told = [f"{name}:{place}\n" for name, (_, place) in zip(names, faults, strict=True)]
        self.assertEqual(self.check(*names), (1, "", "".join(told) + "0 of 5 runs fit\n"))

    def test_json_lines_are_one_document_a_line(self) -> None:
        one, two = on_a_line(small()), on_a_line(full()).strip()
        text = f"\ufeff{json.dumps(small())}\n\n  \t\r\n\ufeff\n{two}\r\n {{\t\r\n7\n{two}"
        status, output, errors = self.check("--json-lines", stdin=text)
        self.assertEqual((status, output), (1, f"{one}{two}\n{two}\n"))
        first, *rest = errors.splitlines()
        self.assertRegex(first, r"\A<stdin>:6:4: Expecting property name")
        self.assertEqual(rest, ["<stdin>:7: expected dict, got int", "3 of 5 runs fit"])

    def test_files_may_be_json_lines_by_name(self) -> None:
        lines = on_a_line(small(), full())
        names = ["a.jsonl", "b.ndjson", ".jsonl", "c.jsonl.json", "d.JSONL"]
        for name in names:
            self.file(name, lines)
        told = "".join([f"{name}:2:1: Extra data; see --json-lines\n" for name in names[3:]])
        self.assertEqual(self.check(*names), (1, lines * 3, f"{told}6 of 8 runs fit\n"))

    def test_a_file_that_cannot_be_read_is_named_and_the_next_one_read(self) -> None:
        self.file("good", small())
        self.file("nothing", "{}")
        (self.folder / "folder").mkdir()
        unread = "no: No such file or directory\nfolder: Is a directory\n"
        unread += "'': No such file or directory\n"
        expected = (2, on_a_line(small()), unread)
        self.assertEqual(self.check("no", "folder", "", "good"), expected)
        told = f"nothing:1: {NOTHING}\nno: No such file or directory\n1 of 2 runs fit\n"
        self.assertEqual(self.check("nothing", "no", "good"), (2, on_a_line(small()), told))

    @needs_proc
    def test_a_file_that_fails_while_it_is_read_is_named(self) -> None:
        self.file("good", small())
        expected = (2, on_a_line(small()), "/proc/self/mem: Input/output error\n")
        self.assertEqual(self.check("/proc/self/mem", "good"), expected)
        # And after some of its runs.
        ours, theirs = os.openpty()
        with self.started("--json-lines", stdin=ours) as process:
            os.write(theirs, json.dumps(small()).encode() + b"\n")
            self.assertEqual(process.stdout.readline().decode(), on_a_line(small()))
            os.close(theirs)
            told = "<stdin>: Input/output error\n"
            self.assertEqual((self.rest(process.stdout), self.rest(process.stderr)), ("", told))
        os.close(ours)
        self.assertEqual(process.returncode, 2)

    @needs_full
    def test_a_file_for_which_memory_does_not_suffice_is_named(self) -> None:
        self.file("good", small())
        (self.folder / "zero.jsonl").symlink_to("/dev/zero")
        status, output, errors = self.shell("ulimit -v 150000; check /dev/zero zero.jsonl good")
        self.assertEqual((status, output), (2, on_a_line(small())))
        told = [f"{name}: not enough memory" for name in ("/dev/zero", "zero.jsonl")]
        self.assertEqual(errors.splitlines(), told)

    @needs_posix
    def test_a_complaint_that_cannot_be_printed_is_shown_escaped(self) -> None:
        reason = "No such file or directory"
        told = f"'a\\nb: {reason}'\n'\\x1b[31m: {reason}'\nключ: {reason}\n"
        self.assertEqual(self.check("a\nb", "\x1b[31m", "ключ"), (2, "", told))
        self.file("a\nb", "7")
        told = "'a\\nb:1: expected dict, got int'\n0 of 1 runs fit\n"
        self.assertEqual(self.check("a\nb"), (1, "", told))
        told = f"'\\udcff: {reason}'\n"
        self.assertEqual(self.shell("check \"$(printf '\\377')\""), (2, "", told))

    def test_standard_input_may_be_named_twice(self) -> None:
        told = "<stdin>:1:1: Expecting value\n1 of 2 runs fit\n"
        expected = (1, on_a_line(small()), told)
        self.assertEqual(self.check("-", "-", stdin=json.dumps(small())), expected)

    def test_wrong_usage_help_and_version(self) -> None:
        for option in ("--jsonl", "--js", "--responses"):
            status, output, errors = self.check(option)
            self.assertEqual((status, output), (2, ""))
            self.assertIn("usage:", errors)
        status, output, errors = self.check("--help")
        self.assertEqual((status, errors), (0, ""))
        for told in (
            "Write the runs in JSON files, one a line, and tell what does not fit. A file holds a "
            "run, an array of runs, or a list page of the API; one named *.jsonl or *.ndjson holds "
            "one of these a line.\n",
            "  FILE          none or -: stdin\n",
            "  --strict      take the 19 fields as they are\n",
            "  --json-lines  read all files as *.jsonl\n",
            "  --version ",
            "exit status: 0 all fit; 1 some do not; 2 wrong usage, or a file or output failed\n",
        ):
            self.assertIn(told, output)
        self.assertEqual(self.check("--version"), (0, f"{runobject.__version__}\n", ""))

    def test_options_may_stand_anywhere_before_two_hyphens(self) -> None:
        reason = "No such file or directory\n"
        self.assertEqual(self.check("--", "--lacking"), (2, "", f"--lacking: {reason}"))
        self.assertEqual(self.check("--strict", "--", "a"), (2, "", f"a: {reason}"))
        told = f"a: {reason}b: {reason}"
        self.assertEqual(self.check("a", "--strict", "b"), (2, "", told))

    def test_no_environment_changes_what_is_written(self) -> None:
        environments: list[Data] = [
            {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0", "PYTHONUNBUFFERED": "1"},
            {"PYTHONIOENCODING": "utf-16", "PYTHONWARNINGS": "error", "PYTHONDEVMODE": "1"},
        ]
        self.file("good", json.dumps(full(), ensure_ascii=False))
        self.file("bad", json.dumps({**full(), "metadata": {"ключ": 1}}))
        told = "bad:1: metadata['ключ']: expected str, got int\n1 of 2 runs fit\n"
        for more in environments:
            expected = (1, on_a_line(full()), told)
            self.assertEqual(self.check("good", "bad", env={**BARE, **more}), expected)

    @needs_full
    def test_streams_that_are_closed_or_full(self) -> None:
        self.file("nothing", "{}")
        self.file("good", small())
        run, nothing = on_a_line(small()), f"nothing:1: {NOTHING}\n"
        expected: dict[str, tuple[int, str, str]] = {
            "": (1, run, f"{nothing}1 of 2 runs fit\n"),
            "2>&-": (2, "", ""),
            "2>/dev/full": (2, "", ""),
            ">&-": (2, "", f"{nothing}standard output: Bad file descriptor\n"),
            ">&- 2>&-": (2, "", ""),
            ">/dev/full": (2, "", f"{nothing}standard output: No space left on device\n"),
            ">/dev/full 2>/dev/full": (2, "", ""),
        }
        told = {streams: self.shell(f"check nothing good {streams}") for streams in expected}
        self.assertEqual(told, expected)
        self.assertEqual(self.shell("check good 2>&-"), (0, run, ""))
        self.assertEqual(self.shell("check good no 2>/dev/full"), (2, run, ""))
        self.assertEqual(self.shell("check <&-"), (2, "", "<stdin>: Bad file descriptor\n"))

    @needs_posix
    def test_an_output_that_takes_only_a_part_is_one_that_failed(self) -> None:
        self.file("large", {**full(), "instructions": "x" * 300_000})
        status, output, errors = self.shell("ulimit -f 200; check large")
        self.assertEqual((status, errors), (2, "standard output: File too large\n"))
        self.assertLess(len(output), 300_000)
        # A pipe that somebody set not to wait, from which nobody reads.
        reading, writing = os.pipe()
        os.set_blocking(writing, False)
        told = "standard output: Resource temporarily unavailable\n"
        self.assertEqual(self.check("large", stdout=writing), (2, "", told))
        os.close(reading)
        os.close(writing)

    @needs_posix
    def test_a_reader_that_has_gone_is_no_traceback(self) -> None:
        self.file("good", on_a_line(full()) * 500)  # more than a pipe holds
        self.file("bad", "{}\n" * 1000)
        with self.started("--json-lines", "good") as process:
            self.assertEqual(json.loads(process.stdout.readline()), full())
            process.stdout.close()
            self.assertEqual(self.rest(process.stderr), "")
        self.assertEqual(process.returncode, 2)
        with self.started("--json-lines", "bad", stderr=subprocess.STDOUT) as process:
            process.stdout.readline()
            process.stdout.close()
        self.assertEqual(process.returncode, 2)

    @needs_posix
    def test_ctrl_c_ends_it_by_the_signal_without_a_traceback(self) -> None:
        self.file("many", on_a_line(full()) * 500)
        # Once it has written the first run, it waits for a second, or for its output to be read.
        for file in ("-", "many"):
            with self.started("--json-lines", file) as process:
                self.take(process)
                self.interrupt(process, lambda: process.send_signal(signal.SIGINT))
                self.assertEqual(self.rest(process.stderr), "")
            self.assertEqual(process.returncode, -signal.SIGINT)

    @needs_posix
    def test_ctrl_c_ends_it_while_it_starts(self) -> None:
        self.file("argparse.py", "import os, signal\nos.kill(os.getpid(), signal.SIGINT)\n")
        with self.started(env={**BARE, "PYTHONPATH": str(self.folder)}) as process:
            self.assertEqual((self.rest(process.stdout), self.rest(process.stderr)), ("", ""))
        self.assertEqual(process.returncode, -signal.SIGINT)

    @needs_proc
    def test_ctrl_c_ends_it_even_where_the_signal_does_not(self) -> None:
        # The system keeps it from the first process of a container.
        container = ["unshare", "--fork", "--pid", "--kill-child"]
        if done([*container, "true"])[0]:
            self.skipTest("no right to start the first process of a container")
        with self.started("--json-lines", before=container, start_new_session=True) as process:
            self.take(process)
            self.interrupt(process, lambda: os.killpg(process.pid, signal.SIGINT))
            self.assertEqual((self.rest(process.stdout), self.rest(process.stderr)), ("", ""))
        self.assertEqual(process.returncode, 130)

    @needs_posix
    def test_it_goes_on_where_ctrl_c_is_to_be_ignored(self) -> None:
        with self.started("--json-lines", sigint=signal.SIG_IGN) as process:
            for _ in range(2):
                self.take(process)
                process.send_signal(signal.SIGINT)
            process.stdin.close()
            self.assertEqual(self.rest(process.stderr), "")
        self.assertEqual(process.returncode, 0)

    @needs_posix
    def test_it_waits_for_an_input_that_another_process_set_not_to_wait(self) -> None:
        reading, writing = os.pipe()
        os.set_blocking(reading, False)
        with self.started(stdin=reading) as process, open(writing, "wb") as pipe:
            while not os.get_blocking(reading):
                self.assertIsNone(process.poll())
            os.close(reading)
            pipe.write(on_a_line(full()).encode())
            pipe.close()
            self.assertEqual(self.rest(process.stdout), on_a_line(full()))
        self.assertEqual(process.returncode, 0)

    @unittest.skipUnless(hasattr(socket, "SOCK_SEQPACKET"), "no sockets that keep pieces apart")
    def test_a_run_and_a_complaint_are_written_in_one_piece_each(self) -> None:
        long = {**full(), "instructions": "x" * 20_000}
        self.file("runs", f"{on_a_line(small(), long)}{{}}\n")
        for more in ({}, {"PYTHONUNBUFFERED": "1"}):
            # What is written at once to such a socket is received at once.
            ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
            with ours, theirs:
                options: Data = {"env": {**BARE, **more}, "stdout": theirs, "stderr": theirs}
                status, _, _ = self.check("--json-lines", "runs", **options)
                theirs.close()
                receive = functools.partial(ours.recv, 100_000)
                pieces = [piece.decode() for piece in iter(receive, b"")]
            runs, told = [on_a_line(small()), on_a_line(long)], f"runs:3: {NOTHING}\n"
            self.assertEqual(status, 1)
            self.assertEqual(pieces, [*runs, told, "2 of 3 runs fit\n"])

    @needs_proc
    def test_json_lines_take_constant_memory_and_documents_little(self) -> None:
        def peak(document: str, *arguments: str) -> int:
            """The most memory that the process ever had, its high-water mark, in kB."""
            show = "print(open('/proc/self/status', encoding='utf-8').read(), file=sys.stderr)"
            code = f"status = main()\n{show}"
            _, _, errors = self.main(code, *arguments, stdin=document)
            (found,) = re.findall(r"VmHWM:\s+(\d+) kB", errors)
            return int(found)

        line = json.dumps({**small(), "no field": "x" * 200_000}) + "\n"
        few, many = [peak(line * count, "--json-lines") for count in (5, 100)]
        self.assertLess(many - few, 10_000)
        # Short lines: as a list of them, a file takes many times its size.
        few, many = [peak("[" + "\n" * count) for count in (5, 5_000_000)]
        self.assertLess(many - few, 50_000)

    def test_a_subclass_has_the_command_too(self) -> None:
        code = (
            "class Run(RunObject):\n"
            "    @classmethod\n"
            "    def from_dict(cls, data):\n"
            "        return super().from_dict({'file_ids': [], **data})\n"
            "    @classmethod\n"
            "    def from_response(cls, data):\n"
            "        data = dict(data) if isinstance(data, list) else data\n"
            "        return super().from_response({'status': 'queued', **data})\n"
            "    def to_dict(self):\n"
            "        return {**super().to_dict(), 'metadata': {}}\n"
            "before = sys.excepthook\n"
            "status = main(Run)\n"
            "print('this comes after it', status, sys.excepthook is before)"
        )
        data = small()
        del data["file_ids"]
        run = on_a_line({**small(), "file_ids": [], "metadata": {}})
        lacking = [name for name in REQUIRED if name != "file_ids"]
        told = "; ".join([f"{name}: missing" for name in lacking])
        self.assertEqual(
            self.main(code, "--json-lines", "--strict", stdin=f"{json.dumps(data)}\n{{}}\n"),
            (
                1,
                f"{run}this comes after it 1 True\n",
                f"<stdin>:2: {told}\n1 of 2 runs fit\n",
            ),
        )
        del data["status"]
        run = on_a_line({**small(), "status": "queued", "file_ids": [], "metadata": {}})
        items = json.dumps([data, list(data.items())])
        self.assertEqual(
            self.main(code, stdin=items), (0, f"{run}{run}this comes after it 0 True\n", "")
        )

    @needs_full
    def test_an_output_that_fails_ends_a_program_that_calls_it_in_order(self) -> None:
        code = "try: main()\nfinally: print('cleaned up', file=sys.stderr)"
        told = "standard output: No space left on device\ncleaned up\n"
        with open("/dev/full", "wb") as output:
            expected = (2, "", told)
            self.assertEqual(self.main(code, stdin=json.dumps(small()), stdout=output), expected)

    def test_an_error_of_the_system_in_a_subclass_is_named(self) -> None:
        code = (
            "class Run(RunObject):\n"
            "    def __post_init__(self):\n"
            "        raise ConnectionError('the lookup failed')\n"
            "status = main(Run)"
        )
        told = "<stdin>: the lookup failed\n"
        self.assertEqual(self.main(code, stdin=json.dumps(small())), (2, "", told))

    def test_what_a_subclass_refuses_is_one_line_and_the_rest_goes_on(self) -> None:
        code = (
            "import dataclasses, datetime\n"
            "@dataclasses.dataclass(frozen=True, kw_only=True)\n"
            "class Run(RunObject):\n"
            "    odd: object = None\n"
            "    def __post_init__(self):\n"
            "        super().__post_init__()\n"
            "        if self.odd == 'problem': raise RunObjectError({'odd': 'is odd'})\n"
            "        if self.odd == 'value': raise ValueError('two\\nlines')\n"
            "        if self.odd == 'type': len(7)\n"
            "        if self.odd == 'deep': Run.__post_init__(self)\n"
            "        odd = {'infinite': float('inf'), 'date': datetime.date(2024, 4, 1)}\n"
            "        odd = odd.get(self.odd, self.odd)\n"
            "        object.__setattr__(self, 'odd', odd)\n"
            "status = main(Run)"
        )
        reasons = {
            "problem": "odd: is odd",
            "value": r"two\\nlines'",
            "type": r"object of type 'int' has no len\(\)",
            "deep": "maximum recursion depth exceeded.*",
            "infinite": "Out of range float values are not JSON compliant.*",
            "date": "Object of type date is not JSON serializable.*",
        }
        runs = [{**small(), "odd": each} for each in [*reasons, "fits"]]
        status, output, errors = self.main(code, stdin=json.dumps(runs))
        self.assertEqual((status, json.loads(output)), (1, {**whole(small()), "odd": "fits"}))
        *complaints, count = errors.splitlines()
        self.assertEqual(count, "1 of 7 runs fit")
        for number, (told, reason) in enumerate(zip(complaints, reasons.values(), strict=True)):
            self.assertRegex(told, rf"\A'?<stdin>:1: \[{number}\]: {reason}\Z")


class Module(Case):
    """The file as a whole, and what becomes of it when it is pasted."""

    def test_what_is_public(self) -> None:
        self.assertEqual(runobject.__all__, ["RunObject", "RunObjectError", "main"])
        methods = {name for name in vars(RunObject) if not name.startswith("_")} - set(NAMES)
        self.assertEqual(methods, {"from_dict", "from_response", "to_dict"})

    @unittest.skipIf(sys.flags.optimize >= 2, "-OO drops the docstrings")
    def test_the_example_in_the_docstring_holds(self) -> None:
        shown = io.StringIO()
        with contextlib.redirect_stdout(shown):
            results = doctest.testmod(runobject)
        self.assertEqual(results.failed, 0, shown.getvalue())
        self.assertGreater(results.attempted, 3)

    @needs_file
    def test_it_works_pasted_under_another_name(self) -> None:
        code = "import json, pickle, sys; from ours.vendored import runs;"
        code += "run = runs.RunObject.from_dict(json.load(sys.stdin));"
        code += "print(pickle.loads(pickle.dumps(run)) == run, type(run).__module__)"
        with tempfile.TemporaryDirectory() as folder:
            package = Path(folder, "ours", "vendored")
            package.mkdir(parents=True)
            (package / "__init__.py").touch()
            (package / "runs.py").write_bytes(MODULE.read_bytes())
            for flags in (["-S", "-OO"], ["-bb", "-W", "error", "-X", "dev"]):
                command = [sys.executable, *flags, "-c", code]
                told = done(command, json.dumps(full()), cwd=folder)
                self.assertEqual(told, (0, "True ours.vendored.runs\n", ""))

    @needs_file
    def test_what_only_the_command_needs_is_not_imported(self) -> None:
        code = "import sys; sys.path.insert(0, sys.argv[1]); __import__(sys.argv[2])\n"
        code += "print({'argparse', 'signal'} & {*sys.modules})"
        arguments = [sys.executable, "-I", "-S", "-c", code, str(MODULE.parent), MODULE.stem]
        self.assertEqual(done(arguments), (0, "set()\n", ""))


if __name__ == "__main__":
    sys.stderr = sys.stderr or io.StringIO()  # which unittest needs
    program = unittest.main(exit=False)
    for skipped, why in program.result.skipped:
        print(f"skipped: {skipped.id()}: {why}", file=sys.stderr)
    sys.exit(not program.result.wasSuccessful())
