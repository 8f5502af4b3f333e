"""Runbooks as YAML: bytes in, a runbook out, or every mistake at once with its place.

Owns the order of reading: the writing, the names, the form, the rules. Must never read a file itself or know a step
kind: both come with the vocabulary.
"""

import hashlib
from collections.abc import Mapping
from typing import Any, TypeVar, cast

from pydantic import TypeAdapter, ValidationError

from haops.core.runbook import Runbook, Step
from haops.errors import RunbookError
from haops.formats.fields import adapter_of
from haops.formats.mistakes import distinct, report_mistakes
from haops.formats.runbook_document import IncludeDocument, RunbookDocument, StepDocument
from haops.formats.runbook_include import Included, Inclusion, Lookup, expand, join_ends, load_includes
from haops.formats.runbook_outline import INCLUDE, Outline, StepOutline, outline_of
from haops.formats.runbook_rules import report_broken_rules
from haops.formats.runbook_scope import Scope
from haops.formats.runbook_values import input_of, objectives_of, step_of
from haops.formats.vocabulary import StepKindFields, Vocabulary
from haops.formats.yaml_places import Path
from haops.formats.yaml_source import YamlSource, read_yaml

MAX_STEPS = 500
"""With what is included. Walks along the graph are as deep as this."""
Shape = TypeVar("Shape")


def parse_runbook(content: bytes, source: str, vocabulary: Vocabulary) -> Runbook:
    """Return the runbook that a file holds. Raises RunbookError with every mistake that was found."""
    return _parse(content, source, vocabulary, ())


def _parse(content: bytes, file: str, vocabulary: Vocabulary, including: tuple[str, ...]) -> Runbook:
    """Return the runbook; `including` are the files on whose behalf this one is read."""
    source = read_yaml(content, file)
    # Counted as written, before anything walks over them, and again with what they include.
    if source.value is None or _too_many(source, source.get(("steps",))):
        raise _refusal(source)
    chain = (*including, file)
    lookup = Lookup(chain, vocabulary.load_include, lambda other, text: _parse(text, other, vocabulary, chain))
    # Before the rest: conditions here may read what the included steps make known.
    included = load_includes(source, lookup)
    reading = _Reading(source, vocabulary, included)
    report_broken_rules(source, reading.outline, vocabulary)
    document, steps = reading.document(), reading.steps()
    if _too_many(source, list(steps)) or document is None or source.problems:
        raise _refusal(source)
    return _runbook(document, steps, content, file, included)


def _too_many(source: YamlSource, steps: Any) -> bool:
    """Return whether there are more steps than anybody could follow, with that noted."""
    too_many = isinstance(steps, list) and len(steps) > MAX_STEPS
    if too_many:
        source.report(("steps",), f"{len(steps)} steps; at most {MAX_STEPS} are allowed", "split the runbook")
    return too_many


def _refusal(source: YamlSource) -> RunbookError:
    """Return the error with every mistake once, in the order of the file."""
    if not source.problems:
        source.report((), "the file is empty", "docs/runbooks.md shows one to begin from")
    problems = distinct(source.problems)
    count = "one mistake" if len(problems) == 1 else f"{len(problems)} mistakes"
    return RunbookError(f"the runbook has {count}", where=source.file, problems=problems)


