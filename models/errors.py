"""Every error that recsvc raises on purpose, in one tree.

RecsvcError
├── InputError            something handed in is wrong; commands exit with 1
│   ├── ConfigError       shop.toml or a setting
│   ├── DataError         purchases, products, any table
│   └── RulesError        the rules file; carries every fault at once
├── ArtifactError         a trained folder is missing, broken or of another shop
│   └── NoArtifactError   nothing has been published yet
├── StoreError            the store of events, consent and stock cannot be reached or written
├── GateRefusedError      a trained version lost to the live one; commands exit with 3
└── NotFittedError        a model was asked before it was fitted or loaded

A message names the thing, the value and the next step.
"""

from collections.abc import Sequence


class RecsvcError(Exception):
    """The root: catch it to catch whatever recsvc raises on purpose."""


class InputError(RecsvcError):
    """Something handed in is wrong: a file, a table, a setting."""


class ConfigError(InputError):
    """``shop.toml``, a setting or an environment variable does not hold."""


class DataError(InputError):
    """A data file or a table cannot be used."""


class RulesError(InputError):
    """The rules file does not load; ``faults`` are its faults in the order of the file."""

    def __init__(self, faults: Sequence[str]) -> None:
        super().__init__("\n".join(faults))
        self.faults = tuple(faults)


class ArtifactError(RecsvcError):
    """A trained folder is missing a part, was changed after it was written, or belongs elsewhere."""


class NoArtifactError(ArtifactError):
    """Nothing is published in the artifacts folder."""


class StoreError(RecsvcError):
    """The store cannot be reached, does not answer, or cannot be written."""


class GateRefusedError(RecsvcError):
    """A trained version loses to the live one beyond the interval of the comparison."""


class NotFittedError(RecsvcError):
    """A model was asked for scores before ``fit`` or a load."""
