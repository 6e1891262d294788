"""Digits that need no network, and a mirror on this machine."""

import http.server
import threading

import pytest

from airscene.images import Digits, load_digits


@pytest.fixture(scope="session")
def digits() -> Digits:
    return load_digits("train", "bundled")


@pytest.fixture
def serve():
    """Serves files by path from this machine; gives the address and the list of what was got."""
    servers = []

    def start(contents):
        got = []

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_HEAD(self):
                self.send_response(200 if self.path[1:] in contents else 404)
                self.end_headers()

            def do_GET(self):
                got.append(self.path[1:])
                self.do_HEAD()
                self.wfile.write(contents.get(self.path[1:], b""))

            def log_message(self, *_):
                pass

        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        servers.append(server)
        return f"http://127.0.0.1:{server.server_port}/", got

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()
