# SPDX-License-Identifier: MIT-0
"""Tests of `runobject.py`, with the standard library alone: `python3 test_runobject.py`.

They can be vendored beside it. If it has another name there, edit the import marked below.
"""

import collections
import contextlib
import copy
import dataclasses
import doctest
import enum
import functools
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

# What a type checker would refuse is what many of these tests are about.
# pyright: reportUnknownArgumentType=false, reportUnknownLambdaType=false
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false
Data = dict[str, Any]
Unchecked: Any = RunObject
replaced: Any = dataclasses.replace

PROTOCOLS = range(pickle.HIGHEST_PROTOCOL + 1)
WASM = sys.platform in ("emscripten", "wasi")
DEEP = 1_000 if WASM else 100_000  # on a small stack, deeper nesting can be made, but not unmade
needs_processes = unittest.skipIf(WASM, "WebAssembly has no processes")
needs_threads = unittest.skipIf(WASM, "WebAssembly has no threads")
needs_posix = unittest.skipUnless(os.name == "posix", "signals and streams as in POSIX")
needs_linux = unittest.skipUnless(sys.platform == "linux", "sockets, limits, /proc as in Linux")

# Name, kind and optionality of the fields in order, as the Rust struct has them. A field that is
# added to the class is added here and to `full()`.
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
MAPS = [name for name, kind, _ in FIELDS if kind == "text map"]
LISTS = [name for name, kind, _ in FIELDS if kind.endswith(" list")]


def expected_type(kind: str) -> str:
    return {"text": "str", "integer": "int", "map": "dict", "list": "list"}[kind.split()[-1]]


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
    return {name: value for name, value in full().items() if name in REQUIRED}


def whole(data: Data) -> Data:
    """All fields in order, with `None` where there is none."""
    return {name: data.get(name) for name in NAMES}


class Text(str):
    """A text that shows and prints otherwise than it reads, as an enum's member does."""

    def __str__(self) -> str:
        return "another text"

    __repr__ = __str__


class Status(str, enum.Enum):
    DONE = "completed"


class Number(int):
    def __repr__(self) -> str:
        return "another number"


class Seconds(enum.IntEnum):
    START = 1699063290


class Headers(Mapping[str, Any]):
    """A mapping that can be read by one call of `items()` alone."""

    def __init__(self, items: Data) -> None:
        self.store, self.calls = items, 0

    def items(self) -> Any:
        self.calls += 1
        return iter(self.store.items())

    def __getitem__(self, key: str) -> str:
        raise AssertionError("a key was looked up")

    def __iter__(self) -> Iterator[str]:
        raise AssertionError("keys were asked for")

    def __len__(self) -> int:
        raise AssertionError("a length was asked for")


class Named(RunObject):
    """A subclass with methods alone."""

    @functools.cached_property
    def seconds(self) -> int:
        return (self.completed_at or 0) - self.created_at


@dataclasses.dataclass(frozen=True, kw_only=True)
class Tagged(RunObject):
    """A subclass with fields, which it checks, and which leaves out secrets of what it writes."""

    tag: str = "none"
    notes: list[str] = dataclasses.field(default_factory=list[str])
    serial: int = dataclasses.field(default=0, init=False)

    def __post_init__(self) -> None:
        super().__post_init__()
        if type(self.tag) is not str:
            raise RunObjectError({"tag": f"expected str, got {type(self.tag).__name__}"})
        object.__setattr__(self, "serial", id(self))

    def to_dict(self) -> Data:
        return {**super().to_dict(), "headers": None}


def same(run: Any) -> Any:
    return run


def decoded(cls: type, data: Data) -> Any:
    """Make a run as decoders in C do: set the fields, in any order, and call `__post_init__`."""
    run: Any = object.__new__(cls)
    for name in data:
        object.__setattr__(run, name, data[name])
    run.__post_init__()
    return run


class Case(unittest.TestCase):
    maxDiff = None

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

    def problems(self, data: Any) -> Any:
        return self.error(lambda: Unchecked.from_dict(data)).problems

    def wrong(self, path: str, reason: str, **changes: Any) -> None:
        """Check that the one problem is told, by every way to make a run."""
        data = {**full(), **changes}
        run = RunObject.from_dict(full())
        ways: dict[str, Callable[[], object]] = {
            "from_dict": lambda: Unchecked.from_dict(data),
            "constructor": lambda: Unchecked(**data),
            "replace": lambda: replaced(run, **changes),
            "subclass": lambda: Named.from_dict(data),
            "decoder": lambda: decoded(RunObject, data),
        }
        if sys.version_info >= (3, 13):
            ways["copy.replace"] = lambda: copy.replace(run, **changes)
        for way, make in ways.items():
            with self.subTest(way=way, path=path):
                self.assertEqual(self.error(make).problems, {path: reason})


