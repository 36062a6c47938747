# SPDX-License-Identifier: MIT-0
# SPDX-FileCopyrightText: 2026 the RunObject authors
"""Tests of `runobject.py`, with the standard library alone: `python3 test_runobject.py`.

They can be vendored beside it. If it has another name there, edit the import marked below.
"""

import contextlib
import copy
import dataclasses
import doctest
import faulthandler
import functools
import io
import itertools
import json
import os
import pickle
import random
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import typing
import unittest
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

PATIENCE = 60  # seconds until a test that hangs is named and ended; its processes get half of it
BOUND = 10_000_000  # bytes that a process may write; of memory, it gets a hundred times as much
WASM = sys.platform in ("emscripten", "wasi")
needs_file = unittest.skipIf(WASM or not MODULE.is_file(), "the module is no file to run")
needs_posix = unittest.skipUnless(os.name == "posix", "signals and streams as in POSIX")
needs_linux = unittest.skipUnless(sys.platform == "linux", "files and limits as in Linux")

MAP: Any = Mapping[str, str]
MAP_LIST: Any = Sequence[Mapping[str, str]]
TEXT_LIST: Any = Sequence[str]
# Name, type, optionality and an example of the fields in order, as the Rust struct has them.
FIELDS: list[tuple[str, Any, bool, Any]] = [
    ("id", str, False, "run_1"),
    ("object", str, False, "thread.run"),
    ("created_at", int, False, 1699063290),
    ("thread_id", str, False, "thread_1"),
    ("assistant_id", str, False, "asst_1"),
    ("status", str, False, "failed"),
    ("required_action", MAP, True, {"type": "submit_tool_outputs"}),
    ("last_error", str, True, "rate_limit_exceeded"),
    ("expires_at", int, True, 1699063890),
    ("started_at", int, True, 1699063291),
    ("cancelled_at", int, True, 1699063292),
    ("failed_at", int, True, 1699063293),
    ("completed_at", int, True, 1699063294),
    ("model", str, False, "gpt-4"),
    ("instructions", str, True, "Sois bref – 手短に 🙂"),
    ("tools", MAP_LIST, False, [{"type": "code_interpreter"}, {"type": "a", "größe": "klein"}]),
    ("file_ids", TEXT_LIST, False, ["file-1", "файл-2"]),
    ("metadata", MAP, False, {"user": "u_1", "": "", "clé": "x"}),
    ("headers", MAP, True, {"content-type": "application/json"}),
]
NAMES = [name for name, *_ in FIELDS]
REQUIRED = [name for name, _, optional, _ in FIELDS if not optional]
OPTIONAL = [name for name, _, optional, _ in FIELDS if optional]
TEXTS = [name for name, kind, *_ in FIELDS if kind is str]
INTEGERS = [name for name, kind, *_ in FIELDS if kind is int]
MAPS = ["required_action", "metadata", "headers"]
EMPTY: list[Any] = [None, [], {}]
# What a reason calls the type of each field.
CALLED = {str: "str", int: "int", MAP: "dict", MAP_LIST: "list", TEXT_LIST: "list"}
EXPECTED = {name: CALLED[kind] for name, kind, *_ in FIELDS}


def full() -> Data:
    """All fields, in order, no two of them alike."""
    return copy.deepcopy({name: example for name, _, _, example in FIELDS})


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
    """An integer that is not of the plain type."""


class Headers(Mapping[str, Any]):
    """A mapping that can be read by its `items()` alone, whose calls it counts."""

    def __init__(self, items: Data) -> None:
        self.held, self.calls = items, 0

    def items(self) -> Any:
        self.calls += 1
        return iter(self.held.items())

    def refuse(self: Any, *_: Any) -> Any:
        raise AssertionError("it was read by something else")

    __getitem__ = __iter__ = __len__ = refuse


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
    seconds: int = dataclasses.field(init=False)

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
    protocols = range(pickle.HIGHEST_PROTOCOL + 1)
    pickles = [pickle.loads(pickle.dumps(run, protocol)) for protocol in protocols]
    return [copy.copy(run), copy.deepcopy(run), *pickles]


class Case(unittest.TestCase):
    maxDiff = None

    def setUp(self) -> None:
        if not WASM and sys.__stderr__:
            faulthandler.dump_traceback_later(PATIENCE, exit=True, file=sys.__stderr__)
            self.addCleanup(faulthandler.cancel_dump_traceback_later)

    def error(self, make: Callable[..., object], *given: Any, **named: Any) -> Any:
        """The error of a call, after a look at it for what it must never hold."""
        with self.assertRaises(RunObjectError) as caught:
            make(*given, **named)
        error = caught.exception
        self.assertEqual((error.__cause__, error.__context__), (None, None))
        self.assertLessEqual(len(error.problems), 100)
        self.assertLess(len(str(error)), 16_000)
        self.assertTrue(str(error).isprintable(), str(error))
        return error

    def problems(self, make: Callable[..., object], *given: Any, **named: Any) -> Any:
        return self.error(make, *given, **named).problems

    def wrong(self, path: str, reason: str, **changes: Any) -> None:
        """Check that the one problem is told, by every way to make a run."""
        data = {**full(), **changes}
        self.assertEqual(self.problems(Unchecked, **data), {path: reason})
        for cls in (RunObject, Tagged):
            self.assertEqual(self.problems(cls.from_dict, data), {path: reason})


