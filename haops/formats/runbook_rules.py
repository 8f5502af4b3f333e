"""What must be true of the steps of a runbook together, and of the fields of a step together.

Owns these rules: each is one function from what the file says to mistakes. They look at the written values, not at
validated ones, so that a mistake elsewhere does not silence them. Advice is not here (`runbook_lint`).
"""

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from haops.core.conditions import ConditionError, Unknown, parse_condition
from haops.core.graph import find_cycle
from haops.formats.runbook_document import StepDocument
from haops.formats.runbook_include import beside_include
from haops.formats.runbook_outline import CHOOSE, INCLUDE, Outline, StepOutline
from haops.formats.suggestions import did_you_mean, nearest
from haops.formats.vocabulary import Vocabulary
from haops.formats.yaml_places import Path
from haops.formats.yaml_source import YamlSource


class Broken(NamedTuple):
    """A rule that a file breaks, at a path (`at_key`: at the key rather than the value)."""

    path: Path
    message: str
    remedy: str = ""
    at_key: bool = False


Rule = Callable[[YamlSource, Outline, Vocabulary], Iterator[Broken]]
StepRule = Callable[[StepOutline, dict[str, Any], Vocabulary], Iterator[Broken]]


def report_broken_rules(source: YamlSource, outline: Outline, vocabulary: Vocabulary) -> None:
    """Note every rule that the file breaks."""
    for rule in _RULES:
        _report(source, rule(source, outline, vocabulary))
    for step in outline.steps:
        for step_rule in _STEP_RULES:
            _report(source, step_rule(step, source.get(step.path), vocabulary))


def _report(source: YamlSource, broken: Iterator[Broken]) -> None:
    for rule in broken:
        (source.report_key if rule.at_key else source.report)(rule.path, rule.message, rule.remedy)


def _unique_ids(source: YamlSource, outline: Outline, _vocabulary: Vocabulary) -> Iterator[Broken]:
    """Yield ids that an earlier step has already."""
    first: dict[str, StepOutline] = {}
    for step in outline.steps:
        earlier = first.setdefault(step.id, step)
        if step.id and earlier is not step:
            line = source.places.of((*earlier.path, "id")).line
            yield Broken((*step.path, "id"), f"another step is called {step.id}", f"it is in line {line}")


def _no_cycle(_source: YamlSource, outline: Outline, _vocabulary: Vocabulary) -> Iterator[Broken]:
    """Yield every cycle once, by taking each one's first step out of the graph."""
    needs = {step.id: step.needs for step in outline.steps}
    positions = {step.id: step.path for step in outline.steps}
    in_circles: set[str] = set()
    while cycle := find_cycle(needs):
        in_circles |= set(cycle)
        text = f"the steps need each other in a circle: {' -> '.join(cycle)}"
        yield Broken((*positions[cycle[0]], "needs"), text, "take one of these needs out")
        # Every round takes at least one need out, so this ends.
        needs = {step: tuple(need for need in earlier if need != cycle[0]) for step, earlier in needs.items()}
    for step in outline.steps:
        stuck = sorted(outline.before(step) & in_circles) if step.id not in in_circles else []
        if stuck:
            message = f"{step.id} can never run: it waits for {stuck[0]}, which is in a circle"
            yield Broken((*step.path, "needs"), message)


def _distinct_names(source: YamlSource, outline: Outline, vocabulary: Vocabulary) -> Iterator[Broken]:
    """Yield inputs, captures and decisions whose names mean something else already."""
    for name in sorted(outline.inputs & vocabulary.facts):
        yield Broken(("inputs", name), f"{name} is already a fact", "choose another name", at_key=True)
    for step in outline.steps:
        for name in sorted(step.provides & (vocabulary.facts | outline.inputs)):
            what = "a fact" if name in vocabulary.facts else "an input"
            path = (*step.path, "capture", name) if source.get((*step.path, "capture")) else (*step.path, "id")
            yield Broken(path, f"{name} is already {what}", "choose another name", at_key=True)


def _known_keys(step: StepOutline, raw: dict[str, Any], vocabulary: Vocabulary) -> Iterator[Broken]:
    """Yield keys that are neither a field of steps nor a step kind."""
    kinds = {*vocabulary.step_kinds, INCLUDE}
    known = {*StepDocument.model_fields, *kinds}
    for key in raw:
        if key not in known:
            yield Broken((*step.path, key), f"{key} is no field here", did_you_mean(key, known), at_key=True)


def _one_kind(step: StepOutline, raw: dict[str, Any], vocabulary: Vocabulary) -> Iterator[Broken]:
    """Yield a step that is of no kind, or of several."""
    kinds = {*vocabulary.step_kinds, INCLUDE}
    chosen = [key for key in raw if key in kinds]
    if len(chosen) > 1:
        yield Broken((*step.path, chosen[1]), f"{chosen[0]} and {chosen[1]} in one step", "make two steps", at_key=True)
    # A mistyped kind is named as an unknown field already.
    if not chosen and not any(nearest(key, kinds) for key in raw if key not in StepDocument.model_fields):
        yield Broken(step.path, "it does not say what is done", f"add one of: {', '.join(sorted(kinds))}")


