from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from runbook_words import words

from haops.errors import RunbookError
from haops.formats.runbook_yaml import parse_runbook

TEN = Path(__file__).with_name("ten-mistakes.yaml")
EXAMPLE = Path(__file__).with_name("quorum.yaml")
HEAD = "apiVersion: haops/v1\nkind: Runbook\nname: x\ntitle: X\n"


def mistakes(text: str) -> list[str]:
    """Return the problems of a file, one line each."""
    with pytest.raises(RunbookError) as caught:
        parse_runbook(text.encode(), "x.yaml", words())
    return [str(problem) for problem in caught.value.problems]


def mistakes_of_step(step: str, head: str = HEAD) -> list[str]:
    """Return the problems of a file with one step, whose id and title are in lines 6 and 7."""
    body = "".join(f"    {line}\n" for line in step.splitlines())
    return mistakes(f"{head}steps:\n  - id: it\n    title: It\n{body}")


def test_ten_mistakes_are_all_named_with_line_and_column() -> None:
    """A file with ten different mistakes gets ten answers, each with its place and what was probably meant."""
    with pytest.raises(RunbookError) as caught:
        parse_runbook(TEN.read_bytes(), "ten.yaml", words())
    found = [(problem.line, problem.column, problem.message, problem.remedy) for problem in caught.value.problems]
    assert found == [
        (6, 9, "no signal is called etcd-quorum-lots", "did you mean etcd-quorum-lost?"),
        (9, 5, "titel is no field here", "did you mean title?"),
        (11, 13, "no observer is called etcd.member", "did you mean etcd.members?"),
        (14, 13, "no step is called lok", "did you mean look?"),
        (16, 56, "nothing is known as etcd.anwering", "did you mean etcd.answering?"),
        (20, 18, "way never becomes 'lives'", "did you mean live?"),
        (21, 22, "eech is no field here", "did you mean each?"),
        (22, 11, "distroy is not allowed here", "did you mean destroy?"),
        (23, 14, "60 is not a duration", "write 60s"),
        (27, 11, "nothing is known as etcd.kworum", "did you mean etcd.quorum?"),
    ]
    lines = TEN.read_text(encoding="utf-8").splitlines()
    pointed_at = [lines[line - 1][column - 1 :].split()[0].strip("],:}") for line, column, _, _ in found]
    wrong = ["etcd-quorum-lots", "titel", "etcd.member", "lok", "etcd.anwering", '"lives"', "eech", "distroy", "60"]
    assert pointed_at == [*wrong, "etcd.kworum"]


