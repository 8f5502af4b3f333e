from pathlib import Path

import pytest
from runbook_words import words

from haops.formats.runbook_lint import CODES, lint_runbook
from haops.formats.shell_text import assigned, expansions
from haops.runtime import library

EXAMPLE = Path(__file__).with_name("quorum.yaml")
RUNBOOKS = Path(__file__).parents[2] / "runbooks"
HEAD = "apiVersion: haops/v1\nkind: Runbook\nname: x\ntitle: X\nsteps:\n  - id: it\n    title: It\n"


def advice(step: str) -> list[str]:
    """Return the codes of all advice on a step, with line and column."""
    body = "".join(f"    {line}\n" for line in step.splitlines())
    problems = lint_runbook((HEAD + body).encode(), "x.yaml", words())
    assert {problem.severity for problem in problems} <= {"warning"}, problems
    return [f"{p.line}:{p.column} {p.message.rpartition('[')[2].rstrip(']')}" for p in problems]


def advice_on_script(script: str, env: str = "{}") -> list[str]:
    """Return the codes of advice on a script that begins in line 14, column 7."""
    quiet = f"on: {{role: etcd}}\nrisk: read\ntimeout: 5s\nwhy: x\nenv: {env}\n"
    body = "".join(f"  {line}\n" for line in script.splitlines())
    return advice(f"{quiet}ssh: |\n{body}")


@pytest.mark.parametrize(
    ("step", "codes"),
    [
        ("local: x\nrisk: destroy\neffect: idempotent\nverify: api.ready > 1", ["6:9 no-way-back"]),
        ("local: x\nrisk: destroy\neffect: idempotent\nverify: api.ready > 1\nirreversible: no", []),
        ("local: x\neffect: idempotent", ["6:9 unverified-change"]),
        ("local: x\nverify: api.ready > 1", ["6:9 no-probe"]),
        ("local: x\nverify: api.ready > 1\nprobe: test -e /tmp/x", []),
        ("ssh: x\nrisk: read\non: {role: etcd}", ["6:9 no-timeout"]),
        ("manual: x\nrisk: destroy", []),
        ("check: [etcd.members]", []),
    ],
)
def test_advice_on_steps(step: str, codes: list[str]) -> None:
    """A step that is allowed but unwise gets its code, at its id; one that is neither gets none."""
    assert advice(step) == codes


@pytest.mark.parametrize(
    ("script", "codes"),
    [
        ("one\ntwo", ["14:7 no-set-eu"]),
        ("set -euo pipefail\ntwo", []),
        ("set -ue\ntwo", []),
        ("one", []),
        ("echo $FOO", ["14:12 undefined-variable"]),
        ("set -eu\necho ${FOO} $FOO", ["15:12 undefined-variable"]),
        ("echo ${FOO:-x} ${FOO-} ${FOO:?no}", []),
        ("echo '$FOO' \\$FOO # $FOO", []),
        ('echo "it\'s $FOO"', ["14:18 undefined-variable"]),
        ("FOO=1; echo $FOO", []),
        ("for f in a b; do echo $f; done", []),
        ("set -eu\ncat x | while read -r one two; do echo $one $two; done", []),
        ("set -eu\ncat <<'END'\n$FOO\nEND\necho $BAR", ["18:12 undefined-variable"]),
        ("set -eu\ncat <<END\n$FOO\nEND", ["16:7 undefined-variable"]),
        ("awk '{print $FOO}' x", []),
        ("echo $ETCD_NAME $HAOPS_ATTEMPT $HOME $1 $@ $? $$", []),
        ("echo {{ etcd.name }}", ["14:12 spliced-value"]),
        ("kubectl get node -o go-template='{{range .items}}{{if .spec}}{{.kind}}{{else}}-{{end}}{{end}}'", []),
        ("crictl ps -o go-template --template '{{.id}}'", []),
        ('rm -rf "$ETCD_DATA_DIR"', ["14:7 removes-state"]),
        ("rm -f -r /var/lib/etcd/member", ["14:7 removes-state"]),
        ("rm -rf /tmp/x", []),
        ('rm "$ETCD_DATA_DIR/x"', []),
        ('cp "$ETCD_MANIFEST" "$ETCD_MANIFEST.bak"', ["14:28 manifest-copy"]),
        ("cp a /etc/kubernetes/manifests/etcd.yaml.old", ["14:12 manifest-copy"]),
        ("sed -i.bak s/a/b/ /etc/kubernetes/manifests/etcd.yaml", ["14:7 manifest-copy"]),
        ("mv /etc/kubernetes/manifests/etcd.yaml /root/", []),
        ("curl https://10.1.2.3:2379", ["14:20 literal-address"]),
        ("curl http://127.0.0.1:2381 0.0.0.0 v1.2.3.4.5", []),
    ],
)
def test_advice_on_scripts(script: str, codes: list[str]) -> None:
    """What an experienced engineer would not sign is named at its place in the script, and nothing else is."""
    assert advice_on_script(script) == codes


