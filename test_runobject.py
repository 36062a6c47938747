# SPDX-License-Identifier: MIT-0
"""Tests of `runobject.py`, with the standard library alone: `python3 test_runobject.py`.

They need `runobject.py` beside them and nothing else, so the two can be vendored together.
"""

import collections
import contextlib
import copy
import dataclasses
import doctest
import enum
import functools
import io
import json
import os
import pickle
import random
import re
import signal
import subprocess
import sys
import tempfile
import threading
import types
import typing
import unittest
import weakref
from collections.abc import Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from unittest import mock

HERE = Path(__file__).resolve().parent
MODULE = HERE / "runobject.py"
sys.path.insert(0, str(HERE))

import runobject  # noqa: E402
from runobject import RunObject, RunObjectError  # noqa: E402

# What a type checker would refuse is what many of these tests are about.
# pyright: reportUnknownArgumentType=false, reportUnknownLambdaType=false
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownParameterType=false, reportPrivateUsage=false
Data = dict[str, typing.Any]
Unchecked: typing.Any = RunObject
replaced: typing.Any = dataclasses.replace

PROTOCOLS = range(pickle.HIGHEST_PROTOCOL + 1)
WASM = sys.platform in ("emscripten", "wasi")
DEEP = 1_000 if WASM else 100_000  # on a small stack, deeper nesting can be made, but not unmade
needs_processes = unittest.skipIf(WASM, "WebAssembly has no processes")
needs_threads = unittest.skipIf(WASM, "WebAssembly has no threads")
needs_posix = unittest.skipUnless(os.name == "posix", "signals and closed streams as in POSIX")

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
TEXTS = [name for name, kind, _ in FIELDS if kind == "str"]
INTEGERS = [name for name, kind, _ in FIELDS if kind == "int"]
MAPS = ["required_action", "metadata", "headers"]


def small() -> Data:
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


class Headers(Mapping[str, typing.Any]):
    """A mapping that can be read by one call of `items()` alone."""

    def __init__(self, items: Data) -> None:
        self.store, self.calls = items, 0

    def items(self) -> typing.Any:
        self.calls += 1
        return iter(self.store.items())

    def __getitem__(self, key: str) -> str:
        raise AssertionError("a key was looked up")

    def __iter__(self) -> typing.Iterator[str]:
        raise AssertionError("keys were asked for")

    def __len__(self) -> int:
        raise AssertionError("a length was asked for")


class Named(RunObject):
    """A subclass with methods alone."""

    @property
    def name(self) -> str:
        return f"{self.id} on {self.thread_id}"

    @functools.cached_property
    def seconds(self) -> int:
        return (self.completed_at or 0) - self.created_at


@dataclasses.dataclass(frozen=True, kw_only=True)
class Tagged(RunObject):
    """A subclass with fields, which it checks, and which leaves out secrets of what it writes."""

    tag: str = "none"
    length: int = dataclasses.field(default=0, init=False)

    def __post_init__(self) -> None:
        super().__post_init__()
        if type(self.tag) is not str:
            raise RunObjectError({"tag": f"expected str, got {type(self.tag).__name__}"})
        object.__setattr__(self, "length", len(self.tag))

    def to_dict(self) -> Data:
        return {**super().to_dict(), "headers": None}


@dataclasses.dataclass(frozen=True, kw_only=True)
class Noted(RunObject):
    """A subclass with a field that can change."""

    notes: list[str] = dataclasses.field(default_factory=list[str])


def same(run: RunObject) -> RunObject:
    return run


def decoded(cls: type, data: Data) -> typing.Any:
    """Make a run as decoders in C do: set the fields, in any order, and call `__post_init__`."""
    run: typing.Any = object.__new__(cls)
    for name in OPTIONAL:
        if name not in data:
            object.__setattr__(run, name, None)
    for name in data:
        object.__setattr__(run, name, data[name])
    run.__post_init__()
    return run