@pytest.mark.parametrize(
    ("step", "said"),
    [
        ("maual: x", "x.yaml:8:5: error: maual is no field here (did you mean manual?)"),
        ("why: because", "x.yaml:6:5: error: it does not say what is done (add one of: check, choose, http, include,"),
        ("manual: x\nlocal: y", "x.yaml:9:5: error: manual and local in one step (make two steps)"),
        ("manual: 12", "x.yaml:8:13: error: text is expected here (put it in quotes)"),
        ("ssh: x", "x.yaml:8:5: error: ssh needs to know on which hosts (add on: {role: etcd})"),
        ("manual: x\non: {role: etcd}", "x.yaml:9:5: error: manual runs on no host (take it out)"),
        ("manual: x\ntitle: again", "x.yaml:9:5: error: title stands here twice (it is first in line 7)"),
        ("manual: x\nretry: 2\nrisk: change", "x.yaml:9:5: error: only a step that reads, or is idempotent, may be"),
        ("check: [etcd.members]\nretry: 99", "x.yaml:9:12: error: it must be less than or equal to 10"),
        ("local: x\neffect: read", "x.yaml:9:13: error: a step that changes something has not the effect read"),
        ("local: x\neffect: verified", "x.yaml:9:13: error: nothing tells whether it happened (add a probe or verify)"),
        ("local: x\neffect: idempotnt", "x.yaml:9:13: error: idempotnt is not allowed here (did you mean idempotent?)"),
        ("local: x\nrollback: other", "x.yaml:9:15: error: no step is called other (one of: it)"),
        ("local: x\nrollback: it", "x.yaml:9:15: error: it cannot be its own way back (name another step)"),
        ("local: x\nirreversible: y\nrollback: it", "x.yaml:9:5: error: it has a way back"),
        ("local: x\nwhen: 1 > 2", "x.yaml:9:11: error: it can never run: this is always false"),
        ("local: x\nwhen: etcd.quorum >", "x.yaml:9:24: error: not a condition: invalid syntax"),
        ("local: x\nwhen: open('x')", "x.yaml:9:11: error: \"open('x')\" is not allowed in a condition"),
        ("local: x\nwhen: host.name == 'a'", "x.yaml:9:11: error: host.name is about one host, and none is meant here"),
        ("local: x\nguard: host.free > 1", "x.yaml:9:12: error: nothing is known as host.free"),
        ("local: x\nverify: {every: 1s}", "x.yaml:9:13: error: that is missing"),
        (
            "local: x\nverify: {that: etcd.quorum, evry: 1s}",
            "x.yaml:9:33: error: evry is no field here (did you mean every?)",
        ),
        ("local: x\ncapture: {a: {type: text}}", "x.yaml:9:18: error: exactly one of json, regex and value says"),
        ("local: x\ncapture: {a: {json: b, type: text}}", "x.yaml:9:25: error: b is not written as a name"),
        (
            "local: x\ncapture: {a: {regex: '(', type: text}}",
            "x.yaml:9:27: error: not a regular expression: missing ),",
        ),
        ("local: x\ncapture: {A-b: {regex: a, type: text}}", "x.yaml:9:15: error: A-b is not written as a name"),
        (
            "local: x\ncapture: {a: {regex: a, type: pth}}",
            "x.yaml:9:35: error: pth is not allowed here (did you mean path?)",
        ),
        ("local: x\nenv: {name: etcd.quorum}", "x.yaml:9:11: error: name is not written as a name"),
        ("local: x\nenv: {NAME: [a]}", "x.yaml:9:17: error: text is expected here, not a list"),
        ("local: x\nguard: host.free_bytes > 1", "x.yaml:9:12: error: host.free_bytes is about one host, and none is"),
        ("local: x\nguard: later", "x.yaml:9:12: error: nothing is known as later"),
        (
            "local: x\ncapture: {a: {regex: a, type: text}}\nguard: a == ''",
            "x.yaml:10:12: error: a is found out by this step",
        ),
        ("ssh: {kubeadm: x}\non: {role: a}", "x.yaml:8:10: error: systemd is missing"),
        (
            "ssh: {kubeadm: x, sytemd: x}\non: {role: a}",
            "x.yaml:8:23: error: sytemd is no field here (did you mean systemd?)",
        ),
        ("ssh: x\non: {one: any, each: serial}", "x.yaml:9:9: error: each and one contradict each other"),
        ("ssh: x\non: {batch: 0}", "x.yaml:9:17: error: it must be greater than or equal to 1"),
        ("ssh: x\non: {one: etcd.newst}", "x.yaml:9:15: error: nothing is known as etcd.newst"),
        ("check: etcd.members", "x.yaml:8:12: error: a list is expected here"),
        ("http: {url: etcd.kworum}", "x.yaml:8:17: error: nothing is known as etcd.kworum (did you mean etcd.quorum?)"),
    ],
)
def test_each_mistake_is_named_at_its_place(step: str, said: str) -> None:
    """One mistake in a step gives a problem at the very word, in words that say what to do."""
    assert [line for line in mistakes_of_step(step) if line.startswith(said)], mistakes_of_step(step)


