"""`recon learned`: what decisions taught, as rules in words, to accept, edit, try or drop."""

from __future__ import annotations

import click

from matcher.cli.main import EXIT_ATTENTION
from matcher.proposal import RuleKind, RuleState

_RULE = click.argument("rule", type=int, metavar="N")
_RULES = click.argument("rules", nargs=-1, required=True, type=int, metavar="N...")


@click.group(invoke_without_command=True)
@click.option("--all", "every", is_flag=True, help="Dropped rules, too.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON Lines, an object a rule.")
@click.pass_context
def learned(ctx: click.Context, every: bool, as_json: bool) -> int:
    """What decisions taught, as rules in words. Nothing is used before a person accepts it.

    Without a subcommand: derive what is new from the standing decisions and list everything. Exit status 1: rules wait
    for a decision.

    \b
    Examples:
      recon learned
      recon learned accept 3 4
      recon learned edit 5 --when 'text starts "LOKALHYRA" and direction is payment'
      recon learned add --entry-type RENT --when 'counterparty is "Vasakronan AB" and amount < 0'
      recon learned test 5
      recon learned drop 6
    """
    if ctx.invoked_subcommand is not None:
        return 0
    from matcher import bootstrap
    from matcher.cli import render_learned
    from matcher.pipeline.learned import learn
    from recon_core.services import lookup

    states = list(RuleState) if every else [RuleState.OFFERED, RuleState.ACCEPTED]
    with bootstrap.open_context() as context:
        with context.database.read() as uow:
            accounts = [account.id for account in lookup.accounts(uow)]
        learn(context, account_ids=accounts)
        with context.database.read() as uow:
            rules = context.opinions.learned(uow, states=states)
            codes = {account.id: account.code for account in lookup.accounts(uow)}
    if as_json:
        for rule in rules:
            click.echo(render_learned.rule_json(rule, codes))
    else:
        render_learned.print_rules(rules, codes)
    return EXIT_ATTENTION if any(rule.state == RuleState.OFFERED for rule in rules) else 0


@learned.command()
@_RULES
@click.option("--anyway", is_flag=True, help="Also where past decisions contradict it.")
def accept(rules: tuple[int, ...], anyway: bool) -> None:
    """Use rules from now on. Each is tried on the past first.

    \b
    Examples:
      recon learned accept 3
      recon learned accept 3 --anyway
    """
    from matcher import bootstrap
    from matcher.pipeline.learned import accept_rule

    with bootstrap.open_context() as context:
        for rule in rules:
            trial = accept_rule(context, rule_id=rule, anyway=anyway)
            click.echo(f"Rule {rule} is in use: {trial.support} past decision(s) agree, {trial.against} do not.")


@learned.command()
@_RULES
@click.option("--reason", default="", help="Why; it is kept.")
def drop(rules: tuple[int, ...], reason: str) -> None:
    """Do not use rules, and do not offer them again.

    \b
    Examples:
      recon learned drop 3 --reason "two customers share the account"
    """
    from matcher import bootstrap
    from matcher.pipeline.learned import drop_rule

    with bootstrap.open_context() as context:
        for rule in rules:
            drop_rule(context, rule_id=rule, reason=reason)
            click.echo(f"Rule {rule} is dropped.")


@learned.command()
@_RULE
@click.option("--when", "condition", default="", help="The new condition.")
@click.option("--outcome", default="", help="The new counterparty or entry type.")
def edit(rule: int, condition: str, outcome: str) -> None:
    """Put another rule in the place of one; the new one waits to be accepted.

    \b
    Examples:
      recon learned edit 5 --when 'text starts "LOKALHYRA" and not amount > -100'
    """
    from matcher import bootstrap
    from matcher.pipeline.learned import edit_rule

    if not condition and not outcome:
        raise click.UsageError("Name a new condition or a new outcome.")
    with bootstrap.open_context() as context:
        made = edit_rule(context, rule_id=rule, condition=condition, outcome=outcome)
    click.echo(f"Rule {made} takes the place of {rule}. Use it with: recon learned accept {made}")


@learned.command()
@click.option("--when", "condition", required=True, help="The condition; its language: recon learned words.")
@click.option("--entry-type", default="", metavar="CODE", help="Book what fits under this entry type.")
@click.option("--counterparty", default="", metavar="NAME", help="What fits is of this counterparty of the books.")
@click.option("--account", default="", metavar="CODE", help="Only on this cash account.")
def add(condition: str, entry_type: str, counterparty: str, account: str) -> None:
    """Write a rule; it waits to be accepted.

    \b
    Examples:
      recon learned add --entry-type RENT --when 'text starts "LOKALHYRA" and direction is payment'
      recon learned add --counterparty "Vasakronan AB" --when 'account is "5123-4567" or number is "778812"'
    """
    from matcher import bootstrap
    from matcher.pipeline.learned import write_rule
    from recon_core.services import lookup

    if bool(entry_type) == bool(counterparty):
        raise click.UsageError("Name an entry type, or a counterparty.")
    kind = RuleKind.ENTRY_TYPE if entry_type else RuleKind.COUNTERPARTY
    with bootstrap.open_context() as context:
        account_id = None
        if account:
            with context.database.read() as uow:
                account_id = lookup.account_by_code(uow, account).id
        made = write_rule(
            context, kind=kind, condition=condition, outcome=entry_type or counterparty, account_id=account_id
        )
    click.echo(f"Rule {made} is written. Try it with: recon learned test {made}")


@learned.command()
@_RULE
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def test(rule: int, as_json: bool) -> int:
    """Try a rule on past decisions without using it. Exit status 1: some contradict it.

    \b
    Examples:
      recon learned test 5
    """
    from matcher import bootstrap
    from matcher.cli import render_learned
    from matcher.pipeline.learned import past_of
    from matcher.pipeline.learning import try_out

    with bootstrap.open_context() as context, context.database.read() as uow:
        found = context.opinions.learned_rule(uow, rule_id=rule)
        trial = try_out(past_of(context, uow), found.lesson)
    click.echo(render_learned.trial_json(trial) if as_json else render_learned.trial_text(found, trial))
    return EXIT_ATTENTION if trial.against else 0


@learned.command()
@_RULE
@click.argument("rank", type=click.IntRange(-1000, 1000))
def order(rule: int, rank: int) -> None:
    """Give a rule its place: of several that fit a line, the lowest rank is used.

    \b
    Examples:
      recon learned order 5 10
    """
    from matcher import bootstrap
    from matcher.pipeline.learned import place_rule

    with bootstrap.open_context() as context:
        place_rule(context, rule_id=rule, rank=rank)
    click.echo(f"Rule {rule} has the rank {rank}.")


@learned.command()
def words() -> None:
    """The language of conditions.

    \b
    Examples:
      recon learned words
    """
    from matcher.pipeline import conditions

    click.echo((conditions.__doc__ or "").strip())
