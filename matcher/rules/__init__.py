"""The rules of matching: columns of open items, what is derived from them, and the passes.

`ORDER` is the one list of passes, strongest first. A new pass is one file in `passes/`, one line here, and its cases in
`fixtures/matching/`.
"""
