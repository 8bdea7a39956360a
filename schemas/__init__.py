"""The vocabulary: frozen, typed values, canonical bytes, the root of all errors."""
