"""Who looks at the page: sessions in memory, the tokens that people sign in with, and the token against forged posts."""

from __future__ import annotations

import secrets
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hashlib import sha256
from pathlib import Path
from threading import Lock
from typing import NamedTuple

from recon_core.domain.refused import BadSetting
from recon_core.domain.states import is_policy

SESSIONS_MAX = 2_000
LASTS = timedelta(hours=12)
IDLE = timedelta(hours=2)
_TOKEN_BYTES = 24
_DIGEST_LETTERS = 64


class Notice(NamedTuple):
    """What a deed came to, said on the next page. `undo` is the bulk that takes it back, or None."""

    kind: str
    text: str
    undo: int | None = None


@dataclass(slots=True, kw_only=True)
class Session:
    """One browser. `forgery` stands in every form of this session and in no other."""

    user: str
    forgery: str
    begun_at: datetime
    seen_at: datetime
    notices: list[Notice] = field(default_factory=list)


def read_users(path: Path) -> dict[str, str]:
    """The people of a TOML file, by the SHA-256 of their token: `[users]`, a line `name = "digest"` each. Raises
    `BadSetting`.
    """
    try:
        values = tomllib.loads(path.read_text(encoding="utf-8")).get("users", {})
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise BadSetting(f"The file of users can't be read: {error}.", where=str(path)) from error
    for name, digest in values.items():
        if not name.strip() or is_policy(name):
            raise BadSetting(
                f"{name!r} is no name of a person.", where=str(path), cure="Give everybody a name of his own."
            )
        if not (isinstance(digest, str) and len(digest) == _DIGEST_LETTERS):
            raise BadSetting(
                f"{name} has no SHA-256 of a token.", where=str(path), cure="Make one with recon web --new-token NAME."
            )
    if not values:
        raise BadSetting("The file names nobody.", where=str(path), cure='Write [users], then a line NAME = "DIGEST".')
    return {digest.lower(): name for name, digest in values.items()}


def new_token() -> tuple[str, str]:
    """A token to sign in with, and the digest to keep of it."""
    token = secrets.token_urlsafe(_TOKEN_BYTES)
    return token, sha256(token.encode()).hexdigest()


class Sessions:
    """The sessions of this process; a restart ends them all. With `users` people sign in, else everybody is `user`."""

    def __init__(self, *, user: str, users: Mapping[str, str], now: Callable[[], datetime]) -> None:
        self.user = user
        self.users = users
        self._now = now
        self._by_key: dict[str, Session] = {}
        self._lock = Lock()

    def find(self, key: str) -> Session | None:
        """The session of a cookie, unless it is over."""
        now = self._now()
        with self._lock:
            found = self._by_key.get(key)
            if found is None:
                return None
            if now - found.begun_at > LASTS or now - found.seen_at > IDLE:
                del self._by_key[key]
                return None
            found.seen_at = now
            return found

    def begin(self, user: str) -> tuple[str, Session]:
        """A new session and the value of its cookie; the oldest is dropped where there are too many."""
        now = self._now()
        made = Session(user=user, forgery=secrets.token_urlsafe(_TOKEN_BYTES), begun_at=now, seen_at=now)
        key = secrets.token_urlsafe(_TOKEN_BYTES)
        with self._lock:
            if len(self._by_key) >= SESSIONS_MAX:
                del self._by_key[next(iter(self._by_key))]
            self._by_key[key] = made
        return key, made

    def passing(self, bearer: str) -> Session | None:
        """A session for one request of a program, kept nowhere; None where people sign in and this token is nobody's."""
        digest = sha256(bearer.removeprefix("Bearer ").strip().encode()).hexdigest()
        user = self.users.get(digest) if self.users else self.user
        now = self._now()
        return None if user is None else Session(user=user, forgery="", begun_at=now, seen_at=now)

    def sign_in(self, token: str) -> tuple[str, Session] | None:
        """A session for whoever has this token. Only digests are compared, so time tells nothing of the token."""
        user = self.users.get(sha256(token.strip().encode()).hexdigest())
        return None if user is None else self.begin(user)

    def end(self, key: str) -> None:
        """Sign out."""
        with self._lock:
            self._by_key.pop(key, None)
