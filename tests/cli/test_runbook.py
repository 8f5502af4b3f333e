import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from haops.cli.runbook import runbook
from haops.errors import HaopsError, InputError

ROOT = Path(__file__).parents[2]
TEN = ROOT / "tests/formats/ten-mistakes.yaml"
NAME = "etcd-quorum-loss"
INVENTORY = """\
apiVersion: haops/v1
kind: Inventory
cluster: prod
layout: {layout}
hosts:
  - {{name: cp1, address: 192.0.2.1, roles: [control-plane, etcd]}}
  - {{name: cp2, address: 192.0.2.2, roles: [control-plane, etcd]}}
  - {{name: cp3, address: 192.0.2.3, roles: [control-plane, etcd]}}
etcd: {{ca: ca.crt, certificate: c.crt, key: c.key}}
kubernetes: {{kubeconfig: config}}
"""


@pytest.fixture(autouse=True)
def _own_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No runbook of the person who runs the tests is seen."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))


def call(*arguments: str) -> Result:
    """Return the result of a command that is expected to be understood."""
    result = CliRunner().invoke(runbook, list(arguments))
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


def write_inventory(directory: Path, layout: str = "kubeadm") -> str:
    """Return the path of an inventory whose hosts nobody can reach (RFC 5737)."""
    path = directory / f"{layout}.yaml"
    path.write_text(INVENTORY.format(layout=layout), encoding="utf-8")
    return str(path)


def test_list_names_each_runbook_with_its_signals() -> None:
    """A person sees what there is and what it is for."""
    said = call("list").stdout
    assert NAME in said
    assert "for etcd-quorum-lost" in said


def test_list_names_a_file_with_mistakes_and_what_to_do(tmp_path: Path) -> None:
    """A runbook that cannot be read is in the list too, with the command that says why."""
    shelf = tmp_path / "haops" / "runbooks"
    shelf.mkdir(parents=True)
    shutil.copy(TEN, shelf)
    said = call("list").stdout
    assert f"10 mistakes: haops runbook lint {shelf / TEN.name}" in said
    listed = {entry["name"]: entry for entry in json.loads(call("list", "--json").stdout)}
    assert len(listed["ten-mistakes"]["mistakes"]) == 10
    assert listed[NAME]["mistakes"] == []


def test_ones_own_runbook_comes_before_the_one_of_haops(tmp_path: Path) -> None:
    """A runbook among the settings takes the place of one with the same name."""
    shelf = tmp_path / "haops" / "runbooks"
    shelf.mkdir(parents=True)
    (shelf / f"{NAME}.yaml").write_text(
        "apiVersion: haops/v1\nkind: Runbook\nname: etcd-quorum-loss\ntitle: Ours\n"
        "steps: [{id: a, title: Call us, manual: Call us.}]\n",
        encoding="utf-8",
    )
    assert call("show", NAME).stdout.startswith("etcd-quorum-loss: Ours")


def test_lint_names_ten_mistakes_with_line_and_column() -> None:
    """Ten different mistakes in a file: ten lines with file, line and column, and exit status 3."""
    result = call("lint", str(TEN))
    errors = [line for line in result.stdout.splitlines() if ": error: " in line]
    assert result.exit_code == 3
    assert len(errors) == 10
    assert errors[0] == f"{TEN}:6:9: error: no signal is called etcd-quorum-lots (did you mean etcd-quorum-lost?)"
    assert result.stderr == "10 to correct, 2 to consider\n"


def test_lint_prints_json() -> None:
    """Programs get each problem as an object."""
    result = call("lint", "--json", str(TEN))
    problems = json.loads(result.stdout)
    assert result.exit_code == 3
    assert sum(problem["severity"] == "error" for problem in problems) == 10
    assert problems[0] == {
        "file": str(TEN), "line": 6, "column": 9, "message": "no signal is called etcd-quorum-lots",
        "remedy": "did you mean etcd-quorum-lost?", "severity": "error",
    }  # fmt: skip


