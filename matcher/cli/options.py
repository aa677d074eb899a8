"""Options that several commands share."""

from __future__ import annotations

from pathlib import Path

import click

rules_option = click.option(
    "--rules",
    metavar="RULES.toml",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    envvar="RECON_RULES",
    help="Matching rules; by default those of RECON_RULES, else the shipped ones.",
)

MANY_VALUES = ("--statements", "--book", "--truth")


class ManyValues(click.Command):
    """Lets `--statements a b c` stand for `--statements a --statements b --statements c`."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Repeat the name of an option of many values before each of its values."""
        given: list[str] = []
        option = ""
        for word in args:
            if word.startswith("-") and word != "-":
                option = word if word in MANY_VALUES else ""
                if not option:
                    given.append(word)
            else:
                given += [option, word] if option else [word]
        return super().parse_args(ctx, given)