class Case(unittest.TestCase):
    maxDiff = None

    def error(self, make: typing.Callable[[], object]) -> RunObjectError:
        """The error of a call, after a look at it for what it must never hold."""
        with self.assertRaises(RunObjectError) as caught:
            make()
        error = caught.exception
        self.assertIsInstance(error, ValueError)
        self.assertIsNone(error.__cause__)
        self.assertIsNone(error.__context__)
        self.assertLessEqual(len(error.problems), 100)
        self.assertLess(len(str(error)), 16_000)
        self.assertTrue(str(error).isprintable(), str(error))
        return error

    def problems(self, data: typing.Any) -> dict[str, str]:
        return self.error(lambda: Unchecked.from_dict(data)).problems

    def wrong(self, path: str, reason: str, **changes: typing.Any) -> None:
        """Check that the one problem is reported, by every way to make a run."""
        data = {**full(), **changes}
        run = RunObject.from_dict(full())
        ways: dict[str, typing.Callable[[], object]] = {
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
        fields = dataclasses.fields(RunObject)
        self.assertEqual([field.name for field in fields], NAMES)
        hints: Data = {
            "str": str,
            "int": int,
            "dict": Mapping[str, str],
            "list": Sequence[str],
            "tools": Sequence[Mapping[str, str]],
        }
        for field, (name, kind, optional) in zip(fields, FIELDS, strict=True):
            hint = hints["tools" if name == "tools" else kind]
            self.assertEqual(
                typing.get_type_hints(RunObject)[name], hint | None if optional else hint
            )
            self.assertIs(field.default, None if optional else dataclasses.MISSING)
            self.assertTrue(field.kw_only and field.init and field.compare and field.repr)

    def test_every_value_reaches_its_field(self) -> None:
        run = RunObject.from_dict(full())
        self.assertIs(type(run), RunObject)
        for name, value in full().items():
            with self.subTest(name=name):
                kept = getattr(run, name)
                self.assertEqual(kept, tuple(value) if isinstance(value, list) else value)
        self.assertEqual(run.to_dict(), full())
        self.assertEqual(Unchecked(**full()), run)

    def test_an_optional_field_may_be_absent_or_none(self) -> None:
        expected = {**dict.fromkeys(NAMES), **small()}
        for data in (small(), expected, dict(reversed(small().items()))):
            run = Unchecked.from_dict(data)
            for name in OPTIONAL:
                self.assertIsNone(getattr(run, name))
            self.assertEqual(list(run.to_dict().items()), list(expected.items()))
            self.assertEqual(Unchecked(**data), run)
        for name in OPTIONAL:
            data = full()
            del data[name]
            self.assertEqual(Unchecked.from_dict(data).to_dict(), {**full(), name: None})
            self.assertEqual(
                Unchecked.from_dict({**data, name: None}).to_dict(), {**full(), name: None}
            )

    def test_a_required_field_may_not_be_missing_nor_none(self) -> None:
        for name, kind, optional in FIELDS:
            if not optional:
                data = full()
                del data[name]
                with self.subTest(name=name):
                    self.assertEqual(self.problems(data), {name: "missing"})
                    self.assertEqual(self.problems(Headers(data)), {name: "missing"})
                    self.wrong(name, f"expected {kind}, got NoneType", **{name: None})
                    with self.assertRaises(TypeError):
                        Unchecked(**data)
        self.assertEqual(list(self.problems({}).items()), [(name, "missing") for name in REQUIRED])

    def test_unknown_keys_are_ignored_whatever_they_are_and_hold(self) -> None:
        nested: list[typing.Any] = []
        for _ in range(DEEP):
            nested = [nested]
        extra: dict[typing.Any, typing.Any] = {
            "usage": nested,
            7: 8,
            b"usage": 9,
            None: 1,
            (): 2,
            "é": "\ud800",
            "\ud800": object(),
            Text("x"): 3,
        }
        expected = RunObject.from_dict(full())
        self.assertEqual(Unchecked.from_dict(extra | full()), expected)
        self.assertEqual(Unchecked.from_dict(full() | extra), expected)
        self.assertEqual(Unchecked.from_dict(Headers(full() | extra)), expected)
        with self.assertRaises(TypeError):
            Unchecked(**full(), usage=1)

    def test_every_field_refuses_every_other_kind_of_value(self) -> None:
        values: list[tuple[typing.Any, str]] = [
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
            ({}.keys(), "dict_keys"),
            ({}.items(), "dict_items"),
            (collections.deque(), "deque"),
            (object(), "object"),
            (types.SimpleNamespace(), "SimpleNamespace"),
            (NotImplemented, "NotImplementedType"),
            (..., "ellipsis"),
            (int, "type"),
            (len, "builtin_function_or_method"),
        ]
        fitting = {"str": ["str"], "int": ["int"], "dict": ["dict"], "list": ["list", "tuple"]}
        for name, kind, optional in FIELDS:
            expected = f"expected {kind} or None" if optional else f"expected {kind}"
            for value, actual in values:
                if actual not in fitting[kind] and not (optional and value is None):
                    self.wrong(name, f"{expected}, got {actual}", **{name: value})

    def test_every_item_of_a_map_or_list_is_checked(self) -> None:
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
            self.wrong("headers['b']", reason, headers=types.MappingProxyType({"b": value}))
            self.wrong(
                "tools[1]['x']", reason, tools=[{"a": "b"}, {"type": "function", "x": value}]
            )
            self.wrong("tools[0]['ä']", reason, tools=({"ä": value},))
            self.wrong("file_ids[3]", reason, file_ids=["a", "b", "é", value])
            self.wrong("file_ids[0]", reason, file_ids=(value,))
            if actual != "dict":
                self.wrong(
                    "tools[2]", f"expected dict, got {actual}", tools=[{}, {"a": "b"}, value]
                )
        self.wrong("tools[0]", "expected dict, got str", tools=["code_interpreter"])

    def test_a_key_that_is_no_text_is_one_problem(self) -> None:
        for key, actual in [(1, "int"), (None, "NoneType"), (b"c", "bytes"), ((), "tuple")]:
            reason = f"expected str, got {actual}"
            for name in MAPS:
                self.wrong(f"{name}[<{actual}>]", reason, **{name: {key: object(), "a": "b"}})
            self.wrong(f"tools[1][<{actual}>]", reason, tools=[{}, {"a": "b", key: "x"}])

    def test_integers_have_64_bits(self) -> None:
        for name in INTEGERS:
            for value in (
                0,
                1,
                -1,
                9223372036854775807,
                -9223372036854775807,
                -9223372036854775808,
            ):
                self.assertEqual(getattr(Unchecked.from_dict({**full(), name: value}), name), value)
            for value in (9223372036854775808, -9223372036854775809, 10**5000, Number(2**63)):
                self.wrong(name, "out of range for 64 bits", **{name: value})

    def test_subclasses_of_int_become_plain(self) -> None:
        for name in INTEGERS:
            for value, plain in [(Number(5), 5), (Seconds.START, 1699063290)]:
                kept = getattr(Unchecked.from_dict({**full(), name: value}), name)
                self.assertIs(type(kept), int)
                self.assertEqual(kept, plain)

    def test_text_is_what_utf8_can_encode(self) -> None:
        for text in (
            "",
            "\x00",
            "é",
            "日本語",
            "🙂",
            "\ue000",
            "\ud7ff",
            "x" * 100_000,
            "é" * 100_000,
        ):
            data = {**full(), "id": text, "instructions": text, "file_ids": [text]}
            data.update(tools=[{text: text}], metadata={text: text}, headers={text: text})
            self.assertEqual(Unchecked.from_dict(data).to_dict(), data)

    def test_lone_surrogates_are_refused(self) -> None:
        reason = "not valid UTF-8"
        for lone, shown in [
            ("\ud800", r"'\ud800'"),
            ("a\udfffb", r"'a\udfffb'"),
            ("\ude00\ud83d", r"'\ude00\ud83d'"),
            ("é\ud83d", r"'é\ud83d'"),
            (Text("\udc80"), r"'\udc80'"),
        ]:
            for name in TEXTS:
                self.wrong(name, reason, **{name: lone})
            for name in MAPS:
                self.wrong(f"{name}['a']", reason, **{name: {"a": lone}})
                self.wrong(f"{name}['é']", reason, **{name: {"é": lone}})
                self.wrong(f"{name}[{shown}]", reason, **{name: {lone: object()}})
            self.wrong("tools[0]['a']", reason, tools=[{"a": lone}, {}])
            self.wrong(f"tools[1][{shown}]", reason, tools=[{}, {lone: "a"}])
            self.wrong("file_ids[1]", reason, file_ids=["a", lone])

    def test_two_halves_of_a_character_do_not_make_one_side_by_side(self) -> None:
        reason = "not valid UTF-8"
        halves = {"id": "\ud83d", "object": "\ude00", "file_ids": ["\ud83d", "\ude00"]}
        self.assertEqual(
            self.problems({**full(), **halves, "metadata": {"\ud83d": "\ude00"}}),
            {
                "id": reason,
                "object": reason,
                "file_ids[0]": reason,
                "file_ids[1]": reason,
                r"metadata['\ud83d']": reason,
            },
        )
        self.assertEqual(Unchecked.from_dict({**full(), "id": "\U0001f600"}).id, "\U0001f600")

    def test_subclasses_of_str_become_plain(self) -> None:
        for value in (Text("completed"), Status.DONE):
            data = {**full(), "status": value, "last_error": value, "file_ids": ["a", value]}
            data.update(
                tools=[{value: "a"}], metadata={value: value}, headers=Headers({"a": value})
            )
            run = Unchecked.from_dict(
                {(Text(key) if key == "id" else key): data[key] for key in data}
            )
            texts = [run.status, run.last_error, run.file_ids[1], run.headers["a"]]
            texts += [*run.tools[0], *run.metadata, *run.metadata.values()]
            self.assertEqual({type(text) for text in texts}, {str})
            self.assertEqual(set(texts), {"completed"})
            self.assertEqual(run.id, "run_1")

    def test_mappings_are_read_by_one_call_of_items(self) -> None:
        class Shown(dict[str, typing.Any]):
            def items(self) -> typing.Any:
                return [(key, "shown") for key in self]

        data = full()
        for name in MAPS:
            data[name] = Headers(data[name])
        data["tools"] = [Headers(tool) for tool in data["tools"]]
        whole = Headers(data)
        self.assertEqual(Unchecked.from_dict(whole), RunObject.from_dict(full()))
        read = [whole, *[data[name] for name in MAPS], *data["tools"]]
        self.assertEqual([mapping.calls for mapping in read], [1] * 6)
        empties: list[typing.Any] = [{}, Headers({}), types.MappingProxyType({})]
        for empty in empties:
            self.assertEqual(Unchecked.from_dict({**full(), "headers": empty}).headers, {})
        shown = Unchecked.from_dict({**full(), "metadata": Shown(a="b"), "tools": [Shown(c="d")]})
        self.assertEqual((shown.metadata, shown.tools), ({"a": "shown"}, ({"c": "shown"},)))
        for kind in (
            collections.OrderedDict,
            collections.UserDict,
            collections.ChainMap,
            types.MappingProxyType,
            lambda items: collections.defaultdict(list, items),
        ):
            data = full()
            for name in MAPS:
                data[name] = kind(data[name])
            data["tools"] = [kind(tool) for tool in data["tools"]]
            self.assertEqual(Unchecked.from_dict(kind(data)).to_dict(), full())

    def test_lists_are_lists_and_tuples_and_become_tuples(self) -> None:
        class List(list[typing.Any]):
            pass

        class Pair(typing.NamedTuple):
            first: typing.Any
            second: typing.Any

        for kind in (list, tuple, List, lambda items: Pair(*items)):
            for data in (full(), {**full(), **small()}):
                tools, file_ids = kind(data["tools"]), kind(data["file_ids"])
                run = Unchecked.from_dict({**data, "tools": tools, "file_ids": file_ids})
                self.assertEqual(run.to_dict(), data)
                self.assertEqual((type(run.tools), type(run.file_ids)), (tuple, tuple))
        self.wrong("file_ids[1]", "expected str, got int", file_ids=List(["a", 1]))
        self.wrong("tools[1]", "expected dict, got int", tools=List([{}, 1]))

    def test_what_is_no_mapping_is_one_problem(self) -> None:
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
        error = self.error(lambda: Unchecked.from_dict(None))
        self.assertEqual(str(error), "expected dict, got NoneType")

    def test_what_a_mapping_raises_passes_as_it_is(self) -> None:
        class Broken(Headers):
            def items(self) -> typing.Any:
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

    @needs_threads
    def test_what_was_checked_is_kept_even_if_the_input_changes_meanwhile(self) -> None:
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
        expected = [
            ("id", "expected str, got NoneType"),
            ("object", "missing"),
            ("created_at", "expected int, got bool"),
            ("thread_id", "missing"),
            ("assistant_id", "missing"),
            ("status", "not valid UTF-8"),
            ("required_action['submit']", "expected str, got dict"),
            ("required_action[<int>]", "expected str, got int"),
            ("completed_at", "out of range for 64 bits"),
            ("model", "missing"),
            ("instructions", "expected str or None, got bytes"),
            ("tools[0]['function']", "expected str, got dict"),
            ("tools[1]", "expected dict, got str"),
            (r"tools[2]['\udfff']", "not valid UTF-8"),
            ("file_ids[1]", "expected str, got int"),
            ("file_ids[2]", "expected str, got NoneType"),
            ("metadata", "expected dict, got list"),
            ("headers['authorization']", "expected str, got NoneType"),
        ]
        error = self.error(lambda: Unchecked.from_dict(data))
        self.assertEqual(list(error.problems.items()), expected)
        self.assertEqual(str(error), "; ".join(f"{path}: {reason}" for path, reason in expected))

    def test_there_are_at_most_100_problems_the_last_of_which_tells_of_more(self) -> None:
        floods: list[Data] = [
            {"file_ids": [None] * 1_000_000},
            {"tools": [{"function": {}}] * 1_000_000},
            {"tools": [7] * 1_000_000},
            {"metadata": {f"key {i}": i for i in range(1_000_000)}},
            {"headers": {f"{i}" * 200_000: i for i in range(100, 300)}},
            {"metadata": {chr(0x1F600 + i) * 60: i for i in range(200)}},
            {"required_action": {f"{i}" + "\n\x1b\u202e" * 30: i for i in range(200)}},
            {"metadata": {chr(i) * 50: i for i in range(0xD800, 0xDFFF)}},
        ]
        for changes in floods:
            problems = self.problems({**full(), **changes})
            self.assertEqual(len(problems), 100)
            self.assertEqual(list(problems.items())[-1], ("...", "more problems than these"))
        paths = [f"file_ids[{i}]" for i in range(99)]
        self.assertEqual(list(self.problems({**full(), "file_ids": [7] * 99})), paths)
        for count in (100, 101, 5000):
            problems = self.problems({**full(), "file_ids": [7] * count, "metadata": 1})
            self.assertEqual(list(problems), [*paths, "..."])
        problems = self.problems(
            {**full(), "file_ids": [7] * 98, "metadata": dict.fromkeys(range(9))}
        )
        self.assertEqual(list(problems), [*paths[:98], "metadata[<int>]"])

    def test_an_error_is_short_even_where_every_path_is_long(self) -> None:
        keys = [chr(0x1F600 + i) * 60 for i in range(120)]
        action = dict.fromkeys(keys, types.SimpleNamespace())
        self.assertEqual(len(self.problems({**full(), "required_action": action})), 100)
        tools = [{f"{number}" * 100: len} for number in range(10**9, 10**9 + 120)]
        self.assertEqual(len(self.problems({**full(), "tools": tools})), 100)

    def test_a_million_keys_that_are_no_text_are_one_problem(self) -> None:
        many = {**full(), "metadata": {i: i for i in range(1_000_000)}}
        self.assertEqual(self.problems(many), {"metadata[<int>]": "expected str, got int"})

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
            self.wrong(f"headers[{shown}]", "expected str, got int", headers=Headers({key: 1}))
        five = {"k" * 199 + end: 1 for end in "abcde"}
        self.assertEqual(len(self.problems({**full(), "metadata": five})), 5)

    def test_no_value_is_shown_nor_hung_on_an_error(self) -> None:
        class Secret:
            def __repr__(self) -> str:
                return "s3cr3t"

        for value in (
            "s3cr3t\ud800",
            b"s3cr3t",
            ["s3cr3t"],
            Secret(),
            5377.3,
            Number(537737 * 2**64),
        ):
            data: Data = dict.fromkeys(NAMES, value)
            data.update(tools=[value, {"a": value}], file_ids=[value], metadata={"a": value})
            data.update(headers={Secret(): value})
            error = self.error(lambda data=data: Unchecked.from_dict(data))  # type: ignore[misc]
            for held in (str(error), error, error.args, vars(error), error.problems):
                self.assertNotRegex(repr(held), "s3cr3t|5377")

    def test_no_nesting_is_too_deep(self) -> None:
        deep: typing.Any = {}
        for _ in range(DEEP):
            deep = {"a": deep}
        self.assertEqual(self.problems(deep)["id"], "missing")
        self.assertEqual(
            self.problems({**full(), "metadata": deep, "tools": [deep]}),
            {"tools[0]['a']": "expected str, got dict", "metadata['a']": "expected str, got dict"},
        )
        loop = full()
        loop["metadata"], loop["tools"], loop["file_ids"] = loop, [loop], [[]]
        loop["file_ids"][0] = loop["file_ids"]
        problems = self.problems(loop)
        self.assertEqual(problems["file_ids[0]"], "expected str, got list")
        self.assertEqual(problems["metadata['metadata']"], "expected str, got dict")
        self.assertEqual(problems["tools[0]['tools']"], "expected str, got list")

    def test_an_error_can_be_pickled_and_copied(self) -> None:
        expected = {"created_at": "expected int, got str", "metadata['a']": "expected str, got int"}
        error = self.error(
            lambda: Unchecked.from_dict({**full(), "created_at": "1", "metadata": {"a": 1}})
        )
        for protocol in PROTOCOLS:
            again = pickle.loads(pickle.dumps(error, protocol))
            self.assertIs(type(again), RunObjectError)
            self.assertEqual((str(again), again.problems), (str(error), expected))
        self.assertEqual(copy.copy(error).problems, expected)

    def test_a_subclass_reports_problems_of_its_own(self) -> None:
        error = self.error(lambda: Tagged(**full(), tag=typing.cast(str, 7)))
        self.assertEqual(error.problems, {"tag": "expected str, got int"})
        self.assertEqual(str(error), "tag: expected str, got int")
        given = {"tag": "expected str, got int"}
        own = RunObjectError(given)
        given.clear()
        self.assertEqual(own.problems, {"tag": "expected str, got int"})
        self.assertEqual(repr(own), "RunObjectError({'tag': 'expected str, got int'})")

    def test_a_refused_call_leaves_nothing_behind(self) -> None:
        run = RunObject.from_dict(full())
        with self.assertRaises(RunObjectError):
            replaced(run, id=7)
        self.assertEqual(run.to_dict(), full())
        self.problems({**full(), "headers": 7})
        self.assertEqual(RunObject.from_dict(full()), run)


class Value(Case):
    """What a run is once it is made."""

    def test_equal_runs_hash_equal(self) -> None:
        run = RunObject.from_dict(full())
        shuffled = dict(reversed(full().items()))
        shuffled["metadata"] = dict(reversed(full()["metadata"].items()))
        twin = RunObject.from_dict(shuffled)
        self.assertEqual((run, hash(run)), (twin, hash(twin)))
        self.assertEqual(hash(run.metadata), hash(twin.metadata))
        self.assertEqual(len({run, twin, Unchecked(**full())}), 1)
        others: Data = {"str": "other", "int": 0, "list": [], "dict": {}}
        for name, kind, optional in FIELDS:
            other = replaced(run, **{name: None if optional else others[kind]})
            self.assertNotEqual(run, other)
            self.assertNotEqual(hash(run), hash(other))
        self.assertNotEqual(hash(run.metadata), hash(run.headers))
        other = replaced(run, metadata=dict.fromkeys(run.metadata, "other"))
        self.assertNotEqual(hash(run.metadata), hash(other.metadata))
        self.assertNotEqual(run, run.to_dict())
        self.assertNotEqual(run, Named.from_dict(full()))

    def test_maps_are_dicts_whose_copies_are_plain(self) -> None:
        run = Unchecked.from_dict(full())
        for texts, plain in [
            (run.metadata, full()["metadata"]),
            (run.tools[1], full()["tools"][1]),
        ]:
            self.assertIsInstance(texts, dict)
            self.assertEqual((texts, plain), (plain, texts))
            self.assertEqual(repr(texts), repr(plain))
            self.assertEqual(json.loads(json.dumps(texts)), plain)
            for again in (texts.copy(), texts | {}, copy.copy(texts), type(texts)(plain.items())):
                again["new"] = "text"
                self.assertEqual(again, {**plain, "new": "text"})
            self.assertEqual(copy.deepcopy(texts), plain)
            self.assertEqual(type(texts)(a="b"), {"a": "b"})
            for protocol in PROTOCOLS:
                self.assertEqual(pickle.loads(pickle.dumps(texts, protocol)), plain)
            self.assertEqual(texts, plain)

    def test_every_change_of_a_run_is_refused(self) -> None:
        run = RunObject.from_dict(full())
        made = [run, Unchecked(**full()), pickle.loads(pickle.dumps(run)), copy.deepcopy(run)]
        made += [replaced(run), Named.from_dict(full()), decoded(RunObject, full())]
        for run in made:
            for name in NAMES:
                with self.assertRaises(dataclasses.FrozenInstanceError):
                    setattr(run, name, getattr(run, name))
                with self.assertRaises(dataclasses.FrozenInstanceError):
                    delattr(run, name)
            for items in (
                typing.cast(typing.Any, run).tools,
                typing.cast(typing.Any, run).file_ids,
            ):
                with self.assertRaises(TypeError):
                    items[0] = items[1]
            self.assertEqual(run.to_dict(), full())
        for name in ("new", "__class__", "__dict__"):
            with self.assertRaises(dataclasses.FrozenInstanceError):
                setattr(made[0], name, None)

    def test_every_change_of_a_map_is_refused(self) -> None:
        changes: list[typing.Callable[[typing.Any], object]] = [
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
        ]
        made = [RunObject.from_dict(full()), Unchecked(**full())]
        made += [pickle.loads(pickle.dumps(made[0])), replaced(made[0])]
        for run in made:
            for texts in (run.metadata, run.headers, run.required_action, *run.tools):
                for change in changes:
                    with self.assertRaises(TypeError) as caught:
                        change(texts)
                    self.assertEqual(str(caught.exception), "the maps of a run cannot be changed")
                self.assertFalse(hasattr(texts, "__dict__"))
            self.assertEqual(run.to_dict(), full())

    def test_to_dict_is_plain_new_and_in_order(self) -> None:
        def check(value: object) -> None:
            self.assertIn(type(value), (dict, list, str, int, type(None)))
            if isinstance(value, (dict, list)):
                for item in value.values() if isinstance(value, dict) else value:
                    check(item)

        for data in (full(), small()):
            run = RunObject.from_dict(data)
            plain = run.to_dict()
            check(plain)
            self.assertEqual(list(plain), NAMES)
            self.assertEqual(plain, {**dict.fromkeys(NAMES), **data})
            self.assertEqual(json.loads(json.dumps(plain)), plain)
            plain["tools"][0].clear()
            plain["tools"].append({})
            plain["file_ids"].append("x")
            plain["metadata"]["x"] = "y"
            for name in ("required_action", "headers"):
                if plain[name] is not None:
                    plain[name]["x"] = "y"
            plain["id"] = "other"
            plain["usage"] = 7
            self.assertEqual(run.to_dict(), {**dict.fromkeys(NAMES), **data})

    def test_the_constructor_takes_keyword_arguments_only(self) -> None:
        with self.assertRaises(TypeError):
            Unchecked(*full().values())
        self.assertEqual(Unchecked(**small()), RunObject.from_dict(small()))

    def test_replace_checks_and_freezes(self) -> None:
        run = RunObject.from_dict(full())
        changes: Data = {"status": "completed", "tools": [{"type": "x"}], "headers": None}
        self.assertEqual(replaced(run, **changes).to_dict(), {**full(), **changes})
        self.assertEqual(run.to_dict(), full())
        if sys.version_info >= (3, 13):
            self.assertEqual(copy.replace(run, **changes).to_dict(), {**full(), **changes})

    def test_asdict_and_copies(self) -> None:
        run = RunObject.from_dict(full())
        plain = dataclasses.asdict(run)
        lists = {name: tuple(full()[name]) for name, kind, _ in FIELDS if kind == "list"}
        self.assertEqual(plain, {**full(), **lists})
        plain["metadata"]["a"] = "b"
        self.assertEqual(RunObject.from_dict(dataclasses.asdict(run)), run)
        for again in (copy.copy(run), copy.deepcopy(run), copy.deepcopy([run])[0]):
            self.assertEqual(again, run)
            self.assertIs(type(again), RunObject)

    def test_runs_pickle_under_every_protocol(self) -> None:
        for run in (
            RunObject.from_dict(full()),
            RunObject.from_dict(small()),
            Named.from_dict(full()),
        ):
            for protocol in PROTOCOLS:
                again = pickle.loads(pickle.dumps(run, protocol))
                self.assertIs(type(again), type(run))
                self.assertEqual((again, hash(again)), (run, hash(run)))
                self.assertEqual(list(again.to_dict().items()), list(run.to_dict().items()))

    def test_unpickling_checks(self) -> None:
        data = pickle.dumps(Unchecked.from_dict({**full(), "status": "a status"}), 0)
        forged = re.sub(rb"V?a status", rb"V\\ud800", data)
        self.assertNotEqual(forged, data)
        error = self.error(lambda: pickle.loads(forged))
        self.assertEqual(error.problems, {"status": "not valid UTF-8"})

    def test_what_version_1_0_0_pickled_loads(self) -> None:
        run = pickle.loads(PICKLED_RUN)
        self.assertIs(type(run), RunObject)
        self.assertEqual(
            run.to_dict(),
            {
                **dict.fromkeys(NAMES),
                "id": "run_1",
                "object": "thread.run",
                "created_at": 1,
                "thread_id": "thread_1",
                "assistant_id": "asst_1",
                "status": "queued",
                "model": "gpt-4",
                "tools": [{"type": "retrieval"}],
                "file_ids": ["file-1"],
                "metadata": {"user": "u_1"},
            },
        )
        for pickled in PICKLED_MAPS:
            self.assertEqual(pickle.loads(pickled), {"user": "u_1"})
        error = pickle.loads(PICKLED_ERROR)
        self.assertEqual(error.problems, {"id": "expected str, got int", "model": "missing"})
        self.assertEqual(str(error), "id: expected str, got int; model: missing")
        whole = pickle.loads(PICKLED_ERROR_OF_A_LIST)
        self.assertEqual(whole.problems, {"": "expected dict, got list"})
        self.assertEqual(str(whole), "expected dict, got list")

    def test_a_decoder_may_set_the_fields_in_any_order(self) -> None:
        run = decoded(RunObject, dict(reversed(full().items())))
        self.assertEqual(run, RunObject.from_dict(full()))
        self.assertEqual(list(run.to_dict().items()), list(full().items()))
        with self.assertRaises(TypeError):
            run.metadata["a"] = "b"

    def test_it_is_an_ordinary_dataclass(self) -> None:
        for run in (RunObject.from_dict(full()), Unchecked(**full())):
            self.assertEqual(list(vars(run)), NAMES)
            self.assertEqual(vars(run)["id"], "run_1")
            self.assertIs(weakref.ref(run)(), run)
            self.assertTrue(repr(run).startswith("RunObject(id='run_1', object='thread.run', "))

    def test_a_subclass_may_add_methods_and_cached_properties(self) -> None:
        run = Named.from_dict(full())
        self.assertIs(type(run), Named)
        self.assertEqual((run.name, run.seconds), ("run_1 on thread_1", 4))
        self.assertEqual(vars(run)["seconds"], 4)
        self.assertEqual(list(run.to_dict().items()), list(full().items()))
        self.assertEqual(run, Named.from_dict(full()))
        self.assertEqual(vars(copy.copy(run)), vars(Named.from_dict(full())))

    def test_a_subclass_may_add_fields(self) -> None:
        run = Tagged(**full(), tag="mine")
        self.assertEqual((run.tag, run.length, run.metadata), ("mine", 4, full()["metadata"]))
        self.assertEqual(list(RunObject.to_dict(run).items()), list(full().items()))
        plain = Tagged.from_dict(full())
        self.assertEqual((plain.tag, plain.length), ("none", 4))
        copies = [copy.copy(run), copy.deepcopy(run), replaced(run, status="failed")]
        copies += [pickle.loads(pickle.dumps(run, protocol)) for protocol in PROTOCOLS]
        for again in copies:
            self.assertIs(type(again), Tagged)
            self.assertEqual((again, again.tag, again.length), (run, "mine", 4))
            self.assertEqual(again.headers, {"content-type": "application/json"})
        self.assertNotEqual(run, Tagged.from_dict(full()))

    def test_a_deep_copy_copies_what_a_subclass_holds(self) -> None:
        run = Noted(**full(), notes=["a"])
        self.assertIs(copy.copy(run).notes, run.notes)
        deep = copy.deepcopy({"run": run, "notes": run.notes})
        self.assertEqual(deep["run"], run)
        self.assertIsNot(deep["notes"], run.notes)
        self.assertIs(typing.cast(Noted, deep["run"]).notes, deep["notes"])

    def test_it_matches_by_keyword(self) -> None:
        match RunObject.from_dict(full()):
            case RunObject(status="failed", metadata={"user": user}, tools=[{"type": tool}, _]):
                self.assertEqual((user, tool), ("u_1", "code_interpreter"))
            case _:
                self.fail("no match")

    @needs_processes
    def test_runs_and_errors_cross_processes(self) -> None:
        runs = [Unchecked.from_dict({**full(), "id": f"run_{i}"}) for i in range(20)]
        with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as pool:
            self.assertEqual(list(pool.map(same, runs)), runs)
            error = pool.submit(RunObject.from_dict, {**full(), "id": 7}).exception()
        self.assertIs(type(error), RunObjectError)
        self.assertEqual(typing.cast(typing.Any, error).problems, {"id": "expected str, got int"})


PICKLED_RUN = b"""\
cfunctools\npartial\np0\n(crunobject\nRunObject\np1\ntp2\nRp3\n(g1\n(t(dp4\nVid\np5\nVrun_1\np6\n\
sVobject\np7\nVthread.run\np8\nsVcreated_at\np9\nI1\nsVthread_id\np10\nVthread_1\np11\n\
sVassistant_id\np12\nVasst_1\np13\nsVstatus\np14\nVqueued\np15\nsVrequired_action\np16\nN\
sVlast_error\np17\nNsVexpires_at\np18\nNsVstarted_at\np19\nNsVcancelled_at\np20\nNsVfailed_at\n\
p21\nNsVcompleted_at\np22\nNsVmodel\np23\nVgpt-4\np24\nsVinstructions\np25\nNsVtools\np26\n(lp27\n\
(dp28\nVtype\np29\nVretrieval\np30\nsasVfile_ids\np31\n(lp32\nVfile-1\np33\nasVmetadata\np34\n\
(dp35\nVuser\np36\nVu_1\np37\nssVheaders\np38\nNsNtp39\nb(tRp40\n."""
PICKLED_MAPS = [
    b"ccopy_reg\n_reconstructor\n(crunobject\n_FrozenDict\nc__builtin__\ndict\n(dVuser\nVu_1\nstR.",
    b"\x80\x04\x95.\x00\x00\x00\x00\x00\x00\x00\x8c\trunobject\x94\x8c\x0b_FrozenDict\x94\x93\x94)"
    b"\x81\x94\x8c\x04user\x94\x8c\x03u_1\x94s.",
]
PICKLED_ERROR = b"""\
crunobject\nRunObjectError\n((dVid\nVid: expected str, got int\nsVmodel\nVmodel: missing\nstR."""
PICKLED_ERROR_OF_A_LIST = b"""\
crunobject\nRunObjectError\n((dV\nV: expected dict, got list\nstR."""


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

        def integer() -> int:
            return choose.choice(
                [0, 1699063290, choose.randrange(-(2**63), 2**63), 2**63 - 1, -(2**63)]
            )

        data: Data = {}
        for name, kind, optional in FIELDS:
            if optional and choose.random() < 0.6:
                if choose.random() < 0.5:
                    data[name] = None
            elif name == "tools":
                data[name] = [texts() for _ in range(choose.randrange(4))]
            elif kind == "list":
                data[name] = [text() for _ in range(choose.randrange(4))]
            else:
                data[name] = {"str": text, "int": integer, "dict": texts}[kind]()
        for _ in range(choose.choice([0, 0, 1, 3])):
            data[choose.choice(["usage", "x", "é", "ID"])] = choose.choice([None, 7, "text", [{}]])
        items = list(data.items())
        choose.shuffle(items)
        return dict(items)

    def test_nothing_is_lost_on_the_way(self) -> None:
        choose = random.Random(self.seed)
        for number in range(1000):
            data = self.document(choose)
            before = copy.deepcopy(data)
            expected = {name: data.get(name) for name in NAMES}
            with self.subTest(seed=self.seed, number=number):
                run = Unchecked.from_dict(data)
                self.assertEqual(list(run.to_dict().items()), list(expected.items()))
                self.assertEqual(data, before)
                twins = [
                    RunObject.from_dict(run.to_dict()),
                    RunObject.from_dict(json.loads(json.dumps(run.to_dict()))),
                    RunObject.from_dict(json.loads(json.dumps(expected, ensure_ascii=False))),
                    RunObject.from_dict(dataclasses.asdict(run)),
                    Unchecked(**expected),
                    decoded(RunObject, expected),
                    replaced(run),
                    copy.copy(run),
                    copy.deepcopy(run),
                    *[pickle.loads(pickle.dumps(run, protocol)) for protocol in PROTOCOLS],
                ]
                self.assertEqual(Named.from_dict(run.to_dict()).to_dict(), expected)
                for twin in twins:
                    self.assertEqual((twin, hash(twin)), (run, hash(run)))
                    self.assertEqual(twin.to_dict(), expected)

    def test_one_injury_is_one_problem(self) -> None:
        choose = random.Random(self.seed)
        wrong: dict[str, list[tuple[typing.Any, str]]] = {
            "str": [(7, "expected str{}, got int"), ("\ud800", "not valid UTF-8")],
            "int": [(True, "expected int{}, got bool"), (2**63, "out of range for 64 bits")],
            "dict": [([], "expected dict{}, got list"), ("a", "expected dict{}, got str")],
            "list": [({}, "expected list{}, got dict"), ("a", "expected list{}, got str")],
        }
        for number in range(1000):
            data = self.document(choose)
            name, kind, optional = choose.choice(FIELDS)
            data[name], reason = choose.choice(wrong[kind])
            with self.subTest(seed=self.seed, number=number):
                expected = {name: reason.format(" or None" if optional else "")}
                self.assertEqual(self.problems(data), expected)


# Standard output is to be buffered, as it is where nobody has asked for anything else.
BUFFERED = {name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"}
COMMAND = [sys.executable, str(MODULE)]


def command(*arguments: str, stdin: bytes = b"", **options: typing.Any) -> tuple[int, str, str]:
    """Run the command; return its exit status, standard output and standard error."""
    done = subprocess.run([*COMMAND, *arguments], input=stdin, capture_output=True, **options)
    return done.returncode, done.stdout.decode(), done.stderr.decode().replace("\r\n", "\n")


def shell(line: str) -> tuple[int, str, str]:
    """Run a line of shell, in which `$0` stands for the command, with its output buffered."""
    line = line.replace("$0", f'"{sys.executable}" "{MODULE}"')
    done = subprocess.run(line, shell=True, capture_output=True, env=BUFFERED, input=b"{}")
    return done.returncode, done.stdout.decode(), done.stderr.decode()


def indented(data: Data) -> str:
    return json.dumps({**dict.fromkeys(NAMES), **data}, indent=4) + "\n"


@contextlib.contextmanager
def started(*arguments: str) -> typing.Generator[subprocess.Popen[bytes], None, None]:
    """Start the command, with three pipes; end it if the test fails meanwhile."""
    with subprocess.Popen(
        [*COMMAND, *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=BUFFERED,
        # What runs in the background is often started with the signal ignored.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    ) as process:
        try:
            yield process
        except BaseException:
            process.kill()
            raise


def on_a_line(data: Data) -> str:
    return json.dumps({**dict.fromkeys(NAMES), **data}) + "\n"


class Files(Case):
    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)

    def file(self, name: str, content: typing.Any) -> str:
        path = self.folder / name
        path.write_bytes(content if isinstance(content, bytes) else json.dumps(content).encode())
        return str(path)


@needs_processes
class Command(Files):
    """What `python3 runobject.py` does, as its users see it."""

    def test_a_run_is_written_normalised(self) -> None:
        document = json.dumps({**small(), "usage": None}).encode()
        for stdin in (document, b" \n" + document + b"\n\n"):
            self.assertEqual(command(stdin=stdin), (0, indented(small()), ""))
            self.assertEqual(command("-", stdin=stdin), (0, indented(small()), ""))
        first, second = self.file("first.json", small()), self.file("second.json", full())
        self.assertEqual(command(first, second), (0, indented(small()) + indented(full()), ""))
        empty = "<stdin>:1:1: Expecting value\n"
        self.assertEqual(command("-", "-", stdin=document), (1, indented(small()), empty))
        self.assertEqual(
            command(second, "-", first, stdin=document),
            (0, indented(full()) + indented(small()) * 2, ""),
        )

    def test_every_locale_will_do(self) -> None:
        bare = {**os.environ, "LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
        bare["PYTHONIOENCODING"] = "ascii"
        document = json.dumps(full(), ensure_ascii=False).encode()
        self.assertEqual(command(stdin=document, env=bare), (0, indented(full()), ""))
        document = json.dumps({**full(), "metadata": {"ключ": 1}}).encode()
        reason = r"metadata['\u043a\u043b\u044e\u0447']: expected str, got int"
        self.assertEqual(command(stdin=document, env=bare), (1, "", f"<stdin>:1: {reason}\n"))

    def test_each_problem_is_one_line_and_the_rest_goes_on(self) -> None:
        wrong = {**small(), "created_at": "1", "metadata": {"a\nb": None, "c": 1}}
        bad, good = self.file("bad.json", wrong), self.file("good.json", small())
        lines = [
            f"{bad}:1: created_at: expected int, got str\n",
            f"{bad}:1: metadata['a\\nb']: expected str, got NoneType\n",
            f"{bad}:1: metadata['c']: expected str, got int\n",
        ]
        self.assertEqual(command(bad), (1, "", "".join(lines)))
        self.assertEqual(command(bad, good), (1, indented(small()), "".join(lines)))
        self.assertEqual(command(stdin=b"[]"), (1, "", "<stdin>:1: expected dict, got list\n"))
        many = json.dumps({**small(), "file_ids": [None] * 500}).encode()
        last = ["file_ids[98]: expected str, got NoneType", "...: more problems than these"]
        self.assertEqual(
            command(stdin=many)[2].splitlines()[98:], [f"<stdin>:1: {line}" for line in last]
        )

    def test_a_problem_is_told_with_the_line_on_which_its_document_begins(self) -> None:
        expected = "<stdin>:4: expected dict, got list\n"
        for blank in (b"\n\n\n", b"\n \r\n\t\n  ", "\ufeff\n\n\n".encode()):
            self.assertEqual(command(stdin=blank + b"[\n]\n"), (1, "", expected))
        duplicate = "<stdin>:3: duplicate key 'id'\n"
        self.assertEqual(command(stdin=b'\n\n{"id": 1,\n"id": 2}'), (1, "", duplicate))
        self.assertEqual(command("--json-lines", stdin=b"\n\n []\n")[2][:15], "<stdin>:3: expe")

    def test_json_is_strict_and_what_is_wrong_with_it_is_one_line(self) -> None:
        good = json.dumps(small())
        for document, line, reason in [
            (b"", "1:1", "Expecting value$"),
            (b"\n\n", "1:1", "Expecting value$"),
            (b"{", "1:2", "Expecting property name"),
            (b'{\n"id": 1,\n', r"2:\d+", "."),
            (good[:-1].encode(), r"1:\d+", "Expecting ',' delimiter$"),
            (b'\n\n{"id":\n  ?}', "4:3", "Expecting value$"),
            (b'{"id": "a",\n "b": {"c": 1, "c": 1}}', "1", r"duplicate key 'c'$"),
            (
                b'{"' + b"k" * 99 + b'": 1, "' + b"k" * 99 + b'": 2}',
                "1",
                r"duplicate key 'k+\.\.\.k+'$",
            ),
            (good.replace('"queued"', "NaN").encode(), "1", "NaN is not JSON$"),
            (good.replace("1699063290", "Infinity").encode(), "1", "Infinity is not JSON$"),
            (good.replace("1699063290", "-Infinity").encode(), "1", "-Infinity is not JSON$"),
            (good.replace("}]", '}], "usage": NaN').encode(), "1", "NaN is not JSON$"),
            (good.replace("queued", "ä").encode("latin-1"), "1", "not valid UTF-8$"),
            (good.encode("utf-16"), "1", "not valid UTF-8$"),
            (b'\n{"id":\n "\xe4"}', "3", "not valid UTF-8$"),
            ("\ufeff\n".encode() + b"\n\xff", "3", "not valid UTF-8$"),
            (b"[" * 1_000_000, r"1(:\d+)?", "."),
            (b'{"usage":' * 300_000, r"1(:\d+)?", "."),
            (good.replace("1699063290", "9" * 100_000).encode(), "1", "."),
            (good.replace("1699063290", "1e999").encode(), "1", "created_at: .*got float$"),
            (good.replace("queued", "\\ud800").encode(), "1", "status: not valid UTF-8$"),
            (good.replace("queued", "a\tb").encode(), r"1:\d+", "Invalid control character"),
            (good.replace('"queued"', "'queued'").encode(), r"1:\d+", "Expecting value$"),
            (b"\x00", "1:1", "Expecting value$"),
            (good.encode() + "\u00a0".encode(), r"1:\d+", "Extra data"),
            (good.encode() + b"\x0c", r"1:\d+", "Extra data"),
            (b"\x0c", "1:1", "Expecting value$"),
        ]:
            with self.subTest(document=document[:40]):
                expected = rf"\A<stdin>:{line}: {reason}".replace("$", r"\n")
                status, output, errors = command(stdin=document)
                self.assertEqual((status, output), (1, ""), errors)
                self.assertRegex(errors, expected)
                self.assertEqual(errors.count("\n"), 1)
                if document and b"\n" not in document:
                    lines = document + b"\n" + good.encode()
                    status, output, errors = command("--json-lines", stdin=lines)
                    self.assertEqual((status, output), (1, on_a_line(small())))
                    self.assertRegex(errors, expected)
                    self.assertRegex(errors, r"\A.*\n1 of 2 runs fit\n\Z")

    def test_a_second_document_hints_at_json_lines(self) -> None:
        two = json.dumps(small()).encode() + b"\n\n{}"
        status, output, errors = command(stdin=two)
        self.assertEqual((status, output), (1, ""))
        self.assertRegex(errors, r"\A<stdin>:3:1: Extra data.*--json-lines\n\Z")
        twice = command("--json-lines", stdin=b"{} {}\n")[2]
        self.assertEqual(twice, "<stdin>:1:4: Extra data\n0 of 1 runs fit\n")

    def test_a_byte_order_mark_is_ignored(self) -> None:
        mark = "\ufeff".encode()
        document = json.dumps(small()).encode()
        self.assertEqual(command(stdin=mark + document), (0, indented(small()), ""))
        self.assertEqual(
            command("--json-lines", stdin=mark + document + b"\n" + document + b"\n[]"),
            (1, on_a_line(small()) * 2, "<stdin>:3: expected dict, got list\n2 of 3 runs fit\n"),
        )
        self.assertEqual(command(stdin=mark + b"{ ]")[2][:13], "<stdin>:1:3: ")

    def test_json_lines_are_one_run_a_line(self) -> None:
        one, two = on_a_line(small()), on_a_line(full())
        text = f"{json.dumps(small())}\n\n  \t\r\n{two.strip()}\r\n{{\n[]\n{two.strip()}"
        status, output, errors = command("--json-lines", stdin=text.encode())
        self.assertEqual((status, output), (1, one + two + two))
        self.assertRegex(
            errors,
            r"\A<stdin>:5:\d: Expecting .*\n<stdin>:6: expected dict, got list\n3 of 5 runs fit\n",
        )
        path = self.file("runs.jsonl", (two + two).encode())
        self.assertEqual(command("--json-lines", path, path), (0, two * 4, "4 of 4 runs fit\n"))
        self.assertEqual(command("--json-lines", stdin=b"\n"), (0, "", "0 of 0 runs fit\n"))

    def test_a_file_that_cannot_be_read_is_named_and_the_next_one_checked(self) -> None:
        good, lacking = self.file("good.json", small()), str(self.folder / "lacking.json")
        status, output, errors = command(lacking, good, str(self.folder))
        self.assertEqual((status, output), (2, indented(small())))
        self.assertRegex(errors, r"\A.*lacking\.json: No such file.*\n.*: .*\n\Z")
        bad = self.file("bad.json", [])
        self.assertEqual(command("--json-lines", lacking, bad)[0], 2)
        self.assertEqual(command(bad, lacking, bad)[0], 2)

    @unittest.skipUnless(os.path.exists("/proc/self/mem"), "this platform has no /proc/self/mem")
    def test_a_file_that_fails_while_it_is_read_is_named(self) -> None:
        good = self.file("good.json", small())
        for option, written in [((), indented), (("--json-lines",), on_a_line)]:
            status, output, errors = command(*option, "/proc/self/mem", good)
            self.assertEqual((status, output), (2, written(small())))
            self.assertRegex(errors, r"\A/proc/self/mem: Input/output error\n")

    @unittest.skipUnless(sys.platform == "linux", "Linux keeps a process to a limit of memory")
    def test_a_file_too_large_for_the_memory_is_named(self) -> None:
        import resource

        good, large = self.file("good.json", small()), self.file("large.json", b"")
        os.truncate(large, 2**31)  # takes no room on the disk
        status, output, errors = command(
            large, good, preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (2**30, 2**30))
        )
        self.assertEqual((status, output), (2, indented(small())))
        self.assertEqual(errors, f"{large}: not enough memory\n")

    def test_wrong_usage_help_and_version(self) -> None:
        status, output, errors = command("--jsonl")
        self.assertEqual((status, output), (2, ""))
        self.assertIn("usage:", errors)
        status, output, errors = command("--help")
        self.assertEqual((status, errors), (0, ""))
        for told in ("--json-lines ", "--version ", "FILE", " 0 ", " 1 ", " 2 ", " 130 "):
            self.assertIn(told, output)
        self.assertEqual(command("--version"), (0, "1.1.0\n", ""))
        self.assertRegex(command("--", "--lacking")[2], r"\A--lacking: ")

    @needs_posix
    def test_a_closed_stream_is_no_traceback_and_complaints_are_never_among_the_runs(self) -> None:
        good, bad = self.file("good.json", small()), self.file("bad.json", [])
        self.assertEqual(shell(f"$0 '{good}' 2>&-"), (0, indented(small()), ""))
        self.assertEqual(shell(f"$0 '{bad}' '{good}' 2>&-"), (2, indented(small()), ""))
        self.assertEqual(shell(f"$0 --json-lines '{good}' 2>&-"), (2, on_a_line(small()), ""))
        self.assertEqual(shell("$0 --wrong 2>&-"), (2, "", ""))
        for arguments in (f"'{good}'", f"'{bad}'", "--help"):
            self.assertEqual(shell(f"$0 {arguments} >&-"), (2, "", "standard output is closed\n"))
            self.assertEqual(shell(f"$0 {arguments} >&- 2>&-"), (2, "", ""))
        status, output, errors = shell("$0 <&-")
        self.assertEqual((status, output), (2, ""))
        self.assertRegex(errors, r"\A<stdin>: .*\n\Z")

    @unittest.skipUnless(os.path.exists("/dev/full"), "this platform has no /dev/full")
    def test_an_output_that_cannot_be_written(self) -> None:
        line = json.dumps(small()) + "\n"
        one, many = self.file("one.jsonl", line.encode()), self.file("many", (line * 1000).encode())
        bad = self.file("bad.json", [])
        complaint = "standard output: No space left on device\n"
        for arguments in (f"'{one}'", f"--json-lines '{many}'", "--help"):
            status, output, errors = shell(f"$0 {arguments} >/dev/full")
            self.assertEqual((status, output), (2, ""))
            self.assertTrue(errors.endswith(complaint), errors)
        self.assertEqual(shell(f"$0 '{one}' >/dev/full 2>&-"), (2, "", ""))
        self.assertEqual(shell(f"$0 '{bad}' '{one}' 2>/dev/full"), (2, indented(small()), ""))

    @needs_posix
    def test_a_closed_pipe_is_quiet(self) -> None:
        path = self.file("runs.jsonl", on_a_line(full()).encode() * 20_000)
        with started("--json-lines", path) as process:
            assert process.stdout and process.stderr
            self.assertEqual(json.loads(process.stdout.readline()), full())
            process.stdout.close()
            self.assertEqual(process.stderr.read(), b"")
        self.assertEqual(process.returncode, 2)

    @needs_posix
    def test_ctrl_c_is_130_without_a_traceback(self) -> None:
        for reader_has_gone in (False, True):
            with started("--json-lines") as process:
                assert process.stdin and process.stdout and process.stderr
                if reader_has_gone:
                    process.stdout.close()
                process.stdin.write(on_a_line(full()).encode() + b"[]\n")
                process.stdin.flush()
                # Once it complains of the second line, it has seen the first and waits for a third.
                self.assertEqual(process.stderr.readline()[:10], b"<stdin>:2:")
                process.send_signal(signal.SIGINT)
                self.assertEqual(process.stderr.read(), b"")
            self.assertEqual(process.returncode, 130)

    @unittest.skipUnless(sys.platform == "linux", "the peak of memory is read as Linux gives it")
    def test_json_lines_take_constant_memory(self) -> None:
        line = json.dumps({**small(), "usage": "x" * 200_000}).encode() + b"\n"
        path = self.folder / "runs.jsonl"
        code = (
            "import re, runobject, sys; status = runobject.main(sys.argv[1:]);"
            "text = open('/proc/self/status').read();"
            "print(status, *re.findall(r'VmHWM:\\s+(\\d+)', text), file=sys.stderr)"
        )
        peaks: list[int] = []
        for count in (10, 500):
            path.write_bytes(line * count)
            arguments = [sys.executable, "-c", code, "--json-lines", str(path)]
            done = subprocess.run(arguments, capture_output=True, cwd=HERE, check=True)
            self.assertEqual(done.stdout.count(b"\n"), count)
            status, peak = done.stderr.split()[-2:]
            self.assertEqual(status, b"0")
            peaks.append(int(peak))
        self.assertLess(peaks[1] - peaks[0], 20_000)


class Main(Files):
    """The command's entry, called in this process."""

    def main(self, *arguments: str) -> tuple[int, str, str]:
        output, errors = io.StringIO(), io.StringIO()
        with contextlib.redirect_stdout(output), contextlib.redirect_stderr(errors):
            status = runobject.main(list(arguments))
        return status, output.getvalue(), errors.getvalue()

    def test_main_returns_the_exit_status(self) -> None:
        good, bad = self.file("good.json", small()), self.file("bad.json", b"{}")
        self.assertEqual(self.main(good), (0, indented(small()), ""))
        self.assertEqual(self.main(bad)[:2], (1, ""))
        self.assertEqual(
            self.main("--json-lines", good), (0, on_a_line(small()), "1 of 1 runs fit\n")
        )
        self.assertEqual(self.main(bad, str(self.folder / "lacking"), good)[0], 2)
        self.assertEqual(self.main("--bad")[0], 2)
        self.assertEqual(self.main("--help")[0], 0)

    def test_main_takes_the_arguments_of_the_process(self) -> None:
        output = io.StringIO()
        arguments = ["runobject.py", self.file("good.json", small())]
        with mock.patch.object(sys, "argv", arguments), contextlib.redirect_stdout(output):
            self.assertEqual(runobject.main(), 0)
        self.assertEqual(output.getvalue(), indented(small()))

    def test_complaints_are_whole_lines_where_processes_share_an_output(self) -> None:
        written: list[str] = []

        class Shared(io.StringIO):
            def write(self, text: str) -> int:
                written.append(text)
                return len(text)

        wrong = on_a_line({**small(), "id": 7, "status": None})
        path = self.file("bad.jsonl", wrong.encode() + b"{\n")
        with mock.patch.object(sys, "stderr", Shared()):
            self.assertEqual(runobject.main(["--json-lines", path]), 1)
        self.assertEqual([text.count("\n") for text in written], [2, 1, 1])
        self.assertEqual([text[-1] for text in written], ["\n"] * 3)

    def test_main_leaves_the_streams_of_its_caller_as_they_were(self) -> None:
        class Full(io.StringIO):
            def write(self, text: str) -> int:
                raise OSError(28, "No space left on device")

        class Closed(io.StringIO):
            def write(self, text: str) -> int:
                raise BrokenPipeError(32, "Broken pipe")

        good, bad = self.file("good.json", small()), self.file("bad.json", [])
        streams: list[tuple[typing.Any, typing.Any, int]] = [
            (Full(), io.StringIO(), 2),
            (Closed(), io.StringIO(), 2),
            (io.StringIO(), Full(), 2),
            (io.StringIO(), None, 2),
            (None, io.StringIO(), 2),
            (io.StringIO(), io.StringIO(), 1),
        ]
        for output, errors, expected in streams:
            with mock.patch.object(sys, "stdout", output), mock.patch.object(sys, "stderr", errors):
                status = runobject.main([bad, good])
                self.assertIs(sys.stdout, output)
                self.assertIs(sys.stderr, errors)
            self.assertEqual(status, expected)
            if type(output) is io.StringIO:
                self.assertEqual(output.getvalue(), indented(small()))


class Module(Case):
    """The file as a whole, and what becomes of it when it is pasted."""

    def test_what_is_public(self) -> None:
        self.assertEqual(runobject.__all__, ["RunObject", "RunObjectError"])
        self.assertEqual(runobject.__version__, "1.1.0")
        methods = {name for name in vars(RunObject) if not name.startswith("_")} - set(NAMES)
        self.assertEqual(methods, {"from_dict", "to_dict"})

    @unittest.skipIf(sys.flags.optimize >= 2, "-OO drops the docstrings")
    def test_the_example_in_the_docstring_holds(self) -> None:
        results = doctest.testmod(runobject)
        self.assertEqual(results.failed, 0)
        self.assertGreater(results.attempted, 3)

    def test_type_hints_can_be_resolved(self) -> None:
        for function in (RunObject.to_dict, RunObjectError.__str__, runobject.main):
            self.assertIn("return", typing.get_type_hints(function))
        hints = typing.get_type_hints(RunObject.from_dict)
        self.assertIs(hints["return"], RunObject)
        self.assertEqual(hints["data"], Mapping[str, object])

    def test_type_checkers_are_told_of_names_in_the_standard_library(self) -> None:
        source = MODULE.read_text(encoding="utf-8")
        self.assertEqual(source.count("TYPE_CHECKING = False\n"), 1)
        checked = types.ModuleType("checked")
        with mock.patch.dict(sys.modules, checked=checked):
            exec(source.replace("TYPE_CHECKING = False\n", "TYPE_CHECKING = True\n"), vars(checked))
            read = typing.cast(typing.Any, checked).RunObject
            self.assertEqual(read.from_dict(full()).to_dict(), full())
            hints = typing.get_type_hints(read.from_dict)
        self.assertEqual(hints["data"], Mapping[str, typing.Any])
        self.assertEqual(str(hints["return"]), "~_Run")
        self.assertEqual(hints["return"].__bound__.__forward_arg__, "RunObject")

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
                done = subprocess.run(arguments, input=stdin, cwd=folder, capture_output=True)
                self.assertEqual((done.returncode, done.stderr), (0, b""))
                self.assertEqual(done.stdout.split(), [b"True", b"ours.vendored.runs"])

    @needs_processes
    def test_it_imports_what_dataclasses_imports_and_no_more(self) -> None:
        code = "import sys; sys.path.insert(0, sys.argv[1]); import {}; print(*sorted(sys.modules))"
        modules: list[set[str]] = []
        for name in ("collections.abc, dataclasses, functools", "runobject"):
            arguments = [sys.executable, "-I", "-S", "-c", code.format(name), str(HERE)]
            done = subprocess.run(arguments, capture_output=True, check=True)
            modules.append(set(done.stdout.decode().split()))
        self.assertEqual(modules[1] - modules[0], {"runobject"})


if __name__ == "__main__":
    program = unittest.main(exit=False)
    for skipped, why in program.result.skipped:
        print(f"skipped: {skipped.id()}: {why}", file=sys.stderr)
    sys.exit(not program.result.wasSuccessful())
