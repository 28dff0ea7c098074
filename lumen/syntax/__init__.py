"""Text to tree.

In: a SourceFile. Out: a Module of frozen nodes with spans, and diagnostics; the parts that parsed are there even when
others did not. The way: `lexer` (text to raw tokens) → `layout` (which line breaks count, which words are keywords)
→ `driver` (the LALR tables of `grammar/lumen.lark`, computed by Lark) → `build` (rule callbacks to nodes).

This room does not know what names mean: a construct that comes in a later step parses here like any other and is
refused by the analysis. Nothing here raises for any text; a tree is never deeper than `depth.MAX_DEPTH`.
"""
