"""`recon web`: serve the page."""

from __future__ import annotations

from ipaddress import ip_address
from pathlib import Path
from socket import AF_INET, AF_INET6, create_server, socket

import click

from recon_core.domain.refused import BadSetting

_PORT = 8437
_LOOPBACK = ("127.0.0.1", "localhost", "::1")


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen on.")
@click.option("--port", type=click.IntRange(0, 65535), default=_PORT, show_default=True, help="The port.")
@click.option("--name", "names", multiple=True, help="A host name that people use for the page; may be repeated.")
@click.option(
    "--users",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="Who may sign in, TOML: names and digests of their tokens. Without it everybody here is you.",
)
@click.option("--new-token", metavar="NAME", help="Make a token for NAME, print it and its line for --users, and end.")
@click.option("--certificate", type=click.Path(path_type=Path, exists=True, dir_okay=False), help="TLS, PEM.")
@click.option("--key", type=click.Path(path_type=Path, exists=True, dir_okay=False), help="Its private key, PEM.")
def web(
    host: str,
    port: int,
    names: tuple[str, ...],
    users: Path | None,
    new_token: str | None,
    certificate: Path | None,
    key: Path | None,
) -> None:
    """Serve the page: accounts, proposals to decide, reconciliations, and the runs of the nightly work.

    It listens on loopback and is yours alone by default. With --users people sign in with tokens and act in their own
    names. On any other address it wants --users and a certificate; a proxy on the same machine may bring TLS instead.
    RECON_LANGUAGE is the language where the browser asks for neither Swedish nor English.

    \b
    Examples:
      recon web
      recon web --port 9000 --users users.toml --name recon.example.com
      recon web --new-token anna
    """
    from matcher.web import sessions

    if new_token is not None:
        token, digest = sessions.new_token()
        click.echo(f'Token of {new_token}, shown once: {token}\nLine for the file of users: {new_token} = "{digest}"')
        return
    people = sessions.read_users(users) if users is not None else {}
    if not _is_loopback(host) and not (people and certificate):
        raise BadSetting(
            f"{host} can be reached by others.",
            where="--host",
            cure="Give --users and --certificate, or stay on 127.0.0.1 behind a proxy with TLS.",
        )
    if bool(certificate) != bool(key):
        raise BadSetting("A certificate and its key go together.", where="--certificate")
    _serve(host, port, (host.strip("[]"), *_LOOPBACK, *names), people, certificate=certificate, key=key)


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def _serve(
    host: str,
    port: int,
    names: tuple[str, ...],
    people: dict[str, str],
    *,
    certificate: Path | None,
    key: Path | None,
) -> None:
    import uvicorn

    from matcher import bootstrap
    from matcher.ops import logs
    from matcher.web.app import make_app

    settings = bootstrap.night_settings()
    logs.set_up(level=settings.log_level)
    with bootstrap.open_context(rules=settings.rules) as context:
        app = make_app(context, settings, people=people, hosts=names)
        config = uvicorn.Config(
            app,
            access_log=False,
            log_config=None,
            server_header=False,
            ssl_certfile=certificate,
            ssl_keyfile=key,
        )
        listener = _listen(host.strip("[]"), port)
        shown = f"[{host}]" if ":" in host else host
        scheme = "https" if certificate else "http"
        click.echo(f"The page is at {scheme}://{shown}:{listener.getsockname()[1]}/ (stop with Ctrl-C)")
        uvicorn.Server(config).run(sockets=[listener])


def _listen(host: str, port: int) -> socket:
    try:
        return create_server((host, port), family=AF_INET6 if ":" in host else AF_INET)
    except OSError as error:
        raise BadSetting(f"It can't listen on {host}:{port}: {error.strerror}.", where="--port") from error
