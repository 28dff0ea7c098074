"""History as data: what a run asked, was answered and decided, in a file that replays.

`recorder` turns what the kernel reports into lines; `store` appends them so that a kill at any moment loses nothing
that has been seen outside, `chain` ties them together, `reading` checks them while it reads. `values` is the JSON form
of a value, `blobs` where large ones are, `secrets` what is never written. `replayer` feeds recorded answers back and
compares everything the program does with what it did then, `divergence` says where the two part. `history` reads a
whole journal for those who want to look at it. The file is described in FORMAT.md, for readers in other languages.

What it does not do: run anything, or know how a program is loaded; that is the runtime's.
"""
