"""Views: parse, call one function, serialise."""
