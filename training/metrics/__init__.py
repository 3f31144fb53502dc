"""How lists are judged: each measure one file."""
