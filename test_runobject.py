# SPDX-License-Identifier: MIT-0
"""Tests of `runobject.py`, with the standard library alone: `python3 test_runobject.py` beside the other files."""

import collections
import contextlib
import copy
import dataclasses
import doctest
import enum
import io
import json
import os
import pickle
import random
import re
import subprocess
import sys
import tempfile
import textwrap
import threading
import types
import typing
import unittest
from collections.abc import Mapping, MutableMapping
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from types import SimpleNamespace
from unittest import mock

import runobject
from runobject import RunObject, RunObjectError

# What a type checker would refuse is what many of these tests are about.
# pyright: reportUnknownArgumentType=false, reportUnknownLambdaType=false, reportUnknownMemberType=false
# pyright: reportUnknownVariableType=false, reportUnknownParameterType=false, reportPrivateUsage=false
Unchecked: typing.Any = RunObject
replaced: typing.Any = dataclasses.replace

HERE = Path(__file__).resolve().parent
MODULE = HERE / "runobject.py"
WASM = sys.platform in ("emscripten", "wasi")
DEEP = 1_000 if WASM else 100_000  # where the stack is small, deeper nesting can be made, but not unmade
needs_processes = unittest.skipIf(WASM, "WebAssembly has no processes")
needs_threads = unittest.skipIf(WASM, "WebAssembly has no threads")

# Name, kind and optionality of the fields, in order, as the Rust struct has them.
FIELDS = [
    ("id", "str", False),
    ("object", "str", False),
    ("created_at", "int", False),
    ("thread_id", "str", False),
    ("assistant_id", "str", False),
    ("status", "str", False),
    ("required_action", "dict", True),
    ("last_error", "str", True),
    ("expires_at", "int", True),
    ("started_at", "int", True),
    ("cancelled_at", "int", True),
    ("failed_at", "int", True),
    ("completed_at", "int", True),
    ("model", "str", False),
    ("instructions", "str", True),
    ("tools", "list", False),
    ("file_ids", "list", False),
    ("metadata", "dict", False),
    ("headers", "dict", True),
]
NAMES = [name for name, _, _ in FIELDS]
REQUIRED = [name for name, _, optional in FIELDS if not optional]
OPTIONAL = [name for name, _, optional in FIELDS if optional]
MAPS = ["required_action", "metadata", "headers"]


def small() -> dict[str, typing.Any]:
    """The required fields alone."""
    return {
        "id": "run_1",
        "object": "thread.run",
        "created_at": 1699063290,
        "thread_id": "thread_1",
        "assistant_id": "asst_1",
        "status": "queued",
        "model": "gpt-4",
        "tools": [{"type": "code_interpreter"}, {"type": "retrieval"}],
        "file_ids": ["file-1", "file-2"],
        "metadata": {"user": "u_1"},
    }


def full() -> dict[str, typing.Any]:
    """All fields, in order."""
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


class Text(str):
    """A `str` whose own methods are of no use."""

    def __str__(self) -> str:
        raise AssertionError("str() was asked")

    def __eq__(self, other: object) -> bool:
        raise AssertionError("== was asked")

    def __len__(self) -> int:
        raise AssertionError("len() was asked")

    __hash__ = str.__hash__


class Status(str, enum.Enum):
    DONE = "completed"


class Number(int):
    def __int__(self) -> int:
        raise AssertionError("int() was asked")

    __index__ = __int__

    def __ge__(self, other: object) -> bool:
        raise AssertionError("order was asked")

    __le__ = __lt__ = __gt__ = __ge__


class Seconds(enum.IntEnum):
    START = 1699063290


class Headers(MutableMapping[str, str]):
    """Like the headers of an HTTP library: no `dict`, and indifferent to case."""

    def __init__(self, *items: tuple[str, str]) -> None:
        self.store = {key.lower(): value for key, value in items}

    def __getitem__(self, key: str) -> str:
        return self.store[key.lower()]

    def __setitem__(self, key: str, value: str) -> None:
        self.store[key.lower()] = value

    def __delitem__(self, key: str) -> None:
        del self.store[key.lower()]

    def __iter__(self) -> typing.Iterator[str]:
        return iter(self.store)

    def __len__(self) -> int:
        return len(self.store)


class Fickle(Mapping[str, typing.Any]):
    """A mapping that gives each item once, and something else ever after."""

    def __init__(self, items: dict[str, typing.Any]) -> None:
        self.store, self.seen = items, set[str]()

    def __getitem__(self, key: str) -> typing.Any:
        if key in self.seen:
            return object()
        self.seen.add(key)
        return self.store[key]

    def __iter__(self) -> typing.Iterator[str]:
        return iter(self.store)

    def __len__(self) -> int:
        return len(self.store)


class Case(unittest.TestCase):
    maxDiff = None

    def problems(self, data: typing.Any) -> dict[str, str]:
        """The problems of `data`, after a look at the error for what it must never hold."""
        with self.assertRaises(RunObjectError) as caught:
            Unchecked.from_dict(data)
        error = caught.exception
        self.assertIsNone(error.__cause__)
        self.assertIsNone(error.__context__)
        self.assertIsInstance(error, ValueError)
        self.assertLess(len(str(error).encode()), 16 * 1024)
        self.assertTrue(str(error).isprintable(), str(error))
        self.assertLessEqual(len(error.problems), 100)
        return error.problems

    def wrong(self, path: str, reason: str, **changes: typing.Any) -> None:
        """Check that the one problem is reported, by every way to make a run."""
        data = {**full(), **changes}
        self.assertEqual(self.problems(data), {path: reason})
        ways: dict[str, typing.Callable[[], object]] = {
            "constructor": lambda: Unchecked(**data),
            "replace": lambda: replaced(RunObject.from_dict(full()), **changes),
            "subclass": lambda: Named.from_dict(data),
            "decoder": lambda: decoded(RunObject, data),
        }
        if sys.version_info >= (3, 13):
            ways["copy.replace"] = lambda: copy.replace(RunObject.from_dict(full()), **changes)
        for way, make in ways.items():
            with self.subTest(way=way), self.assertRaises(RunObjectError) as caught:
                make()
            self.assertEqual(caught.exception.problems, {path: reason})


class Named(RunObject):
    @property
    def name(self) -> str:
        return f"{self.id} on {self.thread_id}"


def decoded(cls: type, data: dict[str, typing.Any]) -> typing.Any:
    """Make a run as decoders in C do: set the fields, in the order of the input, and call `__post_init__`."""
    run: typing.Any = object.__new__(cls)
    for name in OPTIONAL:
        if name not in data:
            object.__setattr__(run, name, None)
    for name in data:
        object.__setattr__(run, name, data[name])
    run.__post_init__()
    return run