@pytest.mark.parametrize(
    ("head", "said"),
    [
        ("", "x.yaml:1:1: error: apiVersion is missing"),
        (HEAD.replace("v1", "v2"), "x.yaml:1:13: error: haops/v2 is not allowed here (did you mean haops/v1?)"),
        (HEAD.replace("Runbook", "Runbok"), "x.yaml:2:7: error: Runbok is not allowed here (did you mean Runbook?)"),
        (HEAD + "sumary: x\n", "x.yaml:5:1: error: sumary is no field here (did you mean summary?)"),
        (HEAD + "objectives: {rto: 5}\n", "x.yaml:5:19: error: 5 is not a duration (write 5s)"),
        (HEAD + "objectives: {rtoo: 5s}\n", "x.yaml:5:14: error: rtoo is no field here (did you mean rto?)"),
        (HEAD + "inputs: {a: {type: pth}}\n", "x.yaml:5:20: error: pth is not allowed here (did you mean path?)"),
        (
            HEAD + "inputs: {a: {type: bytes, default: x}}\n",
            "x.yaml:5:13: error: the default 'x' is not of the form bytes",
        ),
        (HEAD + "inputs: {a: {type: text, hlp: x}}\n", "x.yaml:5:26: error: hlp is no field here (did you mean help?)"),
        (HEAD + "inputs: {api.ready: {type: text}}\n", "x.yaml:5:10: error: api.ready is already a fact"),
        (HEAD + "done: [api.redy]\n", "x.yaml:5:8: error: nothing is known as api.redy (did you mean api.ready?)"),
        (HEAD + "title: {{ name }}\n", "x.yaml:5:1: error: title stands here twice"),
        (HEAD.replace("name: x", "name: X y"), "x.yaml:3:7: error: X y is not written as a name"),
    ],
)
def test_mistakes_in_the_head_are_named_too(head: str, said: str) -> None:
    """The head of the file is checked like its steps."""
    found = mistakes_of_step("manual: x", head)
    assert [line for line in found if line.startswith(said)], found


STEP = "  - {{id: {id}, title: T, needs: [{needs}], manual: x}}\n"


def mistakes_of_graph(**needs: str) -> list[str]:
    """Return the problems of a file whose steps have these needs, from line 6 on."""
    return mistakes(f"{HEAD}steps:\n" + "".join(STEP.format(id=step, needs=need) for step, need in needs.items()))


def test_a_circle_is_named_with_its_steps() -> None:
    """Steps that wait for each other are named in the order of the circle; who waits for them is told so."""
    found = mistakes_of_graph(a="c", b="a", c="b", d="c", e="")
    assert found[0] == (
        "x.yaml:6:30: error: the steps need each other in a circle: a -> c -> b -> a (take one of these needs out)"
    )
    assert found[1:] == ["x.yaml:9:30: error: d can never run: it waits for a, which is in a circle"]


def test_two_circles_are_both_named() -> None:
    """One circle does not hide another."""
    found = mistakes_of_graph(a="b", b="a", c="d", d="c")
    assert ["circle: a -> b -> a" in found[0], "circle: c -> d -> c" in found[1]] == [True, True]


def test_a_step_that_needs_itself_is_a_circle() -> None:
    """The shortest circle is one too."""
    assert "circle: a -> a" in mistakes_of_graph(a="a")[0]


def test_ids_are_unique() -> None:
    """Two steps of one name are two mistakes waiting to happen; the second is named with the line of the first."""
    found = mistakes(f"{HEAD}steps:\n" + STEP.format(id="a", needs="") * 2)
    assert found == ["x.yaml:7:10: error: another step is called a (it is in line 6)"]


def test_ids_are_unique_in_one_line_too() -> None:
    """Two steps of one name are found where the whole list stands in one line."""
    steps = "steps: [{id: it, title: A, manual: a}, {id: it, title: B, manual: b}]\n"
    assert mistakes(HEAD + steps) == ["x.yaml:5:45: error: another step is called it (it is in line 5)"]


def test_a_captured_value_is_known_only_after_its_step() -> None:
    """Reading what another step finds out, without waiting for that step, is a mistake that says what to add."""
    found = mistakes(
        f"{HEAD}steps:\n"
        "  - {id: a, title: A, local: x, capture: {size: {regex: '(.*)', type: integer}}}\n"
        "  - {id: b, title: B, manual: x, when: size > 1}\n"
    )
    assert found == ["x.yaml:7:40: error: size comes from a, which does not run before this (add needs: [a])"]


def test_names_are_not_taken_twice() -> None:
    """A capture may not be called like a fact or an input: a condition could not tell which is meant."""
    found = mistakes(
        f"{HEAD}inputs: {{size: {{type: bytes}}}}\nsteps:\n"
        "  - {id: a, title: A, local: x, capture: {size: {regex: '(.*)', type: integer}}}\n"
    )
    assert found == ["x.yaml:7:43: error: size is already an input (choose another name)"]


def test_a_decision_has_a_name_that_conditions_can_read() -> None:
    """A choose step's id is read by conditions, in which a dash is a minus."""
    found = mistakes(f"{HEAD}steps:\n  - {{id: which-way, title: W, choose: [{{value: a, title: A}}]}}\n")
    assert found == ["x.yaml:6:10: error: conditions cannot read which-way (call it which_way)"]


