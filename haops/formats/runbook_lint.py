"""Everything that can be said about a runbook file: its mistakes, and advice on what is allowed but unwise.

Owns the advice on steps, with a code for each. Must never change what a runbook means: a file with advice runs.
"""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from haops.core.risk import Risk
from haops.core.runbook import Effect
from haops.errors import Problem, RunbookError
from haops.formats.mistakes import distinct
from haops.formats.runbook_outline import INCLUDE, StepOutline, outline_of
from haops.formats.runbook_yaml import parse_runbook
from haops.formats.script_lint import SCRIPT_CODES, advise_on_script
from haops.formats.vocabulary import Vocabulary
from haops.formats.yaml_places import Path
from haops.formats.yaml_source import YamlSource, read_yaml

WARNING = "warning"
SCRIPT_KINDS = frozenset({"ssh", "local"})
"""The step kinds under whose key a script stands, or one for each layout."""
_PERSON = frozenset({"choose", "manual"})

STEP_CODES: Mapping[str, str] = {
    "no-way-back": "a step that destroys names neither a rollback nor why there is none",
    "unverified-change": "nothing shows whether a change had its effect",
    "no-probe": "after a lost connection only a person could say whether the step happened",
    "no-timeout": "a step on hosts waits for the default time, whatever it does",
}
CODES: Mapping[str, str] = {**STEP_CODES, **SCRIPT_CODES}
"""Every code of advice, and what it means."""


class _Advice(NamedTuple):
    code: str
    path: Path
    message: str
    remedy: str


def lint_runbook(content: bytes, source: str, vocabulary: Vocabulary) -> tuple[Problem, ...]:
    """Return every mistake (severity error) and all advice (severity warning) in the order of the file."""
    problems: list[Problem] = []
    try:
        parse_runbook(content, source, vocabulary)
    except RunbookError as error:
        problems.extend(error.problems)
    # Once more as it is written: advice is given on a file with mistakes as well.
    written = read_yaml(content, source)
    return distinct([*problems, *_advice(written, vocabulary)])


def _advice(source: YamlSource, vocabulary: Vocabulary) -> Iterator[Problem]:
    """Yield the advice on every step and script that can be read."""
    for step in outline_of(source.value, (*vocabulary.step_kinds, INCLUDE)).steps:
        raw = source.get(step.path)
        for code, path, message, remedy in _on_step(step, raw, vocabulary):
            yield _warning(source, source.places.of(path), code, message, remedy)
        yield from _on_scripts(source, step, raw)


def _warning(source: YamlSource, place: tuple[int, int], code: str, message: str, remedy: str) -> Problem:
    return Problem(source.file, *place, f"{message} [{code}]", remedy, WARNING)


def _on_step(step: StepOutline, raw: dict[str, Any], vocabulary: Vocabulary) -> Iterator[_Advice]:
    """Yield the advice on one step, at its id."""
    kind = vocabulary.step_kinds.get(step.kind)
    if kind is None or step.kind in _PERSON:
        return
    risk = str(raw.get("risk", kind.default_risk.value))
    where = (*step.path, "id")
    if risk == Risk.DESTROY and not raw.get("rollback") and not raw.get("irreversible"):
        yield _Advice("no-way-back", where, "it takes something away for good", "add rollback, or irreversible: WHY")
    if risk != Risk.READ and "verify" not in raw:
        yield _Advice("unverified-change", where, "nothing shows whether it had its effect", "add verify")
    # A step that changes something and names no effect is unprotected (`step_of`).
    if risk != Risk.READ and raw.get("effect", "unprotected") == Effect.UNPROTECTED and "probe" not in raw:
        remedy = "add effect: idempotent or verified, or a probe"
        yield _Advice("no-probe", where, "if the connection is lost, nobody knows whether it happened", remedy)
    if kind.needs_host and "timeout" not in raw:
        # 60 s is the default in `StepDocument`.
        yield _Advice("no-timeout", where, "it waits 60 s, whatever it does", "add timeout")


def _on_scripts(source: YamlSource, step: StepOutline, raw: dict[str, Any]) -> Iterator[Problem]:
    """Yield the advice on a step's scripts, each at its line."""
    environment = raw.get("env")
    variables = frozenset(environment) if isinstance(environment, dict) else frozenset()
    for path, script in _scripts(step, raw):
        for code, offset, message, remedy in advise_on_script(script, variables):
            yield _warning(source, source.places.inside(path, offset, script), code, message, remedy)


def _scripts(step: StepOutline, raw: dict[str, Any]) -> Iterator[tuple[Path, str]]:
    """Yield a step's scripts with their paths: its action's, one for each layout, and its probe."""
    written = raw.get(step.kind) if step.kind in SCRIPT_KINDS else None
    by_layout = written if isinstance(written, dict) else {None: written}
    for layout, script in by_layout.items():
        if isinstance(script, str):
            yield (*step.path, step.kind, *([layout] if layout else [])), script
    if isinstance(raw.get("probe"), str):
        yield (*step.path, "probe"), raw["probe"]