def test_lint_takes_advice_for_mistakes_only_when_asked(tmp_path: Path) -> None:
    """A file with nothing but advice passes, and does not with --strict."""
    path = tmp_path / "b.yaml"
    path.write_text(
        "apiVersion: haops/v1\nkind: Runbook\nname: b\ntitle: B\nsteps: [{id: a, title: A, local: date}]\n",
        encoding="utf-8",
    )
    assert call("lint", str(path)).exit_code == 0
    assert call("lint", "--strict", str(path)).exit_code == 3


def test_lint_reads_several_files_of_both_kinds(tmp_path: Path) -> None:
    """Inventories are checked too; a file that is not there does not hide the others."""
    good, bad = write_inventory(tmp_path), tmp_path / "bad.yaml"
    bad.write_text("kind: Inventory\n", encoding="utf-8")
    result = call("lint", good, "/nowhere/x.yaml", str(bad), str(TEN))
    files = {line.partition(":")[0] for line in result.stdout.splitlines() if " error: " in line}
    assert files == {"/nowhere/x.yaml", str(bad), str(TEN)}


def test_lint_explains_its_codes() -> None:
    """Each code of advice can be looked up."""
    assert "no-way-back " in call("lint", "--codes").stdout


def test_what_a_file_holds_cannot_act_on_the_terminal(tmp_path: Path) -> None:
    """Escape sequences in a runbook are shown, not sent: in its problems, its title, its graph, its plan."""
    path = tmp_path / "evil.yaml"
    path.write_text(
        'apiVersion: haops/v1\nkind: Runbook\nname: evil\ntitle: "T\\e]52;c;x\\a"\n'
        'steps: [{id: a, title: "S\\e[2J", why: "W\\e[2J", manual: "M\\e[2J\\n"}]\n',
        encoding="utf-8",
    )
    inventory = write_inventory(tmp_path)
    for command in (["show"], ["graph"], ["graph", "--dot"], ["plan", "-c", inventory], ["show", "--json"]):
        assert "\x1b" not in call(*command, str(path)).stdout
    path.write_text('"a\\e[2J": b\n', encoding="utf-8")
    result = call("lint", str(path))
    assert "\x1b" not in result.stdout
    assert r"\x1b[2J is no field here" in result.stdout


def test_show_says_what_every_step_does() -> None:
    """Reasons, order, conditions, guards, answers and ways back, in 80 columns."""
    said = call("show", NAME).stdout
    for step in json.loads(call("show", "--json", NAME).stdout)["steps"]:
        assert f"\n{step['id']}: {step['title']}" in said
    assert max(map(len, said.splitlines())) <= 100
    assert "answer     live-survivor:" in said
    assert "way back   no step takes it back: A member stopped without a quorum" in said


def test_graph_draws_every_step_in_80_columns() -> None:
    """Every step has its line, and no line is wider than a terminal."""
    said = call("graph", NAME).stdout
    ids = [step["id"] for step in json.loads(call("graph", "--json", NAME).stdout)["steps"]]
    assert [line for line in said.splitlines() if len(line) > 80] == []
    for step in ids:
        assert f" {step} " in said
    assert call("graph", "--dot", NAME).stdout.startswith('digraph "etcd-quorum-loss" {')


@pytest.mark.parametrize("layout", ["kubeadm", "systemd"])
def test_plan_shows_hosts_scripts_and_guards_of_a_layout(tmp_path: Path, layout: str) -> None:
    """For each step: the hosts, the script of this layout as it stands, its variables, its guards."""
    plan = json.loads(call("plan", NAME, "-c", write_inventory(tmp_path, layout), "--json").stdout)
    steps = {step["id"]: step for step in plan["steps"]}
    start = steps["start-etcd"]
    assert [target["target"] for target in start["targets"]] == ["cp1", "cp2", "cp3"]
    assert ("systemctl start --no-block" in start["targets"][0]["script"]) == (layout == "systemd")
    assert start["targets"][1]["environment"]["HOST_ADDRESS"] == "192.0.2.2"
    assert {guard["that"] for guard in steps["swap"]["guards"]} >= {"api.answering == 0"}