class Reading(Case):
    """What `from_dict` takes, and what it makes of it."""

    def test_the_fields_are_those_of_the_struct_in_order(self) -> None:
        hints: Data = {
            "text": str,
            "integer": int,
            "text map": Mapping[str, str],
            "text map list": Sequence[Mapping[str, str]],
            "text list": Sequence[str],
        }
        resolved = typing.get_type_hints(RunObject)
        for field, (name, kind, optional) in zip(
            dataclasses.fields(RunObject), FIELDS, strict=True
        ):
            self.assertEqual(field.name, name)
            self.assertIs(field.default, None if optional else dataclasses.MISSING)
            if kind in hints:
                self.assertEqual(resolved[name], hints[kind] | None if optional else hints[kind])

    def test_every_value_reaches_its_field(self) -> None:
        for run in (RunObject.from_dict(full()), Unchecked(**full())):
            self.assertIs(type(run), RunObject)
            for name, value in full().items():
                kept = tuple(value) if name in LISTS else value
                self.assertEqual(getattr(run, name), kept, name)

    def test_an_optional_field_may_be_absent_or_none(self) -> None:
        for data in (small(), whole(small()), dict(reversed(small().items()))):
            for run in (Unchecked.from_dict(data), Unchecked(**data), decoded(RunObject, data)):
                self.assertEqual(list(vars(run)), NAMES)
                self.assertEqual([getattr(run, name) for name in OPTIONAL], [None] * len(OPTIONAL))
        for name in OPTIONAL:
            self.assertEqual(
                Unchecked.from_dict({**full(), name: None}).to_dict(), {**full(), name: None}
            )

    def test_a_required_field_may_not_be_missing_nor_none(self) -> None:
        for name, kind, optional in FIELDS:
            if not optional:
                data = full()
                del data[name]
                self.assertEqual(self.problems(data), {name: "missing"})
                self.assertEqual(self.problems(Headers(data)), {name: "missing"})
                self.wrong(name, f"expected {expected_type(kind)}, got NoneType", **{name: None})
                with self.assertRaises(TypeError):
                    Unchecked(**data)
        self.assertEqual(list(self.problems({}).items()), [(name, "missing") for name in REQUIRED])

    def test_unknown_keys_are_ignored_whatever_they_are_and_hold(self) -> None:
        nested: list[Any] = []
        for _ in range(DEEP):
            nested = [nested]
        extra: dict[Any, Any] = {"no field": nested, 7: 8, b"id": 9, None: 1, (): 2, "\ud800": 3}
        expected = RunObject.from_dict(full())
        for data in (extra | full(), full() | extra, Headers(full() | extra)):
            self.assertEqual(Unchecked.from_dict(data), expected)
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
            (1j, "complex"),
            ("text", "str"),
            ("", "str"),
            (b"text", "bytes"),
            (bytearray(), "bytearray"),
            ([], "list"),
            ((), "tuple"),
            ({}, "dict"),
            (set(), "set"),
            (range(2), "range"),
            ({}.keys(), "dict_keys"),
            ({}.items(), "dict_items"),
            (collections.deque(), "deque"),
            (object(), "object"),
            (..., "ellipsis"),
            (int, "type"),
        ]
        fitting = {"str": ["str"], "int": ["int"], "dict": ["dict"], "list": ["list", "tuple"]}
        for name, kind, optional in FIELDS:
            expected = expected_type(kind)
            for value, actual in values:
                if actual not in fitting[expected] and not (optional and value is None):
                    wanted = f"{expected} or None" if optional else expected
                    self.wrong(name, f"expected {wanted}, got {actual}", **{name: value})

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
            reason = f"expected str as key, got {actual}"
            for value in ("x", 7):
                for name in MAPS:
                    self.wrong(f"{name}[<{actual}>]", reason, **{name: {key: value, "a": "b"}})
                self.wrong(f"tools[1][<{actual}>]", reason, tools=[{}, {"a": "b", key: value}])

    def test_integers_have_64_bits(self) -> None:
        for name in INTEGERS:
            for value in (0, 1, -1, 9223372036854775807, -9223372036854775808):
                self.assertEqual(getattr(Unchecked.from_dict({**full(), name: value}), name), value)
            for value in (9223372036854775808, -9223372036854775809, 10**5000, Number(2**63)):
                self.wrong(name, "out of range for 64 bits", **{name: value})

    def test_text_is_what_utf8_can_encode(self) -> None:
        for text in (
            "",
            "\x00",
            "é",
            "日本語",
            "🙂",
            "\ue000",
            "\ud7ff",
            "x" * 99_999,
            "é" * 99_999,
        ):
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
            self.wrong("tools[0]['a']", reason, tools=[{"a": lone}, {}])
            self.wrong(f"tools[1][{shown}]", reason, tools=[{}, {lone: "a"}])
            self.wrong("file_ids[1]", reason, file_ids=["a", lone])
        halves = {**full(), "file_ids": ["\ud83d", "\ude00"]}
        self.assertEqual(self.problems(halves), {"file_ids[0]": reason, "file_ids[1]": reason})

    def test_subclasses_of_str_and_int_become_plain(self) -> None:
        for value in (Text("completed"), Status.DONE):
            data: dict[Any, Any] = {**full(), "status": value, "last_error": value}
            data.update(tools=[{value: "a"}], file_ids=["a", value], metadata={value: value})
            data.update(headers=Headers({"a": value}))
            data[Text("id")] = data.pop("id")
            run = Unchecked.from_dict(data)
            texts = [run.status, run.last_error, run.file_ids[1], run.headers["a"]]
            texts += [*run.tools[0], *run.metadata, *run.metadata.values()]
            self.assertEqual({type(text) for text in texts}, {str})
            self.assertEqual(set(texts), {"completed"})
            self.assertEqual(run.id, "run_1")
        for name in INTEGERS:
            for number in (Number(1699063290), Seconds.START):
                kept = getattr(Unchecked.from_dict({**full(), name: number}), name)
                self.assertEqual((kept, type(kept)), (1699063290, int))

    def test_mappings_are_read_by_one_call_of_items(self) -> None:
        class Shown(dict[str, Any]):
            def items(self) -> Any:
                return [(key, "shown") for key in self]

        data = full()
        for name in MAPS:
            data[name] = Headers(data[name])
        data["tools"] = [Headers(tool) for tool in data["tools"]]
        mappings = [Headers(data), *[data[name] for name in MAPS], *data["tools"]]
        self.assertEqual(Unchecked.from_dict(mappings[0]).to_dict(), full())
        self.assertEqual({mapping.calls for mapping in mappings}, {1})
        shown = Unchecked.from_dict({**full(), "metadata": Shown(a="b"), "tools": [Shown(c="d")]})
        self.assertEqual((shown.metadata, shown.tools), ({"a": "shown"}, ({"c": "shown"},)))
        for kind in (
            collections.OrderedDict,
            collections.UserDict,
            collections.ChainMap,
            types.MappingProxyType,
            lambda items: collections.defaultdict(list, items),
        ):
            data = {**full(), **{name: kind(full()[name]) for name in MAPS}}
            data["tools"] = [kind(tool) for tool in full()["tools"]]
            self.assertEqual(Unchecked.from_dict(kind(data)).to_dict(), full())

    def test_lists_are_lists_and_tuples_and_become_tuples(self) -> None:
        class List(list[Any]):
            pass

        class Pair(typing.NamedTuple):
            first: Any
            second: Any

        for kind in (list, tuple, List, lambda items: Pair(*items)):
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
            self.assertEqual(self.problems(data), {"": f"expected dict, got {actual}"})

    def test_what_a_mapping_raises_passes_as_it_is(self) -> None:
        class Broken(Headers):
            def items(self) -> Any:
                raise ConnectionError("gone")

        for data in (Broken(full()), {**full(), "headers": Broken({})}):
            with self.assertRaisesRegex(ConnectionError, "gone"):
                Unchecked.from_dict(data)

    def test_the_input_is_neither_changed_nor_kept(self) -> None:
        data = full()
        made = [Unchecked.from_dict(data), Unchecked(**data)]
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

    def test_a_list_that_grows_meanwhile_is_read_as_it_was(self) -> None:
        class Growing(Headers):
            def items(self) -> Any:
                if len(tools) < 10:
                    tools.append(self)
                return super().items()

        tools: list[Any] = [Growing({"type": "retrieval"})]
        run = Unchecked.from_dict({**full(), "tools": tools})
        self.assertEqual(run.tools, ({"type": "retrieval"},))

    @needs_threads
    def test_what_was_checked_is_kept_even_if_the_input_changes_meanwhile(self) -> None:
        data, stop = full(), threading.Event()

        def change() -> None:
            while not stop.is_set():
                for number, value in enumerate(("x", None, "é", 7)):
                    data["metadata"][f"key{number}"] = value
                    data["metadata"].pop(f"key{number - 1}", None)
                    data["tools"][0]["type"] = value
                    data["file_ids"][0] = value

        thread = threading.Thread(target=change)
        thread.start()
        try:
            for _ in range(5000):
                with contextlib.suppress(RunObjectError):
                    run = Unchecked.from_dict(data)
                    texts = [*run.metadata.values(), *run.tools[0].values(), *run.file_ids]
                    self.assertEqual({type(text) for text in texts}, {str})
        finally:
            stop.set()
            thread.join()


