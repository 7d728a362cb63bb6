"""Whether arithmetic is recorded: always, but not under `no_grad`, and otherwise while a function is compiled."""

from __future__ import annotations

from contextvars import ContextVar

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from contextvars import Token
    from types import TracebackType
    from typing import Any, Self

__all__ = ["current_tracer", "no_grad", "not_recording", "pause", "paused", "resume", "tracing"]

paused: list[None] = []
"""An entry for each `no_grad` block and each trace that is open, in any thread: while there is none, recording costs
one look at it. What holds in this thread (or async task) is in the context variables."""

not_recording: ContextVar[bool] = ContextVar("autograd.no_grad", default=False)
tracing: ContextVar[Any] = ContextVar("autograd.trace", default=None)


def pause(variable: ContextVar[Any], state: Any) -> Token[Any]:
    """Let recording be something else in this thread (or task) than making nodes, until `resume`."""
    paused.append(None)  # of a list this is one step, that no other thread can come between
    return variable.set(state)


def resume(variable: ContextVar[Any], token: Token[Any]) -> None:
    variable.reset(token)
    paused.pop()


def current_tracer() -> Any:
    """What records for `autograd.compile`, while it traces a function in this thread (or task); else None."""
    tracer = tracing.get()
    return tracer if tracer is not None and tracer.open else None  # a task begun inside may outlive the trace


class no_grad:  # noqa: N801  PyTorch's name, and it reads as a statement
    """Within ``with no_grad():`` nothing is recorded: results are leaves. Also a decorator, of generators and of
    ``async def``, too: it then holds while they run, and not while they wait or have yielded.

    It holds for the thread (or the async task) that entered it, and until it is left, also by an
    exception.

    >>> from autograd import Value
    >>> x = Value(2.0)
    >>> with no_grad():
    ...     y = x * x
    >>> y.data, y.op, (x * x).op
    (4.0, None, <primitive mul>)
    """

    def __init__(self) -> None:
        self._tokens: list[Token[bool]] = []

    def __enter__(self) -> Self:
        self._tokens.append(pause(not_recording, True))
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        resume(not_recording, self._tokens.pop())

    def __call__(self, function: Callable[..., Any]) -> Callable[..., Any]:
        def without_recording(*args: Any, **kwargs: Any) -> Any:
            with no_grad():
                return function(*args, **kwargs)

        def generator(*args: Any, **kwargs: Any) -> Any:
            return (yield from _Steps(function(*args, **kwargs)))

        async def coroutine(*args: Any, **kwargs: Any) -> Any:
            return await _Steps(function(*args, **kwargs).__await__())

        async def async_generator(*args: Any, **kwargs: Any) -> Any:
            values, send, given = function(*args, **kwargs), "asend", None
            while True:
                try:
                    value = await _Steps(getattr(values, send)(given).__await__())
                except StopAsyncIteration:
                    return
                try:
                    send, given = "asend", (yield value)
                except GeneratorExit:
                    await _Steps(values.aclose().__await__())
                    raise
                except BaseException as error:
                    send, given = "athrow", error

        flags = getattr(getattr(function, "__code__", None), "co_flags", 0)
        kinds = ((_GENERATOR, generator), (_COROUTINE, coroutine), (_ASYNC_GENERATOR, async_generator))
        made = next((wrapper for flag, wrapper in kinds if flags & flag), without_recording)
        made.__name__, made.__doc__ = function.__name__, function.__doc__
        return made


_GENERATOR, _COROUTINE, _ASYNC_GENERATOR = 0x20, 0x80, 0x200  # inspect.CO_…, without importing that


class _Steps:
    """A generator, or what a coroutine awaits by, each step of which is not recorded."""

    def __init__(self, steps: Any) -> None:
        self._steps = steps

    def __iter__(self) -> _Steps:
        return self

    __await__ = __iter__

    def __next__(self) -> Any:
        return self.send(None)

    def send(self, value: Any) -> Any:
        with no_grad():
            return self._steps.send(value)

    def throw(self, *error: Any) -> Any:
        with no_grad():
            return self._steps.throw(*error)

    def close(self) -> None:
        with no_grad():
            self._steps.close()
