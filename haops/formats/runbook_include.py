"""Another runbook's steps in the place of one step.

Owns including: finding the other runbook, refusing circles, giving its inputs, prefixing its ids and names, joining its
ends to the steps around it. Must never read files (the vocabulary's `load_include` does).
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from haops.core.conditions import ConditionError, Expression, parse_condition
from haops.core.graph import needs_of
from haops.core.runbook import PATH_INPUT_FACTS, Input, Option, Runbook, Step
from haops.errors import HaopsError, RunbookError
from haops.formats.renaming import renamed
from haops.formats.runbook_document import IncludeDocument, StepDocument
from haops.formats.runbook_outline import INCLUDE
from haops.formats.suggestions import did_you_mean
from haops.formats.yaml_places import Path
from haops.formats.yaml_source import YamlSource

# Circles are refused by themselves; this bounds a chain of files that never ends.
MAX_INCLUDE_DEPTH = 5
_NOTHING = "None"
ALLOWED_BESIDE = frozenset({"id", "title", "why", "needs", "when", "estimate", INCLUDE})
"""The fields of a step that mean something beside `include`."""


@dataclass(frozen=True, slots=True)
class Included:
    """The runbook that an include step brings, and how it is named there."""

    name: str
    runbook: Runbook

    def provides(self) -> dict[str, tuple[str, ...]]:
        """Return the names that its steps make known and, for decisions, the answers."""
        captured = {capture.name: () for step in self.runbook.steps for capture in step.captures}
        decided = {step.id: tuple(option.value for option in options_of(step)) for step in self.runbook.steps}
        return {**captured, **{name: answers for name, answers in decided.items() if answers}}

    def texts(self) -> dict[str, str]:
        """Return its text and those of what it includes in turn, each by the name that it is included by."""
        return {self.name: self.runbook.text, **self.runbook.includes}


def options_of(step: Step) -> tuple[Option, ...]:
    """Return the answers of a decision; other steps have none."""
    offered = step.action if isinstance(step.action, tuple) else ()
    return tuple(option for option in offered if isinstance(option, Option))


@dataclass(frozen=True, slots=True)
class Lookup:
    """How other runbooks are found and read. `chain` are the files that are being read, the including one last."""

    chain: tuple[str, ...]
    load: Callable[[str], tuple[str, bytes]]
    read: Callable[[str, bytes], Runbook]


def load_includes(source: YamlSource, lookup: Lookup) -> dict[int, Included]:
    """Return step index -> what its include brings; what cannot be brought is noted."""
    steps = source.get(("steps",))
    loaded: dict[str, Runbook | None] = {}
    found: dict[int, Included] = {}
    for index, step in enumerate(steps if isinstance(steps, list) else []):
        written = step.get(INCLUDE) if isinstance(step, dict) else None
        name = written.get("runbook") if isinstance(written, dict) else written
        if isinstance(name, str):
            # Read once: the mistakes of a runbook that is included twice are told once.
            if name not in loaded:
                loaded[name] = _load(source, ("steps", index, INCLUDE, "runbook"), name, lookup)
            if (runbook := loaded[name]) is not None:
                found[index] = Included(name, runbook)
    return found


def _load(source: YamlSource, path: Path, name: str, lookup: Lookup) -> Runbook | None:
    """Return the other runbook, or None with the reason noted."""
    try:
        file, content = lookup.load(name)
    except LookupError:
        source.report(path, f"there is no runbook {name}", "haops runbook list shows what there is")
        return None
    except HaopsError as error:
        source.report(path, error.message, error.remedy)
        return None
    way = " -> ".join([*lookup.chain, file])
    if file in lookup.chain:
        source.report(path, f"runbooks include each other in a circle: {way}", "take one out")
        return None
    if len(lookup.chain) > MAX_INCLUDE_DEPTH:
        source.report(path, f"included more than {MAX_INCLUDE_DEPTH} deep: {way}")
        return None
    try:
        return lookup.read(file, content)
    except RunbookError as error:
        source.report(path, f"the included runbook {name} has mistakes")
        # Each with the place in its own file, where it has to be mended.
        source.problems.extend(error.problems)
        return None


@dataclass(frozen=True, slots=True)
class Inclusion:
    """One include step: where it stands, what is written there, and the names that can be read there (`known`)."""

    source: YamlSource
    path: Path
    around: StepDocument
    written: IncludeDocument
    known: frozenset[str]

    def report(self, message: str, remedy: str = "") -> None:
        """Note a mistake at the include."""
        self.source.report(self.path, message, remedy)


def expand(place: Inclusion, included: Included) -> list[Step]:
    """Return the included steps, prefixed and joined; what does not fit is noted."""
    around, runbook = place.around, included.runbook
    names = {name: f"{around.id}.{name}" for name in included.provides()}
    given = dict(_given_inputs(place, runbook))
    kept = _kept(place, runbook)
    try:
        return [_placed(step, around, {**names, **given}, kept) for step in runbook.steps if step.id in kept]
    except ConditionError as error:
        place.report(f"a condition of {runbook.name} does not fit here: {error}")
        return []


def _given_inputs(place: Inclusion, runbook: Runbook) -> Iterator[tuple[str, str]]:
    """Yield each input with the text that takes its place; note those that are missing or unknown."""
    wanted = {wanted.name: wanted for wanted in runbook.inputs}
    for name in place.written.with_:
        if name not in wanted:
            remedy = did_you_mean(name, wanted)
            place.source.report_key((*place.path, "with", name), f"{runbook.name} has no input {name}", remedy)
    for name, entry in wanted.items():
        value = place.written.with_.get(name) or _usual(entry)
        if value is None:
            place.report(f"{runbook.name} needs its input {name}", f"add with: {{{name}: ...}}")
            continue
        # In brackets: operators around the name must not take it apart.
        yield name, value.text if value.names == (value.text,) else f"({value.text})"
        if entry.type == "path":
            yield from _given_file(place, name, value)


def _given_file(place: Inclusion, name: str, value: Expression) -> Iterator[tuple[str, str]]:
    """Yield what stands for the facts about an input's file: those of this runbook's input, or that there is none."""
    facts = {f"{name}.{fact}": f"{value.text}.{fact}" for fact in PATH_INPUT_FACTS}
    if place.known.issuperset(facts.values()):
        yield from facts.items()
    elif value.text == _NOTHING:
        yield from {**dict.fromkeys(facts, _NOTHING), f"{name}.present": "False"}.items()
    else:
        place.report(f"nothing is found out about the file {value.text}", "give it an input of the type path")


def _usual(entry: Input) -> Expression | None:
    """Return what an input is when nobody gives it, or None if it must be given."""
    if entry.default is not None:
        return parse_condition(repr(entry.default))
    if entry.discover is not None:
        return entry.discover
    return parse_condition(_NOTHING) if entry.optional else None


def _kept(place: Inclusion, runbook: Runbook) -> Mapping[str, tuple[str, ...]]:
    """Return the steps to keep with their needs among themselves: a step left out passes its needs on."""
    needs, only = needs_of(runbook.steps), place.written.only
    for index, name in enumerate(only):
        if name not in needs:
            message = f"{runbook.name} has no step {name}"
            place.source.report((*place.path, "only", index), message, did_you_mean(name, needs))
    chosen = [step for step in needs if not only or step in only]
    # A need that is reached in two ways is named once.
    return {step: tuple(dict.fromkeys(_bridged(needs[step], needs, chosen))) for step in chosen}


def _bridged(earlier: tuple[str, ...], needs: Mapping[str, tuple[str, ...]], chosen: list[str]) -> Iterator[str]:
    """Yield the nearest chosen steps before."""
    for step in earlier:
        if step in chosen:
            yield step
        else:
            yield from _bridged(needs[step], needs, chosen)


def _placed(step: Step, around: StepDocument, names: Mapping[str, str], kept: Mapping[str, tuple[str, ...]]) -> Step:
    """Return an included step as a step of the including runbook."""
    # Captures are left out: what they hold are names and patterns, not conditions.
    renewed: Step = renamed(replace(step, captures=()), names)
    return replace(
        renewed,
        id=f"{around.id}.{step.id}",
        # A step that needs nothing inside begins when the include may.
        needs=tuple(f"{around.id}.{need}" for need in kept[step.id]) or around.needs,
        rollback=f"{around.id}.{step.rollback}" if step.rollback else None,
        # On each of them: no include is left then that could be skipped as a whole.
        when=_both(around.when, renewed.when),
        captures=tuple(replace(capture, name=names[capture.name]) for capture in step.captures),
    )


def _both(first: Expression | None, second: Expression | None) -> Expression | None:
    """Return the condition that both hold."""
    if first is None or second is None:
        return first or second
    # In brackets: an `or` inside one must not take in the other.
    return parse_condition(f"({first.text}) and ({second.text})")


def join_ends(steps: list[Step], include_ids: frozenset[str]) -> tuple[Step, ...]:
    """Return the steps with a need for an include replaced by its last steps."""
    ends = {include: tuple(_ends(steps, f"{include}.")) for include in include_ids}

    def spread(needs: tuple[str, ...]) -> tuple[str, ...]:
        """Return the needs, with each include replaced by its last steps; those may be includes again."""
        return tuple(end for need in needs for end in (spread(ends[need]) if need in ends else (need,)))

    return tuple(replace(step, needs=spread(step.needs)) for step in steps)


def _ends(steps: list[Step], prefix: str) -> Iterator[str]:
    """Yield the ids with the prefix that no other step with it needs."""
    inside = [step for step in steps if step.id.startswith(prefix)]
    needed = {need for step in inside for need in step.needs}
    return (step.id for step in inside if step.id not in needed)


def beside_include(raw: Mapping[str, Any]) -> list[str]:
    """Return the fields of an include step that would mean nothing."""
    return [key for key in raw if key not in ALLOWED_BESIDE]