class Reading(Case):
    """What `from_dict` takes, and what it makes of it."""

    def test_the_fields_are_those_of_the_struct_in_order(self) -> None:
        declared = dataclasses.fields(RunObject)
        hints = typing.get_type_hints(RunObject)
        for field, (name, kind, optional, _) in zip(declared, FIELDS, strict=True):
            self.assertEqual(field.name, name)
            self.assertEqual(hints[name], kind | None if optional else kind)
            self.assertIs(field.default, None if optional else dataclasses.MISSING)

    def test_an_optional_field_may_be_absent_or_none(self) -> None:
        for data in (small(), whole(small()), dict(reversed(small().items()))):
            for run in (Unchecked.from_dict(data), Unchecked(**data), decoded(RunObject, data)):
                self.assertEqual(list(run.__dict__), NAMES)
                self.assertEqual([getattr(run, name) for name in OPTIONAL], [None] * len(OPTIONAL))
        for name in OPTIONAL:
            data = {**full(), name: None}
            self.assertEqual(Unchecked.from_dict(data).to_dict(), data)

    def test_a_required_field_may_not_be_missing(self) -> None:
        for name in REQUIRED:
            data = full()
            del data[name]
            for cls in (RunObject, Tagged):
                self.assertEqual(self.problems(cls.from_dict, data), {name: "missing"})
            with self.assertRaises(TypeError):
                Unchecked(**data)

    def test_unknown_keys_are_ignored_whatever_they_are_and_hold(self) -> None:
        # A lock can be neither copied nor compared nor written.
        extra: dict[Any, Any] = {"no": threading.Lock(), 7: 8, b"": 9, None: 1, (): 2, "\ud800": 3}
        for cls in (RunObject, Tagged):
            for data in (extra | full(), full() | extra, Headers(full() | extra)):
                run: Any = cls
                self.assertEqual(run.from_dict(data), run.from_dict(full()))

    def test_every_field_refuses_every_other_kind_of_value(self) -> None:
        values: list[Any] = [None, True, 7, 1.0, "", b"text", [], (), {}, set(), range(2), int]
        values += [False, float("nan"), {}.items()]
        fitting = {"str": ["str"], "int": ["int"], "dict": ["dict"], "list": ["list", "tuple"]}
        for name, _, optional, _ in FIELDS:
            fits = [*fitting[EXPECTED[name]], *(["NoneType"] if optional else [])]
            for value in values:
                actual = type(value).__name__
                if actual not in fits:
                    self.wrong(name, f"expected {EXPECTED[name]}, got {actual}", **{name: value})

    def test_every_item_of_a_map_or_list_is_checked(self) -> None:
        wrong: list[Any] = [None, True, 1.5, b"", [], {}]
        for value in wrong:
            reason = f"expected str, got {type(value).__name__}"
            for name in MAPS:
                self.wrong(f"{name}['b']", reason, **{name: {"a": "x", "b": value, "c": "y"}})
            self.wrong("headers['b']", reason, headers=Headers({"b": value}))
            self.wrong("tools[1]['b']", reason, tools=[{"a": "b"}, {"a": "b", "b": value}])
            self.wrong("tools[0]['ä']", reason, tools=({"ä": value},))
            self.wrong("file_ids[3]", reason, file_ids=["a", "b", "é", value])
        for value in [*wrong[:-1], "text"]:
            reason = f"expected dict, got {type(value).__name__}"
            self.wrong("tools[2]", reason, tools=[{}, {"a": "b"}, value])

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

        data = {**full(), "tools": [Pairs({"a": "b"})], "required_action": Pairs({})}
        told = "expected str, got list"
        expected = {"required_action[<list>]": told, "tools[0][<list>]": told}
        for read in (Unchecked.from_dict, Unchecked.from_response, Tagged.from_dict):
            self.assertEqual(read(Pairs(full())).id, "run_1")
            self.assertEqual(self.problems(read, data), expected)

    def test_integers_have_64_bits(self) -> None:
        for name in INTEGERS:
            for value in (0, 1, -1, 9223372036854775807, -9223372036854775808):
                self.assertEqual(getattr(Unchecked.from_dict({**full(), name: value}), name), value)
            for value in (9223372036854775808, -9223372036854775809, 10**5000, Number(2**63)):
                self.wrong(name, "out of range for 64 bits", **{name: value})

    def test_text_is_what_utf8_can_encode_which_lone_surrogates_are_not(self) -> None:
        for text in ("", "\x00", "\ud7ff", "\ue000", "🙂", "é" * 99_999):
            data = {**full(), "id": text, "file_ids": [text], "tools": [{text: text}]}
            self.assertEqual(Unchecked.from_dict(data).to_dict(), data)
        reason = "not valid UTF-8"
        odd = [("\ud800", r"'\ud800'"), ("é\udfff", r"'é\udfff'"), (Text("\udc80"), r"'\udc80'")]
        for lone, shown in odd:
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
        expected = {"file_ids[0]": reason, "file_ids[1]": reason}
        self.assertEqual(self.problems(RunObject.from_dict, halves), expected)

    def test_subclasses_of_str_and_int_become_plain(self) -> None:
        value: Any = Text("completed")
        data: dict[Any, Any] = {**full(), "status": value, "last_error": value}
        data.update(tools=[{value: "a"}], file_ids=["a", value], metadata={value: value})
        data.update(headers=Headers({"a": value}))
        data[Text("id")] = data.pop("id")
        for cls, given in itertools.product((Unchecked, Tagged), (data, Headers(data))):
            run: Any = cls.from_dict(given)
            self.assertEqual(run.id, "run_1")
            texts: list[Any] = [run.status, run.last_error, run.file_ids[1], run.headers["a"]]
            texts += [*run.tools[0], *run.metadata, *run.metadata.values()]
            self.assertEqual([(type(text), text) for text in texts], [(str, "completed")] * 7)
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
        class Lazy(dict[str, Any]):
            """One that holds its items elsewhere, as what is read only on demand does."""

            def __init__(self, items: Data, **stale: Any) -> None:
                super().__init__(stale)
                self.held = items

            def items(self) -> Any:
                return self.held.items()

        plain = {**full(), "metadata": {"a": "b"}, "tools": [{"c": "d"}, {}]}
        for stale in ({}, {"a": 7}):
            data = {**plain, "metadata": Lazy({"a": Text("b")}, **stale)}
            data["tools"] = [Lazy({"c": "d"}, **stale), Lazy({}, **stale)]
            for read in (Unchecked.from_dict, Unchecked.from_response, Tagged.from_dict):
                run = read(Lazy(data, **stale))
                self.assertEqual({name: run.to_dict()[name] for name in NAMES}, plain)
            run = Unchecked.from_response({**plain, "last_error": [{"c": (data["metadata"], {})}]})
            self.assertEqual(run.last_error, '[{"c": [{"a": "b"}, {}]}]')

    def test_lists_are_lists_and_tuples_and_become_tuples(self) -> None:
        subclasses: list[Any] = [type("List", (list,), {}), type("Tuple", (tuple,), {})]
        for kind in (list, tuple, *subclasses):
            for file_ids in (["a", "b"], ["a", "é"]):
                data: Data = {**full(), "tools": kind(full()["tools"])}
                data["file_ids"] = kind(file_ids)
                run = Unchecked.from_dict(data)
                self.assertEqual(run.to_dict(), {**full(), "file_ids": file_ids})
                self.assertEqual((type(run.tools), type(run.file_ids)), (tuple, tuple))
            self.wrong("file_ids[1]", "expected str, got int", file_ids=kind(["a", 1]))

    def test_what_is_no_mapping_is_one_problem(self) -> None:
        values: list[Any] = [None, [("id", "run_1")], "text", 7, dict, RunObject.from_dict(full())]
        for value in values:
            expected = {"": f"expected dict, got {type(value).__name__}"}
            for read in (RunObject.from_dict, RunObject.from_response, Tagged.from_dict):
                self.assertEqual(self.problems(read, value), expected)

    def test_what_a_mapping_raises_passes_as_it_is(self) -> None:
        nothing: Any = None
        broken = Headers(nothing)  # which has no items
        for data in (broken, {**full(), "headers": broken}):
            for read in (Unchecked.from_dict, Unchecked.from_response):
                with self.assertRaisesRegex(AttributeError, "items"):
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
        cases: list[tuple[Data, Callable[[Data], object]]] = [
            ({}, lambda data: data["metadata"].update(user=7, new=7)),
            ({}, lambda data: data["headers"].held.update(new=7)),
            ({}, lambda data: data["required_action"].update(new={})),
            ({}, lambda data: data["tools"][0].update(type=7, new={})),
            ({}, lambda data: data["tools"].append(7)),
            ({}, lambda data: data["file_ids"].append(7)),
            ({}, lambda data: data["file_ids"].__setitem__(0, 7)),
            ({"created_at": "1"}, lambda data: data.clear()),
            ({"created_at": "1"}, lambda data: data.update(created_at=1)),
            ({"metadata": {"a": "\ud800"}}, lambda data: data["metadata"].update(a="b", new="c")),
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
                        self.assertNotIn("required_action", error.problems)  # which is optional
                        continue
                texts: list[Any] = [run.status, *run.file_ids]
                for each in (run.metadata, run.headers, run.required_action, *run.tools):
                    texts += each.values()
                self.assertEqual({text.__class__ for text in texts}, {str})
                self.assertTrue("".join(texts).isprintable())
            self.assertGreater(number, 40)

    def test_what_fits_by_the_time_that_it_is_looked_at_again_is_read(self) -> None:
        class Changing(Headers):
            def items(self) -> Any:
                return [("a", next(self.held["values"]))]

        data = {**full(), "headers": Changing({"values": iter([7, "b", "c"])})}
        self.assertEqual(Unchecked.from_dict(data).headers, {"a": "c"})

    @contextlib.contextmanager
    def at_line(self, number: int, change: Callable[[], object]) -> Generator[list[int]]:
        """Call a function when the module has run so many lines, which are counted in a list."""
        lines: list[int] = []

        def trace(frame: Any, event: str, arg: object) -> Any:
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
        problems = self.problems(RunObject.from_response, {**full(), **changes})
        self.assertEqual(problems, {path: reason})

    def test_a_run_of_version_2_fits(self) -> None:
        function = r'{"name": "gr\u00f6\u00dfe", "parameters": {"a": [1, null, true, 0.5]}}'
        calls = '{"tool_calls": [{"id": "call_1"}]}'
        error = '{"code": "server_error", "message": "Sorry"}'
        expected: Data = {**whole(small()), "file_ids": [], "metadata": {}, "last_error": error}
        expected["required_action"] = {"type": "submit", "submit": calls}
        expected["tools"] = [{"type": "file_search"}, {"type": "function", "function": function}]
        data: Data = {**copy.deepcopy(expected), "metadata": None, "last_error": json.loads(error)}
        data["required_action"]["submit"] = json.loads(calls)
        data["tools"][1]["function"] = json.loads(function)
        data.update(usage={"total_tokens": 31}, temperature=1.0)
        del data["file_ids"]
        before = copy.deepcopy(data)
        self.assertEqual(RunObject.from_response(data).to_dict(), expected)
        self.assertEqual(data, before)

    def test_lists_become_json_text_too_and_containers_may_be_of_any_kind(self) -> None:
        self.assertEqual(self.changed(last_error=["a", {}]), {"last_error": '["a", {}]'})
        self.assertEqual(self.changed(last_error=[]), {"last_error": "[]"})
        expected = {"required_action": {"a": "[1]", "b": "{}"}}
        for kind in (dict, Headers):
            self.assertEqual(self.changed(required_action=kind({"a": [1], "b": {}})), expected)
        maps: list[Any] = [{"a": {}}, Headers({"a": {}})]
        self.assertEqual(self.changed(tools=maps), {"tools": [{"a": "{}"}, {"a": "{}"}]})
        self.assertEqual(self.changed(tools=({"a": {}},)), {"tools": [{"a": "{}"}]})
        self.wrong_response("last_error", "expected str, got tuple", last_error=("a",))

    def test_nulls_in_tools_and_required_actions_are_left_out(self) -> None:
        # As packages write them.
        expected = {"tools": [{"type": "file_search"}, {}], "required_action": {"type": "a"}}
        tools = [{"type": "file_search", "file_search": None}, {"function": None}]
        action = {"type": "a", "submit_tool_outputs": None}
        self.assertEqual(self.changed(tools=tools, required_action=action), expected)

    def test_tools_files_and_metadata_may_be_absent_or_another_empty_value(self) -> None:
        class Array:
            """As arrays of NumPy do, it compares each item and has no truth."""

            def __eq__(self, other: object) -> Any:
                return self

            def __bool__(self) -> bool:
                raise ValueError("the truth of an array")

        # Clients in Go write null for an empty list, in PHP `[]` for a map, in Lua `{}` for a list.
        empty: Data = {"tools": [], "file_ids": [], "metadata": {}}
        for value in EMPTY:
            self.assertEqual(self.changed(**dict.fromkeys(empty, value)), empty)
        data = {name: value for name, value in full().items() if name not in empty}
        self.assertEqual(RunObject.from_response(data).to_dict(), {**full(), **empty})
        wrong: list[Any] = ["", 0, False, set(), Array()]
        for name, value in itertools.product(empty, wrong):
            reason = f"expected {EXPECTED[name]}, got {type(value).__name__}"
            self.wrong_response(name, reason, **{name: value})
        self.wrong_response("metadata", "expected dict, got list", metadata=[[]])
        self.wrong_response("metadata", "expected dict, got tuple", metadata=())
        self.wrong_response("tools", "expected list, got dict", tools={"a": "b"})

    def test_a_time_may_be_a_whole_float(self) -> None:
        # As pandas writes a column in which others are null.
        float64: Any = type("float64", (float,), {})  # as NumPy has it
        times = [(1.5e9, 1500000000), (-0.0, 0), (-(2.0**63), -(2**63)), (float64(7), 7)]
        for name in INTEGERS:
            for time, expected in times:
                self.assertEqual(self.changed(**{name: time}), {name: expected})
                kept: object = getattr(RunObject.from_response({**full(), name: time}), name)
                self.assertIs(kept.__class__, int)
            for value in (0.5, float("nan"), float("inf"), float("-inf")):
                self.wrong_response(name, "expected int, got float", **{name: value})
            self.wrong_response(name, "expected int, got str", **{name: "7"})
            self.wrong_response(name, "out of range for 64 bits", **{name: 1e300})

    def test_nothing_else_is_changed(self) -> None:
        wrong: list[tuple[str, str, Any]] = [
            ("id", "expected str, got float", 1.0),
            ("status", "expected str, got dict", {}),
            ("last_error", "expected str, got int", 5),
            ("required_action", "expected dict, got list", []),
            ("tools[0]", "expected dict, got NoneType", [None]),
            ("tools[0]['a']", "expected str, got bool", [{"a": True}]),
            ("tools[0][<int>]", "expected str, got int", [{7: {}}]),
            ("file_ids[0]", "expected str, got dict", [{}]),
            ("metadata['a']", "expected str, got dict", {"a": {}}),
            ("metadata['a']", "expected str, got NoneType", {"a": None}),
            ("headers['a']", "expected str, got list", {"a": []}),
        ]
        for path, reason, value in wrong:
            self.wrong_response(path, reason, **{path.partition("[")[0]: value})

    def test_what_json_cannot_hold_is_a_problem(self) -> None:
        loop: Data = {}
        loop["a"] = [loop]
        values: list[Any] = [loop, [b""], {(): 1}, {"a": {1, 2}}, {"a": object()}]
        values += [{"a": float("nan")}, [float("inf")], [-(10**5000)]]
        deep: list[Any] = []
        # On a small stack, what is too deep for the encoder can be made, but not unmade.
        for _ in range(0 if WASM else 100_000):
            deep = [deep]
        for value in [*values, *deep[:1]]:
            reason = f"expected str, got {type(value).__name__}"
            self.wrong_response("last_error", reason, last_error=value)
            self.wrong_response("required_action['a']", reason, required_action={"a": value})
            self.wrong_response("tools[0]['a']", reason, tools=[{"a": value}])


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
            if cls is Made:
                expected["agent_id"] = "missing"
            error = self.error(cls.from_dict, data)
            self.assertIsInstance(error, ValueError)
            self.assertEqual(list(error.problems.items()), list(expected.items()))
            self.assertEqual(str(error), "; ".join([": ".join(each) for each in expected.items()]))

    def test_there_are_at_most_100_problems_the_last_of_which_tells_of_more(self) -> None:
        def told(**changes: Any) -> list[tuple[str, str]]:
            return list(self.problems(RunObject.from_dict, {**full(), **changes}).items())

        more = ("...", "more problems than these")
        problems = told(headers={f"{i}" + "\n\x1b\u202e" * 700: i for i in range(200)})
        self.assertEqual((len(problems), problems[-1]), (100, more))
        first = [(f"file_ids[{i}]", "expected str, got int") for i in range(99)]
        self.assertEqual(told(file_ids=[7] * 99), first)
        for count in (100, 100_000):
            self.assertEqual(told(file_ids=[7] * count, metadata=1), [*first, more])
        last = ("metadata[<int>]", "expected str, got int")
        many = dict.fromkeys(range(1_000))
        self.assertEqual(told(file_ids=[7] * 98, metadata=many), [*first[:98], last])

    def test_keys_in_paths_are_printable_and_cut_at_their_end(self) -> None:
        for key, shown in [
            ("it's", '"it\'s"'),
            ("a\r\n\x1b[31m", r"'a\r\n\x1b[31m'"),
            ("ключ\u202e", r"'ключ\u202e'"),
            (Text("key"), "'key'"),
            ("k" * 58, "'" + "k" * 58 + "'"),
            ("k" * 59, "'" + "k" * 59 + "..."),
        ]:
            self.wrong(f"metadata[{shown}]", "expected str, got int", metadata={key: 1})
            self.wrong(f"tools[0][{shown}]", "expected str, got int", tools=[{key: 1}])

    def test_no_value_is_shown_nor_hung_on_an_error(self) -> None:
        for value in ["s3cr3t\ud800", b"s3cr3t", ["s3cr3t"], 5377.3, Number(537737 * 2**64)]:
            data: Data = dict.fromkeys(NAMES, value)
            data.update(tools=[value, {"a": value}], file_ids=[value], metadata={"a": value})
            for read in (RunObject.from_dict, RunObject.from_response, Tagged.from_dict):
                error = self.error(read, data)
                shown = [str(error), repr(error), repr(error.args), repr(error.__dict__)]
                self.assertNotRegex(" ".join(shown), "s3cr3t|5377")

    def test_an_error_tells_the_same_once_it_is_pickled_or_copied(self) -> None:
        given = {"": "is odd", "tag": "tag: is odd"}
        error = RunObjectError(given)
        given.clear()
        for twin in (error, *copies(error)):
            self.assertIs(twin.__class__, RunObjectError)
            self.assertEqual(str(twin), "is odd; tag: tag: is odd")
            self.assertEqual(twin.problems, {"": "is odd", "tag": "tag: is odd"})
            self.assertEqual(twin.args, (twin.problems,))


class Value(Case):
    """What a run is once it is made."""

    def test_equal_runs_hash_equal(self) -> None:
        run = RunObject.from_dict(full())
        shuffled = dict(reversed(full().items()))
        shuffled["metadata"] = dict(reversed(full()["metadata"].items()))
        twin = RunObject.from_dict(shuffled)
        self.assertEqual(len({run, twin, Unchecked(**full())}), 1)
        others: Data = {"str": "other", "int": 0, "list": [], "dict": {}}
        changes: list[Data] = [{name: others[EXPECTED[name]]} for name in NAMES]
        changes.append({"metadata": dict.fromkeys(run.metadata, "other")})
        for change in changes:
            other = replaced(run, **change)
            self.assertNotEqual(run, other)
            self.assertNotEqual(hash(run), hash(other))
        self.assertNotEqual(run, run.to_dict())
        self.assertNotEqual(run, Timed.from_dict(full()))

    def test_fields_and_maps_refuse_every_change_however_the_run_was_made(self) -> None:
        methods = ["__setitem__", "__delitem__", "__ior__", "clear", "pop", "popitem"]
        methods += ["setdefault", "update"]
        run = RunObject.from_dict(full())
        made: list[Any] = [run, Unchecked(**full()), replaced(run), decoded(RunObject, full())]
        for twin in (*made, Timed.from_dict(full()), *copies(run)):
            for texts in (twin.metadata, twin.headers, twin.required_action, *twin.tools):
                for method in methods:
                    with self.assertRaisesRegex(TypeError, "^the maps of a run cannot be changed$"):
                        getattr(texts, method)()
                with self.assertRaises(AttributeError):
                    setattr(texts, "note", "a map holds nothing but its items")  # noqa: B010
            for name in (*NAMES, "new", "__class__", "__dict__"):
                if name in NAMES or twin.__class__ is RunObject:
                    with self.assertRaises(dataclasses.FrozenInstanceError):
                        setattr(twin, name, None)
                    with self.assertRaises(dataclasses.FrozenInstanceError):
                        delattr(twin, name)
            self.assertEqual((type(twin.tools), type(twin.file_ids)), (tuple, tuple))
            self.assertEqual(twin.to_dict(), full())

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

    def test_to_dict_is_plain_and_new(self) -> None:
        data: Data = {**full(), "required_action": {}}
        run = RunObject.from_dict(data)
        plain: Data = run.to_dict()
        maps: list[Any] = [plain, *plain["tools"], *[plain[name] for name in MAPS]]
        for part in maps:
            self.assertIs(part.__class__, dict)
            part["new"] = "value"
        for name in ("tools", "file_ids"):
            self.assertIs(plain[name].__class__, list)
            plain[name].clear()
        self.assertEqual(run.to_dict(), data)

    def test_it_is_an_ordinary_frozen_dataclass(self) -> None:
        with self.assertRaises(TypeError):
            Unchecked(*full().values())
        run: Any = RunObject.from_dict(full())
        with self.assertRaises(TypeError):
            sorted([run, run])
        self.assertTrue(repr(run).startswith("RunObject(id='run_1', object='thread.run', "))
        self.assertEqual(RunObject.from_dict(dataclasses.asdict(run)), run)

    @unittest.skipIf(WASM, "WebAssembly has no processes")
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
        for twin in (decoded(Timed, vars(run)), *copies(run)):
            self.assertEqual(vars(twin), vars(run))

    def test_fields_come_in_and_go_out_last(self) -> None:
        data: Data = {"notes": [{"a": None}], **full(), "tag": "mine"}
        run = Tagged.from_dict(data)
        self.assertEqual((run.tag, run.notes), ("mine", [{"a": None}]))
        self.assertIs(run.notes, data["notes"])
        self.assertIs(run.to_dict()["notes"], run.notes)
        expected = [*full().items(), ("tag", "mine"), ("notes", [{"a": None}])]
        made = [run, Tagged(**data), Tagged.from_dict(Headers(data)), Tagged.from_response(data)]
        made += [Tagged.from_dict(run.to_dict()), decoded(Tagged, data)]
        for twin in (*made, *copies(run)):
            self.assertIs(twin.__class__, Tagged)
            self.assertEqual(twin, run)
            self.assertEqual(list(twin.to_dict().items()), expected)
            self.assertEqual([*twin.__dict__], [*NAMES, "tag", "notes"])
        self.assertIs(copy.copy(run).notes, run.notes)
        self.assertIsNot(copy.deepcopy(run).notes, run.notes)
        self.assertEqual(replaced(run, status="queued").tag, "mine")

    def test_a_mixin_that_comes_after_has_its_fields_last_too(self) -> None:
        @dataclasses.dataclass(frozen=True, kw_only=True)
        class Mixin:
            seen: int = 3

        @dataclasses.dataclass(frozen=True, kw_only=True)
        class Mixed(RunObject, Mixin):
            pass

        for run in (Mixed.from_dict(full()), Mixed(**full())):
            self.assertEqual(list(run.to_dict().items()), [*full().items(), ("seen", 3)])

    def test_a_field_that_is_absent_takes_its_default(self) -> None:
        first, second = Tagged.from_dict(full()), Tagged.from_dict(full())
        self.assertIsNot(first.notes, second.notes)
        self.assertEqual(first.to_dict(), {**full(), "tag": "none", "notes": []})
        self.assertIsNone(Tagged.from_dict({**full(), "notes": None}).notes)

    def test_a_default_that_one_of_the_19_fields_gets_counts_where_it_is_absent(self) -> None:
        data: Data = {**small(), "agent_id": "agent_1"}
        del data["file_ids"], data["metadata"]
        made: list[Any] = [Made.from_dict(data), Made.from_response(data), Made(**data)]
        for run in made:
            self.assertEqual((run.file_ids, run.metadata), (("file-0",), {"by": "default"}))
            with self.assertRaises(TypeError):
                run.metadata["by"] = "another"
        for value in EMPTY:
            run = Made.from_response({**data, "file_ids": value, "metadata": value, "tools": value})
            self.assertEqual((run.file_ids, run.metadata, run.tools), ((), {}, ()))
        run = Made.from_dict({**data, "file_ids": ["a"], "metadata": {}})
        self.assertEqual((run.file_ids, run.metadata), (("a",), {}))
        told = {"metadata": "expected dict, got NoneType"}
        self.assertEqual(self.problems(Made.from_dict, {**data, "metadata": None}), told)

    def test_a_field_that_is_required_and_absent_is_missing(self) -> None:
        @dataclasses.dataclass(frozen=True, kw_only=True)
        class Finished(RunObject):
            completed_at: int = dataclasses.field()

        self.assertEqual(self.problems(Finished.from_dict, small()), {"completed_at": "missing"})
        self.assertEqual(Finished.from_dict(full()).completed_at, 1699063294)
        self.assertIsNone(Made.from_dict({**full(), "agent_id": None}).agent_id)

    def test_what_is_no_field_of_the_constructor_is_neither_read_nor_written(self) -> None:
        data = {**full(), "agent_id": "agent_1", "kinds": 6, "seconds": 7, "seen": ["a"]}
        run = Made.from_dict(data)
        self.assertEqual((run.kinds, run.seconds, run.seen), (3, 4, []))
        self.assertEqual(run.to_dict(), {**full(), "agent_id": "agent_1"})
        for twin in copies(run):
            self.assertEqual((twin, vars(twin)), (run, vars(run)))

    def test_what_a_field_may_hold_is_checked_by_the_subclass(self) -> None:
        told = {"tag": "expected str, got NoneType"}
        self.assertEqual(self.problems(Tagged.from_dict, {**full(), "tag": None}), told)
        self.assertEqual(self.problems(Tagged, **full(), tag=None), told)
        self.assertEqual(self.problems(replaced, Tagged.from_dict(full()), tag=None), told)

    def test_a_post_init_may_set_other_values_and_forget_that_of_the_run(self) -> None:
        class Forgetful(Tagged):
            def __post_init__(self) -> None:
                object.__setattr__(self, "notes", ["seen"])
                object.__setattr__(self, "metadata", {"a": "seen"})

        run: Any = Forgetful.from_dict(full())
        expected = {**full(), "metadata": {"a": "seen"}, "tag": "none", "notes": ["seen"]}
        self.assertEqual(run.to_dict(), expected)
        with self.assertRaises(TypeError):
            run.headers["a"] = "b"
        self.error(Forgetful.from_dict, {**full(), "id": 7})


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

        make: dict[Any, Callable[[], Any]] = {
            str: text,
            int: lambda: choose.choice([0, 2**63 - 1, choose.randrange(-(2**63), 2**63)]),
            MAP: texts,
            MAP_LIST: lambda: [texts() for _ in range(choose.randrange(4))],
            TEXT_LIST: lambda: [text() for _ in range(choose.randrange(4))],
        }
        for _ in range(500):
            data: Data = {"no field": None, "ID": [{}]}
            for name, kind, optional, _ in FIELDS:
                if not optional or choose.random() < 0.7:
                    data[name] = None if optional and choose.random() < 0.3 else make[kind]()
            items = list(data.items())
            choose.shuffle(items)
            yield choose, dict(items)

    def test_nothing_is_lost_on_the_way(self) -> None:
        for _, data in self.documents():
            before, expected = copy.deepcopy(data), whole(data)
            run = Unchecked.from_dict(data)
            plain = run.to_dict()
            tagged = Tagged.from_dict({**data, "tag": "mine"}).to_dict()
            self.assertEqual(data, before)
            self.assertEqual(tagged, {**expected, "tag": "mine", "notes": []})
            twins = [run, decoded(RunObject, expected), Unchecked(**expected), *copies(run)]
            twins += [RunObject.from_response(data), RunObject.from_response(plain)]
            for twin in (*twins, RunObject.from_dict(json.loads(json.dumps(plain)))):
                self.assertIs(twin.__class__, RunObject)
                self.assertEqual((twin, hash(twin)), (run, hash(run)))
                self.assertEqual(list(twin.to_dict().items()), list(expected.items()))

    def test_what_does_not_fit_is_told_wherever_it_is(self) -> None:
        # To refuse is one thing, and to tell why another: here each refusal is told, and no other.
        texts: list[tuple[Any, str]] = [(7, "expected str, got int"), ("\ud800", "not valid UTF-8")]
        for choose, data in self.documents():
            expected: dict[str, str] = {}
            for name, kind, *_ in choose.sample(FIELDS, 3):
                path = name
                wrong, told = choose.choice(texts)
                if kind is str:
                    data[name] = wrong
                elif kind is int or choose.random() < 0.2:
                    data[name], told = True, f"expected {EXPECTED[name]}, got bool"
                elif kind == MAP:
                    path += "['new']"
                    mapping = choose.choice([dict, Headers])
                    data[name] = mapping({**(data.get(name) or {}), "new": wrong})
                elif kind == MAP_LIST:
                    path += f"[{len(data[name])}]['new']"
                    data[name] = [*data[name], {"new": wrong}, {"a": "é"}]
                else:
                    path += f"[{len(data[name])}]"
                    data[name] = (*data[name], wrong, "é")
                expected[path] = told
            for cls in (RunObject, Tagged):
                self.assertEqual(self.problems(cls.from_dict, data), expected)


# As for a user whose environment asks for nothing, whatever that of the tests does.
BARE = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
BARE["COLUMNS"] = "200"  # so that the help breaks no word


def on_a_line(*runs: Data) -> str:
    """What the command writes of runs that fit."""
    return "".join([json.dumps(whole(data)) + "\n" for data in runs])


# What it tells of an empty object, from which no list and no map is missing.
LACKING = [name for name in REQUIRED if EXPECTED[name] in ("str", "int")]
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
        status = subprocess.run(command, check=False, input=given, **options).returncode
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
        self.folder = Path(self.enterContext(tempfile.TemporaryDirectory()))

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
    ) -> Generator[Any]:
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
        """Send Ctrl-C, and again if it gets lost just before a blocking call, until it ends.

        Not at once, as one that comes while the process ends would make it show a traceback.
        """
        while process.poll() is None:
            send()
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(PATIENCE / 6)

    def test_a_run_is_written_normalised_on_a_line(self) -> None:
        document = json.dumps({**small(), "no field": None}, indent=4)
        self.file("spaced", f" \n{document}\n\n")
        self.file("marked", f"\ufeff{document}")
        self.file("full", full())
        odd = json.dumps(small())[:-1] + ', "a": [NaN, -Infinity, 1e999], "b": 1, "b": 2}'
        expected = (0, on_a_line(full(), *[small()] * 3), "")
        self.assertEqual(self.check("full", "spaced", "-", "marked", stdin=odd), expected)

    def test_what_is_no_run_is_one_line_and_the_rest_goes_on(self) -> None:
        self.file("bad", {**small(), "created_at": "1", "metadata": {"\n": 1}})
        self.file("good", small())
        told = "bad:1: created_at: expected int, got str; metadata['\\n']: expected str, got int\n"
        told += "<stdin>:1: expected dict, got int\n"
        # Standard input may be named twice; then nothing is left of it.
        told += "<stdin>:1:1: Expecting value\n1 of 4 runs fit\n"
        expected = (1, on_a_line(small()), told)
        self.assertEqual(self.check("bad", "-", "good", "-", stdin="7"), expected)

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
        extra = {"usage": 1, "a b": 2, "": 3, "k" * 61: 4, "é": 5, "a\n": 6, "k" * 60: 7}
        self.file("runs.jsonl", f"{json.dumps({**small(), **extra})}\n" * 2 + '{"no run": 1}\n')
        told = f"runs.jsonl:3: {NOTHING}\n2 of 3 runs fit\nleft out: '', 'a b', 'a\\n', "
        told += f"'{'k' * 59}..., {'k' * 60}, usage, é\n"
        self.assertEqual(self.check("runs.jsonl"), (1, on_a_line(small(), small()), told))
        names = [f"key_{number:02}" for number in range(21)]
        for count, end in [(20, "key_19"), (21, "key_19, and 1 more")]:
            self.file("more.json", [{**small(), **dict.fromkeys(names[:count])}, 7])
            _, _, errors = self.check("more.json")
            self.assertEqual(errors.splitlines()[-1], f"left out: {', '.join(names[:19])}, {end}")

    @needs_posix
    def test_on_a_terminal_the_runs_are_counted(self) -> None:
        self.file("page.json", {"data": [{**small(), "usage": None}, full()]})
        ours, theirs = os.openpty()
        status, _, _ = self.check("page.json", stderr=theirs)
        told = "2 of 2 runs fit\r\nleft out: usage\r\n"
        self.assertEqual((status, os.read(ours, BOUND).decode()), (0, told))
        os.close(ours)
        os.close(theirs)

    def test_a_document_may_be_an_array_or_a_list_page(self) -> None:
        runs = [small(), 7, {**full(), "id": 8}, full(), [small()]]
        page = {"data": runs, "first_id": "run_1", "has_more": False}
        self.file("array", runs)
        self.file("page", {"object": "list", **page})
        self.file("go.jsonl", f"{json.dumps(page)}\n{json.dumps(small())}\n[]\n")
        told = "{0}[1]: expected dict, got int\n{0}[2]: id: expected str, got int\n"
        told += "{0}[4]: expected dict, got list\n"
        places = ("array:1: ", "page:1: data", "go.jsonl:1: data")
        errors = "".join(map(told.format, places)) + "7 of 16 runs fit\n"
        output = on_a_line(small(), full()) * 3 + on_a_line(small())
        self.assertEqual(self.check("array", "page", "go.jsonl"), (1, output, errors))

    def test_what_only_looks_like_a_list_page_is_a_run(self) -> None:
        run = {**small(), "object": "list", "data": [7]}
        self.file("run", run)
        del run["id"]
        self.file("page", {**run, "data": {}})
        told = "page:1: id: missing\n1 of 2 runs fit\nleft out: data\n"
        self.assertEqual(self.check("run", "page"), (1, on_a_line({**run, "id": "run_1"}), told))

    def test_each_fault_of_a_document_is_one_line(self) -> None:
        good = json.dumps(small()).encode()
        # A document on one line, the column that is told of it, and the reason.
        faults = [
            (b"\xef\xbb\xbf{ ]", ":3", "Expecting property name.*"),
            (good.replace(b"failed", b"a\tb"), ":[0-9]+", "Invalid control character at"),
            (good + "\u00a0".encode(), ":[0-9]+", "Extra data"),
            (good + b" " + good, ":[0-9]+", "Extra data"),
            (good.replace(b'"failed"', b"NaN"), "", "status: expected str, got float"),
            (good[:-1] + b', "last_error": [NaN]}', "", "last_error: expected str, got list"),
            (good.replace(b"failed", b"\xed\xa0\x80"), "", "not valid UTF-8"),
            (good.decode().encode("utf-16"), "", "not valid UTF-8"),
            (b"[" * 100_000, "", "maximum recursion depth exceeded.*"),
            (b'{"no field":' * 30_000, "", "maximum recursion depth exceeded.*"),
            (good.replace(b"1699063290", b"9" * 100_000), "", r"Exceeds the limit \(4300.*"),
        ]
        # Each as a file, and as a line of one file with a run after it.
        documents = [document for document, _, _ in faults]
        names = [f"{number}.json" for number in range(len(faults))]
        for name, document in zip(names, documents, strict=True):
            self.file(name, document)
        self.file("lines.jsonl", b"\n".join([*documents, good]))
        status, output, errors = self.check(*names, "lines.jsonl")
        self.assertEqual((status, output), (1, on_a_line(small())))
        *complaints, count = errors.splitlines()
        self.assertEqual((len(complaints), count), (22, "1 of 23 runs fit"))
        for number, (_, column, reason) in enumerate(faults):
            hint = "; see --json-lines" if reason == "Extra data" else ""
            alone, line = complaints[number], complaints[len(faults) + number]
            self.assertRegex(alone, rf"\A{number}\.json:1{column}: {reason}{hint}\Z")
            self.assertRegex(line, rf"\Alines\.jsonl:{number + 1}{column}: {reason}\Z")

    def test_a_fault_in_a_document_of_several_lines_is_found(self) -> None:
        one = json.dumps(small())
        faults = [
            ("", "1:1: Expecting value"),
            ("\n" + "[" * 10 + "\n" * 10, "2:11: Expecting value"),
            ('\n\n{"id":\n  ?}', "4:3: Expecting value"),
            (f"{one}\n{{}}", "2:1: Extra data; see --json-lines"),
            (f"\n{one} \r\n\n \t{one}", "4:3: Extra data; see --json-lines"),
        ]
        expected = ""
        for name, (document, place) in zip("abcde", faults, strict=True):
            self.file(name, document)
            expected += f"{name}:{place}\n"
        self.assertEqual(self.check(*"abcde"), (1, "", f"{expected}0 of 5 runs fit\n"))

    def test_json_lines_are_one_document_a_line(self) -> None:
        one, two = on_a_line(small()), on_a_line(full()).strip()
        text = f"\ufeff{json.dumps(small())}\n\n  \t\r\n\ufeff\n{two}\r\n {{\t\r\n7\n{two}"
        told = "<stdin>:6:4: Expecting property name enclosed in double quotes\n"
        told += "<stdin>:7: expected dict, got int\n3 of 5 runs fit\n"
        expected = (1, f"{one}{two}\n{two}\n", told)
        self.assertEqual(self.check("--json-lines", stdin=text), expected)

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
        told = "no: No such file or directory\nfolder: Is a directory\n"
        told += f"'': No such file or directory\nnothing:1: {NOTHING}\n1 of 2 runs fit\n"
        expected = (2, on_a_line(small()), told)
        self.assertEqual(self.check("no", "folder", "", "nothing", "good"), expected)

    @needs_linux
    def test_a_file_that_fails_while_it_is_read_is_named(self) -> None:
        self.file("good", small())
        ours, theirs = os.openpty()
        with self.started("--json-lines", "-", "good", stdin=ours) as process:
            os.write(theirs, on_a_line(full()).encode())
            self.assertEqual(process.stdout.readline().decode(), on_a_line(full()))
            os.close(theirs)
            self.assertEqual(self.rest(process.stdout), on_a_line(small()))
            self.assertEqual(self.rest(process.stderr), "<stdin>: Input/output error\n")
        os.close(ours)
        self.assertEqual(process.returncode, 2)

    @needs_linux
    def test_a_file_for_which_memory_does_not_suffice_is_named(self) -> None:
        self.file("good", small())
        (self.folder / "zero.jsonl").symlink_to("/dev/zero")
        told = "/dev/zero: not enough memory\nzero.jsonl: not enough memory\n"
        line = "ulimit -v 150000; check /dev/zero zero.jsonl good"
        self.assertEqual(self.shell(line), (2, on_a_line(small()), told))

    @needs_posix
    def test_a_complaint_that_cannot_be_printed_is_shown_escaped(self) -> None:
        self.file("a\nb", "7")
        reason = "No such file or directory"
        told = f"'a\\nb:1: expected dict, got int'\n'\\x1b[31m: {reason}'\nключ: {reason}\n"
        told += f"'\\udcff: {reason}'\n0 of 1 runs fit\n"
        line = "check \"$(printf 'a\\nb')\" \"$(printf '\\033[31m')\" ключ \"$(printf '\\377')\""
        self.assertEqual(self.shell(line), (2, "", told))

    def test_wrong_usage_help_and_version(self) -> None:
        status, output, errors = self.check("--js")
        self.assertEqual((status, output), (2, ""))
        self.assertIn("usage:", errors)
        status, output, errors = self.check("--help")
        self.assertEqual((status, errors), (0, ""))
        told = " ".join(output.split()).partition(" Write ")[2]
        self.assertEqual(
            told,
            "the runs in JSON files, one a line, without keys that are not fields, and tell what "
            "does not fit. A file holds a run, an array of runs, or a list page of the API; one "
            "named *.jsonl or *.ndjson holds one of these a line. positional arguments: FILE none "
            "or -: stdin options: -h, --help show this help message and exit "
            "--strict take the 19 fields as they are --json-lines read all files as *.jsonl "
            "--version show program's version number and exit "
            "exit status: 0 all fit; 1 some do not; 2 wrong usage, or a file or output failed",
        )
        self.assertEqual(self.check("--version"), (0, f"{runobject.__version__}\n", ""))

    def test_options_may_stand_anywhere_before_two_hyphens(self) -> None:
        reason = "No such file or directory\n"
        self.assertEqual(self.check("--", "--lacking"), (2, "", f"--lacking: {reason}"))
        self.assertEqual(self.check("--strict", "--", "a"), (2, "", f"a: {reason}"))
        self.assertEqual(self.check("a", "--strict", "b"), (2, "", f"a: {reason}b: {reason}"))

    def test_neither_environment_nor_flags_change_what_is_written(self) -> None:
        self.file("good", json.dumps(full(), ensure_ascii=False))
        self.file("bad", json.dumps({**full(), "metadata": {"ключ": 1}}))
        told = "bad:1: metadata['ключ']: expected str, got int\n1 of 2 runs fit\n"
        for flags, more in [
            (["-S", "-OO"], {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}),
            (["-bb", "-W", "error", "-X", "dev"], {"PYTHONIOENCODING": "utf-16"}),
        ]:
            command = [sys.executable, *flags, str(MODULE), "good", "bad"]
            made = done(command, cwd=self.folder, env={**BARE, **more})
            self.assertEqual(made, (1, on_a_line(full()), told))

    @needs_linux
    def test_streams_that_are_closed_or_full(self) -> None:
        self.file("nothing", "{}")
        self.file("good", small())
        run, nothing = on_a_line(small()), f"nothing:1: {NOTHING}\n"
        expected: dict[str, tuple[int, str, str]] = {
            "nothing good 2>&-": (2, "", ""),
            "nothing good 2>/dev/full": (2, "", ""),
            "nothing good >&-": (2, "", f"{nothing}standard output: Bad file descriptor\n"),
            "good >/dev/full": (2, "", "standard output: No space left on device\n"),
            "good >/dev/full 2>/dev/full": (2, "", ""),
            "good 2>&-": (0, run, ""),
            "good no 2>/dev/full": (2, run, ""),
            "<&-": (2, "", "<stdin>: Bad file descriptor\n"),
        }
        told = {streams: self.shell(f"check {streams}") for streams in expected}
        self.assertEqual(told, expected)

    @needs_posix
    def test_an_output_that_takes_only_a_part_is_one_that_failed(self) -> None:
        self.file("large", {**full(), "instructions": "x" * 300_000})
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
        for name, stderr in [("good", subprocess.PIPE), ("bad", subprocess.STDOUT)]:
            with self.started("--json-lines", name, stderr=stderr) as process:
                process.stdout.readline()
                process.stdout.close()
                if process.stderr:
                    self.assertEqual(self.rest(process.stderr), "")
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
        # Also while it starts.
        self.file("argparse.py", "import os, signal\nos.kill(os.getpid(), signal.SIGINT)\n")
        made = self.check(env={**BARE, "PYTHONPATH": str(self.folder)})
        self.assertEqual(made, (-signal.SIGINT, "", ""))

    @needs_linux
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
        long = on_a_line({**full(), "instructions": "x" * 20_000})
        self.file("runs.jsonl", f"{on_a_line(small())}{long}{{}}\n")
        # What is written at once to such a socket is received at once.
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with ours, theirs:
            self.check("runs.jsonl", stdout=theirs, stderr=theirs)
            theirs.close()
            receive = functools.partial(ours.recv, 100_000)
            pieces = [piece.decode() for piece in iter(receive, b"")]
        told = f"runs.jsonl:3: {NOTHING}\n"
        self.assertEqual(pieces, [on_a_line(small()), long, told, "2 of 3 runs fit\n"])

    @needs_linux
    def test_json_lines_take_constant_memory_and_documents_little(self) -> None:
        def peak(document: str, *arguments: str) -> int:
            """The most memory that the process ever had, its high-water mark, in kB."""
            code = "status = main()\nprint(open('/proc/self/status').read(), file=sys.stderr)"
            _, _, errors = self.main(code, *arguments, stdin=document)
            return int(errors.partition("VmHWM:")[2].split()[0])

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
            "    def from_response(cls, data):\n"
            "        return super().from_response({'status': 'queued', **dict(data)})\n"
            "    def to_dict(self):\n"
            "        return {**super().to_dict(), 'metadata': {}}\n"
            "status = main(Run)\n"
            "print('this comes after it', status, sys.excepthook is sys.__excepthook__)"
        )
        data: Data = {**small(), "metadata": {}}
        told = "<stdin>:1: [1]: expected dict, got int\n1 of 2 runs fit\n"
        expected = (1, f"{on_a_line(data)}this comes after it 1 True\n", told)
        self.assertEqual(self.main(code, "--strict", stdin=json.dumps([data, 7])), expected)
        del data["status"]
        items = json.dumps([data, list(data.items())])
        output = on_a_line({**data, "status": "queued"}) * 2 + "this comes after it 0 True\n"
        self.assertEqual(self.main(code, stdin=items), (0, output, ""))

    @needs_linux
    def test_an_output_that_fails_ends_a_program_that_calls_it_in_order(self) -> None:
        code = "try: main()\nfinally: print('cleaned up', file=sys.stderr)"
        told = "standard output: No space left on device\ncleaned up\n"
        with open("/dev/full", "wb") as output:
            expected = (2, "", told)
            self.assertEqual(self.main(code, stdin=json.dumps(small()), stdout=output), expected)

    def test_what_a_subclass_raises_is_one_line(self) -> None:
        code = (
            "import dataclasses, datetime\n"
            "@dataclasses.dataclass(frozen=True, kw_only=True)\n"
            "class Run(RunObject):\n"
            "    odd: object = None\n"
            "    def __post_init__(self):\n"
            "        super().__post_init__()\n"
            "        if self.odd == 'problem': raise RunObjectError({'odd': 'is odd'})\n"
            "        if self.odd == 'value': raise ValueError('two\\nlines')\n"
            "        if self.odd == 'deep': Run.__post_init__(self)\n"
            "        if self.odd == 'system': raise ConnectionError('the lookup failed')\n"
            "        odd = {'infinite': float('inf'), 'date': datetime.date(2024, 4, 1)}\n"
            "        object.__setattr__(self, 'odd', odd.get(self.odd, self.odd))\n"
            "status = main(Run)"
        )
        reasons = {
            "problem": "odd: is odd",
            "value": r"two\\nlines'",
            "deep": "maximum recursion depth exceeded.*",
            "infinite": "Out of range float values are not JSON compliant.*",
            "date": "Object of type date is not JSON serializable.*",
        }
        # The rest of a document goes on, but not after an error of the system.
        runs = [{**small(), "odd": each} for each in [*reasons, "fits", "system", "problem"]]
        status, output, errors = self.main(code, stdin=json.dumps(runs))
        self.assertEqual((status, json.loads(output)), (2, {**whole(small()), "odd": "fits"}))
        *complaints, last, count = errors.splitlines()
        self.assertEqual((last, count), ("<stdin>: the lookup failed", "1 of 6 runs fit"))
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
