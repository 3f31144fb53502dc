"""``shop.toml``, the one file that describes a shop: its settings, each with a default and a sentence of help.

Unknown keys are errors with a suggestion, and every fault is told at once. ``read_shop`` is the way in.
"""

import tomllib
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, Literal
from zoneinfo import ZoneInfo

from pydantic import Field, ValidationError, ValidationInfo, field_validator, model_validator

from models.carousels import CAROUSELS, PAGES, Carousel
from models.errors import ConfigError
from models.experiments import Experiment, Label, Results, experiment_faults
from models.model_settings import checked_settings
from models.retention import Retention
from models.robust import HEAVY
from models.section import Section, Share, zone_name
from models.shop_faults import explain_faults
from models.shop_faults import suggest as suggest  # part of this module: whoever reads settings suggests
from models.shop_tables import Context, Data
from models.shop_tables import ContextTable as ContextTable  # the tables too
from models.shop_tables import FieldKind as FieldKind
from models.shop_tables import PurchaseTable as PurchaseTable
from models.shop_tables import Table as Table


class SignalWeights(Section):
    """What a view, a click or a cart is worth where a purchase is 1; one of a kind counts for a shopper, product and day."""

    view: float = Field(0.1, ge=0, le=1, description="A view; 0 = views are not learned from.")
    click: float = Field(0.1, ge=0, le=1, description="A click in a carousel; 0 = not learned from.")
    cart: float = Field(0.3, ge=0, le=1, description="Something put into the cart; 0 = not learned from.")


class Spark(Section):
    """The cluster of ``engine = "spark"``."""

    master: str = Field(
        "local[*]", min_length=1, description="Its address: local[N], spark://HOST:PORT, yarn, k8s://…."
    )
    folder: str | None = Field(
        None, description="A folder that driver and executors share under one path; a cluster needs one."
    )
    partitions: int = Field(0, ge=0, description="Parts that a shuffle makes; 0 = by the number of lines.")
    conf: dict[str, str] = Field({}, description='Settings of Spark itself, such as "spark.executor.memory" = "8g".')


class Training(Section):
    """How a run trains."""

    engine: Literal["local", "spark"] = Field(
        "local", description="What reads, counts and factorises: this process, or Spark (recsvc[spark])."
    )
    spark: Spark = Spark()
    seed: int = Field(1, ge=0, description="One seed and one input give byte-identical arrays.")
    ranker: bool = Field(True, description="Train the contextual rankers too: better carousels for some minutes more.")
    windows: int = Field(
        10, ge=1, le=50, description="Label windows that the ranker learns from, one before the other."
    )
    window_days: int = Field(14, ge=1, description="Days of a label window.")
    choose: bool = Field(
        True, description="Choose blends and models' settings that shop.toml leaves open on the shop's own past."
    )
    budget_minutes: float = Field(
        10,
        gt=0,
        description="For the choosing, which takes a tenth of it at most, by an estimate from the data's size.",
    )
    threads: int = Field(0, ge=0, description="Threads for the heavy steps; 0 = all cores.")
    read_memory_gb: float = Field(
        1, ge=0.1, description="Memory that reading may take, in GB; what does not fit lies on disk meanwhile."
    )
    refit_days: int = Field(
        7, ge=1, description="Days after which an incremental run learns the rankers again instead of taking them over."
    )
    window_lines: int = Field(
        1_500_000, ge=1000, description="Purchase lines that a label window stands on at most, of shoppers drawn."
    )
    refused_share: Share = Field(
        0.1, description="Above this share of refused rows a run stops before any model is touched."
    )
    rejects_rows: int = Field(
        10_000, ge=1, description="Rows of each table and reason that rejects.csv keeps; further ones are counted."
    )
    heavy_shoppers: float = Field(
        HEAVY,
        ge=0,
        description="Times a typical shopper's lines from which on a wholesaler counts for less; 0 = nobody does.",
    )
    expected_files: int | None = Field(None, ge=1, description="Stop when the purchases match fewer files than this.")
    weights: SignalWeights = SignalWeights()


class Evaluation(Section):
    """How a run is judged: the last days are held out and asked for through the serving engine."""

    days: int = Field(14, ge=1, description="Days held out before the end of the data.")
    users: int = Field(500, ge=1, description="Shoppers asked at most; drawn with the seed.")
    rounds: int = Field(500, ge=100, description="Bootstrap rounds of the intervals.")


class Publication(Section):
    """What a trained version must show before it goes live."""

    gate: bool = Field(True, description="Refuse a version that loses to the live one beyond its interval.")
    metric: Literal["ndcg@10", "recall@10"] = Field("ndcg@10", description="What versions are compared by.")
    keep_versions: int = Field(5, ge=2, description="Versions kept on disk, the live one among them.")


class Rules(Section):
    """Where the merchandiser's rules lie."""

    file: str | None = Field(None, description="The rules file, relative to shop.toml.")


class Service(Section):
    """How carousels are served."""

    host: str = Field("127.0.0.1", description="Address to listen on; without keys always a loopback one.")
    port: int = Field(8000, ge=0, le=65535, description="Port to listen on.")
    workers: int = Field(1, ge=1, description="Processes; they share the artifact's pages.")
    threads: int = Field(4, ge=1, description="Threads a process.")
    cors_origins: tuple[str, ...] = Field((), description='Origins whose pages may call the API; "*" for any.')


