"""A small HTTP server for machines that look after machines: /healthz, /readyz, /metrics. It listens where it is told
to, by default on loopback, and tells no more than counts.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

from matcher.ops.health import health, metrics
from matcher.pipeline.night.contract import Night
from recon_core.domain.refusals import Busy
from recon_core.domain.refused import BadSetting

TEXT, JSON = "text/plain; version=0.0.4; charset=utf-8", "application/json"


def serve(
    night: Night, *, address: str, broker: Callable[[], bool] | None, alive: Callable[[], bool]
) -> ThreadingHTTPServer:
    """Serve in a thread of its own at "host:port"; the caller shuts it down. `alive` tells whether the worker runs."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status, kind, body = _answer(self.path)
            content = body.encode()
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(content)))
            self.send_header("Cache-Control", "no-store")
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002  the base class's names
            """Probes are not worth a line."""

    def _answer(path: str) -> tuple[int, str, str]:
        if path == "/healthz":
            running = alive()
            return (200 if running else 503), JSON, json.dumps({"worker": "runs" if running else "stopped"})
        if path == "/readyz":
            found = health(night, broker=broker)
            return (200 if found.ready and alive() else 503), JSON, json.dumps(found.checks)
        if path == "/metrics":
            try:
                return 200, TEXT, metrics(night)
            except Busy:
                return 503, TEXT, ""
        return 404, JSON, "{}"

    host, _, port = address.rpartition(":")
    if not (port.isascii() and port.isdigit()):
        raise BadSetting(f"{address!r} is no address to listen on.", where="--http", cure="Write 127.0.0.1:9400.")
    server = ThreadingHTTPServer((host.strip("[]") or "127.0.0.1", int(port)), Handler)
    Thread(target=server.serve_forever, name="health and metrics", daemon=True).start()
    return server
