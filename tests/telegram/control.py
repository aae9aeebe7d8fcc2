"""The people's side over HTTP: `POST /control/VERB` with a JSON object, for other processes and the page."""

import inspect
import json
from collections.abc import Mapping

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from tests.telegram import looking, stage
from tests.telegram.server import Server

VERBS = stage.VERBS | looking.VERBS


async def carry_out(server: Server, verb: str, params: Mapping[str, object]) -> object:
    """Do what a test or the page asks for.

    Raises:
        AssertionError: it cannot be done: there is no such thing.
    """
    assert verb in VERBS, f"there is no “{verb}”; there are: {', '.join(sorted(VERBS))}"
    done = VERBS[verb](server, **params)
    return await done if inspect.isawaitable(done) else done


def application(server: Server) -> Starlette:
    """What answers requests under /control."""

    async def control(request: Request) -> Response:
        try:
            params = json.loads(await request.body() or "{}")
            return JSONResponse({"result": await carry_out(server, request.path_params["verb"], params)})
        except (AssertionError, KeyError, TypeError, ValueError) as error:
            return JSONResponse({"error": str(error)}, 400)

    async def file(request: Request) -> Response:
        found = server.world.files.get(request.path_params["id"])
        if found is None:
            return JSONResponse({"error": "there is no such file"}, 404)
        return Response(found.content, media_type=found.media_type or "application/octet-stream")

    routes = [
        Route("/control/file/{id}", file),
        Route("/control/{verb}", control, methods=["POST"]),
    ]
    return Starlette(routes=routes)