class Shop(Section):
    """A whole ``shop.toml``."""

    name: str = Field(min_length=1, description="What the shop is called.")
    timezone: str = Field("UTC", description="The shop's clock: dates here, in the rules and on the command line.")
    currency: str | None = Field(None, pattern=r"^[A-Z]{3}$", description="ISO code of every price.")
    clock_starts: str | None = Field(
        None, description="Samples, replays and tests: the shop's clock reads this local time at the start."
    )
    data: Data
    context: Context = Context()
    carousels: dict[str, Carousel] = Field(
        {}, description="Carousels by name; the built-in ones may be changed key by key."
    )
    pages: dict[str, tuple[str, ...]] = Field({}, description="Pages: the carousels of each, first to last.")
    models: dict[str, dict[str, Any]] = Field({}, description="Settings of models, by source and setting.")
    experiments: dict[Label, Experiment] = Field({}, description="What is tried on some of the shoppers, by name.")
    results: Results = Results()
    retention: Retention = Retention()
    training: Training = Training()
    evaluation: Evaluation = Evaluation()
    publication: Publication = Publication()
    rules: Rules = Rules()
    service: Service = Service()
    file: Path = Field(
        Path("shop.toml"), exclude=True, description="The shop.toml itself; relative files start beside it."
    )
    open_blends: frozenset[str] = Field(
        frozenset(), exclude=True, description="Carousels whose sources the file leaves to the training."
    )

    @field_validator("timezone")
    @classmethod
    def _zone(cls, value: str) -> str:
        return zone_name(value)

    @field_validator("clock_starts")
    @classmethod
    def _clock(cls, value: str | None) -> str | None:
        if value is not None and datetime.fromisoformat(value).tzinfo is not None:
            raise ValueError(f"{value!r}: leave the zone out, the shop's timezone counts")
        return value

    @model_validator(mode="before")
    @classmethod
    def _with_built_ins(cls, values: dict[str, Any]) -> dict[str, Any]:
        own, pages = values.get("carousels", {}), values.get("pages", {})
        if not isinstance(own, dict) or not isinstance(pages, dict):
            return values
        carousels = {name: {**given} for name, given in CAROUSELS.items()}
        for name, given in own.items():
            carousels[name] = {**carousels.get(name, {}), **given} if isinstance(given, dict) else given
        left = [name for name in CAROUSELS if not (isinstance(own.get(name), dict) and "sources" in own[name])]
        return {**values, "carousels": carousels, "pages": {**PAGES, **pages}, "open_blends": frozenset(left)}

    @field_validator("models")
    @classmethod
    def _of_models(cls, value: dict[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
        return checked_settings(value)

    @field_validator("pages")
    @classmethod
    def _show_carousels(cls, value: dict[str, tuple[str, ...]], info: ValidationInfo) -> dict[str, tuple[str, ...]]:
        known = info.data.get("carousels", {name for names in value.values() for name in names})  # read before pages
        shown = [(page, name) for page, names in value.items() for name in names]
        if lost := [f"{page}: no carousel {name!r}{suggest(name, known)}" for page, name in shown if name not in known]:
            raise ValueError("; ".join(lost))
        return value

    @field_validator("experiments")
    @classmethod
    def _can_be_drawn(cls, value: dict[str, Experiment], info: ValidationInfo) -> dict[str, Experiment]:
        carousels = info.data.get("carousels")  # None: they do not hold, and are told of by themselves
        if carousels is not None and (faults := list(experiment_faults(value, carousels))):
            raise ValueError("; ".join(faults))
        return value

    @property
    def folder(self) -> Path:
        """Where shop.toml lies: relative files start here."""
        return self.file.parent

    @property
    def zone(self) -> ZoneInfo:
        """The shop's time zone."""
        return ZoneInfo(self.timezone)

    def with_blends(self, blends: Mapping[str, Mapping[str, float]]) -> "Shop":
        """Return the shop with these sources, by carousel, where its file leaves them open; they are settled then."""
        settled = {
            name: self.carousels[name].model_copy(update={"sources": dict(sources)})
            for name, sources in blends.items()
            if name in self.open_blends
        }
        left = self.open_blends - settled.keys()
        return self.model_copy(update={"carousels": {**self.carousels, **settled}, "open_blends": left})

    def moment(self, local: str) -> int:
        """Return Unix seconds of an ISO date or time: in the shop's zone where it names none.

        Raises:
            ConfigError: ``local`` is no ISO date or time.
        """
        try:
            at = datetime.fromisoformat(local)
        except ValueError as error:
            raise ConfigError(f"{local!r} is no date or time: write 2026-11-22 or 2026-11-22T18:30") from error
        return int((at if at.tzinfo else at.replace(tzinfo=self.zone)).timestamp())

    def clock_offset(self, now: float) -> int:
        """Return the seconds to add to the machine's clock, which reads ``now`` at the start, to get the shop's."""
        return 0 if self.clock_starts is None else self.moment(self.clock_starts) - int(now)


def read_shop(path: Path | str) -> Shop:
    """Return the shop that the file at ``path`` describes.

    Raises:
        ConfigError: the file is missing, is no TOML, or holds faults; all of them are named with their path.
    """
    path = Path(path)
    try:
        values = tomllib.loads(path.read_text("utf-8-sig"))
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read ({error.strerror}); name a shop.toml") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: no valid TOML: {error}") from error
    try:
        return Shop.model_validate({**values, "file": path.resolve()})
    except ValidationError as error:
        raise ConfigError("\n".join(f"{path}: {line}" for line in explain_faults(error, Shop))) from error
