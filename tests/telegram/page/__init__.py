"""A chat with the bot in a browser: one page, which loads nothing from anywhere else."""

import secrets
from pathlib import Path

_HERE = Path(__file__).parent


def document() -> tuple[str, dict[str, str]]:
    """The page, and the headers that keep it from running or loading what is not its own."""
    nonce = secrets.token_urlsafe(16)
    script = "\n".join(file.read_text() for file in sorted(_HERE.glob("*.js")))
    page = (_HERE / "page.html").read_text()
    page = page.replace("{{style}}", (_HERE / "page.css").read_text()).replace("{{script}}", script)
    own = f"style-src 'nonce-{nonce}'; script-src 'nonce-{nonce}'; connect-src 'self'"
    rest = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    policy = f"{rest}; {own}; img-src data: blob:; media-src blob:"
    return page.replace("{{nonce}}", nonce), {"content-security-policy": policy, "cache-control": "no-store"}
