"""How tests reach the people's side of a fake: in this process, or over HTTP in another one."""

import asyncio
from collections.abc import Mapping
from typing import Any, Protocol

import httpx

from tests.telegram.control import carry_out
from tests.telegram.server import Server


class Wire(Protocol):
    """Carries what a test asks for to a server."""

    @property
    def url(self) -> str:
        """Where the server is."""
        ...

    def call(self, verb: str, params: Mapping[str, object]) -> Any:  # noqa: ANN401 - JSON
        """Ask, and block until it is done.

        Raises:
            AssertionError: it cannot be done.
        """
        ...

    async def wait(self, verb: str, params: Mapping[str, object]) -> Any:  # noqa: ANN401 - JSON
        """Ask for what may take a while.

        Raises:
            AssertionError: it cannot be done.
        """
        ...


class Direct:
    """The server runs in a thread of this process."""

    def __init__(self, server: Server) -> None:
        self.server = server

    @property
    def url(self) -> str:
        """Where the server is."""
        return self.server.url

    def call(self, verb: str, params: Mapping[str, object]) -> Any:  # noqa: ANN401 - JSON
        """Ask, and block until it is done."""
        return self.server.start(carry_out(self.server, verb, params)).result()

    async def wait(self, verb: str, params: Mapping[str, object]) -> Any:  # noqa: ANN401 - JSON
        """Ask for what may take a while."""
        return await asyncio.wrap_future(self.server.start(carry_out(self.server, verb, params)))


class Remote:
    """The server runs in another process."""

    def __init__(self, url: str) -> None:
        self._url = url
        # A wait is for the server to end.
        self._client = httpx.Client(base_url=url, timeout=None, trust_env=False)  # noqa: S113 - as said above

    @property
    def url(self) -> str:
        """Where the server is."""
        return self._url

    def call(self, verb: str, params: Mapping[str, object]) -> Any:  # noqa: ANN401 - JSON
        """Ask, and block until it is done."""
        answer: dict[str, Any] = self._client.post(f"/control/{verb}", json=params).json()
        assert "error" not in answer, answer["error"]
        return answer["result"]

    async def wait(self, verb: str, params: Mapping[str, object]) -> Any:  # noqa: ANN401 - JSON
        """Ask for what may take a while."""
        return await asyncio.to_thread(self.call, verb, params)

    def close(self) -> None:
        """Hang up."""
        self._client.close()
