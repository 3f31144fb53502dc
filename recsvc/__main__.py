"""``python -m recsvc``: the same as the ``recsvc`` command."""

from recsvc.cli import main

if __name__ == "__main__":
    main()
