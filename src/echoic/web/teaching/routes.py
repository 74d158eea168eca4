"""The HTTP interface of teaching; see docs/serve.md."""

from collections.abc import Awaitable, Callable
from mimetypes import guess_type
from typing import Annotated, Any, TypeVar, final

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from echoic.config.base import validation_message
from echoic.errors import ConfigError, DataError, EchoicError
from echoic.web.teaching.conversion import Keep
from echoic.web.teaching.teacher import Teacher

_BODY_BYTES = 1 << 12
"""Most bytes of a request that is no upload."""

Seconds = Annotated[float, Field(ge=0, allow_inf_nan=False)]

Body = TypeVar("Body", bound=BaseModel)


class _Name(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    name: str


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    begin_s: Seconds
    end_s: Seconds


Handler = Callable[[Request], Awaitable[Response]]


@final
class TeachingRoutes:
    """Routes of what a page teaches; every change is answered by all that the page shows."""

    def __init__(self, teacher: Teacher) -> None:
        self._teacher = teacher
        one, example = "/teach/classes/{name}", "/teach/examples/{name}/{example}"
        self.routes = [
            Route("/teach", _answering(self._show)),
            Route("/teach/classes", _answering(self._add_class), methods=["POST"]),
            Route(one, _answering(self._rename_class), methods=["PATCH"]),
            Route(one, _answering(self._remove_class), methods=["DELETE"]),
            Route("/teach/examples", _answering(self._upload), methods=["POST"]),
            Route(example, _answering(self._sound)),
            Route(example, _answering(self._trim), methods=["PATCH"]),
            Route(example, _answering(self._remove), methods=["DELETE"]),
            Route("/teach/training", _answering(self._train), methods=["POST"]),
            Route("/teach/training", _answering(self._stop), methods=["DELETE"]),
        ]

    async def _show(self, _request: Request, **more: Any) -> Response:
        return JSONResponse(await self._teacher.presented() | more)

    async def _add_class(self, request: Request) -> Response:
        self._teacher.store.add_class((await _body(request, _Name)).name)
        return await self._show(request)

    async def _rename_class(self, request: Request) -> Response:
        self._teacher.store.rename_class(request.path_params["name"], (await _body(request, _Name)).name)
        return await self._show(request)

    async def _remove_class(self, request: Request) -> Response:
        self._teacher.store.remove_class(request.path_params["name"])
        return await self._show(request)

    async def _upload(self, request: Request) -> Response:
        asked = request.query_params
        name, into = asked.get("name", "example.wav"), asked.get("class")
        keep: Keep = "trim" if asked.get("trim") == "1" else "split" if asked.get("split") == "1" else "all"
        added = await self._teacher.add(request.stream(), name, into, keep=keep)
        return await self._show(request, added=added.added, skipped=added.skipped)

    async def _sound(self, request: Request) -> Response:
        path = self._example(request)
        return Response(path.read_bytes(), media_type=guess_type(path.name)[0] or "application/octet-stream")

    async def _trim(self, request: Request) -> Response:
        part = await _body(request, _Part)
        await self._teacher.trim(request.path_params["name"], request.path_params["example"], part.begin_s, part.end_s)
        return await self._show(request)

    async def _remove(self, request: Request) -> Response:
        self._example(request).unlink(missing_ok=True)
        return await self._show(request)

    async def _train(self, request: Request) -> Response:
        await self._teacher.train()
        return await self._show(request)

    async def _stop(self, request: Request) -> Response:
        self._teacher.training.stop()
        return await self._show(request)

    def _example(self, request: Request) -> Any:
        return self._teacher.store.find(request.path_params["name"], request.path_params["example"])


def _answering(handler: Handler) -> Handler:
    """Errors become answers with a sentence."""

    async def answering(request: Request) -> Response:
        try:
            return await handler(request)
        except ConfigError as error:
            return JSONResponse({"error": str(error)}, 409)
        except EchoicError as error:
            return JSONResponse({"error": str(error)}, 400)
        except FileNotFoundError:
            return JSONResponse({"error": "It has just been removed."}, 400)
        except ClientDisconnect:
            return Response(status_code=400)

    return answering


async def _body(request: Request, kind: type[Body]) -> Body:
    """The body of a request.

    Raises:
        DataError: it is too large, or not of this kind.
    """
    raw = b""
    async for block in request.stream():
        raw += block
        if len(raw) > _BODY_BYTES:
            raise DataError("This request is too large.")
    try:
        return kind.model_validate_json(raw)
    except ValidationError as error:
        raise DataError(f"This request is not understood: {validation_message(error)}") from None
