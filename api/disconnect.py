"""Ends the work on a request whose client has gone; a server only says so to an application that asks it.

The application's own task is cancelled, so what it waits for is given up: a statement in the database too.
"""

import asyncio
from types import TracebackType
from typing import Self

from starlette.types import ASGIApp, Message, Receive, Scope, Send

#: Seconds a request is left alone. Most are answered before: they cost a timer that never goes off, and no task.
PATIENCE = 0.05


class CancelOnDisconnect:
    """Middleware, to be the outermost: what stands inside of it is cancelled."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        with _Exchange(scope, receive, send) as exchange:
            await self._app(scope, exchange.receive, exchange.send)


class _Exchange:
    """One request and its response, watched as long as the client may want the response.

    Only one may wait for what the server receives: the application until it has read the whole body (of which nothing
    is kept here), then the watcher, for which the application waits if it still asks. The body of a request that is
    answered without being read is left to the server, and its client is not watched.
    """

    def __init__(self, scope: Scope, receive: Receive, send: Send) -> None:
        task = asyncio.current_task()
        assert task
        self._task = task
        self._cancellations = task.cancelling()
        self._scope, self._receive, self._send = scope, receive, send
        self._asked = False  # the application has begun to read
        self._read = False  # it has read the whole body
        self._answered = False
        self._overdue = False  # the watcher is due as soon as the body is read
        self._given_up = False
        self._watcher: asyncio.Task[None] | None = None
        self._timer = task.get_loop().call_later(PATIENCE, self._look)

    async def receive(self) -> Message:
        """For the application: the body as it comes; after it, that the client has gone."""
        if self._read:
            await asyncio.wait((self._watch(),))
            return {"type": "http.disconnect"}
        if self._watcher:  # it has taken the empty body
            self._read = True
            return {"type": "http.request", "body": b"", "more_body": False}
        self._asked = True
        message = await self._receive()
        if message["type"] == "http.request" and not message.get("more_body", False):
            self._read = True
            if self._overdue:
                self._watch()
        return message

    async def send(self, message: Message) -> None:
        """For the application."""
        if message["type"] == "http.response.body" and not message.get("more_body", False):
            self._answered = True  # what the application does from here on is not for the client
        await self._send(message)

    def _look(self) -> None:
        if self._read or not (self._asked or _has_body(self._scope)):
            self._watch()
        else:
            self._overdue = True

    def _watch(self) -> "asyncio.Task[None]":
        if self._watcher is None:
            self._watcher = self._task.get_loop().create_task(self._until_gone())
        return self._watcher

    async def _until_gone(self) -> None:
        while (await self._receive())["type"] != "http.disconnect":
            pass
        if not self._answered:  # after the answer, the server says it without anybody having gone
            self._given_up = True
            self._task.cancel()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> bool:
        """Whether the application ended by the cancellation from here; one by a server that shuts down passes on."""
        self._timer.cancel()
        if self._watcher:
            self._watcher.cancel()
        ours = self._given_up and self._task.uncancel() <= self._cancellations
        return ours and kind is not None and issubclass(kind, asyncio.CancelledError)


def _has_body(scope: Scope) -> bool:
    return any(name in (b"content-length", b"transfer-encoding") for name, _ in scope["headers"])