class Errors(Case):
    """What `RunObjectError` tells, and what it never does."""

    def test_all_problems_are_told_in_the_order_of_the_fields(self) -> None:
        missing = ("object", "thread_id", "assistant_id", "model")
        data = {
            **{name: value for name, value in full().items() if name not in missing},
            "headers": {"authorization": None},
            "metadata": [],
            "file_ids": ["a", 7, None],
            "tools": [{"type": "function", "function": {"name": "f"}}, "x", {"\udfff": 1}],
            "instructions": b"",
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
            "required_action[<int>]": "expected str as key, got int",
            "completed_at": "out of range for 64 bits",
            "model": "missing",
            "instructions": "expected str or None, got bytes",
            "tools[0]['function']": "expected str, got dict",
            "tools[1]": "expected dict, got str",
            r"tools[2]['\udfff']": "not valid UTF-8",
            "file_ids[1]": "expected str, got int",
            "file_ids[2]": "expected str, got NoneType",
            "metadata": "expected dict, got list",
            "headers['authorization']": "expected str, got NoneType",
        }
        error = self.error(lambda: Unchecked.from_dict(data))
        self.assertIsInstance(error, ValueError)
        self.assertEqual(list(error.problems.items()), list(expected.items()))
        lines = [f"{path}: {reason}" for path, reason in expected.items()]
        self.assertEqual(str(error), "; ".join(lines))
        error = self.error(lambda: Unchecked.from_dict(None))
        self.assertEqual(str(error), "expected dict, got NoneType")

    def test_there_are_at_most_100_problems_the_last_of_which_tells_of_more(self) -> None:
        floods: list[Data] = [
            {"file_ids": [None] * 1_000_000},
            {"file_ids": ["\ud800"] * 1_000_000},
            {"tools": [{"function": {}}] * 1_000_000},
            {"tools": [7] * 1_000_000},
            {"metadata": {f"key {i}": i for i in range(1_000_000)}},
            {"headers": {f"{i}" * 200_000: i for i in range(100, 300)}},
            {"required_action": {f"{i}" + "\n\x1b\u202e" * 30: i for i in range(200)}},
            {"metadata": {chr(0x1F600 + i) * 60: i for i in range(200)}},
            {"metadata": {chr(i) * 50: i for i in range(0xD800, 0xDFFF)}},
        ]
        for changes in floods:
            problems = self.problems({**full(), **changes})
            self.assertEqual(len(problems), 100)
            self.assertEqual(list(problems.items())[-1], ("...", "more problems than these"))
        paths = [f"file_ids[{i}]" for i in range(99)]
        self.assertEqual(list(self.problems({**full(), "file_ids": [7] * 99})), paths)
        for count in (100, 5000):
            problems = self.problems({**full(), "file_ids": [7] * count, "metadata": 1})
            self.assertEqual(list(problems), [*paths, "..."])
        data = {**full(), "file_ids": [7] * 98, "metadata": dict.fromkeys(range(1_000_000))}
        self.assertEqual(list(self.problems(data)), [*paths[:98], "metadata[<int>]"])

    def test_keys_in_paths_are_printable_and_shortened_in_the_middle(self) -> None:
        for key, shown in [
            ("user name", "'user name'"),
            ("it's", '"it\'s"'),
            ("a\r\n\x1b[31m", r"'a\r\n\x1b[31m'"),
            ("ключ", "'ключ'"),
            ("\u202e", r"'\u202e'"),
            (Text("key"), "'key'"),
            ("k" * 58, "'" + "k" * 58 + "'"),
            ("k" * 59, "'" + "k" * 27 + "..." + "k" * 28 + "'"),
            ("a" + "k" * 1_000_000 + "z", "'a" + "k" * 26 + "..." + "k" * 27 + "z'"),
        ]:
            self.wrong(f"metadata[{shown}]", "expected str, got int", metadata={key: 1})
            self.wrong(f"tools[0][{shown}]", "expected str, got int", tools=[{key: 1}])

    def test_names_of_types_are_printable_and_shortened_like_keys(self) -> None:
        long, odd = type("T" * 1000, (), {}), type("a\nb", (), {})
        name = "T" * 27 + "..." + "T" * 28
        self.wrong("id", f"expected str, got {name}", id=long())
        key_reason = f"expected str as key, got {name}"
        self.wrong(f"metadata[<{name[:-3]}>]", key_reason, metadata={long(): 1})
        self.wrong("id", r"expected str, got a\nb", id=odd())
        keys: list[Any] = [chr(0x1F600 + i) * 60 for i in range(120)]
        for action in (
            dict.fromkeys(keys, long()),
            {type(f"{i}" * 100, (), {})(): "text" for i in range(100, 220)},
        ):
            self.assertEqual(len(self.problems({**full(), "required_action": action})), 100)

    def test_no_value_is_shown_nor_hung_on_an_error(self) -> None:
        class Secret:
            def __repr__(self) -> str:
                return "s3cr3t"

        secrets = ["s3cr3t\ud800", b"s3cr3t", ["s3cr3t"], Secret(), 5377.3, Number(537737 * 2**64)]
        for value in secrets:
            data: Data = dict.fromkeys(NAMES, value)
            data.update(tools=[value, {"a": value}], file_ids=[value], metadata={"a": value})
            data.update(headers={Secret(): value})
            error = self.error(lambda data=data: Unchecked.from_dict(data))  # type: ignore[misc]
            for held in (str(error), error, error.args, vars(error)):
                self.assertNotRegex(repr(held), "s3cr3t|5377")

    def test_no_nesting_is_too_deep(self) -> None:
        deep: Any = {}
        for _ in range(DEEP):
            deep = {"a": deep}
        self.assertEqual(
            self.problems({**full(), "metadata": deep, "tools": [deep]}),
            {"tools[0]['a']": "expected str, got dict", "metadata['a']": "expected str, got dict"},
        )
        loop = full()
        loop["metadata"] = loop
        self.assertEqual(self.problems(loop)["metadata['metadata']"], "expected str, got dict")

    def test_an_error_can_be_pickled_and_copied(self) -> None:
        given = {"created_at": "expected int, got str", "metadata['a']": "expected str, got int"}
        error = RunObjectError(given)
        given.clear()
        twins = [pickle.loads(pickle.dumps(error, protocol)) for protocol in PROTOCOLS]
        for twin in (error, copy.copy(error), *twins):
            self.assertIs(type(twin), RunObjectError)
            self.assertEqual(
                str(twin), "created_at: expected int, got str; metadata['a']: expected str, got int"
            )
            self.assertEqual(list(twin.problems), ["created_at", "metadata['a']"])

    def test_a_subclass_reports_problems_of_its_own(self) -> None:
        error = self.error(lambda: Tagged(**full(), tag=typing.cast(str, 7)))
        self.assertEqual(error.problems, {"tag": "expected str, got int"})
        odd = RunObjectError({"tag": "tag: is odd"})
        self.assertEqual((odd.problems, str(odd)), ({"tag": "tag: is odd"}, "tag: tag: is odd"))


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
        for name, kind, _ in FIELDS:
            other = replaced(run, **{name: others[expected_type(kind)]})
            self.assertNotEqual(run, other)
            self.assertNotEqual(hash(run), hash(other))
        other = replaced(run, metadata=dict.fromkeys(run.metadata, "other"))
        self.assertNotEqual(hash(run), hash(other))
        self.assertNotEqual(run, run.to_dict())

    def test_every_change_is_refused(self) -> None:
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
        run = RunObject.from_dict(full())
        made: list[Any] = [run, Unchecked(**full()), replaced(run), decoded(RunObject, full())]
        made += [pickle.loads(pickle.dumps(run)), copy.copy(run), copy.deepcopy(run)]
        for run in [*made, Named.from_dict(full())]:
            for texts in (run.metadata, run.headers, run.required_action, *run.tools):
                for change in changes:
                    with self.assertRaisesRegex(TypeError, "maps of a run cannot be changed"):
                        change(texts)
                with self.assertRaises(AttributeError):
                    setattr(texts, "note", "a map holds nothing but its items")  # noqa: B010
            for items in (run.tools, run.file_ids):
                self.assertIs(type(items), tuple)
            names = [*NAMES, "new", "__class__", "__dict__"]
            for name in NAMES if type(run) is Named else names:
                with self.assertRaises(dataclasses.FrozenInstanceError):
                    setattr(run, name, None)
                with self.assertRaises(dataclasses.FrozenInstanceError):
                    delattr(run, name)
            self.assertEqual(run.to_dict(), full())

    def test_maps_are_dicts_whose_copies_are_plain(self) -> None:
        texts, plain = Unchecked.from_dict(full()).metadata, full()["metadata"]
        self.assertIsInstance(texts, dict)
        self.assertEqual((texts, repr(texts)), (plain, repr(plain)))
        self.assertEqual(json.loads(json.dumps(texts)), plain)
        copies = [texts.copy(), texts | {}, copy.copy(texts), copy.deepcopy(texts)]
        copies += [pickle.loads(pickle.dumps(texts, protocol)) for protocol in PROTOCOLS]
        for again in copies:
            self.assertIs(type(again), dict)
            self.assertEqual(again, plain)

    def test_to_dict_is_plain_new_and_in_order(self) -> None:
        def check(value: object) -> None:
            self.assertIn(type(value), (dict, list, str, int, type(None)))
            if isinstance(value, (dict, list)):
                for item in value.values() if isinstance(value, dict) else value:
                    check(item)

        def spoil(value: Any) -> None:
            for item in value.values() if isinstance(value, dict) else value:
                if isinstance(item, (dict, list)):
                    spoil(item)
            value.clear()

        for data in (full(), small()):
            run = RunObject.from_dict(data)
            plain = run.to_dict()
            check(plain)
            self.assertEqual(list(plain.items()), list(whole(data).items()))
            self.assertEqual(json.loads(json.dumps(plain)), plain)
            spoil(plain)
            self.assertEqual(run.to_dict(), whole(data))

    def test_it_is_an_ordinary_frozen_dataclass(self) -> None:
        with self.assertRaises(TypeError):
            Unchecked(*full().values())
        run = RunObject.from_dict(full())
        self.assertEqual(vars(run)["id"], "run_1")
        self.assertIs(weakref.ref(run)(), run)
        self.assertTrue(repr(run).startswith("RunObject(id='run_1', object='thread.run', "))
        self.assertEqual(RunObject.from_dict(dataclasses.asdict(run)), run)
        match run:
            case RunObject(status="failed", metadata={"user": user}, tools=[{"type": tool}, _]):
                self.assertEqual((user, tool), ("u_1", "code_interpreter"))
            case _:
                self.fail("no match")

    def test_replace_checks_and_freezes(self) -> None:
        run = RunObject.from_dict(full())
        changes: Data = {"status": "completed", "tools": [{"type": "x"}], "headers": None}
        self.assertEqual(replaced(run, **changes).to_dict(), {**full(), **changes})
        if sys.version_info >= (3, 13):
            self.assertEqual(copy.replace(run, **changes).to_dict(), {**full(), **changes})
        self.error(lambda: replaced(run, id=7))
        self.assertEqual(run.to_dict(), full())

    def test_unpickling_checks(self) -> None:
        data = pickle.dumps(Unchecked.from_dict({**full(), "status": "a status"}), 0)
        forged = re.sub(rb"V?a status", rb"V\\ud800", data)
        error = self.error(lambda: pickle.loads(forged))
        self.assertEqual(error.problems, {"status": "not valid UTF-8"})
        tagged = Tagged(**full())
        vars(tagged)["tag"] = 7
        error = self.error(lambda: pickle.loads(pickle.dumps(tagged)))
        self.assertEqual(error.problems, {"tag": "expected str, got int"})

    def test_a_decoder_may_set_the_fields_in_any_order(self) -> None:
        run = decoded(RunObject, dict(reversed(full().items())))
        self.assertEqual(list(run.to_dict().items()), list(full().items()))

    def test_a_subclass_may_add_methods_and_cached_properties(self) -> None:
        run = Named.from_dict(full())
        self.assertIs(type(run), Named)
        self.assertEqual((run.seconds, vars(run)["seconds"]), (4, 4))
        self.assertEqual(list(run.to_dict().items()), list(full().items()))
        self.assertEqual(vars(copy.copy(run)), vars(run))
        self.assertNotEqual(run, RunObject.from_dict(full()))

    def test_a_subclass_may_add_fields(self) -> None:
        run = Tagged(**full(), tag="mine", notes=["a"])
        self.assertEqual(list(RunObject.to_dict(run).items()), list(full().items()))
        plain = Tagged.from_dict(full())
        self.assertEqual((plain.tag, plain.notes), ("none", []))
        copies = [copy.copy(run), copy.deepcopy(run)]
        copies += [pickle.loads(pickle.dumps(run, protocol)) for protocol in PROTOCOLS]
        for again in copies:
            self.assertIs(type(again), Tagged)
            self.assertEqual((again, again.serial), (run, run.serial))
            self.assertEqual(again.headers, {"content-type": "application/json"})
        self.assertIs(copies[0].notes, run.notes)
        self.assertIsNot(copies[1].notes, run.notes)
        self.assertEqual(replaced(run, status="queued").tag, "mine")

    @needs_processes
    def test_runs_and_errors_cross_processes(self) -> None:
        runs = [Unchecked.from_dict({**full(), "id": f"run_{i}"}) for i in range(20)]
        with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as pool:
            self.assertEqual(list(pool.map(same, runs)), runs)
            error: Any = pool.submit(RunObject.from_dict, {**full(), "id": 7}).exception()
        self.assertIs(type(error), RunObjectError)
        self.assertEqual(error.problems, {"id": "expected str, got int"})


