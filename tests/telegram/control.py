"""The people's side over HTTP: `POST /control/VERB` with a JSON object, for other processes and the page."""

import inspect
import json
from collections.abc import Mapping
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route

from tests.telegram import acting, looking, stage
from tests.telegram.page import document
from tests.telegram.server import Server

VERBS = stage.VERBS | acting.VERBS | looking.VERBS
_HARMLESS = {"x-content-type-options": "nosniff", "content-disposition": "attachment"}
HERE = acting.HERE | looking.HERE


async def carry_out(server: Server, verb: str, params: Mapping[str, Any]) -> object:
    """Do what a test or the page asks for.

    Raises:
        AssertionError: it cannot be done: there is no such thing.
    """
    assert verb in VERBS | HERE, f"there is no “{verb}”; there are: {', '.join(sorted(VERBS | HERE))}"
    if verb in HERE:
        rest = dict(params)
        here = stage.place(server, rest.pop("person"), rest.pop("chat"), rest.pop("thread", None))
        done = HERE[verb](here, **rest)
    else:
        done = VERBS[verb](server, **params)
    return await done if inspect.isawaitable(done) else done


def application(server: Server) -> Starlette:
    """What answers requests under /control."""

    async def control(request: Request) -> Response:
        try:
            # Only then a browser asks before it sends what another page wants.
            assert request.headers.get("content-type") == "application/json", "send application/json"
            params = json.loads(await request.body())
            return JSONResponse({"result": await carry_out(server, request.path_params["verb"], params)})
        except (AssertionError, KeyError, TypeError, ValueError) as error:
            return JSONResponse({"error": str(error)}, 400)

    async def page(_request: Request) -> Response:
        shown, headers = document()
        return HTMLResponse(shown, headers=headers)

    async def file(request: Request) -> Response:
        found = server.world.files.get(request.path_params["id"])
        if found is None:
            return JSONResponse({"error": "there is no such file"}, 404)
        # Nothing that somebody sent is ever a page here.
        return Response(found.content, media_type="application/octet-stream", headers=_HARMLESS)

    routes = [
        Route("/", page),
        Route("/control/file/{id}", file),
        Route("/control/{verb}", control, methods=["POST"]),
    ]
    return Starlette(routes=routes)
