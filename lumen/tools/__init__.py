"""Effects on the world: tools, what provides them, and the check of every call before it leaves the machine.

`tool` is what a program holds, `call` asks the kernel's door for an answer, `registry` chooses the provider (from the
host, from `lumen.toml`, or built in), `schema` checks arguments, `providers/` has one file for each kind of provider.

What it does not do: run anything. A provider is a description and a callable; the runtime calls it, in a thread or on
Trio.
"""
