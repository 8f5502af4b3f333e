"""A YAML file as plain values with the place of each, read so that a hostile file costs little and hides nothing.

Owns reading YAML. Must never interpret what is read, and never use the C parser: a file can crash it. Anchors, aliases,
merge keys and tags are refused, because a short file with them can stand for millions of values, or for a value that a
reader does not see; so are characters that hide, or that end a line for YAML and in no editor. Limits hold while the
file is read, not afterwards.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, NoReturn

import yaml

from haops.core.text import unseen
from haops.errors import Problem
from haops.formats.yaml_places import Path, Place, Places, ScalarPlace, place_at
from haops.formats.yaml_scalars import plain_value

# The longest runbook that comes with haops has 42 kB.
MAX_BYTES = 1_000_000
# libyaml's loader ends Python with SIGSEGV at some 100,000 levels, and the one in Python at a thousand.
MAX_DEPTH = 20
# 306 bytes of aliases load in 3 ms and then unfold without end in whoever walks over them.
MAX_NODES = 50_000

# The first ones tell enough; a binary file has any number.
_MAX_UNSEEN = 20
# Beyond U+10FFFF, or half of a surrogate pair: an escape may name these, a text cannot hold them.
_NO_CHARACTER = re.compile(r"\\U(?!000[0-9A-Fa-f]|0010)[0-9A-Fa-f]{8}|\\(?:u|U0000)[Dd][89A-Fa-f][0-9A-Fa-f]{2}")
_LONE_SURROGATE = re.compile("[\ud800-\udfff]")
_QUOTE = 'put the text in quotes: "{{ ... }}"'


class _StopReading(Exception):
    """The rest of the file cannot be read; the problem is noted."""


@dataclass(slots=True)
class YamlSource:
    """What a file says: plain values, the place of each, and the mistakes that stand in the writing itself."""

    file: str
    value: Any = None
    places: Places = field(default_factory=lambda: Places(""))
    problems: list[Problem] = field(default_factory=list)
    spoiled: frozenset[Place] = frozenset()
    """Where something is wrong with the writing."""

    def problem(self, place: Place, message: str, remedy: str = "") -> Problem:
        """Return a mistake at a place of this file."""
        return Problem(self.file, place.line, place.column, message, remedy)

    def report_key(self, path: Path, message: str, remedy: str = "") -> None:
        """Note a mistake at the key that ends the path."""
        self._note(self.places.of_key(path), message, remedy)

    def report(self, path: Path, message: str, remedy: str = "", *, offset: int | None = None) -> None:
        """Note a mistake at a value, or at the character `offset` of a text."""
        written = self.places.written(path)
        place = self.places.of(written)
        value = self.get(written)
        if offset is not None and isinstance(value, str):
            place = self.places.inside(written, offset, value)
        self._note(place, message, remedy)

    def _note(self, place: Place, message: str, remedy: str) -> None:
        """Note a mistake in meaning, unless the place is already wrong in writing: then it only follows from that."""
        if place not in self.spoiled:
            self.problems.append(self.problem(place, message, remedy))

    def get(self, path: Path) -> Any:
        """Return the value at the path, or None if the file has none there."""
        value = self.value
        for part in path:
            try:
                value = value[part]
            except (KeyError, IndexError, TypeError):
                return None
        return value

    def find_text(self, above: Path, text: str) -> Path:
        """Return the path of the first text below `above` that reads so, or `above` itself."""
        below = (path for path in self.places.scalars if path[: len(above)] == above)
        # An expression's text is kept without the spaces around it.
        return next((path for path in below if str(self.get(path)).strip() == text), above)


def read_yaml(content: bytes, file: str) -> YamlSource:
    """Read one document. Never raises: mistakes in the writing are in `problems`, what could be read is in `value`."""
    source = YamlSource(file)
    try:
        text = _decode(content, source)
        source.places.text = text
        _refuse_unseen(source)
        # Events only: no constructor runs, so that no tag can make an object.
        _Reader(source, yaml.parse(text, Loader=yaml.SafeLoader)).read()
    except yaml.MarkedYAMLError as error:
        source.problems.append(_syntax_problem(source, error))
    # The one complaint that comes without a mark.
    except yaml.reader.ReaderError as error:
        place = place_at(source.places.text, error.position)
        source.problems.append(source.problem(place, f"the character U+{int(error.character):04X} is not allowed"))
    except (ValueError, OverflowError):
        # The parser asks Python for the character of an escape, which may be beyond the last one.
        _note_no_character(source, 0)
    except _StopReading:
        pass
    source.spoiled = frozenset(Place(problem.line, problem.column) for problem in source.problems)
    return source


def _decode(content: bytes, source: YamlSource) -> str:
    """Return the file's text; stops the reading if it is too large or not UTF-8."""
    if len(content) > MAX_BYTES:
        source.problems.append(source.problem(Place(0, 0), f"{len(content)} bytes; at most {MAX_BYTES} are read"))
        raise _StopReading
    try:
        # Editors on Windows begin a file with a byte order mark and end its lines with two characters.
        return content.decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        before = content[: error.start]
        place = Place(before.count(b"\n") + 1, error.start - before.rfind(b"\n"))
        source.problems.append(source.problem(place, "not UTF-8 text", "save the file as UTF-8"))
        raise _StopReading from None


