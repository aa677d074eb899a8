"""The `recon` command: a lazy table of commands, so that `recon parse` never imports a database.

Exit status: 0 done, 1 done but something needs a person, 2 input or usage that can't be used, 3 refused by the rules
of the books.
"""

from __future__ import annotations

import sys
from importlib import import_module

import click

from recon_core import __version__
from recon_core.domain.refused import ReconError, Refused

EXIT_ATTENTION, EXIT_INPUT, EXIT_REFUSED = 1, 2, 3

# Command name -> (module:attribute, one-line help). The help stands here so that `recon --help` imports nothing.
COMMANDS: dict[str, tuple[str, str]] = {
    "demo": ("matcher.cli.run:demo", "The main job on the shipped statements."),
    "run": ("matcher.cli.run:run", "Import, match and reconcile a folder of statements."),
    "nightly": ("matcher.cli.nightly:nightly", "The unattended job over an inbox, with a morning summary."),
    "runs": ("matcher.cli.runs:runs", "Runs of the nightly work: list, show, retry, cancel."),
    "web": ("matcher.web.command:web", "The page: proposals to decide, reconciliations, runs."),
    "worker": ("matcher.cli.worker:worker", "Do the jobs of the nightly work, on this machine or many."),
    "health": ("matcher.cli.worker:health", "Whether database and broker answer and the jobs get done."),
    "status": ("matcher.cli.run:status", "Where every account stands and what needs a person."),
    "difference": ("matcher.cli.difference:difference", "What a difference is made of, and the step that cures it."),
    "review": ("matcher.cli.review:review", "Open bank lines that wait for a person, with what is proposed."),
    "why": ("matcher.cli.why:why", "What speaks for and against a match, and what would have made it."),
    "accept": ("matcher.cli.review:accept", "Accept proposals, one by one or a previewed bulk."),
    "pair": ("matcher.cli.pair:pair", "Match bank lines with book transactions by hand."),
    "reject": ("matcher.cli.review:reject", "Say that a proposal is wrong; it is remembered."),
    "ignore": ("matcher.cli.review:ignore", "Set bank lines aside for a reason."),
    "returned": ("matcher.cli.returned:returned", "Void the payment that a bank line gives back."),
    "adjust-line": ("matcher.cli.review:adjust_line", "Explain bank lines by adjustments."),
    "undo": ("matcher.cli.review:undo", "Take decisions back, one or a bulk."),
    "decisions": ("matcher.cli.review:decisions", "Who decided what about which bank lines."),
    "learned": ("matcher.cli.learned:learned", "What decisions taught, as rules in words to accept or drop."),
    "backtest": ("matcher.cli.backtest:backtest", "Try rules on closed reconciliations before they go live."),
    "calibrate": ("matcher.cli.backtest:calibrate", "Set the thresholds for a stated error rate, or abstain."),
    "account": ("matcher.cli.accounts:account", "Cash accounts: open, list, change, take over history."),
    "book": ("matcher.cli.books:book", "Book transactions: import, list, enter, release, clear, void."),
    "statement": ("matcher.cli.statements:statement", "Statements: list, show, gaps, decide those that are held."),
    "reconcile": ("matcher.cli.release:reconcile", "The reconciliation: open, tick, adjust, release, void."),
    "adjust": ("matcher.cli.adjust:adjust", "Adjustments: create, list, edit, release, reject, reverse."),
    "transfer": ("matcher.cli.transfer:transfer", "Transfers between own accounts."),
    "settings": ("matcher.cli.settings:settings", "Settings, entry types, code parts, periods, limits, series."),
    "history": ("matcher.cli.reports:history", "All reconciliations, the latest first."),
    "register": ("matcher.cli.reports:register", "Closed reconciliations with their transactions."),
    "print": ("matcher.cli.reports:print_", "The reconciliation statement, from bank to books."),
    "outstanding": ("matcher.cli.reports:outstanding", "What one side has and the other has not, with its age."),
    "bridge": ("matcher.cli.reports:bridge", "From the bank's balance to the books', step by step."),
    "verify": ("matcher.cli.proofs:verify", "Prove that a closed reconciliation is as it was."),
    "trail": ("matcher.cli.proofs:trail", "From any item back to file and byte, on to document and number."),
    "log": ("matcher.cli.proofs:log", "The chained log: verify, list, head."),
    "parse": ("matcher.cli.parse:parse", "What is in a statement file, as JSON Lines, CSV or Parquet."),
    "profile": (
        "matcher.cli.profile:profile",
        "The layouts of banks' CSV exports: list, show, check, and make a new one.",
    ),
    "rules": ("matcher.cli.rules:rules", "The rules of matching: those in force, a file to begin with, a check."),
    "match": ("matcher.cli.match:match", "The engine alone: statements and a book file in, results out."),
}


class LazyGroup(click.Group):
    """A group whose commands are imported when they are run."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """All names, in the order of the table: the order of a user's day."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import the command, or None for an unknown name."""
        if cmd_name not in COMMANDS:
            return None
        module, attribute = COMMANDS[cmd_name][0].split(":")
        command = getattr(import_module(module), attribute)
        assert isinstance(command, click.Command)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Print the table without importing the commands."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, text) in COMMANDS.items()])


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.version_option(__version__, prog_name="recon")
def cli() -> None:
    """Bank statements in, explained matches and released reconciliations out.

    \b
    Examples:
      recon demo                                        the main job on the shipped statements
      recon run inbox/ --book book.csv                  import, match and reconcile a folder of statements
      recon parse statement.xml                         what is in a statement file, as JSON Lines
    """


def main() -> None:
    """Entry point. Deliberate errors become one line on standard error and an exit status; others keep their trace."""
    try:
        status = cli.main(standalone_mode=False)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except click.Abort:
        click.echo("Stopped; nothing was done.", err=True)
        sys.exit(130)
    except ReconError as error:
        click.echo(f"recon: {error}", err=True)
        sys.exit(EXIT_REFUSED if isinstance(error, Refused) else EXIT_INPUT)
    except BrokenPipeError:
        sys.stderr.close()
        sys.exit(0)
    except OSError as error:
        if error.filename is None:
            raise
        click.echo(f"recon: {error.filename}: {error.strerror}. Check path and rights.", err=True)
        sys.exit(EXIT_INPUT)
    sys.exit(status if isinstance(status, int) else 0)
