"""Ways to answer a tool call, one file each. Loaded when a program first calls such a tool."""
