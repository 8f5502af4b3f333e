"""haops starts parts of itself as programs; what lies in the directory that it is called in has no part in that."""

import os
import re
import subprocess
import sys
from pathlib import Path

from haops.lab import ssh_access
from haops.lab.keeper import start_in_background

SOURCES = Path(ssh_access.__file__).parents[1]
OWN_PROGRAM = re.compile(r'sys\.executable,(?P<options>[^\n]*?)"-m", (?!"pip")')


def test_every_part_leaves_the_current_directory_out() -> None:
    """`python -m` would look there first: a file `yaml.py` in somebody's directory would run as the operator."""
    starts = {path: OWN_PROGRAM.findall(path.read_text(encoding="utf-8")) for path in SOURCES.rglob("*.py")}
    found = {path.name: options for path, options in starts.items() if options}
    assert found == {"own_program.py": [' "-P", ']}


def test_a_module_in_the_current_directory_is_not_loaded(tmp_path: Path) -> None:
    """A lab's keeper is started from a directory with traps in it; it fails for want of a flavour, not in a trap."""
    for name in ("click", "yaml", "msgspec", "json", "haops"):
        (tmp_path / f"{name}.py").write_text("raise SystemExit('trapped')")
    code = (
        f"import sys; sys.path.insert(0, {str(SOURCES.parent)!r})\n"
        f"from {start_in_background.__module__} import start_in_background\n"
        "from haops.errors import HaopsError\n"
        "try:\n    start_in_background('no-such-flavour', {}, print)\n"
        "except (HaopsError, KeyError) as error:\n    print('said', error)\n"
    )
    environment = os.environ | {"XDG_STATE_HOME": str(tmp_path / "state"), "XDG_RUNTIME_DIR": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, "-P", "-c", code], cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
    )
    assert "said" in done.stdout
    assert "trapped" not in done.stdout + done.stderr
