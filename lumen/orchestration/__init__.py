"""What programs do with several tasks: parallel, race, vote, select, timeout, channels, deep await.

Built on the kernel's futures and traps alone. A construct is a future without a coroutine (`construct.Construct`): its
branches report to it when they settle, and it decides at the end of the kernel's turn. `facade.Orchestration` offers
everything to compiled code, bound to the kernel of one run.

What it does not do: it never steps a coroutine, reads a clock, or asks the outside.
"""
