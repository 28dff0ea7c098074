"""What programs do with several tasks: parallel, race, vote, select, timeout, channels, deep await.

Built on the kernel's futures and traps alone. A construct is a future without a coroutine (`construct.Construct`): its
branches report to it when they settle, and it decides at the end of the kernel's turn. `facade.Orchestration` offers
everything to compiled code, bound to the kernel of one run.

What it does not do: it never steps a coroutine, reads a clock, or asks the outside.

Decisions, the same in both modes, where the spec leaves room:

- *Losers* are cancelled, and have unwound before the construct gives its value; so have futures that were passed in,
  and futures that branches evaluated to. A task unwinds when everything inside it has: innermost first.
- *Ties* (same turn) go to source order, through constructs that are directly branches of constructs as well.
- *A result at the instant of a deadline* wins, however deep it is nested; of two deadlines at one instant the inner
  one comes first. On a real clock "the instant" is 2 ms wide (`kernel.DEADLINE_SLACK_NS`).
- *A branch cancelled by somebody else* counts as one that failed with code `cancelled`; awaiting a cancelled future
  fails with that code, too.
- *vote with a quorum* takes the first value that has it at the end of a turn; if two have, the one with more votes,
  then the one with the earlier branch. Without a quorum it waits until no outcome of the rest could change the winner.
- *select* skips `null` only from branches that do not wait for anything, so that `timeout = sleep(1000)` can win.
- *A lost `receive`* gives its message back to the front of the channel, also when it lost in the turn it arrived in.
- *Closing a channel* fails the senders that wait; what is buffered can still be received.
- *A task that returns a future* goes on with that future; only `main` may return one.
- *A failed future nobody looked at* fails the run at its end, unless the task it was spawned in was cancelled.
"""