def _refuse_unseen(source: YamlSource) -> None:
    """Stop at characters that a person who has read the file has not seen, or has seen in another order."""
    text = source.places.text
    found = list(islice(unseen(text), _MAX_UNSEEN))
    for offset in found:
        message = f"the character U+{ord(text[offset]):04X} is not allowed"
        source.problems.append(source.problem(place_at(text, offset), message, "leave it out; nobody can see it"))
    if found:
        raise _StopReading


def _note_no_character(source: YamlSource, begin: int) -> None:
    """Note the next escape that stands for no character."""
    match = _NO_CHARACTER.search(source.places.text, begin)
    place = place_at(source.places.text, match.start()) if match else Place(0, 0)
    source.problems.append(source.problem(place, "this escape stands for no character"))


def _syntax_problem(source: YamlSource, error: yaml.MarkedYAMLError) -> Problem:
    """Return a parser's complaint with its place and, where the cause is known, what to do."""
    mark = error.problem_mark or error.context_mark
    place = Place(mark.line + 1, mark.column + 1) if mark else Place(0, 0)
    message = ", ".join(part for part in (error.context, error.problem) if part)
    return source.problem(place, f"not YAML: {message}", _syntax_remedy(message))


def _syntax_remedy(message: str) -> str:
    """Return what usually helps against a parser's complaint."""
    if "'\\t'" in message:
        return "indent with spaces, not tabs"
    if "mapping values are not allowed" in message:
        return "put a text that contains ': ' in quotes"
    if "cannot start any token" in message or "expected alphabetic" in message:
        return "put the text in quotes"
    return "look at the indentation and the quotes of this line and the one before"