class Laws(Case):
    """What holds for every run, on generated ones."""

    seed = int(os.environ.get("RUNOBJECT_SEED", "0")) or random.SystemRandom().randrange(1, 2**32)

    @classmethod
    def setUpClass(cls) -> None:
        print(f"RUNOBJECT_SEED={cls.seed} repeats the generated documents", file=sys.stderr)

    def document(self, choose: random.Random) -> Data:
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
        data: Data = {"no field": None, "ID": [{}]}
        for name, kind, optional in FIELDS:
            if kind in make and not (optional and choose.random() < 0.3):
                data[name] = None if optional and choose.random() < 0.3 else make[kind]()
        items = list(data.items())
        choose.shuffle(items)
        return dict(items)

    def test_nothing_is_lost_on_the_way(self) -> None:
        choose = random.Random(self.seed)
        for number in range(500):
            data = self.document(choose)
            before, expected = copy.deepcopy(data), whole(data)
            with self.subTest(seed=self.seed, number=number):
                run = Unchecked.from_dict(data)
                self.assertEqual(list(run.to_dict().items()), list(expected.items()))
                self.assertEqual(data, before)
                for twin in (
                    RunObject.from_dict(run.to_dict()),
                    RunObject.from_dict(json.loads(json.dumps(run.to_dict()))),
                    Unchecked(**expected),
                    decoded(RunObject, expected),
                    copy.copy(run),
                    copy.deepcopy(run),
                    *[pickle.loads(pickle.dumps(run, protocol)) for protocol in PROTOCOLS],
                ):
                    self.assertEqual((twin, hash(twin)), (run, hash(run)))
                    self.assertEqual(list(twin.to_dict().items()), list(expected.items()))

    def test_one_injury_is_one_problem(self) -> None:
        choose = random.Random(self.seed)
        wrong: dict[str, list[tuple[Any, str]]] = {
            "str": [(7, "expected str{}, got int"), ("\ud800", "not valid UTF-8")],
            "int": [(True, "expected int{}, got bool"), (2**63, "out of range for 64 bits")],
            "dict": [([], "expected dict{}, got list"), ("a", "expected dict{}, got str")],
            "list": [({}, "expected list{}, got dict"), ("a", "expected list{}, got str")],
        }
        for number in range(500):
            data = self.document(choose)
            name, kind, optional = choose.choice([field for field in FIELDS if field[0] in data])
            data[name], reason = choose.choice(wrong[expected_type(kind)])
            with self.subTest(seed=self.seed, number=number):
                expected = {name: reason.format(" or None" if optional else "")}
                self.assertEqual(self.problems(data), expected)


