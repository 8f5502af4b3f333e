"""Themes, keys and pictures: files that people write, and files that they get."""

from pathlib import Path

import pytest
from textual.color import Color

from haops.errors import SettingsError
from haops.ui.actions import ALL_ACTIONS, BY_ID, OFFERED
from haops.ui.app import HaopsApp
from haops.ui.flat_yaml import read_flat
from haops.ui.keymap import load_keymap
from haops.ui.picture import without_fonts
from haops.ui.presenters.lines import Role
from haops.ui.themes import FALLBACK, SURFACES, load_theme
from tests.ui.conftest import SMALL, scene

REPOSITORY = Path(__file__).resolve().parents[2]
THEMES = sorted((REPOSITORY / "themes").glob("*.yaml"))
KEYMAP = REPOSITORY / "haops" / "ui" / "keymap.yaml"


def contrast(one: str, other: str) -> float:
    """Return the contrast of two colours (WCAG 2.1, relative luminance)."""
    lighter, darker = sorted((luminance(one), luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def luminance(colour: str) -> float:
    """Return the relative luminance of a colour."""
    parts = [part / 255 for part in Color.parse(colour).rgb]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def test_four_themes_come_with_haops() -> None:
    """One for dark terminals, one for light ones, one for bad ones, one without colours."""
    assert [path.stem for path in THEMES] == ["dark", "high-contrast", "light", "monochrome"]


@pytest.mark.parametrize("role", list(Role))
@pytest.mark.parametrize("path", THEMES, ids=lambda path: path.stem)
def test_every_text_can_be_read_on_every_surface(path: Path, role: Role) -> None:
    """4.5:1 at least (WCAG 2.1 AA), 7:1 in the theme for bad screens."""
    variables = load_theme(path).variables
    least = 7.0 if path.stem == "high-contrast" else 4.5
    for surface in SURFACES:
        assert contrast(variables[f"haops-{role}"], variables[f"haops-{surface}"]) >= least, surface


def test_the_fallback_has_every_variable_that_a_theme_has() -> None:
    """Without any theme file the style sheet still holds."""
    assert set(load_theme(THEMES[0]).variables) == set(FALLBACK)


@pytest.mark.parametrize(
    ("text", "mistake"),
    [
        ("focus: red\n", "plain is missing"),
        ('plain: "#12345"\n', "plain: '#12345' is not a colour"),
        ("colour: blue\n", "'colour' is no colour of a theme"),
        ("a: [1, 2]\n", ":1:1: error: not of the form"),
        ("plain: &anchor x\n", ":1:1: error: not of the form"),
        ("\x00\n", ":1:1: error: not of the form"),
    ],
)
def test_a_bad_theme_is_refused_with_every_mistake(tmp_path: Path, text: str, mistake: str) -> None:
    """Each mistake says what it is about."""
    file = tmp_path / "mine.yaml"
    file.write_text(text)
    with pytest.raises(SettingsError) as refused:
        load_theme(file)
    assert mistake in str(refused.value)


async def test_a_theme_that_cannot_be_used_is_a_warning_and_haops_runs_on(tmp_path: Path) -> None:
    """Once, with the remedy, and everything can still be read."""
    (tmp_path / "mine.yaml").write_text("plain: nothing\n")
    async with scene("quorum-lost", SMALL, theme="mine", theme_directory=tmp_path) as screen:
        assert "the theme has mistakes" in screen.text
        assert "ETCD QUORUM LOST" in screen.text


def test_the_packaged_keymap_is_the_registry() -> None:
    """Every action stands in the file with its default keys, so that a person can copy it."""
    assert read_flat(KEYMAP) == {action.id: action.keys for action in ALL_ACTIONS}
    assert load_keymap(KEYMAP, HaopsApp) == read_flat(KEYMAP)


def test_every_offered_action_exists_and_has_words() -> None:
    """The key line, the palette and the help speak of the same things."""
    for names in OFFERED.values():
        assert len(names) <= 6
        assert all(name in BY_ID for name in names)
    assert all(action.words and action.title.count(": ") == 1 and action.explains for action in ALL_ACTIONS)


@pytest.mark.parametrize(
    ("text", "mistake"),
    [
        ("session.jump: j\n", "there is no action 'session.jump'"),
        ("session.skip: x\nsession.note: x\n", "session.note: key x is taken by session.skip"),
        ('session.skip: ""\n', "session.skip has no key"),
        ('session.skip: "x,"\n', "session.skip has no key"),
        ('session.note: "question_mark"\napp.help: "?"\n', "app.help: key ? is taken by session.note"),
        # What the file leaves as it is, on the same screen: another action, a pane's number, a move of the cursor.
        ("session.note: y\n", "session.note: key y is taken by session.confirm"),
        ('session.note: "3"\n', "session.note: key 3 is taken by 'go to pane 3'"),
        ("session.note: G\n", "session.note: key G is taken by 'the last row'"),
        ("session.note: ctrl+s\n", "session.note: key ctrl+s is taken by app.picture"),
        # What holds on every screen has to be free on all of them, also on questions and while something is typed.
        ("app.help: y\n", "app.help: key y is taken by 'run a step that changes something'"),
        ("app.help: y\nsession.confirm: w\n", "app.help: key y is taken by 'run a step that changes something'"),
        ("app.palette: space\n", "app.palette: key space is taken by 'a page down'"),
        ("app.leave: escape\n", "app.leave: key escape is taken by 'back to where you were'"),
        ("app.picture: ctrl+k\n", "app.picture: key ctrl+k is taken by 'Delete all to the right'"),
    ],
)
def test_a_bad_keymap_is_refused(tmp_path: Path, text: str, mistake: str) -> None:
    """Two actions on one key would be worse than none; each mistake is one error that names file and remedy."""
    file = tmp_path / "keymap.yaml"
    file.write_text(text)
    with pytest.raises(SettingsError) as refused:
        load_keymap(file, HaopsApp)
    [problem] = refused.value.problems
    assert str(problem).startswith(f"{file}: error: {mistake}")
    assert problem.remedy


@pytest.mark.parametrize(
    "text",
    [
        "session.note: y\nsession.confirm: w\n",
        "session.note: o\nsession.output: n\n",
        "app.help: f1\n",
        "app.help: f1,f2\n",
        # Taken only while something is typed, where no key of the session screen holds.
        "session.note: ctrl+k\n",
        # On a question the app's own keys do not hold.
        "app.palette: ctrl+d\n",
    ],
)
def test_a_key_that_is_free_where_its_action_holds_is_taken_as_it_is(tmp_path: Path, text: str) -> None:
    """Also one that its owner has given away in the same file."""
    file = tmp_path / "keymap.yaml"
    file.write_text(text)
    assert load_keymap(file, HaopsApp) == read_flat(file)


async def test_the_users_own_keys_work_and_are_shown(tmp_path: Path) -> None:
    """In the key line and under the finger."""
    file = tmp_path / "keymap.yaml"
    file.write_text('session.note: "w"\n')
    async with scene("healthy", SMALL, keymap_file=file) as screen:
        await screen.pilot.pause(0.2)
        assert "w note…" in screen.rows[-1]
        await screen.press("w")
        assert "outside the runbook" in screen.said


async def test_a_bad_keymap_is_a_warning_and_the_default_keys_stay(tmp_path: Path) -> None:
    """Nobody loses the keyboard at three in the morning."""
    file = tmp_path / "keymap.yaml"
    file.write_text("session.jump: j\n")
    async with scene("healthy", SMALL, keymap_file=file) as screen:
        await screen.pilot.pause(0.2)
        assert "the keymap has mistakes" in screen.text
        await screen.press("n")
        assert "outside the runbook" in screen.said


async def test_a_picture_of_the_screen_needs_no_network(tmp_path: Path) -> None:
    """The file links nothing, and the screen says where it is."""
    async with scene("drill", SMALL, pictures_directory=tmp_path) as screen:
        await screen.press("ctrl+s")
        assert "The picture is in" in screen.text
    [file] = tmp_path.glob("*.svg")  # noqa: ASYNC240 - nothing else runs by now
    assert "@font-face" not in file.read_text()
    assert "url(http" not in file.read_text()


async def test_where_a_picture_is_is_said_in_full_and_on_the_screen_that_was_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also on a screen that covers the one with the notices; a bare name leaves one searching."""
    monkeypatch.chdir(tmp_path)
    async with scene("healthy", pictures_directory=Path()) as screen:
        await screen.press("t", "ctrl+s")
        said = [toast.message for toast in screen.app._notifications]
        assert said == [f"The picture is in {tmp_path}/haops-triagescreen-41.svg"]


async def test_a_picture_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    """No traceback for a full disk or a wrong directory."""
    async with scene("healthy", SMALL, pictures_directory=tmp_path / "none") as screen:
        await screen.press("ctrl+s")
        assert "cannot be written" in screen.text


def test_fonts_are_taken_out_of_a_picture() -> None:
    """Only them."""
    assert without_fonts("<style>@font-face {\n a: url(x);\n}\n.b {c: d}</style>") == "<style>\n.b {c: d}</style>"
