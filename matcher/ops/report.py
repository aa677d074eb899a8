"""The morning summary told to people: once a run, by whichever process is first."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from matcher.ops import mail, summary_text
from recon_core.domain.refused import BadSetting

if TYPE_CHECKING:
    from matcher.bootstrap import NightSettings
    from matcher.pipeline.night.contract import Night
    from matcher.pipeline.night.morning import Morning


def report(night: Night, summary: Morning, settings: NightSettings, *, to: Sequence[str]) -> bool:
    """Mail the summary of a run if there is anybody to mail it to and nobody has done so. A mail that fails is logged:
    the work is done either way. Raises `BadSetting` for addresses without a server.
    """
    if not to:
        return False
    if not settings.smtp_url:
        raise BadSetting("There is no mail server.", where="RECON_SMTP_URL", cure="Set it, or leave --mail out.")
    server = mail.mail_server(settings.smtp_url)
    at = night.context.now()
    with night.context.database.begin() as uow:
        first = night.store.report_once(uow, run_id=summary.run.id, at=at)
        uow.commit()
    if not first:
        return False
    subject = summary_text.subject(summary)
    attachment = (f"run-{summary.run.id}.json", summary_text.as_json(summary))
    sender = settings.mail_from or to[0]
    try:
        mail.send(
            server, sender=sender, to=to, subject=subject, text=summary_text.as_text(summary), attachment=attachment
        )
    except mail.MailFailed as failed:
        night.note("mail failed", run=summary.run.id, error=failed.code)
        with night.context.database.begin() as uow:
            night.store.report_again(uow, run_id=summary.run.id)
            uow.commit()
        return False
    return True