# As for a user whose environment asks for nothing, whatever that of the tests does.
BARE = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
BARE.pop("COLUMNS", None)


def indented(*runs: Data) -> str:
    return "".join([json.dumps(whole(data), indent=4) + "\n" for data in runs])


def on_a_line(*runs: Data) -> str:
    return "".join([json.dumps(whole(data)) + "\n" for data in runs])


@needs_processes
class Command(Case):
    """What `python3 runobject.py` does, as its users see it."""

    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)

    def file(self, name: str, content: str | bytes | Data | list[Any]) -> str:
        if not isinstance(content, (str, bytes)):
            content = json.dumps(content)
        path = self.folder / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return name

    def run_(self, *arguments: str, stdin: str | bytes = b"", **options: Any) -> Any:
        """Run the command in the folder; return its exit status, output and complaints."""
        stdin = stdin.encode() if isinstance(stdin, str) else stdin
        options = {"cwd": self.folder, "env": BARE, "capture_output": True, **options}
        done = subprocess.run([sys.executable, str(MODULE), *arguments], input=stdin, **options)
        output, errors = ((done.stdout or b"").decode(), (done.stderr or b"").decode())
        return done.returncode, output.replace("\r\n", "\n"), errors.replace("\r\n", "\n")

    def shell(self, line: str) -> Any:
        """Run a line of shell in the folder, in which `$0` stands for the command."""
        line = line.replace("$0", f'"{sys.executable}" "{MODULE}"')
        done = subprocess.run(line, shell=True, capture_output=True, cwd=self.folder, env=BARE)
        return done.returncode, done.stdout.decode(), done.stderr.decode()

    @contextlib.contextmanager
    def started(
        self, *arguments: str, interrupt: Any = signal.SIG_DFL, **options: Any
    ) -> Generator[Any, None, None]:
        """Start the command, with three pipes; end it if the test fails meanwhile."""
        options = {"cwd": self.folder, "env": BARE, "stdin": subprocess.PIPE, **options}
        options = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **options}
        # What runs in the background is often started with the signal ignored.
        options["preexec_fn"] = lambda: signal.signal(signal.SIGINT, interrupt)
        with subprocess.Popen([sys.executable, str(MODULE), *arguments], **options) as process:
            try:
                yield process
            except BaseException:
                process.kill()
                raise

    def test_a_run_is_written_normalised(self) -> None:
        document = json.dumps({**small(), "no field": None})
        for stdin in (document, f" \n{document}\n\n", f"\ufeff{document}"):
            self.assertEqual(self.run_(stdin=stdin), (0, indented(small()), ""))
        first, second = self.file("first.json", small()), self.file("second.json", full())
        self.assertEqual(
            self.run_(second, "-", first, stdin=document),
            (0, indented(full(), small(), small()), ""),
        )

    def test_every_locale_will_do(self) -> None:
        bare = {**BARE, "LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
        document = json.dumps(full(), ensure_ascii=False)
        self.assertEqual(self.run_(stdin=document, env=bare), (0, indented(full()), ""))
        document = json.dumps({**full(), "metadata": {"ключ": 1}})
        reason = r"metadata['\u043a\u043b\u044e\u0447']: expected str, got int"
        self.assertEqual(self.run_(stdin=document, env=bare), (1, "", f"<stdin>:1: {reason}\n"))

    def test_each_problem_is_one_line_and_the_rest_goes_on(self) -> None:
        wrong = {**small(), "created_at": "1", "metadata": {"a\nb": None, "c": 1}}
        self.file("bad.json", wrong)
        self.file("good.json", small())
        lines = "".join(
            [
                "bad.json:1: created_at: expected int, got str\n",
                "bad.json:1: metadata['a\\nb']: expected str, got NoneType\n",
                "bad.json:1: metadata['c']: expected str, got int\n",
            ]
        )
        self.assertEqual(self.run_("bad.json", "good.json"), (1, indented(small()), lines))
        self.assertEqual(self.run_(stdin="7"), (1, "", "<stdin>:1: expected dict, got int\n"))

    def test_json_is_strict_and_what_is_wrong_with_it_is_one_line(self) -> None:
        good = json.dumps(small())
        documents: list[tuple[str | bytes, str, str]] = [
            (b"", "1:1", "Expecting value"),
            (b"{", "1:2", "Expecting property name"),
            (b'{\n"id": 1,\n', "[23]:[0-9]+", "."),
            (good[:-1], "1:[0-9]+", "Expecting ',' delimiter"),
            (b'\n\n{"id":\n  ?}', "4:3", "Expecting value"),
            (b'{"id": "a", "b": {"c": 1, "c": 1}}', "1", "duplicate key 'c'"),
            (
                b'{"' + b"k" * 99 + b'": 1, "' + b"k" * 99 + b'": 2}',
                "1",
                r"duplicate key 'k+\.\.\.k+'",
            ),
            (good.replace('"failed"', "NaN"), "1", "NaN is not JSON"),
            (good.replace("1699063290", "Infinity"), "1", "Infinity is not JSON"),
            (good.replace("1699063290", "-Infinity"), "1", "-Infinity is not JSON"),
            (good[:-1] + ', "no field": [NaN]}', "1", "NaN is not JSON"),
            (good.replace("failed", "ä").encode("latin-1"), "1", "not valid UTF-8"),
            (good.encode("utf-16"), "1", "not valid UTF-8"),
            (b"[" * 1_000_000, "1", ".*recursion"),
            (b'{"no field":' * 300_000, "1", ".*recursion"),
            (good.replace("1699063290", "9" * 100_000), "1", ".*4300.*digits"),
            (good.replace("1699063290", "1e999"), "1", "created_at: expected int, got float"),
            (good.replace("failed", "\\ud800"), "1", "status: not valid UTF-8"),
            (good.replace("failed", "a\tb"), "1:[0-9]+", "Invalid control character"),
            (good.replace('"failed"', "'failed'"), "1:[0-9]+", "Expecting value"),
            (b"\x00", "1:1", "Expecting value"),
            (good + "\u00a0", "1:[0-9]+", "Extra data"),
            (good + "\x0c", "1:[0-9]+", "Extra data"),
            ("\ufeff{ ]", "1:3", "Expecting property name"),
        ]
        for document, place, reason in documents:
            with self.subTest(document=document[:40]):
                status, output, errors = self.run_(stdin=document)
                self.assertEqual((status, output), (1, ""))
                self.assertRegex(errors, rf"\A<stdin>:{place}: {reason}.*\n\Z")
                self.assertNotIn("sys.", errors)
                self.assertEqual("--json-lines" in errors, reason == "Extra data")
                document = document.encode() if isinstance(document, str) else document
                if document and b"\n" not in document:
                    lines = document + b"\n" + good.encode()
                    status, output, errors = self.run_("--json-lines", stdin=lines)
                    self.assertEqual((status, output), (1, on_a_line(small())))
                    self.assertRegex(
                        errors, rf"\A<stdin>:{place}: {reason}.*\n<stdin>: 1 of 2 runs fit\n\Z"
                    )
                    self.assertNotIn("--json-lines", errors)

    def test_what_holds_several_runs_is_told_how_to_be_checked(self) -> None:
        for stdin, place in [
            (on_a_line(small()) + "{}", "2:1: Extra data"),
            ([small(), small()], "1: "),
            ([], "1: "),
            ({"object": "list", "data": [small()], "has_more": False}, "1: "),
        ]:
            stdin = stdin if isinstance(stdin, str) else json.dumps(stdin)
            status, output, errors = self.run_(stdin=stdin)
            self.assertEqual((status, output), (1, ""))
            self.assertRegex(errors, rf"\A<stdin>:{place}.*--json-lines\n\Z")
        run = {**small(), "object": "list", "data": []}
        self.assertEqual(self.run_(stdin=json.dumps(run)), (0, indented(run), ""))
        del run["id"], run["object"]
        missing = "<stdin>:1: id: missing\n<stdin>:1: object: missing\n"
        self.assertEqual(self.run_(stdin=json.dumps(run)), (1, "", missing))

    def test_json_lines_are_one_run_a_line(self) -> None:
        one, two = on_a_line(small()), on_a_line(full())
        text = (
            f"\ufeff{json.dumps(small())}\n\n  \t\r\n{two.strip()}\r\n {{\n\ufeff7\n{two.strip()}"
        )
        status, output, errors = self.run_("--json-lines", stdin=text)
        self.assertEqual((status, output), (1, one + two + two))
        self.assertRegex(
            errors,
            r"\A<stdin>:5:3: Expecting property name.*\n"
            r"<stdin>:6: expected dict, got int\n<stdin>: 3 of 5 runs fit\n\Z",
        )
        self.file("a.jsonl", one + two)
        self.file("b.jsonl", "{}\n")
        status, output, errors = self.run_("--json-lines", "a.jsonl", "b.jsonl")
        self.assertEqual((status, output), (1, one + two))
        self.assertRegex(
            errors, r"\Aa\.jsonl: 2 of 2 runs fit\n(b\.jsonl:1: .*\n)+b\.jsonl: 0 of 1 runs fit\n\Z"
        )

    def test_a_file_that_cannot_be_read_is_named_and_the_next_one_checked(self) -> None:
        self.file("good.json", small())
        self.file("bad.json", "{}")
        (self.folder / "folder").mkdir()
        for option, written in [((), indented), (("--json-lines",), on_a_line)]:
            status, output, errors = self.run_(
                *option, "bad.json", "no.json", "folder", "good.json", "bad.json"
            )
            self.assertEqual((status, output), (2, written(small())))
            self.assertRegex(errors, r"(?m)^no\.json: No such file or directory$")
            self.assertRegex(errors, r"(?m)^folder: \w")
            self.assertNotRegex(errors, "(no.json|folder).*runs fit")

    @needs_linux
    def test_a_file_that_fails_while_it_is_read_is_named(self) -> None:
        import resource

        self.file("good.json", small())
        self.file("large.json", b"")
        os.truncate(self.folder / "large.json", 2**31)  # takes no room on the disk
        done = self.run_(
            *("/proc/self/mem", "large.json", "good.json"),
            preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (2**30, 2**30)),
        )
        complaints = "/proc/self/mem: Input/output error\nlarge.json: not enough memory\n"
        self.assertEqual(done, (2, indented(small()), complaints))

    def test_wrong_usage_help_and_version(self) -> None:
        status, output, errors = self.run_("--jsonl")
        self.assertEqual((status, output), (2, ""))
        self.assertIn("usage:", errors)
        status, output, errors = self.run_("--help")
        self.assertEqual((status, errors), (0, ""))
        for told in ("--json-lines ", "--version ", "FILE", "unknown keys", " 0 ", " 1 ", " 2 "):
            self.assertIn(told, output)
        self.assertRegex(output, r"\b130\s")
        self.assertEqual(self.run_("--version"), (0, "1.2.0\n", ""))
        self.assertRegex(self.run_("--", "--lacking")[2], r"\A--lacking: ")

    @needs_linux
    def test_its_name_may_be_any(self) -> None:
        path = os.path.join(os.fsencode(self.folder), b"\xff.py")
        Path(os.fsdecode(path)).write_bytes(MODULE.read_bytes())
        done = subprocess.run([sys.executable, path, "--help"], env=BARE, capture_output=True)
        self.assertEqual((done.returncode, done.stderr), (0, b""))

    @needs_posix
    def test_a_closed_stream_is_no_traceback_and_complaints_are_never_among_the_runs(self) -> None:
        self.file("good", small())
        self.file("bad", "{}")
        self.assertEqual(self.shell("$0 bad good 2>&-"), (1, indented(small()), ""))
        self.assertEqual(self.shell("$0 --json-lines no good 2>&-"), (2, on_a_line(small()), ""))
        self.assertEqual(self.shell("$0 --wrong 2>&-"), (2, "", ""))
        odd = "\"$(printf '\\377')\""
        self.assertEqual(self.shell(f"$0 {odd} good 2>&-"), (2, indented(small()), ""))
        for arguments in ("good", "bad", "--help"):
            status, output, errors = self.shell(f"$0 {arguments} >&-")
            self.assertEqual((status, output), (2, ""))
            self.assertRegex(errors, r"\Astandard output: .*\n\Z")
            self.assertEqual(self.shell(f"$0 {arguments} >&- 2>&-"), (2, "", ""))
        status, output, errors = self.shell("$0 <&-")
        self.assertEqual((status, output), (2, ""))
        self.assertRegex(errors, r"\A<stdin>: .*\n\Z")

    @unittest.skipUnless(os.path.exists("/dev/full"), "this platform has no /dev/full")
    def test_an_output_that_cannot_be_written(self) -> None:
        self.file("one", small())
        self.file("many", on_a_line(full()) * 100)
        for arguments in ("one", "--json-lines many one", "--help"):
            self.assertEqual(
                self.shell(f"$0 {arguments} >/dev/full"),
                (2, "", "standard output: No space left on device\n"),
            )

    @needs_posix
    def test_a_reader_that_has_gone_is_no_traceback(self) -> None:
        self.file("good", on_a_line(full()) * 20_000)
        self.file("bad", "{}\n" * 20_000)
        with self.started("--json-lines", "good") as process:
            self.assertEqual(json.loads(process.stdout.readline()), full())
            process.stdout.close()
            self.assertEqual(process.stderr.read(), b"")
        self.assertEqual(process.returncode, 2)
        with self.started("--json-lines", "bad", stderr=subprocess.STDOUT) as process:
            process.stdout.readline()
            process.stdout.close()
        self.assertEqual(process.returncode, 2)

    @needs_posix
    def test_ctrl_c_is_130_without_a_traceback(self) -> None:
        with self.started("--json-lines") as process:
            process.stdin.write(on_a_line(full()).encode())
            process.stdin.flush()
            # Once it has written the first run, it waits for a second.
            self.assertEqual(json.loads(process.stdout.readline()), full())
            process.send_signal(signal.SIGINT)
            self.assertEqual((process.stdout.read(), process.stderr.read()), (b"", b""))
        self.assertEqual(process.returncode, 130)
        self.file("many", on_a_line(full()) * 20_000)
        with self.started("--json-lines", "many") as process:
            with self.assertRaises(subprocess.TimeoutExpired):  # as nobody reads
                process.wait(0.5)
            process.send_signal(signal.SIGINT)
            self.assertEqual((process.wait(), process.stderr.read()), (130, b""))

    @needs_posix
    def test_it_goes_on_where_ctrl_c_is_to_be_ignored(self) -> None:
        with self.started("--json-lines", interrupt=signal.SIG_IGN) as process:
            for _ in range(2):
                process.stdin.write(on_a_line(full()).encode())
                process.stdin.flush()
                self.assertEqual(json.loads(process.stdout.readline()), full())
                process.send_signal(signal.SIGINT)
            process.stdin.close()
            self.assertEqual(process.stderr.read(), b"<stdin>: 2 of 2 runs fit\n")
        self.assertEqual(process.returncode, 0)

    @needs_posix
    def test_it_waits_for_a_pipe_that_another_process_set_not_to_wait(self) -> None:
        for option, written in [((), indented), (("--json-lines",), on_a_line)]:
            reading, writing = os.pipe()
            os.set_blocking(reading, False)
            with self.started(*option, stdin=reading) as process, open(writing, "wb") as pipe:
                os.close(reading)
                line = on_a_line(full()).encode()
                pipe.write(line[:100])
                pipe.flush()
                with self.assertRaises(subprocess.TimeoutExpired):
                    process.wait(0.5)
                pipe.write(line[100:])
                pipe.close()
                self.assertEqual(process.stdout.read().decode(), written(full()))
            self.assertEqual(process.returncode, 0)

    @needs_linux
    def test_a_run_and_a_complaint_are_written_in_one_piece_each(self) -> None:
        long = {**full(), "instructions": "x" * 20_000}
        self.file("runs", on_a_line(small(), long) + "{}\n{\n")
        for env in (BARE, {**BARE, "PYTHONUNBUFFERED": "1"}):
            ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
            with ours, theirs:
                status, _, _ = self.run_(
                    *("--json-lines", "runs", "no"),
                    env=env,
                    capture_output=False,
                    stdout=theirs,
                    stderr=theirs,
                )
                theirs.close()
                pieces: list[str] = []
                while piece := ours.recv(100_000):
                    pieces.append(piece.decode())
            self.assertEqual(status, 2)
            self.assertEqual(pieces[:2], [on_a_line(small()), on_a_line(long)])
            self.assertEqual([piece.count("\n") for piece in pieces[2:]], [len(REQUIRED), 1, 1, 1])
            self.assertEqual({piece[-1] for piece in pieces}, {"\n"})

    @needs_linux
    def test_json_lines_take_constant_memory(self) -> None:
        line = json.dumps({**small(), "no field": "x" * 200_000}) + "\n"
        code = (
            "import runpy, sys\n"
            "try: runpy.run_path(sys.argv.pop(1), run_name='__main__')\n"
            "except SystemExit: print(open('/proc/self/status').read(), file=sys.stderr)"
        )
        peaks: list[int] = []
        for count in (10, 500):
            self.file("runs", line * count)
            arguments = [sys.executable, "-c", code, str(MODULE), "--json-lines", "runs"]
            done = subprocess.run(arguments, capture_output=True, cwd=self.folder, env=BARE)
            self.assertEqual(done.stdout.decode(), on_a_line(small()) * count)
            peaks += [int(peak) for peak in re.findall(rb"VmHWM:\s+(\d+)", done.stderr)]
        self.assertLess(peaks[1] - peaks[0], 20_000)


