"""What we tell people about a program.

`diagnostic` holds the data, `codes` the one registry of codes (of findings and of failures), `sink` collects,
`excerpt` draws a source line with a caret, `render` turns findings into text or JSON, `spelling` suggests names.
Building a finding is apart from showing it: any stage may build one, only the command line shows them.
"""
