"""Answers every request with a greeting, and one that ends in the secret word with a better one."""

import os
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

GREETING = os.environ["GREETING"]
SECRET = Path(os.environ.get("CREDENTIALS_DIRECTORY", "/nonexistent"), "hello.word")
WORD = SECRET.read_text().strip() if SECRET.exists() else ""


class Greeter(BaseHTTPRequestHandler):
    """One request."""

    def do_GET(self) -> None:
        """Greet."""
        known = WORD and self.path == f"/{WORD}"
        text = f"{GREETING}, friend.\n" if known else f"{GREETING}.\n"
        self.send_response(200)
        self.end_headers()
        self.wfile.write(text.encode())

    def log_message(self, *_: object) -> None:
        """Keep quiet: a path may be the word."""


HTTPServer((os.environ["ADDRESS"], int(os.environ["PORT"])), Greeter).serve_forever()