class Module(Case):
    """The file as a whole, and what becomes of it when it is pasted."""

    def test_what_is_public(self) -> None:
        self.assertEqual(runobject.__all__, ["RunObject", "RunObjectError"])
        methods = {name for name in vars(RunObject) if not name.startswith("_")} - set(NAMES)
        self.assertEqual(methods, {"from_dict", "to_dict"})

    @unittest.skipIf(sys.flags.optimize >= 2, "-OO drops the docstrings")
    def test_the_example_in_the_docstring_holds(self) -> None:
        results = doctest.testmod(runobject)
        self.assertEqual(results.failed, 0)
        self.assertGreater(results.attempted, 3)

    def test_type_hints_can_be_resolved(self) -> None:
        hints = typing.get_type_hints(RunObject.from_dict)
        self.assertEqual(hints["data"], Mapping[str, Any])
        self.assertEqual(typing.get_type_hints(RunObject.to_dict), {"return": dict[str, Any]})

    @needs_processes
    def test_it_works_pasted_under_another_name(self) -> None:
        code = "import json, pickle, sys; from ours.vendored import runs;"
        code += "run = runs.RunObject.from_dict(json.load(sys.stdin));"
        code += "print(pickle.loads(pickle.dumps(run)) == run, type(run).__module__)"
        with tempfile.TemporaryDirectory() as folder:
            package = Path(folder, "ours", "vendored")
            package.mkdir(parents=True)
            (package / "__init__.py").touch()
            (package / "runs.py").write_bytes(MODULE.read_bytes())
            for flags in ([], ["-S"], ["-OO"], ["-bb"], ["-W", "error"], ["-X", "dev"]):
                arguments = [sys.executable, *flags, "-c", code]
                stdin = json.dumps(full()).encode()
                done = subprocess.run(
                    arguments, input=stdin, cwd=folder, env=BARE, capture_output=True
                )
                self.assertEqual((done.returncode, done.stderr), (0, b""))
                self.assertEqual(done.stdout.split(), [b"True", b"ours.vendored.runs"])

    @needs_processes
    def test_what_only_the_command_needs_is_not_imported(self) -> None:
        code = "import sys; sys.path.insert(0, sys.argv[1]); __import__(sys.argv[2])\n"
        code += "print({'argparse', 'json'} & {*sys.modules})"
        arguments = [sys.executable, "-I", "-S", "-c", code, str(MODULE.parent), MODULE.stem]
        done = subprocess.run(arguments, env=BARE, capture_output=True)
        self.assertEqual((done.stdout.decode().strip(), done.stderr), ("set()", b""))


if __name__ == "__main__":
    program = unittest.main(exit=False)
    for skipped, why in program.result.skipped:
        print(f"skipped: {skipped.id()}: {why}", file=sys.stderr)
    sys.exit(not program.result.wasSuccessful())
