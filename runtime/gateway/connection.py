"""One multiplexed connection from front to the sandbox of a service (docs/design/frames.md)."""

from __future__ import annotations

import asyncio
from typing import Protocol, cast

import orjson

from runtime.gateway.answers import BAD_ANSWER, BUSY, DIED, TOO_LARGE, TOO_SLOW, Failure
from runtime.gateway.settings import GatewaySettings
from runtime.sandbox.frames import HEADER, MAX_PAYLOAD, FrameError, Kind

_pack = HEADER.pack
_unpack = HEADER.unpack_from
_HEAD = HEADER.size
_HELLO = int(Kind.HELLO)
_REQUEST = int(Kind.REQUEST)
_RESPONSE = int(Kind.RESPONSE)
_REFUSED = int(Kind.REFUSED)
_HELLO_LIMIT = 4096
# JSON spells one byte of a body with six at most.
_JSON_GROWTH = 6
_ROOM_FOR_HEADERS = 256 * 1024
_LARGE = 64 * 1024
_MAX_UNSENT = 64 * 1024 * 1024
_MAX_ID = 0xFFFFFFFF


class Call(Protocol):
    """A request on its way to a service; exactly one of `answer` and `fail` ends it."""

    payload: bytes  # of the REQUEST frame
    size: int  # of the request's body
    deadline: float  # on the loop's clock, for the state it is in
    retried: bool
    disconnected: bool  # nobody waits for the answer any more

    def answer(self, payload: bytes, limit: int) -> None:
        """Pass the payload of a RESPONSE on; `limit` bounds its body. Raises FrameError for garbage."""

    def fail(self, failure: Failure) -> None: ...


class Owner(Protocol):
    """The service that a connection belongs to."""

    def greeted(self, connection: ServiceConnection) -> None: ...

    def refused(self, connection: ServiceConnection, call: Call) -> None: ...

    def lost(self, connection: ServiceConnection) -> None: ...


class ServiceConnection(asyncio.Protocol):
    """Carries requests after HELLO; `inode` tells which socket file it was made through."""

    def __init__(
        self, owner: Owner, settings: GatewaySettings, loop: asyncio.AbstractEventLoop, inode: int
    ) -> None:
        self.inode = inode
        self.epoch = 0
        self._owner = owner
        self._settings = settings
        self._loop = loop
        self._transport: asyncio.Transport | None = None
        self._pending: dict[int, Call] = {}
        self._last_id = 0
        self._out: list[bytes] = []
        self._paused = False
        self._retired = False
        self._buffer = bytearray()
        self._needed = _HEAD
        self._frame_limit = _HELLO_LIMIT
        self._body_limit = 0
        self._response_limit = 0
        self._wall = 0.0

    # ------------------------------------------------------------------ towards the sandbox

    def send(self, call: Call) -> None:
        """Send a request, or fail it at once when a limit stands against it. Only after HELLO."""
        pending = self._pending
        if len(pending) >= self._settings.max_in_flight or (self._paused and self._is_choked()):
            call.fail(BUSY)
            return
        if call.size > self._body_limit:
            call.fail(TOO_LARGE)
            return
        frame_id = self._last_id = self._last_id % _MAX_ID + 1
        call.deadline = self._loop.time() + self._wall
        pending[frame_id] = call
        payload = call.payload
        out = self._out
        if not out:
            self._loop.call_soon(self._flush)
        out.append(_pack(len(payload), _REQUEST, frame_id))
        out.append(payload)

    def _is_choked(self) -> bool:
        return self._transport is not None and self._transport.get_write_buffer_size() > _MAX_UNSENT

    def _flush(self) -> None:
        """Write what one wake-up of the loop has gathered."""
        if self._transport is not None and self._out:
            self._transport.write(b"".join(self._out))
        self._out.clear()

    def retire(self) -> None:
        """Send no more; close as soon as nothing is in flight."""
        self._retired = True
        if not self._pending:
            self.close()

    def close(self) -> None:
        """Drop the connection; what is in flight fails when the loss is seen."""
        if self._transport is not None:
            self._transport.abort()

    def sweep(self, now: float) -> None:
        """Fail what is past its deadline: all have the same span, so the oldest come first."""
        late = []
        for frame_id, call in self._pending.items():
            if call.deadline > now:
                break
            late.append(frame_id)
        for frame_id in late:
            self._pending.pop(frame_id).fail(TOO_SLOW)
        if self._retired and not self._pending:
            self.close()

    # ------------------------------------------------------------------ from the sandbox

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvloop's transports are no subclasses of asyncio's.
        self._transport = cast("asyncio.Transport", transport)

    def pause_writing(self) -> None:
        self._paused = True

    def resume_writing(self) -> None:
        self._paused = False

    def connection_lost(self, exc: Exception | None) -> None:
        self._transport = None
        pending, self._pending = self._pending, {}
        self._owner.lost(self)
        for call in pending.values():
            call.fail(DIED)

    def data_received(self, data: bytes) -> None:
        buffer = self._buffer
        if buffer:
            buffer += data
            if len(buffer) < self._needed:
                return
            data = bytes(buffer)
            buffer.clear()
        try:
            rest = self._read(data)
        except FrameError:
            self.close()
            return
        if rest < len(data):
            buffer += data[rest:]

    def _read(self, data: bytes) -> int:
        """Handle the complete frames of `data`; returns where the incomplete one begins."""
        position, size = 0, len(data)
        while True:
            start = position + _HEAD
            if start > size:
                self._needed = _HEAD
                return position
            length, kind, frame_id = _unpack(data, position)
            if length > self._frame_limit:
                raise FrameError(f"payload of {length} bytes exceeds {self._frame_limit}")
            end = start + length
            if end > size:
                self._needed = end - position
                return position
            position = end
            if kind == _RESPONSE:
                # An unknown id is an answer that came after its deadline.
                call = self._pending.pop(frame_id, None)
                if call is not None:
                    self._answer(call, data[start:end])
            else:
                self._handle(kind, frame_id, data[start:end])

    def _answer(self, call: Call, payload: bytes) -> None:
        try:
            call.answer(payload, self._response_limit)
        except Exception:
            call.fail(BAD_ANSWER)
            raise
        if self._retired and not self._pending:
            self.close()

    def _handle(self, kind: int, frame_id: int, payload: bytes) -> None:
        if kind == _REFUSED and (call := self._pending.pop(frame_id, None)) is not None:
            self._owner.refused(self, call)
        elif kind == _HELLO and not self._body_limit:
            self._greet(payload)
        elif kind != _REFUSED:
            raise FrameError(f"unexpected kind {kind}")

    def _greet(self, payload: bytes) -> None:
        try:
            hello = orjson.loads(payload)
            self.epoch = int(hello["epoch"])
            self._body_limit = int(hello["body"])
            self._response_limit = int(hello["response"])
            self._wall = float(hello["wall"]) + self._settings.wall_margin
        except (ValueError, TypeError, KeyError, OverflowError) as error:
            raise FrameError("HELLO is not understood") from error
        self._frame_limit = min(MAX_PAYLOAD, self._response_limit * _JSON_GROWTH + _ROOM_FOR_HEADERS)
        self._owner.greeted(self)
