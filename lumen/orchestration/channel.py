"""Channels: rendezvous, bounded or unbounded queues between tasks.

A message is delivered to a task that lives, or stays: a receiver that is cancelled between the delivery and its
resumption gives the message back, and so does a `receive` that finished but lost its `select`. Waiters are served in
the order they came.
"""

from __future__ import annotations

from lumen.kernel.future import PARKED, QUEUED
from lumen.kernel.traps import PARK as YIELD
from lumen.kernel.traps import running_task
from lumen.values.model import END, PARK

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections import deque
    from collections.abc import Coroutine
    from typing import Any

    from lumen.kernel.kernel import Kernel
    from lumen.kernel.task import Task
else:
    from _collections import deque  # `collections` costs 2 ms at each start

WAITING = 0
DELIVERED = 1
CLOSED = 2
DEAD = 3


class Place:
    """A task's place in the queue of senders or receivers."""

    __slots__ = ("channel", "is_sender", "state", "task", "value")

    def __init__(self, channel: Channel, task: Task, is_sender: bool, value: Any = None) -> None:
        self.channel = channel
        self.task = task
        self.is_sender = is_sender
        self.value = value
        self.state = WAITING

    def forget(self, waiter: Any) -> None:
        """The task is being cancelled."""
        if self.state == WAITING:
            self.state = DEAD
            self.channel.place_died(self)
        elif self.state == DELIVERED and not self.is_sender:
            self.channel.put_back(self.value)

    def waits_for(self) -> str:
        """For deadlock reports."""
        what = "a receiver" if self.is_sender else "a message"
        return f"{what} on channel {self.channel.number}"


