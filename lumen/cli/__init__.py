"""The command line: one file per subcommand, thin clients of the stages.

`main` reads the first word and loads only what that needs; arguments are read by `arguments`, since argparse alone
costs a quarter of what a warm `lumen run` may take. Exit codes: 0 fine, 1 usage or I/O, 2 check errors, 3 run-time
failure, 4 syntax error, 130 interrupted.
"""
