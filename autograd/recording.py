"""Whether arithmetic is recorded: always, but not under `no_grad`, and otherwise while a function is compiled.

With this module one can

* compute without recording: ``with no_grad(): …``, or ``@no_grad()``;
* ask what holds here, in this thread or async task: `not_recording`, `current_tracer`.

The hardest thing is that a block ends, whatever becomes of it. This program interrupts itself, and a notebook keeps
the traceback, and with it whatever the functions in it refer to::

    with no_grad():
        y = f(x)            # Ctrl-C: here, or while the block is entered, or while it is left

So nothing has to be run for a block to end. It is open as long as the ``with`` statement holds what it would call at
its end, its `__exit__`: an object made for this one time, that no function refers to. The statement lets go of it
when it is over, or interrupted, or dropped with the generator that it stands in; a block that is gone does not count.
"""

from __future__ import annotations

from _weakref import ref
from contextvars import ContextVar

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from functools import partial
    from types import TracebackType
    from typing import Any, Self
else:
    from _functools import partial  # the part of functools that is written in C, without importing all of it

__all__ = ["current_tracer", "no_grad", "not_recording", "paused", "tracing"]

paused: set[Any] = set()
"""A weak reference for each `no_grad` block and each trace that is open, in any thread: while there is none, recording
costs one look at it. What holds in this thread (or async task) is known to `not_recording` and `tracing`. One that is
here too long costs time, and changes nothing."""


class _Block:
    """The time from when a ``with`` statement enters to when it leaves.

    Attributes:
        state: what holds meanwhile.
        outer: the block it was entered in, as far as that is open.
        held: a weak reference to what the statement holds as long as it is there.
        open: None before it is entered, and False after it was left.
    """

    __slots__ = ("held", "open", "outer", "state")

    held: ref[Any]
    open: bool | None

    def __init__(self, state: Any, outer: _Block | None) -> None:
        self.state = state
        self.outer = outer
        self.open = None

    def was_begun_for(self, being: _Being) -> bool:
        """Whether a statement is about to enter this one, and holds it."""
        held = None if self.open is not None else self.held()
        return held is not None and held.args[0] is being


class _Setting:
    """Something that holds within ``with`` statements: that of the innermost block that is open."""

    def __init__(self, name: str, default: Any) -> None:
        self._innermost: ContextVar[_Block | None] = ContextVar(name, default=None)
        self._default = default

    def get(self) -> Any:
        """What holds in this thread (or async task)."""
        block = self._innermost.get()
        while block is not None:
            if block.open and block.held() is not None:
                return block.state
            block = block.outer
        return self._default

    def being(self, state: Any) -> _Being:
        """``with setting.being(state): …``"""
        return _Being(self, state)

    def begin(self, state: Any, being: _Being | None = None) -> Any:
        """What ends a block that is about to be entered, also by being forgotten; unless by hand, it knows of whom."""
        outer = self._innermost.get()
        while outer is not None and not (outer.open and outer.held() is not None):
            outer = outer.outer  # it does not count, and need not be kept
        block = _Block(state, outer)
        held = partial(_leave, being, block)
        if state is self._default:
            block.held = ref(held)
        else:
            block.held = ref(held, paused.discard)
            paused.add(block.held)
        self._innermost.set(block)
        return held

    def enter(self, being: _Being) -> None:
        block = self._innermost.get()
        if block is None or not block.was_begun_for(being):  # by hand: no statement holds what ends it, so this does
            being.by_hand.append(self.begin(being.state))
            block = self._innermost.get()
        assert block is not None
        block.open = True  # the last step, and one that no interrupt can split


def _leave(being: Any, block: _Block, *error: Any) -> None:
    if block.open is None:  # entered by hand, so that this was not made for it
        block = being.by_hand.pop().args[1]
    block.open = False


class _Exit:
    """The `__exit__` of a block: looked up by each ``with`` statement before it enters, and then held by it alone."""

    def __get__(self, being: _Being | None, kind: Any = None) -> Any:
        return self if being is None else being.setting.begin(being.state, being)

    def __call__(self, being: _Being, *error: Any) -> None:
        """As `contextlib.ExitStack` calls it, by the type."""
        being.__exit__(*error)


class _Being:
    """While its block is open, a setting has a state. It can be entered again, also by other threads."""

    def __init__(self, setting: _Setting, state: Any) -> None:
        self.setting, self.state = setting, state
        self.by_hand: list[Any] = []

    def __enter__(self) -> Self:
        self.setting.enter(self)
        return self

    if TYPE_CHECKING:

        def __exit__(
            self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
        ) -> None: ...

    else:
        __exit__ = _Exit()


not_recording = _Setting("autograd.no_grad", False)
tracing = _Setting("autograd.trace", None)


current_tracer = tracing.get
"""What records for `autograd.compile`, while it traces a function in this thread (or task); else None."""


class no_grad(_Being):  # noqa: N801  PyTorch's name, and it reads as a statement
    """Within ``with no_grad():`` nothing is recorded: results are leaves. Also a decorator, of generators and of
    ``async def``, too: it then holds while they run, and not while they wait or have yielded.

    It holds for the thread (or the async task) that entered it, and until the block is left: also by an exception or
    Ctrl-C at any moment, and also where the block is in a generator that is closed elsewhere or forgotten. In a
    generator that has yielded, the block is still there, and holds for whoever runs it, as `contextlib.contextmanager`
    needs it; decorate the generator to have it hold inside alone.

    >>> from autograd import Value, no_grad
    >>> x = Value(2.0)
    >>> with no_grad():
    ...     y = x * x
    >>> y.data, y.op, (x * x).op
    (4.0, None, <primitive mul>)
    """

    def __init__(self) -> None:
        super().__init__(not_recording, True)

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
