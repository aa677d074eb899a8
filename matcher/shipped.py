"""Where the files are that the product ships for its demo: beside the packages in a checkout, inside them in a wheel."""

from __future__ import annotations

from pathlib import Path

from recon_core.domain.refused import InputError


def shipped_folder() -> Path:
    """The folder `fixtures`. Raises `InputError` where it was not installed."""
    package = Path(__file__).parent
    for folder in (package / "fixtures", package.parent / "fixtures"):
        if (folder / "demo" / "book.csv").is_file():
            return folder
    raise InputError("The demo's files are not installed.", cure="Install the package from its wheel or a checkout.")
