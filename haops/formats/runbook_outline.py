"""What a runbook file seems to say about its steps, read before anything in it is known to be right.

Owns the names that steps offer to each other: ids, captures, decisions. It is tolerant on purpose, so that one mistake
does not hide the next. Must never report anything (`runbook_rules` does).
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from haops.core.runbook import PATH_INPUT_FACTS
from haops.formats.runbook_scope import Scope
from haops.formats.vocabulary import Vocabulary
from haops.formats.yaml_places import Path

CHOOSE = "choose"
INCLUDE = "include"


@dataclass(frozen=True, slots=True, kw_only=True)
class StepOutline:
    """One step as far as it can be read.

    `provides` are the names that it makes known, `options` maps a decision's name to its answers.
    """

    index: int
    id: str
    kind: str
    needs: tuple[str, ...]
    rollback: str
    provides: frozenset[str]
    options: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    has_hosts: bool = False

    @property
    def path(self) -> Path:
        """Where the step stands in the file."""
        return ("steps", self.index)


@dataclass(frozen=True, slots=True)
class Outline:
    """All steps of a file, and the inputs that it names. `waits` maps a step to what has ended before it runs."""

    steps: tuple[StepOutline, ...]
    inputs: frozenset[str]
    waits: Mapping[str, frozenset[str]]

    @property
    def ids(self) -> frozenset[str]:
        """Return the ids of all steps."""
        return frozenset(step.id for step in self.steps)

    def before(self, step: StepOutline) -> frozenset[str]:
        """Return the ids of the steps that have surely ended when this one runs, in any number of turns."""
        reached: set[str] = set()
        left = [*self.waits.get(step.id, ())]
        while left:
            earlier = left.pop()
            if earlier not in reached:
                reached.add(earlier)
                left.extend(self.waits.get(earlier, ()))
        return frozenset(reached - {step.id})

    def scope(self, step: StepOutline | None, vocabulary: Vocabulary) -> Scope:
        """Return what can be read in a step's conditions; without a step, at the end of the runbook."""
        before = self.before(step) if step else self.ids
        earlier = [other for other in self.steps if other.id in before]
        return Scope(
            names=vocabulary.facts | self.inputs | _provided(earlier),
            host_facts=vocabulary.host_facts,
            own=step.provides if step else frozenset(),
            elsewhere={name: other.id for other in self.steps if other is not step for name in other.provides},
            options={name: values for other in self.steps for name, values in other.options.items()},
            on_hosts=step.has_hosts if step else False,
        )


def _provided(steps: Iterable[StepOutline]) -> frozenset[str]:
    return frozenset(name for step in steps for name in step.provides)


def outline_of(
    value: Any, kinds: Iterable[str], included: Mapping[int, Mapping[str, tuple[str, ...]]] | None = None
) -> Outline:
    """Return the outline of a file's value.

    `included` maps the index of an include step to the names that it provides and, for decisions, their answers.
    """
    words = frozenset(kinds)
    root = value if isinstance(value, dict) else {}
    brought = included or {}
    entries = _mappings(root.get("steps"))
    steps = tuple(_step(index, raw, words, brought.get(index, {})) for index, raw in entries)
    return Outline(steps, frozenset(_input_names(root.get("inputs"))), _waits(steps))


def _waits(steps: tuple[StepOutline, ...]) -> dict[str, frozenset[str]]:
    """Return step id -> ids that it waits for.

    A way back runs after the step that it undoes, and therefore after all that that step needed.
    """
    waits: dict[str, set[str]] = {}
    for step in steps:
        waits.setdefault(step.id, set()).update(step.needs)
        # Steps without a way back gather under the empty name, which nobody asks for.
        waits.setdefault(step.rollback, set()).update({step.id, *step.needs})
    return {step: frozenset(earlier) for step, earlier in waits.items()}


def _input_names(inputs: Any) -> Iterator[str]:
    """Yield the names that inputs make known: their own and, for a path, what is found out about the file."""
    for name, entry in inputs.items() if isinstance(inputs, dict) else ():
        yield name
        if isinstance(entry, dict) and entry.get("type") == "path":
            yield from (f"{name}.{fact}" for fact in PATH_INPUT_FACTS)


def _mappings(value: Any) -> Iterator[tuple[int, dict[str, Any]]]:
    """Yield the mappings of a list, with their positions."""
    entries = value if isinstance(value, list) else []
    return ((index, entry) for index, entry in enumerate(entries) if isinstance(entry, dict))


def _step(
    index: int, raw: dict[str, Any], kinds: frozenset[str], included: Mapping[str, tuple[str, ...]]
) -> StepOutline:
    """Return one step's outline."""
    # As text whatever it is: what is wrong with it is said elsewhere.
    step_id = str(raw.get("id", ""))
    captures = raw.get("capture")
    answers = tuple(str(option.get("value", "")) for _, option in _mappings(raw.get(CHOOSE)))
    decides = {step_id: answers} if CHOOSE in raw else {}
    exported = {f"{step_id}.{name}": options for name, options in included.items()}
    return StepOutline(
        index=index,
        id=step_id,
        kind=next((key for key in raw if key in kinds), ""),
        needs=_texts(raw.get("needs")),
        rollback=str(raw.get("rollback", "")),
        provides=frozenset([*(captures if isinstance(captures, dict) else ()), *decides, *exported]),
        options={name: options for name, options in {**decides, **exported}.items() if options},
        has_hosts="on" in raw,
    )


def _texts(value: Any) -> tuple[str, ...]:
    return tuple(entry for entry in value if isinstance(entry, str)) if isinstance(value, list) else ()
