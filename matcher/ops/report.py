"""The morning summary told to people: once a run, by whichever process is first."""

from __future__ import annotations

import json
from collections.abc import Sequence
from html import escape
from typing import TYPE_CHECKING, NamedTuple

from matcher.ops import mail, summary_html, summary_text
from matcher.pipeline.night.morning import Morning, morning
from recon_core.domain.refused import BadSetting, ReconError

if TYPE_CHECKING:
    from matcher.bootstrap import NightSettings
    from matcher.pipeline.night.contract import Night


class Mailing(NamedTuple):
    """Where the summary goes, checked before the night begins."""

    server: mail.MailServer
    sender: str
    to: tuple[str, ...]


def mailing(settings: NightSettings, *, to: Sequence[str] = ()) -> Mailing | None:
    """The mailing of the settings, to these addresses instead of theirs; None if there is nobody to mail to. Raises
    `BadSetting` for addresses without a server and for what is no address.
    """
    wanted = mail.addresses(to, where="--mail") or mail.addresses(settings.mail_to, where="RECON_MAIL_TO")
    if not wanted:
        return None
    if not settings.smtp_url:
        raise BadSetting("There is no mail server.", where="RECON_SMTP_URL", cure="Set it, or mail to nobody.")
    sender = mail.addresses([settings.mail_from or wanted[0]], where="RECON_MAIL_FROM")[0]
    return Mailing(mail.mail_server(settings.smtp_url), sender, wanted)


def report(night: Night, run_ids: Sequence[int], mailing: Mailing) -> str:
    """Mail the summary of those of these runs that nobody has mailed yet. Returns what went wrong, or nothing: a mail
    that fails is no reason to do the night's work again, but somebody has to be told.
    """
    at = night.context.now()
    with night.context.database.begin() as uow:
        mine = [run_id for run_id in run_ids if night.store.report_once(uow, run_id=run_id, at=at)]
        uow.commit()
    if not mine:
        return ""
    summary = morning(night, mine[-1], joined=mine[:-1])
    try:
        refused = mail.send(mailing.server, _mail(summary, mailing), at=at)
    except mail.MailFailed as failed:
        night.note("mail failed", run=mine[-1], error=failed.code)
        with night.context.database.begin() as uow:
            for run_id in mine:
                night.store.report_again(uow, run_id=run_id)
            uow.commit()
        return str(failed)
    if refused:
        night.note("mail refused", run=mine[-1], addresses=len(refused))
        return f"The mail server refused {', '.join(refused)}."
    night.note("summary mailed", run=mine[-1], addresses=len(mailing.to))
    return ""


def report_failure(night: Night, error: ReconError, mailing: Mailing) -> None:
    """Mail that a night could not be done: its inbox can't be reached, or a setting makes no sense."""
    says = (str(error), "What had been taken in is kept; start the night again when the cause is mended.")
    facts = {"code": error.code, "message": error.message, "where": error.where, "cure": error.cure}
    one = mail.Mail(
        sender=mailing.sender,
        to=mailing.to,
        subject="Recon: the night could not be done",
        text="\n\n".join(says),
        html="".join(f"<p>{escape(row)}</p>" for row in says),
        attachment=("error.json", json.dumps(facts, ensure_ascii=False)),
    )
    try:
        mail.send(mailing.server, one, at=night.context.now())
    except mail.MailFailed as failed:
        night.note("mail failed", error=failed.code)


def _mail(summary: Morning, mailing: Mailing) -> mail.Mail:
    """The summary for a mailbox, which is no place for what a statement says: oddities of files are only counted."""
    shown = summary._replace(notes=tuple((file, "") for file, _ in summary.notes))
    return mail.Mail(
        sender=mailing.sender,
        to=mailing.to,
        subject=f"Recon: {summary_text.subject(shown)}",
        text=summary_text.as_text(shown),
        html=summary_html.as_html(shown),
        attachment=(f"run-{summary.run.id}.json", summary_text.as_json(shown)),
    )
