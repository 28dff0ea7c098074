"""The scheduler as a pure step function.

In: the time, and answers from outside (`Kernel.advance(now_ns, arrivals)`). Out: what to ask the outside, and when to
be called again (`Step`). Between two calls the kernel steps coroutines (`Task`), keeps the tree of what belongs to what
(every `Future` has a parent and children), fires timers, throws `Cancelled`, and lets constructs decide at turn ends.

Invariants every method may rely on:

- Only `traps.py` yields; a task that has yielded is either PARKED with `waiting` set or QUEUED in the ready queue.
- A task on the Python stack is RUNNING and never in the ready queue; so nested runs (eager spawn, preemption) are safe.
- Every unsettled future is in its parent's `children`; the root has none left exactly when the run is over.
- A future settles once, after all its children have ended or were handed to the scope around.

What it does not do: clocks, files, threads, randomness, Trio, Lumen values. Time and answers are handed in, failures
are made by the `Failures` port, so equal inputs give equal outputs. This package imports nothing else of Lumen.
"""