def test_a_variable_under_env_is_defined() -> None:
    """What the step puts into the environment may be used; what is like it is suggested."""
    assert advice_on_script("echo $TOKEN", "{TOKEN: etcd.quorum}") == []
    problems = lint_runbook(
        (HEAD + "    risk: read\n    env: {TOKEN: etcd.quorum}\n    local: echo $TOKN\n").encode(), "x.yaml", words()
    )
    assert problems[0].remedy == "did you mean TOKEN?"


def test_scripts_of_each_layout_and_probes_are_read() -> None:
    """Every script of a step is looked at."""
    step = "risk: read\nlocal: {kubeadm: echo $A, systemd: echo $B}\nprobe: echo $C"
    assert advice(step) == ["9:27 undefined-variable", "9:45 undefined-variable", "10:17 undefined-variable"]


def test_mistakes_and_advice_come_together() -> None:
    """A file with mistakes gets its advice too, in the order of the file."""
    problems = lint_runbook((HEAD + "    local: x\n    titel: y\n").encode(), "x.yaml", words())
    assert [(p.line, p.severity) for p in problems] == [(6, "warning"), (6, "warning"), (9, "error")]


def test_every_code_is_explained() -> None:
    """No advice is given under a code that nobody explains."""
    step = (
        "on: {role: etcd}\nrisk: destroy\nssh: |\n  rm -r $ETCD_DATA_DIR $X {{ y }} 10.1.1.1\n  cp a $ETCD_MANIFEST.b"
    )
    given = {line.partition(" ")[2] for line in advice(step)}
    assert given == set(CODES)


def test_the_example_needs_little_advice() -> None:
    """The example of the format is a good example: only what it leaves out for brevity is named."""
    codes = {p.message.rpartition("[")[2] for p in lint_runbook(EXAMPLE.read_bytes(), "quorum.yaml", words())}
    assert codes == {"no-timeout]"}


@pytest.mark.parametrize("path", sorted(RUNBOOKS.glob("*.yaml")), ids=lambda path: path.stem)
def test_the_runbooks_that_come_with_haops_are_right(path: Path) -> None:
    """Every runbook of haops parses with the real vocabulary, and no advice touches its scripts."""
    problems = lint_runbook(path.read_bytes(), path.name, library.vocabulary())
    assert [str(p) for p in problems if p.severity == "error"] == []
    allowed = ("[unverified-change]", "[no-timeout]")
    assert [str(p) for p in problems if not p.message.endswith(allowed)] == []


def test_what_a_script_uses_and_sets() -> None:
    """Expansions and assignments are told apart, with their places."""
    script = 'A=1 B+=2\nexport C=3\nwhile getopts ab: D; do echo "$A${E#x}"; done'
    assert assigned(script) == {"A", "B", "C", "D"}
    assert [(e.name, script[e.offset]) for e in expansions(script)] == [("A", "$"), ("E", "$")]
