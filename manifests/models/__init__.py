"""Model files: what their bytes say, and what is written into their headers.

Nothing here loads a tensor, and nothing runs: a model file is read as bytes, once.
"""