def test_plan_says_until_when_a_value_is_unknown(tmp_path: Path) -> None:
    """A value that an earlier step finds out is named with that step, one that is observed with the look at it."""
    plan = json.loads(call("plan", NAME, "-c", write_inventory(tmp_path), "--json").stdout)
    token, prepare = (
        next(step for step in plan["steps"] if step["id"] == name)["targets"][0]["environment"]
        for name in ("token", "prepare")
    )
    assert prepare["TOKEN"] == "<unknown until step token>"  # noqa: S105 - a placeholder
    assert token["BUMP"] == "<unknown until the cluster is looked at>"
    assert prepare["ETCD_NAME"] == "cp1"


def test_plan_leaves_no_place_of_a_text_unfilled(tmp_path: Path) -> None:
    """What an answer loses says when it will be known, instead of the name of a fact in braces."""
    said = " ".join(call("plan", NAME, "-c", write_inventory(tmp_path)).stdout.split())
    assert "{older_snapshot" not in said
    assert "was taken, <unknown until the input older_snapshot is given> seconds ago" in said


def test_plan_uses_inputs(tmp_path: Path) -> None:
    """What is given as an input is known; a name that the runbook has not is refused."""
    inventory = write_inventory(tmp_path)
    book = tmp_path / "b.yaml"
    book.write_text(
        "apiVersion: haops/v1\nkind: Runbook\nname: b\ntitle: B\ninputs: {room: {type: bytes}}\n"
        "steps: [{id: a, title: A, on: {role: etcd, where: host.name != 'cp2'}, env: {ROOM: room},\n"
        "  ssh: 'echo $ROOM'}]\n",
        encoding="utf-8",
    )
    said = call("plan", str(book), "-c", inventory, "-i", "room=2Ki").stdout
    assert "ROOM=2048" in said
    assert "    | echo $ROOM" in said
    assert "cp1, cp3: those where host.name != 'cp2'" in said
    with pytest.raises(InputError, match="--input room="):
        call("plan", str(book), "-c", inventory, "-i", "rom=2Ki")
    with pytest.raises(InputError, match="is not NAME=VALUE"):
        call("plan", str(book), "-c", inventory, "-i", "room")


def test_schema_is_printed_for_both_kinds_of_files() -> None:
    """An editor gets the schema of runbooks, or of inventories."""
    assert "steps" in json.loads(call("schema").stdout)["properties"]
    assert "hosts" in json.loads(call("schema", "--inventory").stdout)["properties"]


@pytest.mark.parametrize("command", ["show", "graph"])
def test_a_runbook_that_is_not_there_is_one_clear_error(command: str) -> None:
    """The error says where was looked and what there is."""
    with pytest.raises(HaopsError, match=r"there is no runbook 'nope'.*etcd-quorum-loss"):
        call(command, "nope")


def test_the_exit_code_leaves_the_process() -> None:
    """What a script sees is 3 for mistakes, with every problem on its line and no traceback."""
    command = [sys.executable, "-m", "haops", "runbook", "lint", str(TEN)]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=False)
    assert done.returncode == 3
    assert done.stdout.count(" error: ") == 10
    assert "Traceback" not in done.stderr


def test_an_error_cannot_act_on_the_terminal(tmp_path: Path) -> None:
    """What an error quotes from a file is shown, not sent."""
    path = tmp_path / "evil.yaml"
    path.write_text('"a\\e[2J": b\n', encoding="utf-8")
    command = [sys.executable, "-m", "haops", "runbook", "show", str(path)]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=False)
    assert done.returncode == 3
    assert r"\x1b[2J is no field here" in done.stderr
    assert "\x1b" not in done.stderr


def test_help_imports_nothing_heavy() -> None:
    """Asking for help does not wait for YAML, pydantic, Textual, gRPC or the Kubernetes client."""
    code = (
        "import sys\nfrom haops.cli import main\n"
        "try:\n    main(['runbook', 'lint', '--help'])\nexcept SystemExit:\n    pass\n"
        "heavy = {'yaml', 'pydantic', 'textual', 'grpc', 'kubernetes', 'paramiko'} & set(sys.modules)\n"
        "print('heavy:', sorted(heavy))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=True)
    assert "heavy: []" in done.stdout