def _hosts(step: StepOutline, raw: dict[str, Any], vocabulary: Vocabulary) -> Iterator[Broken]:
    """Yield a step that runs on hosts and names none, or the other way round."""
    kind = vocabulary.step_kinds.get(step.kind)
    if kind is not None and kind.needs_host and "on" not in raw:
        message = f"{step.kind} needs to know on which hosts"
        yield Broken((*step.path, step.kind), message, "add on: {role: etcd}", at_key=True)
    if kind is not None and not kind.needs_host and "on" in raw:
        yield Broken((*step.path, "on"), f"{step.kind} runs on no host", "take it out", at_key=True)


def _retry(step: StepOutline, raw: dict[str, Any], vocabulary: Vocabulary) -> Iterator[Broken]:
    """Yield a retry of something that may not happen twice."""
    if raw.get("retry") and _risk(step, raw, vocabulary) != "read" and raw.get("effect") != "idempotent":
        message = "only a step that reads, or is idempotent, may be tried again by itself"
        remedy = "add effect: idempotent if doing it twice is the same as once"
        yield Broken((*step.path, "retry"), message, remedy, at_key=True)


def _effect(step: StepOutline, raw: dict[str, Any], vocabulary: Vocabulary) -> Iterator[Broken]:
    """Yield effects that the rest of the step contradicts."""
    path = (*step.path, "effect")
    if raw.get("effect") == "read" and _risk(step, raw, vocabulary) != "read":
        message = "a step that changes something has not the effect read"
        yield Broken(path, message, "write idempotent, verified or unprotected")
    if raw.get("effect") == "verified" and "probe" not in raw and "verify" not in raw:
        yield Broken(path, "nothing tells whether it happened", "add a probe or verify")


def _way_back(step: StepOutline, raw: dict[str, Any], _vocabulary: Vocabulary) -> Iterator[Broken]:
    """Yield ways back that lead nowhere."""
    if step.rollback and step.rollback == step.id:
        yield Broken((*step.path, "rollback"), f"{step.id} cannot be its own way back", "name another step")
    if step.rollback and "irreversible" in raw:
        yield Broken((*step.path, "irreversible"), "it has a way back", "keep rollback or irreversible", at_key=True)


def _can_run(step: StepOutline, raw: dict[str, Any], _vocabulary: Vocabulary) -> Iterator[Broken]:
    """Yield a step whose condition is false whatever is true."""
    try:
        # YAML reads `false` and `0` as values; as text they are conditions again.
        expression = parse_condition(str(raw.get("when", "True")))
        # Without a name in it a condition is the same for ever.
        if expression.names or expression.evaluate({}):
            return
    # That it is no condition is told where the field is checked.
    except (ConditionError, Unknown):
        return
    yield Broken((*step.path, "when"), f"{step.id or 'the step'} can never run: this is always false")


def _readable_id(step: StepOutline, raw: dict[str, Any], _vocabulary: Vocabulary) -> Iterator[Broken]:
    """Yield decisions and includes whose id cannot be read by a condition."""
    if (CHOOSE in raw or INCLUDE in raw) and step.id and not step.id.isidentifier():
        yield Broken((*step.path, "id"), f"conditions cannot read {step.id}", f"call it {step.id.replace('-', '_')}")


def _bare_include(step: StepOutline, raw: dict[str, Any], vocabulary: Vocabulary) -> Iterator[Broken]:
    """Yield what stands beside an include and would mean nothing, or not the same all the way through."""
    if INCLUDE not in raw:
        return
    for key in beside_include(raw):
        message = f"{key} means nothing beside include"
        yield Broken((*step.path, key), message, "put it into the other runbook", at_key=True)
    for name in _names(raw.get("when")) & vocabulary.facts:
        message = f"{name} may change while the included steps run; some would run and some not"
        yield Broken((*step.path, "when"), message, "decide it in a choose step before")


def _names(condition: Any) -> frozenset[str]:
    """Return the names that a condition reads; none if it is no condition."""
    try:
        return frozenset(parse_condition(str(condition)).names)
    except ConditionError:
        return frozenset()


def _observers(step: StepOutline, raw: dict[str, Any], vocabulary: Vocabulary) -> Iterator[Broken]:
    """Yield observers that do not exist."""
    written = raw.get("check")
    for index, name in enumerate(written if isinstance(written, list) else []):
        if isinstance(name, str) and name not in vocabulary.observers:
            remedy = did_you_mean(name, vocabulary.observers)
            yield Broken((*step.path, "check", index), f"no observer is called {name}", remedy)


def _risk(step: StepOutline, raw: dict[str, Any], vocabulary: Vocabulary) -> str:
    """Return the risk that the step names, or its kind's."""
    kind = vocabulary.step_kinds.get(step.kind)
    return str(raw.get("risk", kind.default_risk.value if kind else ""))


_RULES: tuple[Rule, ...] = (_unique_ids, _no_cycle, _distinct_names)
_STEP_RULES: tuple[StepRule, ...] = (
    _known_keys, _one_kind, _hosts, _retry, _effect, _way_back, _can_run, _readable_id, _bare_include, _observers,
)  # fmt: skip