def test_an_answer_that_is_never_given_is_pointed_at_in_characters() -> None:
    """Letters that take several bytes before it do not move the place."""
    steps = (
        "steps:\n  - {id: way, title: W, choose: [{value: live, title: A}, {value: new, title: B}]}\n"
        "  - id: go\n    title: G\n    needs: [way]\n    manual: g\n    when: \"'éé' == 'éé' and way == 'lives'\"\n"
    )
    found = mistakes(HEAD + steps)
    assert found == ["x.yaml:11:36: error: way never becomes 'lives' (did you mean live?)"]


def test_mistakes_of_writing_and_of_meaning_come_together() -> None:
    """A duplicate key does not hide an unknown signal, nor does the place of one hide the other."""
    found = mistakes(f"{HEAD}title: Y\napplies: {{for: [x]}}\nsteps:\n  - {{id: a, title: A, manual: {{{{ y }}}}}}\n")
    assert [line.split(":")[1] for line in found] == ["5", "6", "8"]
    assert "put the text in quotes" in found[2]


def test_what_only_follows_from_a_mistake_of_writing_is_not_reported() -> None:
    """A title in braces without quotes is one mistake; that it seems empty is none of its own."""
    head = HEAD.replace("title: X", "title: {{ name }}")
    assert mistakes_of_step("manual: x", head) == [
        'x.yaml:4:8: error: {{ is read as a mapping, not as text (put the text in quotes: "{{ ... }}")'
    ]


def test_a_field_of_two_forms_is_judged_by_the_one_that_was_meant() -> None:
    """A script may be text or a mapping; a wrong mapping is not told to be text, and a number is told so once."""
    assert mistakes_of_step("local: {kubeadm: x, sytemd: y}") == [
        "x.yaml:8:12: error: systemd is missing",
        "x.yaml:8:25: error: sytemd is no field here (did you mean systemd?)",
    ]
    assert mistakes_of_step("local: 12") == ["x.yaml:8:12: error: text is expected here (put it in quotes)"]


def test_several_missing_fields_are_all_named() -> None:
    """Mistakes that share a place do not hide each other."""
    found = mistakes("kind: Runbook\nsteps: [{}]\n")
    assert [line.partition("error: ")[2] for line in found] == [
        "apiVersion is missing", "name is missing", "title is missing",
        "it does not say what is done (add one of: check, choose, http, include, local, manual, ssh)",
        "id is missing", "title is missing",
    ]  # fmt: skip


@pytest.mark.slow
def test_a_runbook_has_an_end() -> None:
    """More steps than anybody could follow are refused, whatever they need."""
    steps = "".join(STEP.format(id=f"s{n}", needs=f"s{n + 1}") for n in range(3000))
    assert mistakes(f"{HEAD}steps:\n{steps}") == [
        "x.yaml:6:3: error: 3000 steps; at most 500 are allowed (split the runbook)"
    ]


@pytest.mark.slow
def test_the_longest_chain_can_be_read() -> None:
    """As many steps as are allowed, each waiting for the next one in the file."""
    steps = "".join(STEP.format(id=f"s{n}", needs=f"s{n + 1}") for n in range(499)) + STEP.format(id="s499", needs="")
    assert len(parse_runbook(f"{HEAD}steps:\n{steps}".encode(), "x.yaml", words()).steps) == 500


@pytest.mark.slow
@settings(max_examples=150, deadline=None)
@given(st.data())
def test_no_damage_to_a_file_makes_the_reading_fail(data: st.DataObject) -> None:
    """A runbook with any piece cut out, doubled or moved either is right or has problems inside the file."""
    text = EXAMPLE.read_text(encoding="utf-8")
    begin = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(begin, min(len(text), begin + 60)))
    signs = ["", "- ", "{", "]", ": ", "'", "\n", "12", "null", "[[", "\t"]
    put = data.draw(st.sampled_from([*signs, text[begin:end] * 2]))
    damaged = text[:begin] + put + text[end:]
    try:
        parse_runbook(damaged.encode(), "x.yaml", words())
    except RunbookError as error:
        found = error.problems
    else:
        return
    assert found
    assert all(problem.message and 0 <= problem.line <= damaged.count("\n") + 2 for problem in found)