class _Reader:
    """Builds values from the parser's events, one after the other, within the limits."""

    def __init__(self, source: YamlSource, events: Iterator[yaml.Event]) -> None:
        self._source = source
        self._events = events
        self._nodes = 0

    def read(self) -> None:
        """Fill the source with the only document of the stream."""
        documents = 0
        for event in self._events:
            if isinstance(event, yaml.DocumentStartEvent):
                # A second document would be read by nobody: a pasted half is no runbook.
                documents += 1
                if documents > 1:
                    self._stop(event, "a second document begins here", "keep one document in a file")
                # A document holds exactly one node: what follows its start is that.
                self._source.value = self._value(next(self._events), ())

    def _value(self, event: yaml.Event, path: Path) -> Any:
        """Return the value that begins with the event, noting where it stands."""
        self._refuse(event, path)
        self._source.places.values[path] = _place(event)
        match event:
            case yaml.MappingStartEvent():
                return self._mapping(event, path)
            case yaml.SequenceStartEvent():
                return self._sequence(path)
            case yaml.ScalarEvent():
                return self._scalar(event, path)
        return self._stop(event, "the file ends in the middle of a value", "")

    def _refuse(self, event: yaml.Event, path: Path) -> None:
        """Note anchors and tags; stop at an alias and at the limits."""
        self._nodes += 1
        if self._nodes > MAX_NODES:
            self._stop(event, f"more than {MAX_NODES} values", "split the file")
        if len(path) > MAX_DEPTH:
            self._stop(event, f"nested deeper than {MAX_DEPTH} levels", "")
        if isinstance(event, yaml.AliasEvent):
            self._stop(event, f"the alias *{event.anchor} is not allowed", "write the value out")
        if isinstance(event, yaml.NodeEvent) and event.anchor:
            self._note(event, f"the anchor &{event.anchor} is not allowed", "write the value out where it is needed")
        if isinstance(event, yaml.CollectionStartEvent | yaml.ScalarEvent) and event.tag:
            self._note(event, f"the tag {event.tag} is not allowed", "leave it out; types follow from the field")
        if isinstance(event, yaml.ScalarEvent) and _LONE_SURROGATE.search(event.value):
            _note_no_character(self._source, _begin(event))

    def _scalar(self, event: yaml.ScalarEvent, path: Path) -> Any:
        """Return a scalar's value; quoted ones are text."""
        self._source.places.scalars[path] = ScalarPlace(event.style, _begin(event), _end(event))
        return event.value if event.style else plain_value(event.value)

    def _sequence(self, path: Path) -> list[Any]:
        """Return the values up to the end of the list."""
        values: list[Any] = []
        while not isinstance(event := next(self._events), yaml.SequenceEndEvent):
            values.append(self._value(event, (*path, len(values))))
        return values

    def _mapping(self, start: yaml.MappingStartEvent, path: Path) -> Any:
        """Return the mapping; one whose key is no text stands for what was written, with a problem noted."""
        entries: dict[str, Any] = {}
        while not isinstance(event := next(self._events), yaml.MappingEndEvent):
            if not isinstance(event, yaml.ScalarEvent):
                return self._no_mapping(start, event, path)
            self._entry(event, path, entries)
        return entries

    def _entry(self, key: yaml.ScalarEvent, path: Path, entries: dict[str, Any]) -> None:
        """Read one key and its value; a key that was there before is noted, and the first one counts."""
        self._refuse(key, path)
        name = key.value
        # Never merged: what a step runs must stand where the step stands.
        if name == "<<" and not key.style:
            self._note(key, "the merge key << is not allowed", "write the entries out")
        if name not in entries:
            self._source.places.keys[(*path, name)] = _place(key)
            entries[name] = self._value(next(self._events), (*path, name))
            return
        first = self._source.places.keys[(*path, name)]
        self._note(key, f"{name} stands here twice", f"it is first in line {first.line}")
        self._value(next(self._events), _nowhere(path))

    def _no_mapping(self, start: yaml.MappingStartEvent, key: yaml.Event, path: Path) -> str:
        """Pass over a mapping with a key that is no text; `{{ name }}` without quotes is read like that."""
        doubled = self._source.places.text[_begin(start) :].startswith("{{")
        what = "{{ is read as a mapping, not as text" if doubled else "a key must be a word"
        self._note(start, what, _QUOTE if doubled else "")
        self._value(key, _nowhere(path))
        while not isinstance(event := next(self._events), yaml.MappingEndEvent):
            self._value(event, _nowhere(path))
        return ""

    def _note(self, event: yaml.Event, message: str, remedy: str) -> None:
        self._source.problems.append(self._source.problem(_place(event), message, remedy))

    def _stop(self, event: yaml.Event, message: str, remedy: str) -> NoReturn:
        self._note(event, message, remedy)
        raise _StopReading


def _nowhere(path: Path) -> Path:
    """Return a path, as deep as what it stands in, for what is read only to be passed over."""
    return ("", *path)


def _begin(event: yaml.Event) -> int:
    return event.start_mark.index if event.start_mark else 0


def _end(event: yaml.Event) -> int:
    return event.end_mark.index if event.end_mark else 0


def _place(event: yaml.Event) -> Place:
    mark = event.start_mark
    return Place(mark.line + 1, mark.column + 1) if mark else Place(0, 0)
