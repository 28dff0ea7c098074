"""The op codes of `Kernel.log`: what tasks do, step by step, as a flat list of integers.

A list of plain integers, because recording 100,000 spawns may cost only 0.3 of what they cost themselves (2 µs): an op
is one or two C calls here, and JSON's C code writes them out. The journal stores them in its `tasks` lines.

    n > 0                       task n runs a step (its first: it starts)
    WAITS                       … and that step ends, with the task waiting or stepping aside
    COMPLETED, FAILED, CANCELLED    … and that step ends with the task settled
    SPAWN - site                a task is made inside the running one; numbers count up from 1, `site` is an index
    SPAWN_IN, parent, site, kind    a task or construct is made inside `parent`; site -1: none; kind: index in KINDS
    SETTLED, n, code            a future that is not the running task settles; code: COMPLETED, FAILED or CANCELLED
    CANCEL, n                   cancellation is asked of n
    SLEEP, ns                   the running task sleeps; in eager mode a third number is the clock (ns)
    TIMER, ns                   a deadline is set; likewise with the clock in eager mode
    ADVANCE, ns                 input: the kernel was called at this time (eager mode)
    PREEMPT, at, rounds, ns, flags  input: a busy task was interrupted after `at` integers of this line's ops, when it
                                had come by `rounds` places where that may happen; flags: 1 it was due to step aside,
                                2 others may run on top of it, 4 the run is cancelled, 8 the next timer fires early
    ASIDE, at, rounds           input: a busy task stepped aside at the back-edge of a loop
"""

WAITS = 0
COMPLETED = -1
FAILED = -2
CANCELLED = -3
SETTLED = -4
SPAWN_IN = -5
CANCEL = -6
SLEEP = -7
TIMER = -8
ADVANCE = -9
PREEMPT = -10
ASIDE = -11
SPAWN = -100

KINDS = ("task", "parallel", "race", "vote", "select", "timeout")
