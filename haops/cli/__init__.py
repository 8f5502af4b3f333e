"""The command line: one module per command, imported only when its command is called.

Owns the wiring of lab, runtime and screen, and the turning of every error into one message and an exit code. Must never
import anything heavy itself: `haops --help` stays fast.
"""

import gc
import importlib
import os
import sys
from collections.abc import Mapping
from contextlib import suppress

import click

from haops import __version__
from haops.errors import EnvironmentLacks, HaopsError

COMMANDS: Mapping[str, tuple[str, str]] = {
    "session": ("haops.cli.session:session", "Work on an incident of a real cluster."),
    "drill": ("haops.cli.drill:drill", "Rehearse: break a cluster in the lab and repair it."),
    "run": ("haops.cli.run:run", "Run a runbook line by line, without the full screen."),
    "status": ("haops.cli.status:status", "Show what is true about a cluster, once."),
    "runbook": ("haops.cli.runbook:runbook", "List, show, check and plan runbooks."),
    "journal": ("haops.cli.journal:journal", "List, show, verify and follow the records of sessions."),
    "timeline": ("haops.cli.timeline:timeline", "Write a session's timeline for the postmortem."),
    "lab": ("haops.cli.lab:lab", "Install, start and enter the disposable cluster."),
}
"""Command -> where it is and its one line of help."""
_ALLOCATED_BETWEEN_COLLECTIONS = 100_000
"""What loads at the start stays: looking for garbage in it after every 700 objects takes a tenth of the start."""
_CLOSED_PIPE = 141
"""128 + SIGPIPE: `haops journal show ... | head` is no mistake of anybody's."""


class LazyGroup(click.Group):
    """A group whose commands are imported when they are needed."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the commands in the order in which they are needed."""
        del ctx
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import and return one command."""
        del ctx
        if cmd_name not in COMMANDS:
            return None
        module, attribute = COMMANDS[cmd_name][0].split(":")
        command: click.Command = getattr(importlib.import_module(module), attribute)
        return command

    def invoke(self, ctx: click.Context) -> object:
        """Run a command; where nobody reads its output any more it ends as a program that SIGPIPE ends."""
        try:
            result: object = super().invoke(ctx)
            # A short output leaves Python only here: later nobody could catch that its reader is gone.
            sys.stdout.flush()
        # Here, because click takes any further one for an exit code of 1.
        except BrokenPipeError:
            _forget_output()
            raise click.exceptions.Exit(_CLOSED_PIPE) from None
        return result

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the list of commands without importing any."""
        del ctx
        with formatter.section("Commands"):
            formatter.write_dl([(name, line) for name, (_, line) in COMMANDS.items()])


_EXAMPLES = """\b
Examples:
  haops drill                    rehearse; nothing but this machine is touched
  haops status -c prod.yaml      look at a cluster, change nothing
  haops session -c prod.yaml     an incident: what is true, which runbook fits
  haops journal list             what was done here before

Every command has --help. The README says what the exit codes mean and where
everything is kept."""


@click.group(
    cls=LazyGroup,
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog=_EXAMPLES,
)
@click.version_option(__version__, prog_name="haops")
@click.pass_context
def haops(ctx: click.Context) -> None:
    """Incident runbooks for people who run their own highly available Kubernetes.

    Without a command: the start screen, with sessions to resume, clusters known, and drills.
    """
    if ctx.invoked_subcommand is None:
        from haops.cli.start import start  # noqa: PLC0415 - the screen is heavy

        start()


def main(arguments: list[str] | None = None) -> None:
    """Run the command line and exit with its documented exit code."""
    gc.set_threshold(_ALLOCATED_BETWEEN_COLLECTIONS)
    try:
        # Not standing alone, click returns the exit code that a command asked for instead of leaving with it.
        sys.exit(haops.main(args=arguments, prog_name="haops", standalone_mode=False))
    except click.exceptions.Abort:
        # 128 + SIGINT, as a shell tells it of any other program.
        _fail("stopped", 130)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except HaopsError as error:
        _fail(str(error), error.exit_code)
    # One that came outside of click's own care, which makes an Abort of it.
    except KeyboardInterrupt:
        _fail("stopped", 130)
    except OSError as error:
        _fail(_of_this_machine(error), EnvironmentLacks.exit_code)
    except Exception as error:  # noqa: BLE001 - whatever it is, nobody shall read a traceback at 03:00
        _fail(_own_fault(error), HaopsError.exit_code)


def _of_this_machine(error: OSError) -> str:
    """Word what a file or a disk of this machine refused."""
    _forget_output()
    place = f"{error.filename}: " if error.filename else ""
    return f"{place}{error.strerror or error}. Try: see that the path exists, is yours, and that its disk has room"


def _own_fault(error: Exception) -> str:
    """Word a fault of haops itself, with its place for whoever mends it. HAOPS_TRACEBACK set: show it as it is."""
    import traceback  # noqa: PLC0415 - as below

    if os.environ.get("HAOPS_TRACEBACK"):
        raise error
    frames = traceback.extract_tb(error.__traceback__)
    place = f"{frames[-1].filename}:{frames[-1].lineno}" if frames else "nowhere"
    remedy = "HAOPS_TRACEBACK=1 haops ... shows all of it; report that. What ran is in the journal"
    return f"a fault in haops itself: {type(error).__name__}: {error} ({place}). Try: {remedy}"


def _forget_output() -> None:
    """Have nothing more written at the end: where the disk is full, that would fail once more."""
    with suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _fail(message: str, exit_code: int) -> None:
    """Say what went wrong, once, and exit."""
    from haops.core.text import visible  # noqa: PLC0415 - needed only when something went wrong

    # A message may quote a file or another system.
    print(visible(f"haops: {message}", keep_newlines=True), file=sys.stderr)
    sys.exit(exit_code)