class Channel:
    """Invariant: receivers wait only while the buffer is empty and no sender waits; senders only while it is full."""

    __slots__ = (
        "_buffer",
        "_dead",
        "_receivers",
        "_senders",
        "capacity",
        "is_closed",
        "kernel",
        "number",
        "received_count",
        "sent_count",
    )
    _type_name = "Channel"
    _attrs = frozenset(
        ["send", "receive", "try_receive", "close", "receive_all", "capacity", "is_closed", "statistics"]
    )

    def __init__(self, kernel: Kernel, number: int, capacity: int | None = 0) -> None:
        if capacity is not None and (type(capacity) is not int or capacity < 0):
            message = f"`capacity` of a channel is an Int of at least 0, or null; got {kernel.failures.show(capacity)}"
            raise kernel.failures.make("invalid-args", message)
        self.kernel = kernel
        self.number = number
        self.capacity = capacity
        """Messages it holds without a receiver; 0 makes senders wait for one, None never makes them wait."""
        self.is_closed = False
        self.sent_count = 0
        self.received_count = 0
        self._buffer: deque[Any] = deque()
        self._receivers: deque[Place] = deque()
        self._senders: deque[Place] = deque()
        self._dead = 0

    # --- as programs see it ------------------------------------------------------------------------------------------

    async def send(self, value: Any) -> None:
        """Hand a message over; waits for a receiver or for room. Fails with `channel-closed` when closed."""
        task = running_task(self.kernel)
        if self.is_closed:
            raise self._closed_failure()
        if self._receivers and self._deliver(value):
            self.sent_count += 1
            return
        if self.capacity is None or len(self._buffer) < self.capacity:
            self.sent_count += 1
            self._buffer.append(value)
            return
        place = Place(self, task, True, value)
        self._senders.append(place)
        task.waiting = place
        task.phase = PARKED
        await YIELD
        if place.state == CLOSED:
            raise self._closed_failure()

    def receive(self) -> Coroutine[Any, Any, Any]:
        """The next message; waits for one. Null when the channel is closed and empty."""
        # Not `async def`: a parked receiver then has one coroutine instead of two, 230 bytes less.
        return self._receive(None)

    def try_receive(self) -> Any:
        """The next message if there is one now, else null."""
        value = self._take()
        return None if value is PARK or value is END else value

    async def receive_all(self) -> list[Any]:
        """All messages until the channel is closed."""
        messages: list[Any] = []
        while (value := await self._receive(END)) is not END:
            messages.append(value)
        return messages

    def close(self) -> None:
        """No more messages. What is in the buffer can still be received; senders that wait fail."""
        if self.is_closed:
            return
        self.is_closed = True
        for queue in (self._receivers, self._senders):
            for place in queue:
                if place.state == WAITING:
                    place.state = CLOSED
                    self._wake(place.task)
            queue.clear()
        self._dead = 0

    def statistics(self) -> dict[str, Any]:
        """Counts, for debugging: buffered, capacity, sent, received, waiting_senders, waiting_receivers, closed."""
        return {
            "buffered": len(self._buffer),
            "capacity": self.capacity,
            "sent": self.sent_count,
            "received": self.received_count,
            "waiting_senders": sum(place.state == WAITING for place in self._senders),
            "waiting_receivers": sum(place.state == WAITING for place in self._receivers),
            "closed": self.is_closed,
        }

    def pull(self) -> Coroutine[Any, Any, Any]:
        """The next message, or END."""
        return self._receive(END)

    def __iter__(self) -> ChannelIterator:
        """For `for v in ch`."""
        return ChannelIterator(self)

    def _show(self) -> str:
        state = "closed" if self.is_closed else f"{len(self._buffer)} buffered"
        return f"<channel {self.number} {state}>"

    def __repr__(self) -> str:
        return self._show()

    # --- below -------------------------------------------------------------------------------------------------------

    async def _receive(self, at_end: Any) -> Any:
        kernel = self.kernel
        task = running_task(kernel)
        value = self._take()
        if value is END:
            return at_end
        if value is PARK:
            place = Place(self, task, False)
            self._receivers.append(place)
            task.waiting = place
            task.phase = PARKED
            await YIELD
            # Until here `waiting` says that there is a message in hand; see Task.cancel_self.
            task.waiting = None
            if place.state == CLOSED:
                return at_end
            value = place.value
        kernel.receipt = (task, self, value)
        return value

    def _take(self) -> Any:
        """The next message, or PARK if there is none now, or END if there will never be one."""
        if self._buffer:
            value = self._buffer.popleft()
            sender = self._next_sender()
            if sender is not None:
                self._buffer.append(sender.value)
        else:
            sender = self._next_sender()
            if sender is None:
                return END if self.is_closed else PARK
            value = sender.value
        self.received_count += 1
        return value

    def _next_sender(self) -> Place | None:
        """The first waiting sender, woken: its message is being taken."""
        senders = self._senders
        while senders:
            place = senders.popleft()
            if place.state == WAITING:
                place.state = DELIVERED
                self.sent_count += 1
                place.task.waiting = None
                self._wake(place.task)
                return place
            self._dead -= 1
        return None

    def _deliver(self, value: Any) -> bool:
        """Give a message to the first waiting receiver; False if there is none."""
        receivers = self._receivers
        while receivers:
            place = receivers.popleft()
            if place.state == WAITING:
                place.state = DELIVERED
                place.value = value
                self.received_count += 1
                self._wake(place.task)
                return True
            self._dead -= 1
        return False

    def _wake(self, task: Task) -> None:
        task.phase = QUEUED
        self.kernel.ready.append(task)

    def put_back(self, value: Any) -> None:
        """A message was taken for nothing: it is the next one again."""
        self.received_count -= 1
        if not self._deliver(value):
            self._buffer.appendleft(value)

    def place_died(self, place: Place) -> None:
        """A waiter was cancelled. Swept out when they are many: a `select` in a loop leaves one behind each time."""
        self._dead += 1
        if self._dead > 32 and self._dead * 2 > len(self._receivers) + len(self._senders):
            self._receivers = deque(place for place in self._receivers if place.state == WAITING)
            self._senders = deque(place for place in self._senders if place.state == WAITING)
            self._dead = 0

    def _closed_failure(self) -> BaseException:
        return self.kernel.failures.make("channel-closed", f"channel {self.number} is closed")


class ChannelIterator:
    """The iteration protocol of suspending loops: `__next__` may give PARK, then the loop awaits `pull()`."""

    __slots__ = ("_channel",)
    _type_name = "Generator"

    def __init__(self, channel: Channel) -> None:
        self._channel = channel

    def __iter__(self) -> ChannelIterator:
        return self

    def __next__(self) -> Any:
        value = self._channel._take()
        if value is END:
            raise StopIteration
        return value

    def pull(self) -> Coroutine[Any, Any, Any]:
        """The next message, or END."""
        return self._channel._receive(END)
