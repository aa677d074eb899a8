"""Telling the broker what there is to do. The database remembers; a message is a hint that may be lost or doubled."""

from __future__ import annotations

from matcher.pipeline.night.contract import BrokerAway, Night


def publish(night: Night) -> int:
    """Tell the broker of waiting jobs that it does not know of, the heaviest first. Returns how many.

    Where the broker is away the jobs stay unknown to it and are told of at the next call.
    """
    if not night.distributed:
        return 0
    at = night.context.now()
    again_after = night.told_again_empty if night.queued() == 0 else night.told_again_after
    with night.context.database.begin() as uow:
        ids = night.store.to_publish(uow, window=night.told_max, again_after=again_after, at=at)
        uow.commit()
    if not ids:
        return 0
    try:
        night.tell(ids)
    except BrokerAway:
        with night.context.database.begin() as uow:
            night.store.not_published(uow, job_ids=ids)
            uow.commit()
        night.note("broker away", jobs=len(ids))
        return 0
    return len(ids)