class Reading(Case):
    def test_fields(self) -> None:
        self.assertEqual([field.name for field in dataclasses.fields(RunObject)], NAMES)
        for name, kind, optional in FIELDS:
            (field,) = [field for field in dataclasses.fields(RunObject) if field.name == name]
            self.assertEqual(field.default, None if optional else dataclasses.MISSING)
            self.assertTrue(field.kw_only and field.init and field.compare and field.repr)
            hint = {
                "str": str,
                "int": int,
                "dict": Mapping[str, str],
                "list": typing.get_type_hints(RunObject)[name],
            }[kind]
            self.assertEqual(typing.get_type_hints(RunObject)[name], hint | None if optional else hint)
        hints = typing.get_type_hints(RunObject)
        self.assertEqual(str(hints["tools"]), "collections.abc.Sequence[collections.abc.Mapping[str, str]]")
        self.assertEqual(str(hints["file_ids"]), "collections.abc.Sequence[str]")

    def test_values(self) -> None:
        run = RunObject.from_dict(full())
        self.assertIs(type(run), RunObject)
        for name, value in full().items():
            with self.subTest(name=name):
                self.assertEqual(getattr(run, name), tuple(value) if isinstance(value, list) else value)
        self.assertEqual(run.to_dict(), full())
        self.assertEqual(Unchecked(**full()), run)

    def test_optional_fields_absent_or_none(self) -> None:
        expected = {**dict.fromkeys(NAMES), **small()}
        self.assertEqual(list(expected), NAMES)
        for data in (small(), expected, dict(reversed(small().items()))):
            run = Unchecked.from_dict(data)
            for name in OPTIONAL:
                self.assertIsNone(getattr(run, name))
            self.assertEqual(run.to_dict(), expected)
            self.assertEqual(list(run.to_dict()), NAMES)
            self.assertEqual(Unchecked(**data), run)
        for name in OPTIONAL:
            data = full()
            del data[name]
            self.assertEqual(Unchecked.from_dict(data).to_dict(), {**full(), name: None})
            data["usage"] = "an unknown key brings the count back to 19"
            self.assertEqual(Unchecked.from_dict(data).to_dict(), {**full(), name: None})

    def test_required_fields_missing_or_none(self) -> None:
        for name in REQUIRED:
            data = full()
            del data[name]
            kind = {field: kind for field, kind, _ in FIELDS}[name]
            with self.subTest(name=name):
                self.assertEqual(self.problems(data), {name: "missing"})
                self.assertEqual(self.problems({**data, "usage": None}), {name: "missing"})
                self.assertEqual(self.problems(types.MappingProxyType(data)), {name: "missing"})
                self.wrong(name, f"expected {kind}, got NoneType", **{name: None})
                with self.assertRaises(TypeError):
                    Unchecked(**data)
        self.assertEqual(self.problems({}), dict.fromkeys(REQUIRED, "missing"))
        self.assertEqual(list(self.problems({})), REQUIRED)

    def test_unknown_keys(self) -> None:
        nested: list[typing.Any] = []
        for _ in range(DEEP):
            nested = [nested]
        extra: dict[typing.Any, typing.Any] = {
            "usage": nested,
            7: 8,
            b"usage ": 9,
            None: 1,
            (): 2,
            "\xe9": "\ud800",
            Text("x"): 3,
        }
        expected = RunObject.from_dict(full())
        self.assertEqual(Unchecked.from_dict(extra | full()), expected)
        self.assertEqual(Unchecked.from_dict(full() | extra), expected)
        self.assertEqual(Unchecked.from_dict({**full(), "usage": 1}), expected)
        with self.assertRaises(TypeError):
            Unchecked(**full(), usage=1)
        # The struct reads a key before it ignores it.
        self.assertEqual(self.problems({**full(), "a\ud800": 1}), {"['a\\ud800']": "not valid UTF-8"})
        lacking = {name: value for name, value in full().items() if name != "headers"}
        self.assertEqual(self.problems({**lacking, "\udc00": 1}), {"['\\udc00']": "not valid UTF-8"})

    def test_bytes_keys_compared_to_text(self) -> None:
        # Their hashes are equal, and under -bb the comparison is an error.
        self.assertEqual(self.problems({b"id": 1, **{k: v for k, v in full().items() if k != "id"}}), {"id": "missing"})

    def test_every_field_with_every_kind_of_wrong_value(self) -> None:
        values = [
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
            (frozenset(), "frozenset"),
            (range(2), "range"),
            (iter("ab"), "str_ascii_iterator" if type(iter("ab")).__name__ != "str_iterator" else "str_iterator"),
            ({}.keys(), "dict_keys"),
            ({}.items(), "dict_items"),
            (collections.deque(), "deque"),
            (object(), "object"),
            (SimpleNamespace(), "SimpleNamespace"),
            (NotImplemented, "NotImplementedType"),
            (..., "ellipsis"),
            (int, "type"),
            (len, "builtin_function_or_method"),
        ]
        accepted = {"str": {"str"}, "int": {"int"}, "dict": {"dict"}, "list": {"list", "tuple"}}
        for name, kind, optional in FIELDS:
            for value, actual in values:
                if actual in accepted[kind] or (optional and value is None):
                    self.assertEqual(
                        getattr(Unchecked.from_dict({**full(), name: value}), name),
                        value or getattr(Unchecked.from_dict({**full(), name: value}), name),
                    )
                    continue
                expected = f"{kind} or None" if optional else kind
                with self.subTest(name=name, value=actual):
                    self.wrong(name, f"expected {expected}, got {actual}", **{name: value})

    def test_items_of_maps_and_lists(self) -> None:
        wrong: list[tuple[typing.Any, str]] = [
            (None, "NoneType"),
            (True, "bool"),
            (1, "int"),
            (1.5, "float"),
            (b"", "bytes"),
            ([], "list"),
            ({}, "dict"),
        ]
        for value, actual in wrong:
            reason = f"expected str, got {actual}"
            for name in MAPS:
                self.wrong(f"{name}['b']", reason, **{name: {"a": "x", "b": value, "c": "y"}})
                self.wrong(f"{name}['b']", reason, **{name: Headers(("a", "x"), ("b", value))})
            self.wrong("tools[1]['function']", reason, tools=[{"a": "b"}, {"type": "function", "function": value}])
            self.wrong("tools[0]['ä']", reason, tools=({"ä": value},))
            self.wrong("file_ids[3]", reason, file_ids=["a", "b", "é", value])
            self.wrong("file_ids[0]", reason, file_ids=(value,))
            if actual != "dict":
                self.wrong("tools[2]", f"expected dict, got {actual}", tools=[{}, {"a": "b"}, value])
        self.wrong("tools[0]", "expected dict, got str", tools=["code_interpreter"])
        for key, actual in [(1, "int"), (None, "NoneType"), (b"c", "bytes"), (True, "bool"), ((), "tuple")]:
            for name in MAPS:
                self.wrong(f"{name}[<{actual}>]", f"expected str, got {actual}", **{name: {key: object(), "a": "b"}})
            self.wrong(f"tools[1][<{actual}>]", f"expected str, got {actual}", tools=[{}, {"a": "b", key: "x"}])

    def test_integers(self) -> None:
        for name in ("created_at", "expires_at", "started_at", "cancelled_at", "failed_at", "completed_at"):
            for value in (0, 1, -1, 9223372036854775807, -9223372036854775807, -9223372036854775808):
                run = Unchecked.from_dict({**full(), name: value})
                self.assertEqual(getattr(run, name), value)
            for value in (9223372036854775808, -9223372036854775809, 10**5000):
                self.wrong(name, "out of range for 64 bits", **{name: value})
                self.wrong(name, "out of range for 64 bits", **{name: Number(value)})
            for value in (Number(5), Seconds.START, Number(-9223372036854775808)):
                kept = getattr(Unchecked.from_dict({**full(), name: value}), name)
                self.assertIs(type(kept), int)
                self.assertTrue(int.__eq__(kept, value))

    def test_text(self) -> None:
        for text in ("", "\x00", "é", "日本語", "🙂", "\ue000", "\ud7ff", "x" * 100_000, "é" * 100_000):
            data = {**full(), "id": text, "instructions": text, "file_ids": [text], "tools": [{text: text}]}
            data.update(metadata={text: text}, headers={text: text})
            self.assertEqual(Unchecked.from_dict(data).to_dict(), data)

    def test_lone_surrogates(self) -> None:
        reason = "not valid UTF-8"
        for lone in ("\ud800", "a\udfffb", "\ude00\ud83d", "é\ud83d", Text("\udc80")):
            for name, kind, _ in FIELDS:
                if kind == "str":
                    self.wrong(name, reason, **{name: lone})
            shown = repr(str.__str__(lone))
            for name in MAPS:
                self.wrong(f"{name}['a']", reason, **{name: {"a": lone}})
                self.wrong(f"{name}['é']", reason, **{name: {"é": lone}})
                self.wrong(f"{name}[{shown}]", reason, **{name: {lone: object()}})
            self.wrong("tools[0]['a']", reason, tools=[{"a": lone}, {}])
            self.wrong(f"tools[1][{shown}]", reason, tools=[{}, {lone: "a"}])
            self.wrong("file_ids[1]", reason, file_ids=["a", lone])
        # Two halves of a character don't make one by standing side by side.
        self.assertEqual(
            self.problems({**full(), "id": "\ud83d", "object": "\ude00", "file_ids": ["\ud83d", "\ude00"]}),
            {"id": reason, "object": reason, "file_ids[0]": reason, "file_ids[1]": reason},
        )
        self.assertEqual(self.problems({**full(), "metadata": {"\ud83d": "\ude00"}}), {"metadata['\\ud83d']": reason})
        self.assertEqual(Unchecked.from_dict({**full(), "id": "\U0001f600"}).id, "\U0001f600")

    def test_subclasses_of_str(self) -> None:
        for value in (Text("completed"), Status.DONE):
            data = {**full(), "status": value, "last_error": value, "file_ids": [value, "a"]}
            data.update(tools=[{value: value}], metadata={value: value}, headers=Headers(("a", value)))
            run = RunObject.from_dict({(Text(key) if key == "id" else key): item for key, item in data.items()})
            texts = [run.id, run.status, run.last_error, *run.file_ids, *run.tools[0], *run.tools[0].values()]
            texts += [*run.metadata, *run.metadata.values(), *(run.headers or {}).values()]
            self.assertEqual({type(text) for text in texts}, {str})
            self.assertEqual(texts[1:6], ["completed", "completed", "completed", "a", "completed"])
            self.assertEqual(run.metadata, {"completed": "completed"})

    def test_mappings(self) -> None:
        class Lookup(collections.UserDict):  # type: ignore[type-arg]
            pass

        class Upper(dict):  # type: ignore[type-arg]
            def __getitem__(self, key: str) -> str:
                return str(dict.__getitem__(self, key)).upper()

        expected = RunObject.from_dict(full())
        for kind in (
            collections.OrderedDict,
            types.MappingProxyType,
            Lookup,
            collections.ChainMap,
            Fickle,
            lambda items: collections.defaultdict(list, items),
            lambda items: Headers(*items.items()),
        ):
            data = full()
            for name in MAPS:
                data[name] = kind(data[name])
            data["tools"] = [kind(tool) for tool in data["tools"]]
            self.assertEqual(Unchecked.from_dict(kind(data)), expected)
        self.assertEqual(Unchecked.from_dict({**full(), "metadata": Upper(a="b")}).metadata, {"a": "B"})
        self.assertEqual(Unchecked.from_dict({**full(), "metadata": {}, "headers": Headers()}).headers, {})

    def test_lists(self) -> None:
        class List(list):  # type: ignore[type-arg]
            def __iter__(self) -> typing.Any:
                raise AssertionError("iter() was asked")

        class Pair(typing.NamedTuple):
            first: typing.Any
            second: typing.Any

        expected = RunObject.from_dict(full())
        for kind in (tuple, List, lambda items: Pair(*items)):
            data = {**full(), "tools": kind(full()["tools"]), "file_ids": kind(full()["file_ids"])}
            run = Unchecked.from_dict(data)
            self.assertEqual(run, expected)
            self.assertEqual((type(run.tools), type(run.file_ids)), (tuple, tuple))
        self.wrong("file_ids[1]", "expected str, got int", file_ids=List(["a", 1]))

    def test_liars(self) -> None:
        class Liar:
            def __init__(self, cls: type) -> None:
                self.cls = cls

            @property  # type: ignore[misc]
            def __class__(self) -> type:  # pyright: ignore[reportIncompatibleMethodOverride]
                return self.cls

        for name, kind, optional in FIELDS:
            cls = {"str": str, "int": int, "dict": dict, "list": list}[kind]
            self.wrong(name, f"expected {kind}{' or None' if optional else ''}, got Liar", **{name: Liar(cls)})
        self.assertEqual(self.problems(Liar(dict)), {"": "expected dict, got Liar"})

        class Meta(type):
            __name__ = property(lambda cls: "a secret")  # pyright: ignore[reportAssignmentType]

            def __eq__(cls, other: object) -> bool:
                raise AssertionError("== was asked")

            __hash__ = None  # type: ignore[assignment]

        Odd = Meta("Odd", (), {})
        self.assertEqual(self.problems(Odd()), {"": "expected dict, got Odd"})
        for name, kind, optional in FIELDS:
            self.wrong(name, f"expected {kind}{' or None' if optional else ''}, got Odd", **{name: Odd()})
        for name, shown in [
            ("Größe", "Gr\\xf6\\xdfe"),
            ("a\nb", "a\\nb"),
            ("x" * 100_000, "x" * 40),
            ("\n" * 99, "\\n" * 20),
        ]:
            self.wrong("id", f"expected str, got {shown}", id=type(name, (), {})())

    def test_not_a_mapping(self) -> None:
        for data, actual in [
            (None, "NoneType"),
            ([], "list"),
            ("text", "str"),
            (7, "int"),
            (full().items(), "dict_items"),
            (dict, "type"),
            ([("id", "run_1")], "list"),
            (RunObject.from_dict(full()), "RunObject"),
        ]:
            self.assertEqual(self.problems(data), {"": f"expected dict, got {actual}"})
        with self.assertRaisesRegex(RunObjectError, r"\Aexpected dict, got NoneType\Z"):
            Unchecked.from_dict(None)

    def test_what_a_mapping_raises_passes(self) -> None:
        class Broken(Headers):
            def __getitem__(self, key: str) -> str:
                raise ConnectionError("gone")

        for data in (Broken(("id", "x")), {**full(), "headers": Broken(("a", "b"))}):
            with self.assertRaisesRegex(ConnectionError, "gone"):
                Unchecked.from_dict(data)

    def test_input_is_neither_kept_nor_changed(self) -> None:
        data = full()
        run = Unchecked.from_dict(data)
        constructed = Unchecked(**data)
        self.assertEqual(data, full())
        data["tools"][0]["type"] = data["metadata"]["user"] = data["headers"]["x"] = data["file_ids"][0] = "changed"
        data["required_action"].clear()
        data["tools"].clear()
        data.clear()
        self.assertEqual(run.to_dict(), full())
        self.assertEqual(constructed.to_dict(), full())
        data = {**full(), "created_at": None}
        self.problems(data)
        self.assertEqual(data, {**full(), "created_at": None})

    @needs_threads
    def test_input_changed_meanwhile(self) -> None:
        data, stop = full(), threading.Event()

        def change() -> None:
            while not stop.is_set():
                for number, value in enumerate(("x", None, "y", 7)):
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
    def test_all_problems_in_field_order(self) -> None:
        data = {
            "headers": {"authorization": None, 5: ""},
            "metadata": [],
            "file_ids": ["a", 7, None],
            "tools": [{"type": "function", "function": {"name": "f"}}, "x", {"\udfff": 1}],
            "instructions": b"",
            "completed_at": 2**63,
            "status": "\ud800",
            "created_at": True,
            "id": None,
            "required_action": {"type": "a", "submit": {}},
            "\ud800": 1,
        }
        expected = [
            ("id", "expected str, got NoneType"),
            ("object", "missing"),
            ("created_at", "expected int, got bool"),
            ("thread_id", "missing"),
            ("assistant_id", "missing"),
            ("status", "not valid UTF-8"),
            ("required_action['submit']", "expected str, got dict"),
            ("completed_at", "out of range for 64 bits"),
            ("model", "missing"),
            ("instructions", "expected str or None, got bytes"),
            ("tools[0]['function']", "expected str, got dict"),
            ("tools[1]", "expected dict, got str"),
            ("tools[2]['\\udfff']", "not valid UTF-8"),
            ("file_ids[1]", "expected str, got int"),
            ("file_ids[2]", "expected str, got NoneType"),
            ("metadata", "expected dict, got list"),
            ("headers['authorization']", "expected str, got NoneType"),
            ("headers[<int>]", "expected str, got int"),
        ]
        unknown = ("['\\ud800']", "not valid UTF-8")
        problems = [item for item in self.problems(data).items() if item != unknown]
        self.assertEqual(sorted(problems[-2:]), sorted(expected[-2:]))
        self.assertEqual(problems[:-2], expected[:-2])
        self.assertIn(unknown, self.problems(data).items())
        del data["\ud800"]
        with self.assertRaises(RunObjectError) as caught:
            Unchecked.from_dict({**data, "headers": None})
        self.assertEqual(str(caught.exception), "; ".join(f"{path}: {reason}" for path, reason in expected[:-2]))

    def test_bounds(self) -> None:
        floods: list[dict[str, typing.Any]] = [
            {"file_ids": [None] * 1_000_000},
            {"tools": [{"function": {}}] * 1_000_000},
            {"tools": [7] * 1_000_000},
            {"metadata": {f"key {i}": i for i in range(1_000_000)}},
            {"headers": {f"{i}" * 200_000: i for i in range(10, 300)}},
            {"metadata": {chr(0x1F600 + i) * 60: i for i in range(200)}},
            {"metadata": {"\n\x1b\u202e" * 30 + str(i): i for i in range(200)}},
            {"metadata": {chr(i) * 50: i for i in range(0xD800, 0xDFFF)}},
        ]
        for changes in floods:
            problems = self.problems({**full(), **changes})
            if len(problems) == 100:
                self.assertEqual(list(problems.items())[-1], ("...", "more problems than these"))
        self.assertEqual(len(self.problems({**full(), "file_ids": [7] * 99})), 99)
        self.assertEqual(list(self.problems({**full(), "file_ids": [7] * 99}))[-1], "file_ids[98]")
        for count in (100, 101, 5000):
            problems = self.problems({**full(), "file_ids": [7] * count, "metadata": 1})
            self.assertEqual(len(problems), 100)
            self.assertEqual(list(problems)[:99], [f"file_ids[{i}]" for i in range(99)])
            self.assertEqual(problems["..."], "more problems than these")
        self.assertEqual(len(self.problems({f"\ud800{i}": 1 for i in range(1000)})), 100)
        many = {**full(), "metadata": {i: i for i in range(1_000_000)}}
        self.assertEqual(self.problems(many), {"metadata[<int>]": "expected str, got int"})

    def test_bound_when_every_name_is_long(self) -> None:
        kinds = [type("\U0001f600" * 50 + str(i), (), {}) for i in range(120)]
        self.problems({**full(), "headers": {chr(0x1F600 + i) * 19 + "x": kind() for i, kind in enumerate(kinds)}})
        self.problems(
            {**full(), "headers": {"k" * 77 + chr(65 + i // 40) + str(i): kind() for i, kind in enumerate(kinds)}}
        )

    def test_keys_in_paths(self) -> None:
        for key, shown in [
            ("user name", "'user name'"),
            ("it's", '"it\'s"'),
            ("a\r\n\x1b[31m", "'a\\r\\n\\x1b[31m'"),
            ("ключ", "'ключ'"),
            ("\u202e", "'\\u202e'"),
            ("k" * 78, "'" + "k" * 78 + "'"),
            ("k" * 79, "'" + "k" * 75 + "...'"),
            ("k" * 1_000_000, "'" + "k" * 75 + "...'"),
            ("é" * 39, "'" + "é" * 39 + "'"),
            ("é" * 40, "'" + "\\xe9" * 18 + "\\xe...'"),
        ]:
            self.wrong(f"metadata[{shown}]", "expected str, got int", metadata={key: 1})
            self.wrong(f"tools[0][{shown}]", "expected str, got int", tools=[{key: 1}])
            self.wrong(f"headers[{shown}]", "expected str, got int", headers=Headers((key, typing.cast(str, 1))))

    def test_no_value_is_shown(self) -> None:
        secret = "s3cr3t"

        class Secret:
            def __repr__(self) -> str:
                return secret

            __str__ = __repr__

        values = [secret + "\ud800", secret.encode(), [secret], {secret: secret}, Secret(), 5377.3, Number(2**64)]
        for value in values:
            data: dict[typing.Any, typing.Any] = dict.fromkeys(NAMES, value)
            data.update({"tools": [value], "file_ids": [value], "metadata": {"a": value}, "headers": {Secret(): value}})
            with self.assertRaises(RunObjectError) as caught:
                Unchecked.from_dict(data)
            error = caught.exception
            self.assertIsNone(error.__context__)
            for text in (str(error), repr(error), repr(error.args), repr(vars(error)), repr(error.problems)):
                self.assertNotIn(secret, text.replace("[['s3cr3t']]", "").replace("['s3cr3t']", ""))
                self.assertNotIn("5377", text)
                self.assertNotIn(str(2**64), text)

    def test_hostile_nesting(self) -> None:
        deep: typing.Any = {}
        for _ in range(DEEP):
            deep = {"a": deep}
        self.assertEqual(self.problems(deep)["id"], "missing")
        self.assertEqual(
            self.problems({**full(), "metadata": deep, "tools": [deep]}),
            {"tools[0]['a']": "expected str, got dict", "metadata['a']": "expected str, got dict"},
        )
        loop: dict[str, typing.Any] = full()
        loop["metadata"], loop["tools"], loop["file_ids"] = loop, [loop], [[]]
        loop["file_ids"][0] = loop["file_ids"]
        problems = self.problems(loop)
        self.assertEqual(problems["file_ids[0]"], "expected str, got list")
        self.assertEqual(problems["metadata['metadata']"], "expected str, got dict")
        self.assertEqual(problems["tools[0]['tools']"], "expected str, got list")

    def test_the_error(self) -> None:
        with self.assertRaises(RunObjectError) as caught:
            Unchecked.from_dict({**full(), "created_at": "1", "metadata": {"a": 1}})
        error = caught.exception
        self.assertEqual(str(error), "created_at: expected int, got str; metadata['a']: expected str, got int")
        for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
            again = pickle.loads(pickle.dumps(error, protocol))
            self.assertIs(type(again), RunObjectError)
            self.assertEqual((str(again), again.problems), (str(error), error.problems))
        error.problems.clear()
        self.assertEqual(len(error.problems), 2)
        self.assertEqual(copy.copy(error).problems, error.problems)

    def test_a_refused_call_leaves_nothing_behind(self) -> None:
        run = RunObject.from_dict(full())
        with self.assertRaises(RunObjectError):
            replaced(run, id=7)
        self.assertEqual(run.to_dict(), full())
        self.problems({**full(), "headers": 7})
        self.assertEqual(RunObject.from_dict(full()), run)


class Value(Case):
    def test_equality_and_hash(self) -> None:
        run = RunObject.from_dict(full())
        shuffled = dict(reversed(full().items()))
        shuffled["metadata"] = dict(reversed(full()["metadata"].items()))
        same = RunObject.from_dict(shuffled)
        self.assertEqual(run, same)
        self.assertEqual(hash(run), hash(same))
        self.assertEqual(hash(run.metadata), hash(same.metadata))
        self.assertEqual(len({run, same, Unchecked(**full())}), 1)
        self.assertEqual(run.metadata, full()["metadata"])
        self.assertEqual(full()["metadata"], run.metadata)
        others: dict[str, typing.Any] = {
            **dict.fromkeys(["id", "object", "thread_id", "assistant_id", "status", "model"], "other"),
            **dict.fromkeys(OPTIONAL),
            "created_at": 0,
            "tools": [],
            "file_ids": [],
            "metadata": {},
        }
        for name in NAMES:
            other = replaced(run, **{name: others[name]})
            self.assertNotEqual(run, other)
            self.assertNotEqual(hash(run), hash(other))
        self.assertNotEqual(hash(run.metadata), hash(run.headers))
        self.assertNotEqual(run, run.to_dict())
        self.assertNotEqual(run, Named.from_dict(full()))

    def test_maps_are_dicts(self) -> None:
        run = RunObject.from_dict(full())
        for texts in (run.metadata, run.headers, run.required_action, *run.tools):
            assert isinstance(texts, dict)
            self.assertEqual(json.loads(json.dumps(texts)), texts)
            self.assertEqual(repr(texts), repr(dict(texts)))
            self.assertEqual(sys.getsizeof(texts) >= sys.getsizeof(type(texts)({})), True)
            free = texts.copy()
            free["new"] = "text"
            self.assertNotIn("new", texts)
            self.assertIs(type(texts | {"a": "b"}), dict)
            self.assertEqual(type(texts)([("a", "b")]), {"a": "b"})
            self.assertEqual(type(texts)(a="b"), {"a": "b"})
        self.assertIsInstance(run.tools, tuple)
        self.assertIsInstance(run.file_ids, tuple)

    def test_every_change_is_refused(self) -> None:
        run = RunObject.from_dict(full())
        made = [run, Unchecked(**full()), pickle.loads(pickle.dumps(run)), copy.deepcopy(run), replaced(run)]
        made += [Named.from_dict(full()), decoded(RunObject, full())]
        for run in made:
            for name in [*NAMES, "new", "__class__", "__dict__"]:
                if type(run) is RunObject or name in NAMES:
                    with self.assertRaises(dataclasses.FrozenInstanceError):
                        setattr(run, name, getattr(run, name, None))
                    with self.assertRaises(dataclasses.FrozenInstanceError):
                        delattr(run, name)
            for texts in (run.metadata, run.headers, run.required_action, *run.tools):
                self.assertIsInstance(texts, dict)
                for change in (
                    lambda texts: texts.__setitem__("a", "b"),
                    lambda texts: texts.__delitem__("type"),
                    lambda texts: texts.__ior__({"a": "b"}),
                    lambda texts: texts.__init__({"a": "b"}),
                    lambda texts: texts.__init__(),
                    lambda texts: texts.clear(),
                    lambda texts: texts.pop("type"),
                    lambda texts: texts.pop("type", None),
                    lambda texts: texts.popitem(),
                    lambda texts: texts.setdefault("a", "b"),
                    lambda texts: texts.update({"a": "b"}),
                    lambda texts: texts.update(a="b"),
                    lambda texts: texts.update(),
                    lambda texts: setattr(texts, "a", "b"),
                    lambda texts: setattr(texts, "__class__", dict),
                    lambda texts: delattr(texts, "a"),
                ):
                    with self.assertRaisesRegex(TypeError, "the maps of a run cannot be changed"):
                        change(texts)
                self.assertFalse(hasattr(texts, "__dict__"))
            lists: list[typing.Any] = [run.tools, run.file_ids]
            for items in lists:
                with self.assertRaises(TypeError):
                    items[0] = items[1]
            self.assertEqual(run.to_dict(), full())

    def test_the_output_is_plain_and_free(self) -> None:
        run = RunObject.from_dict(full())

        def check(value: object) -> None:
            self.assertIn(type(value), (dict, list, str, int, type(None)))
            for item in value if isinstance(value, list) else value.values() if isinstance(value, dict) else ():
                check(item)

        plain = run.to_dict()
        check(plain)
        self.assertEqual(list(plain), NAMES)
        self.assertEqual(json.loads(json.dumps(plain)), plain)
        plain["tools"][0].clear()
        plain["tools"].append({})
        plain["file_ids"].append("x")
        for name in MAPS:
            plain[name]["x"] = "y"
        plain["id"] = "other"
        plain["usage"] = 7
        self.assertEqual(run.to_dict(), full())
        self.assertIsNot(run.to_dict(), run.to_dict())
        check(RunObject.from_dict(small()).to_dict())

    def test_keyword_arguments_only(self) -> None:
        with self.assertRaises(TypeError):
            Unchecked(*full().values())
        self.assertEqual(Unchecked(**small()), RunObject.from_dict(small()))

    def test_replace(self) -> None:
        run = RunObject.from_dict(full())
        changed = replaced(run, status="completed", tools=[{"type": "x"}], headers=None)
        self.assertEqual(
            changed.to_dict(), {**full(), "status": "completed", "tools": [{"type": "x"}], "headers": None}
        )
        self.assertEqual(run.to_dict(), full())
        if sys.version_info >= (3, 13):
            self.assertEqual(copy.replace(run, status="completed").status, "completed")

    def test_asdict_and_copies(self) -> None:
        run = RunObject.from_dict(full())
        plain = dataclasses.asdict(run)
        self.assertEqual(plain, {**full(), "tools": tuple(full()["tools"]), "file_ids": tuple(full()["file_ids"])})
        plain["metadata"]["a"] = "b"
        self.assertEqual(RunObject.from_dict(dataclasses.asdict(run)), run)
        for again in (copy.copy(run), copy.deepcopy(run), copy.deepcopy([run])[0]):
            self.assertEqual(again, run)
            self.assertIs(type(again), RunObject)
        for texts in (copy.copy(run.metadata), copy.deepcopy(run.metadata)):
            self.assertEqual(texts, run.metadata)

    def test_pickle(self) -> None:
        for run in (RunObject.from_dict(full()), RunObject.from_dict(small()), Named.from_dict(full())):
            for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
                again = pickle.loads(pickle.dumps(run, protocol))
                self.assertEqual(again, run)
                self.assertEqual(hash(again), hash(run))
                self.assertEqual(again.to_dict(), run.to_dict())
                self.assertIs(type(again), type(run))
                with self.assertRaises(TypeError):
                    again.metadata["a"] = "b"
                self.assertEqual(pickle.loads(pickle.dumps(run.metadata, protocol)), run.metadata)

    def test_unpickling_checks(self) -> None:
        data = pickle.dumps(Unchecked.from_dict({**full(), "status": "a status"}), 0)
        self.assertIn(b"a status", data)
        forged = re.sub(rb"V?a status", rb"V\\ud800", data)
        with self.assertRaises(RunObjectError) as caught:
            pickle.loads(forged)
        self.assertEqual(caught.exception.problems, {"status": "not valid UTF-8"})

    def test_fields_set_by_a_decoder(self) -> None:
        run = decoded(RunObject, dict(reversed(full().items())))
        self.assertEqual(run, RunObject.from_dict(full()))
        self.assertEqual(list(run.to_dict()), NAMES)
        self.assertEqual(run.to_dict(), full())

    def test_subclasses(self) -> None:
        run = Named.from_dict(full())
        self.assertIs(type(run), Named)
        self.assertEqual(run.name, "run_1 on thread_1")
        self.assertEqual(run.to_dict(), full())

        @dataclasses.dataclass(frozen=True, kw_only=True)
        class Tagged(RunObject):
            tag: str = "none"

            def __post_init__(self) -> None:
                super().__post_init__()
                if self.tag == "bad" or self.id == "bad":
                    raise ValueError("a bad run")

        Tagged.__qualname__ = "Tagged"
        with mock.patch.object(sys.modules[__name__], "Tagged", Tagged, create=True):
            tagged = Tagged(**full(), tag="mine")
            self.assertEqual((tagged.tag, tagged.metadata), ("mine", full()["metadata"]))
            self.assertEqual(tagged.to_dict(), full())
            self.assertEqual(list(tagged.to_dict()), NAMES)
            self.assertEqual(pickle.loads(pickle.dumps(tagged)), tagged)
            self.assertEqual(copy.copy(tagged).tag, "mine")
            self.assertEqual(replaced(tagged, id="x").tag, "mine")
            self.assertEqual(Tagged.from_dict(full()).tag, "none")
            with self.assertRaisesRegex(ValueError, "a bad run"):
                Tagged.from_dict({**full(), "id": "bad"})

    @needs_processes
    def test_between_processes(self) -> None:
        runs = [Unchecked.from_dict({**full(), "id": f"run_{i}"}) for i in range(20)]
        with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as pool:
            self.assertEqual(list(pool.map(same, runs)), runs)
            with self.assertRaises(RunObjectError) as caught:
                pool.submit(RunObject.from_dict, {**full(), "id": 7}).result()
        self.assertEqual(caught.exception.problems, {"id": "expected str, got int"})

    def test_match(self) -> None:
        match RunObject.from_dict(full()):
            case RunObject(status="failed", metadata={"user": user}, tools=[{"type": tool}, _]):
                self.assertEqual((user, tool), ("u_1", "code_interpreter"))
            case _:
                self.fail("no match")


def same(run: RunObject) -> RunObject:
    return run


class Laws(Case):
    """What holds for every run, on generated ones."""

    seed = int(os.environ.get("RUNOBJECT_SEED", "0")) or random.SystemRandom().randrange(1, 2**32)

    @classmethod
    def setUpClass(cls) -> None:
        print(f"seed of the generated documents: {cls.seed} (RUNOBJECT_SEED={cls.seed} repeats them)", file=sys.stderr)

    def document(self, choose: random.Random) -> dict[str, typing.Any]:
        def text() -> str:
            return "".join(choose.choices('abc _-\n"\\\x00é語🙂', k=choose.choice([0, 1, 5, 30])))

        def texts() -> dict[str, str]:
            return {text(): text() for _ in range(choose.randrange(4))}

        def integer() -> int:
            return choose.choice([0, 1699063290, choose.randrange(-(2**63), 2**63), 2**63 - 1, -(2**63)])

        data: dict[str, typing.Any] = {}
        for name, kind, optional in FIELDS:
            if optional and choose.random() < 0.6:
                if choose.random() < 0.5:
                    data[name] = None
            elif name == "tools":
                data[name] = [texts() for _ in range(choose.randrange(4))]
            elif name == "file_ids":
                data[name] = [text() for _ in range(choose.randrange(4))]
            else:
                data[name] = {"str": text, "int": integer, "dict": texts}[kind]()
        for _ in range(choose.choice([0, 0, 1, 3])):
            data[choose.choice(["usage", "x", "é", "ID"])] = choose.choice([None, 7, "text", [{}]])
        items = list(data.items())
        choose.shuffle(items)
        return dict(items)

    def test_laws(self) -> None:
        choose = random.Random(self.seed)
        for number in range(1000):
            data = self.document(choose)
            before = copy.deepcopy(data)
            expected = {name: data.get(name) for name in NAMES}
            with self.subTest(seed=self.seed, number=number):
                run = Unchecked.from_dict(data)
                self.assertEqual(run.to_dict(), expected)
                self.assertEqual(list(run.to_dict()), NAMES)
                self.assertEqual(data, before)
                twins = [
                    RunObject.from_dict(run.to_dict()),
                    RunObject.from_dict(json.loads(json.dumps(run.to_dict()))),
                    RunObject.from_dict(json.loads(json.dumps(run.to_dict(), ensure_ascii=False))),
                    RunObject.from_dict(dataclasses.asdict(run)),
                    Unchecked(**expected),
                    decoded(RunObject, expected),
                    replaced(run),
                    copy.copy(run),
                    copy.deepcopy(run),
                    *[pickle.loads(pickle.dumps(run, n)) for n in range(pickle.HIGHEST_PROTOCOL + 1)],
                ]
                self.assertEqual(Named.from_dict(run.to_dict()).to_dict(), expected)
                for twin in twins:
                    self.assertEqual(twin, run)
                    self.assertEqual(hash(twin), hash(run))
                    self.assertEqual(twin.to_dict(), expected)

    def test_one_injury_is_one_problem(self) -> None:
        choose = random.Random(self.seed)
        wrong: dict[str, list[tuple[typing.Any, str]]] = {
            "str": [(7, "expected str{}, got int"), ("\ud800", "not valid UTF-8"), ([], "expected str{}, got list")],
            "int": [
                (True, "expected int{}, got bool"),
                (2**63, "out of range for 64 bits"),
                ("1", "expected int{}, got str"),
            ],
            "dict": [([], "expected dict{}, got list"), ("a", "expected dict{}, got str")],
            "list": [({}, "expected list{}, got dict"), ("a", "expected list{}, got str")],
        }
        for number in range(1000):
            data = self.document(choose)
            name, kind, optional = choose.choice(FIELDS)
            data[name], reason = choose.choice(wrong[kind])
            with self.subTest(seed=self.seed, number=number):
                self.assertEqual(self.problems(data), {name: reason.format(" or None" if optional else "")})


# Standard output is to be buffered, as it is where nobody has asked for anything else.
BUFFERED = {name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"}


def command(*arguments: str, stdin: bytes = b"", **options: typing.Any) -> tuple[int, str, str]:
    """Run the command; return its exit status, standard output and standard error."""
    done = subprocess.run([sys.executable, str(MODULE), *arguments], input=stdin, capture_output=True, **options)
    return done.returncode, done.stdout.decode(), done.stderr.decode().replace("\r\n", "\n")


@needs_processes
class Command(Case):
    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)

    def file(self, name: str, content: typing.Any) -> str:
        path = self.folder / name
        path.write_bytes(content if isinstance(content, bytes) else json.dumps(content).encode())
        return str(path)

    def test_one_document(self) -> None:
        shown = json.dumps({**dict.fromkeys(NAMES), **small()}, indent=4) + "\n"
        document = json.dumps({**small(), "usage": None}).encode()
        self.assertEqual(command(stdin=document), (0, shown, ""))
        self.assertEqual(command("-", stdin=document), (0, shown, ""))
        self.assertEqual(command(stdin=b" \n" + document + b"\n\n"), (0, shown, ""))
        first, second = self.file("first.json", small()), self.file("second.json", full())
        again = json.dumps(full(), indent=4) + "\n"
        self.assertEqual(command(first, second), (0, shown + again, ""))
        self.assertEqual(command(second, "-", first, stdin=document), (0, again + shown + shown, ""))

    def test_utf8_in_any_locale(self) -> None:
        document = json.dumps(full(), ensure_ascii=False).encode()
        ascii_only = json.dumps(full(), indent=4) + "\n"
        bare = {**os.environ, "LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0", "PYTHONIOENCODING": "ascii"}
        self.assertEqual(command(stdin=document, env=bare), (0, ascii_only, ""))
        status, output, errors = command(stdin=json.dumps({**full(), "metadata": {"ключ": 1}}).encode(), env=bare)
        self.assertEqual((status, output), (1, ""))
        self.assertEqual(errors, "<stdin>:1: metadata['\\u043a\\u043b\\u044e\\u0447']: expected str, got int\n")

    def test_problems_of_a_document(self) -> None:
        bad = self.file("bad.json", {**small(), "created_at": "1", "metadata": {"a\nb": None, "c": 1}})
        good = self.file("good.json", small())
        self.assertEqual(command(bad)[:2], (1, ""))
        lines = [
            "created_at: expected int, got str",
            "metadata['a\\nb']: expected str, got NoneType",
            "metadata['c']: expected str, got int",
        ]
        self.assertEqual(command(bad)[2], "".join(f"{bad}:1: {line}\n" for line in lines))
        status, output, errors = command(bad, good)
        self.assertEqual((status, json.loads(output)["id"]), (1, "run_1"))
        self.assertEqual(errors.count("\n"), 3)
        self.assertEqual(command(stdin=b"[]"), (1, "", "<stdin>:1: expected dict, got list\n"))
        many = json.dumps({**small(), "file_ids": [None] * 500}).encode()
        self.assertEqual(
            command(stdin=many)[2].splitlines()[98:],
            [
                "<stdin>:1: file_ids[98]: expected str, got NoneType",
                "<stdin>:1: ...: more problems than these",
            ],
        )

    def test_bad_json(self) -> None:
        good = json.dumps(small())
        for document, place, reason in [
            (b"", 1, "Expecting value"),
            (b"\n\n", 1, "Expecting value"),
            (b"{", 1, "Expecting property name"),
            (b'{\n"id": 1,\n', 2, "."),
            (good[:-1].encode(), 1, "Expecting ',' delimiter"),
            (good.encode() + b"\n\n{}", 3, "Extra data"),
            (b'{"id": "a",\n "b": {"c": 1, "c": 1}}', 1, r"duplicate key 'c'$"),
            (b'{"id": "a", "id": "a"}', 1, r"duplicate key 'id'$"),
            (b'{"' + b"k" * 200 + b'": 1, "' + b"k" * 200 + b'": 2}', 1, r"duplicate key 'k{75}\.\.\.'$"),
            (good.replace('"queued"', "NaN").encode(), 1, "NaN is not JSON$"),
            (good.replace("1699063290", "Infinity").encode(), 1, "Infinity is not JSON$"),
            (good.replace("1699063290", "-Infinity").encode(), 1, "-Infinity is not JSON$"),
            (good.replace("}]", '}], "usage": NaN').encode(), 1, "NaN is not JSON$"),
            (good.replace("queued", "\udcff").encode("utf-8", "surrogateescape"), 1, "'utf-8' codec can't decode"),
            (good.encode("utf-16"), 1, "'utf-8' codec can't decode"),
            ("\ufeff".encode() + good.encode(), 1, "Expecting value"),
            (b"[" * 1_000_000, 1, "."),
            (b'{"usage":' * 300_000, 1, "."),
            (good.replace("1699063290", "9" * 100_000).encode(), 1, "."),
            (good.replace("1699063290", "1e999").encode(), 1, "created_at: expected int, got float$"),
            (good.replace("queued", "\\ud800").encode(), 1, "status: not valid UTF-8$"),
            (good.replace("queued", "a\tb").encode(), 1, "Invalid control character"),
            (good.replace("'", '"').replace('"queued"', "'queued'").encode(), 1, "Expecting value"),
            (b"\x00", 1, "Expecting value"),
            (good.encode() + "\u00a0".encode(), 1, "Extra data"),
            (good.encode() + b"\x0c", 1, "Extra data"),
            (b"\x0c", 1, "Expecting value"),
        ]:
            with self.subTest(document=document[:40]):
                status, output, errors = command(stdin=document)
                self.assertEqual((status, output), (1, ""), errors)
                self.assertRegex(errors, rf"\A<stdin>:{place}: {reason}".replace("$", r"\n\Z"))
                self.assertEqual(errors.count("\n"), 1)
                if b"\n" not in document:
                    status, output, errors = command("--json-lines", stdin=document + b"\n" + good.encode())
                    self.assertEqual(output.count("\n"), 1)
                    if document:
                        self.assertRegex(errors, r"\A<stdin>:1: .*\n1 of 2 runs fit\n\Z")
                    self.assertEqual(status, 1 if document else 0)

    def test_json_lines(self) -> None:
        one, two = json.dumps({**dict.fromkeys(NAMES), **small()}), json.dumps(full())
        text = f"{json.dumps(small())}\n\n  \t\r\n{two}\r\n{{\n[]\n{two}"
        status, output, errors = command("--json-lines", stdin=text.encode())
        self.assertEqual((status, output), (1, f"{one}\n{two}\n{two}\n"))
        self.assertRegex(errors, r"\A<stdin>:5: Expecting .*\n<stdin>:6: expected dict, got list\n3 of 5 runs fit\n\Z")
        path = self.file("runs.jsonl", f"{two}\n{two}\n".encode())
        self.assertEqual(command("--json-lines", path, path), (0, f"{two}\n" * 4, "4 of 4 runs fit\n"))
        self.assertEqual(
            command("--json-lines", path, "-", stdin=b'\n{"id": "\xff"}\n')[::2],
            (
                1,
                "<stdin>:2: 'utf-8' codec can't decode byte 0xff in position 8: invalid start byte\n2 of 3 runs fit\n",
            ),
        )
        self.assertEqual(command("--json-lines", stdin=b"\n"), (0, "", "0 of 0 runs fit\n"))

    def test_exit_status_two(self) -> None:
        good, lacking = self.file("good.json", small()), str(self.folder / "lacking.json")
        status, output, errors = command(lacking, good, str(self.folder))
        self.assertEqual((status, json.loads(output)["id"]), (2, "run_1"))
        self.assertEqual(errors.count("\n"), 2)
        self.assertIn("lacking.json", errors.splitlines()[0])
        self.assertEqual(command("--json-lines", lacking, self.file("bad.json", []))[0], 2)
        status, output, errors = command("--jsonl", good)
        self.assertEqual((status, output), (2, ""))
        self.assertIn("usage:", errors)
        status, output, errors = command("--help")
        self.assertEqual((status, errors), (0, ""))
        for word in ("--json-lines", "FILE", "one run a line", "UTF-8", "normalised"):
            self.assertIn(word, output)

    @unittest.skipUnless(os.name == "posix", "shells elsewhere don't close a standard stream")
    def test_closed_standard_input(self) -> None:
        done = subprocess.run(f'"{sys.executable}" "{MODULE}" <&-', shell=True, capture_output=True)
        self.assertEqual((done.returncode, done.stdout), (2, b""))
        self.assertEqual(done.stderr.count(b"\n"), 1)

    def test_closed_pipe(self) -> None:
        path = self.file("runs.jsonl", (json.dumps(full()) + "\n").encode() * 20_000)
        with subprocess.Popen(
            [sys.executable, str(MODULE), "--json-lines", path],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=BUFFERED,
        ) as process:
            assert process.stdout and process.stderr
            self.assertEqual(json.loads(process.stdout.readline()), full())
            process.stdout.close()
            self.assertEqual(process.stderr.read(), b"")
        self.assertNotEqual(process.returncode, 0)

    @unittest.skipUnless(os.path.exists("/dev/full"), "this platform has no /dev/full")
    def test_full_disk(self) -> None:
        document = json.dumps(small()).encode()
        for count in (1, 1000):
            with open("/dev/full", "wb") as disk:
                done = subprocess.run(
                    [sys.executable, str(MODULE), "--json-lines"],
                    input=(document + b"\n") * count,
                    stdout=disk,
                    stderr=subprocess.PIPE,
                    env=BUFFERED,
                )
            self.assertEqual(done.returncode, 2)
            self.assertRegex(done.stderr.decode(), r"\A.*No space left on device\n\Z")

    @unittest.skipUnless(sys.platform == "linux", "the peak of memory is read as Linux gives it")
    def test_json_lines_in_constant_memory(self) -> None:
        line = json.dumps({**small(), "usage": "x" * 200_000}).encode() + b"\n"
        path = self.folder / "runs.jsonl"
        code = (
            "import re, runobject, sys; status = runobject.main(sys.argv[1:]);"
            " print(status, *re.findall(r'VmHWM:\\s+(\\d+)', open('/proc/self/status').read()), file=sys.stderr)"
        )
        peaks = []
        for count in (10, 500):
            path.write_bytes(line * count)
            done = subprocess.run(
                [sys.executable, "-c", code, "--json-lines", str(path)], capture_output=True, cwd=HERE, check=True
            )
            self.assertEqual(done.stdout.count(b"\n"), count)
            status, peak = done.stderr.split()[-2:]
            self.assertEqual(status, b"0")
            peaks.append(int(peak))
        self.assertLess(peaks[1] - peaks[0], 20_000)


class Main(Case):
    """The command's entry, called in this process."""

    def main(self, *arguments: str) -> tuple[int, str, str]:
        output, errors = io.StringIO(), io.StringIO()
        with contextlib.redirect_stdout(output), contextlib.redirect_stderr(errors):
            status = runobject.main(list(arguments))
        return status, output.getvalue(), errors.getvalue()

    def test_main(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            good, bad = Path(folder, "good.json"), Path(folder, "bad.json")
            good.write_text(json.dumps(small()))
            bad.write_text("{}")
            self.assertEqual(self.main(str(good)), (0, RunObjectText(small()), ""))
            self.assertEqual(self.main(str(bad))[0], 1)
            self.assertEqual(self.main("--json-lines", str(good))[::2], (0, "1 of 1 runs fit\n"))
            self.assertEqual(self.main(str(bad), folder + "/lacking")[0], 2)
        self.assertEqual(self.main("--bad")[0], 2)
        self.assertEqual(self.main("--help")[0], 0)


def RunObjectText(data: dict[str, typing.Any]) -> str:
    return json.dumps({**dict.fromkeys(NAMES), **data}, indent=4) + "\n"


class Module(Case):
    def test_names(self) -> None:
        self.assertEqual(runobject.__all__, ["RunObject", "RunObjectError"])
        self.assertEqual(runobject.__version__, "1.0.0")
        own = {name for name, value in vars(RunObject).items() if not name.startswith("_") and callable(value)}
        self.assertEqual(own | {"from_dict"}, {"from_dict", "to_dict"})
        self.assertTrue(RunObject.__dataclass_params__.frozen)  # type: ignore[attr-defined]

    def test_docstrings(self) -> None:
        for documented, words in [
            (runobject, ["vendor", "3.10", "--help", "immutable", "assistant", "thread"]),
            (RunObject, ["19 fields", "Unix seconds", "RunObjectError", "UTF-8", "64 bits", "Rust", "Deserialize"]),
            (RunObject.from_dict, ["RunObjectError", "unknown keys", "Rust", "None"]),
            (RunObject.to_dict, ["dict", "order", "JSON"]),
            (RunObjectError, ["problems", "100", "paths", "secret"]),
            (runobject.main, ["0 if all fit", "1 if some don't", "2 for wrong usage"]),
        ]:
            if sys.flags.optimize < 2:
                for word in words:
                    self.assertIn(word, " ".join((documented.__doc__ or "").split()))

    def test_first_line_and_field_comments(self) -> None:
        lines = MODULE.read_text(encoding="utf-8").splitlines()
        self.assertEqual(lines[0], "# SPDX-License-Identifier: MIT-0")
        for name, kind, _ in FIELDS:
            (line,) = [line for line in lines if line.startswith(f"    {name}: ")]
            self.assertRegex(line, r"  # \w.{15,}\Z")
            self.assertEqual(kind == "int", line.endswith("Unix seconds"))

    @unittest.skipIf(sys.flags.optimize >= 2, "-OO drops the docstrings")
    def test_docstring_example(self) -> None:
        self.assertEqual(doctest.testmod(runobject).failed, 0)
        self.assertGreater(doctest.testmod(runobject).attempted, 3)

    def test_annotations_resolve(self) -> None:
        for function in (RunObject.from_dict, RunObject.to_dict, runobject.main, RunObjectError.__str__):
            self.assertIn("return", typing.get_type_hints(function))
        self.assertIs(typing.get_type_hints(RunObject.from_dict)["return"], RunObject)

    def test_as_a_type_checker_reads_it(self) -> None:
        source = MODULE.read_text(encoding="utf-8")
        self.assertEqual(source.count("TYPE_CHECKING = False\n"), 1)
        namespace = {"__name__": "checked"}
        names = SimpleNamespace(Any=typing.Any, Self="RunObject")
        with mock.patch.dict(sys.modules, typing_extensions=names, checked=types.ModuleType("checked")):
            exec(source.replace("TYPE_CHECKING = False\n", "TYPE_CHECKING = True\n"), namespace)
            self.assertIs(namespace["Any"], typing.Any)
            self.assertEqual(namespace["RunObject"].from_dict(full()).to_dict(), full())  # type: ignore[attr-defined]

    @needs_processes
    def test_pasted_under_another_name(self) -> None:
        code = "import json, sys; from ours.vendored import runs; run = runs.RunObject.from_dict(json.load(sys.stdin));"
        code += "import pickle; assert pickle.loads(pickle.dumps(run)) == run; print(type(run).__module__)"
        with tempfile.TemporaryDirectory() as folder:
            package = Path(folder, "ours", "vendored")
            package.mkdir(parents=True)
            (package / "__init__.py").touch()
            (package / "runs.py").write_bytes(MODULE.read_bytes())
            for flags in ([], ["-S"], ["-OO"], ["-bb"], ["-W", "error"], ["-X", "dev"]):
                done = subprocess.run(
                    [sys.executable, *flags, "-c", code],
                    input=json.dumps(full()).encode(),
                    cwd=folder,
                    capture_output=True,
                )
                self.assertEqual((done.returncode, done.stderr), (0, b""))
                self.assertEqual(done.stdout.split(), [b"ours.vendored.runs"])

    @needs_processes
    def test_what_importing_it_imports(self) -> None:
        code = "import sys; sys.path.insert(0, sys.argv[1]); import {}; print(*sorted(sys.modules))"
        modules = []
        for name in ("dataclasses, collections.abc, functools, operator", "runobject"):
            command = [sys.executable, "-I", "-S", "-c", code.format(name), str(HERE)]
            modules.append(set(subprocess.run(command, capture_output=True, check=True).stdout.decode().split()))
        self.assertEqual(modules[1] - modules[0], {"runobject"})


class Readme(Case):
    text = (HERE / "README.md").read_text(encoding="utf-8")
    blocks = re.findall(r"^```(\w+)\n(.*?)^```$", text, re.M | re.S)

    def test_length(self) -> None:
        self.assertLessEqual(self.text.count("\n"), 200)

    def test_the_first_two_blocks_are_the_quick_start(self) -> None:
        kinds = [kind for kind, _ in self.blocks]
        self.assertEqual(kinds.count("sh"), 2)
        self.assertEqual([kind for kind in kinds if kind == "sh" or kind == "python"][:2], ["sh", "sh"])
        first, second = [code for kind, code in self.blocks if kind == "sh"]
        self.assertIn("python3 runobject.py", first)
        self.assertEqual(second, "python3 test_runobject.py\n")

    @needs_processes
    @unittest.skipUnless(os.name == "posix", "the README's shell is a POSIX one")
    def test_the_first_command(self) -> None:
        first = next(code for kind, code in self.blocks if kind == "sh")
        with tempfile.TemporaryDirectory() as folder:
            os.symlink(sys.executable, os.path.join(folder, "python3"))
            path = {**os.environ, "PATH": folder + os.pathsep + os.environ["PATH"]}
            done = subprocess.run(["sh", "-c", first], cwd=HERE, env=path, capture_output=True)
        self.assertEqual((done.returncode, done.stderr), (0, b""))
        self.assertEqual(list(json.loads(done.stdout)), NAMES)
        shown = next(code for kind, code in self.blocks if kind == "json")
        self.assertEqual(done.stdout.decode(), shown)

    def test_the_field_table(self) -> None:
        rows = re.findall(r"^\| `(\w+)` \| ([^|]+) \| (\w*) ?\|", self.text, re.M)
        kinds = {"str": "text", "int": "integer", "dict": "text map", "list": "list of text"}
        self.assertEqual([row[0] for row in rows], NAMES)
        for (_, kind, optional), (name, shown, required) in zip(FIELDS, rows, strict=True):
            self.assertTrue(shown.startswith(kinds[kind]), name)
            self.assertEqual(required, "" if optional else "yes")

    def test_the_examples(self) -> None:
        examples = [textwrap.dedent("".join(re.findall(r"^    (?:>>>|\.\.\.|\(').*\n", self.text, re.M)))]
        examples += [code for kind, code in self.blocks if kind == "pycon"]
        self.assertEqual(len(examples), 2)
        test = doctest.DocTestParser().get_doctest("".join(examples), {}, "README.md", "README.md", 0)
        output = io.StringIO()
        runner = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS)
        runner.run(test, out=output.write)
        self.assertEqual(runner.failures, 0, output.getvalue())

    def test_later_runs(self) -> None:
        (code,) = [code for kind, code in self.blocks if kind == "python" and "def " in code]
        namespace: dict[str, typing.Any] = {}
        exec(code, namespace)
        load = namespace["run_from_any_version"]
        self.assertEqual(load(full()), RunObject.from_dict(full()))
        later: dict[str, typing.Any] = {
            **small(),
            "tools": [{"type": "function", "function": {"name": "größe", "parameters": {"a": [1, None, 1.5]}}}],
            "required_action": {
                "type": "submit_tool_outputs",
                "submit_tool_outputs": {"tool_calls": [{"id": "call_1"}]},
            },
            "last_error": {"code": "server_error", "message": "Sorry"},
            "metadata": {"user": "u_1", "n": 7},
            "response_format": "auto",
        }
        del later["file_ids"]
        before = copy.deepcopy(later)
        run = load(later)
        self.assertEqual(later, before)
        self.assertEqual(run.file_ids, ())
        self.assertEqual(json.loads(run.last_error), later["last_error"])
        self.assertEqual(run.tools[0]["type"], "function")
        self.assertEqual(json.loads(run.tools[0]["function"]), later["tools"][0]["function"])
        self.assertEqual(run.required_action["type"], "submit_tool_outputs")
        self.assertEqual(
            json.loads(run.required_action["submit_tool_outputs"]), later["required_action"]["submit_tool_outputs"]
        )
        self.assertEqual(run.metadata, {"user": "u_1", "n": "7"})
        self.assertIsNone(load({**later, "required_action": None, "last_error": None}).last_error)
        with self.assertRaises(RunObjectError):
            load({**later, "id": None})


if __name__ == "__main__":
    program = unittest.main(exit=False)
    for skipped, why in program.result.skipped:
        print(f"skipped: {skipped.id()}: {why}", file=sys.stderr)
    sys.exit(not program.result.wasSuccessful())
