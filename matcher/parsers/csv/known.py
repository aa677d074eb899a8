"""The profiles that are known: the shipped ones and those of the user's folders."""

from __future__ import annotations

import os
from collections.abc import Sequence
from functools import lru_cache
from importlib.resources import files
from pathlib import Path

from matcher.parsers.csv.profile import Profile, key, parse_profile
from recon_core.domain.refused import AmbiguousFormat, BadSetting

FOLDERS_VARIABLE = "RECON_PROFILES"
PROFILE_BYTES_MAX = 1 << 18


def folders() -> tuple[str, ...]:
    """The user's folders: the environment variable `RECON_PROFILES`, several joined as in PATH."""
    return tuple(folder for folder in os.environ.get(FOLDERS_VARIABLE, "").split(os.pathsep) if folder)


@lru_cache(maxsize=1)
def shipped() -> tuple[Profile, ...]:
    """The profiles of this package, by name."""
    found = sorted(files("matcher.parsers.csv").joinpath("profiles").iterdir(), key=lambda path: path.name)
    return tuple(
        parse_profile(path.read_text(encoding="utf-8"), source=path.name)
        for path in found
        if path.name.endswith(".toml")
    )


def text_of(profile: Profile) -> str:
    """The TOML text that a profile was read from."""
    inside = files("matcher.parsers.csv").joinpath("profiles", profile.source)
    return inside.read_text(encoding="utf-8") if inside.is_file() else Path(profile.source).read_text(encoding="utf-8")


def load(path: Path) -> Profile:
    """The profile of a file. Raises `BadSetting`."""
    try:
        if path.stat().st_size > PROFILE_BYTES_MAX:
            raise BadSetting("the file is too large for a profile.", where=str(path), cure="Is it the right file?")
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise BadSetting(
            f"the profile can't be read: {error}.", where=str(path), cure="Check path and rights."
        ) from None
    return parse_profile(text, source=str(path))


def profiles(folders_: tuple[str, ...] | None = None) -> tuple[Profile, ...]:
    """All profiles; one of the user's folders (`folders()` unless given) replaces a shipped one of the same name.

    Raises `BadSetting` for a folder that does not exist and for two profiles of one name in the user's folders.
    """
    known = {profile.name: profile for profile in shipped()}
    users: dict[str, Profile] = {}
    for folder in folders() if folders_ is None else folders_:
        if not Path(folder).is_dir():
            raise BadSetting("there is no such folder.", where=folder, cure=f"Correct {FOLDERS_VARIABLE}.")
        for path in sorted(Path(folder).glob("*.toml")):
            profile = load(path)
            if profile.name in users:
                cure = f"{users[profile.name].source} has the same name."
                raise BadSetting(f"the profile {profile.name!r} is there twice.", where=str(path), cure=cure)
            users[profile.name] = profile
    return tuple((known | users).values())


def best_match(rows: list[list[str]], candidates: Sequence[Profile]) -> tuple[Profile, int] | None:
    """The profile whose header is among the rows, and the row's number; the one that asks for most columns wins.

    Raises `AmbiguousFormat` where two ask for equally many.
    """
    matches: list[tuple[int, Profile, int]] = []
    for profile in candidates:
        for number, row in enumerate(rows):
            cells = {key(cell) for cell in row}
            if all(cells.intersection(names) for names in profile.header):
                matches.append((len(profile.header), profile, number))
                break
    if not matches:
        return None
    most = max(size for size, _, _ in matches)
    best = [(profile, number) for size, profile, number in matches if size == most]
    if len(best) > 1:
        names = " and ".join(profile.name for profile, _ in best)
        raise AmbiguousFormat(
            f"the columns fit the profiles {names} equally well.", cure="Name more columns in `file.header` of one."
        )
    return best[0]