class _Reading:
    """One file while it is read: its source, which collects the mistakes, and what is known from outside."""

    def __init__(self, source: YamlSource, vocabulary: Vocabulary, included: Mapping[int, Included]) -> None:
        self._source = source
        self._vocabulary = vocabulary
        self._included = included
        names = {index: other.provides() for index, other in included.items()}
        self.outline: Outline = outline_of(source.value, (*vocabulary.step_kinds, INCLUDE), names)

    def document(self) -> RunbookDocument | None:
        """Return the file without its steps, or None if there are mistakes."""
        scope = self.outline.scope(None, self._vocabulary)
        return self._valid(RunbookDocument, (), self._source.value, scope)

    def steps(self) -> tuple[Step, ...]:
        """Return the steps that have no mistakes, those of included runbooks in the place of their include."""
        self._report_odd_entries()
        steps = [step for outline in self.outline.steps for step in self._step(outline)]
        includes = frozenset(step.id for step in self.outline.steps if step.kind == INCLUDE)
        return join_ends(steps, includes)

    def _report_odd_entries(self) -> None:
        """Note entries of `steps` that are no mappings; the outline has passed over them."""
        entries = self._source.get(("steps",))
        for index, entry in enumerate(entries if isinstance(entries, list) else []):
            if not isinstance(entry, dict):
                self._source.report(("steps", index), "a step is a mapping", "begin with - id: ...")

    def _step(self, outline: StepOutline) -> list[Step]:
        """Return the step, the steps that it includes, or nothing if it has mistakes (they are noted)."""
        raw = self._source.get(outline.path)
        scope = self.outline.scope(outline, self._vocabulary)
        kinds = {*self._vocabulary.step_kinds, INCLUDE}
        # Unknown keys are left to the rules, whose suggestions know the step kinds as well.
        own = {key: value for key, value in raw.items() if key in StepDocument.model_fields and key not in kinds}
        written = self._valid(StepDocument, outline.path, own, scope)
        if outline.kind == INCLUDE:
            return self._include(outline, written, raw[INCLUDE], scope)
        kind = self._vocabulary.step_kinds.get(outline.kind)
        if kind is None:
            return []
        action = self._action(kind, (*outline.path, outline.kind), raw[outline.kind], scope)
        if written is None or action is None:
            return []
        return [step_of(written, kind, action, self._source.places.of(outline.path).line)]

    def _include(self, outline: StepOutline, around: StepDocument | None, raw: Any, scope: Scope) -> list[Step]:
        """Return the steps of the other runbook."""
        path = (*outline.path, INCLUDE)
        long_form = raw if isinstance(raw, dict) else {"runbook": raw}
        written = self._valid(IncludeDocument, path, long_form, scope)
        included = self._included.get(outline.index)
        if around is None or written is None or included is None:
            return []
        return expand(Inclusion(self._source, path, around, written, scope.names), included)

    def _action(self, kind: StepKindFields, path: Path, raw: Any, scope: Scope) -> Any:
        """Return the kind's own value, or None if there are mistakes; the names it reads are checked too."""
        action = self._valid(kind.model, path, raw, scope)
        for expression in kind.names(action) if action is not None else ():
            where = self._source.find_text(path, expression.text)
            for mistake in scope.mistakes(expression, host=True):
                self._source.report(where, mistake.message, mistake.remedy, offset=mistake.offset)
        return action

    def _valid(self, model: type[Shape], path: Path, raw: Any, scope: Scope) -> Shape | None:
        """Return a validated value, or None with its mistakes noted."""
        words = {
            "scope": scope,
            "step_ids": self.outline.ids,
            "signals": self._vocabulary.signals,
            "observers": self._vocabulary.observers,
        }
        adapter: TypeAdapter[Shape] = adapter_of(cast("Any", model))
        try:
            return adapter.validate_python(raw, context=words)
        except ValidationError as error:
            report_mistakes(self._source, path, model, error)
            return None


def _runbook(
    document: RunbookDocument, steps: tuple[Step, ...], content: bytes, file: str, included: Mapping[int, Included]
) -> Runbook:
    """Return the runbook; its digest covers what it includes."""
    others = "".join(other.runbook.digest for other in included.values())
    return Runbook(
        name=document.name,
        title=document.title,
        summary=document.summary,
        steps=steps,
        signals_for=document.applies.for_,
        signals_against=document.applies.against,
        inputs=tuple(input_of(name, entry) for name, entry in document.inputs.items()),
        objectives=objectives_of(document.objectives),
        done=document.done,
        references=document.references,
        source=file,
        # Without a byte order mark, if there is one; the digest is over the bytes as they are.
        text=content.decode("utf-8-sig"),
        digest=hashlib.sha256(content + others.encode()).hexdigest(),
        includes={name: text for other in included.values() for name, text in other.texts().items()},
    )
