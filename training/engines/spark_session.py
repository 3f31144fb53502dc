"""A Spark session as shop.toml wants it, or a message that says what is missing."""

import os
import shutil
import socket
import sys
import warnings
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

from models.errors import ConfigError, DataError
from models.shop import Shop

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

Found = TypeVar("Found")
INSTEAD = 'or set training.engine = "local"'
DEFAULTS = {
    "spark.sql.ansi.enabled": "true",
    "spark.sql.ansi.doubleQuotedIdentifiers": "true",  # one SQL text for both engines
    "spark.sql.session.timeZone": "UTC",
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
    "spark.log.level": "ERROR",
}
HERE = {"spark.driver.host": "127.0.0.1", "spark.driver.bindAddress": "127.0.0.1"}
"""Without a cluster nobody else has to reach the driver."""
PATIENCE = 5.0
"""Seconds in which a master's port has to answer."""


def is_local(shop: Shop) -> bool:
    """Return whether Spark runs inside this machine alone."""
    return shop.training.spark.master.startswith("local")


def open_spark(shop: Shop) -> "SparkSession":
    """Return the running session, or start one.

    Raises:
        ConfigError: no pyspark, no Java, a master that does not answer, no folder that a cluster shares.
    """
    told = shop.training.spark
    try:
        from pyspark.sql import SparkSession
    except ImportError as error:
        raise ConfigError(
            f"training.engine = \"spark\" needs pyspark: pip install 'recsvc[spark]' (in a checkout: make spark), {INSTEAD}"
        ) from error
    check_java()
    if not is_local(shop):
        check_cluster(shop)
    own = HERE if is_local(shop) else {}
    os.environ.setdefault("PYSPARK_PYTHON", told.conf.get("spark.pyspark.python", sys.executable))  # of executors
    builder = SparkSession.builder.appName(f"recsvc {shop.name}").master(told.master)
    for key, value in {**DEFAULTS, **own, **told.conf}.items():
        builder = builder.config(key, value)
    try:
        return builder.getOrCreate()
    except Exception as error:  # Py4J's, PySpark's and the JVM's have no common root
        raise ConfigError(
            f"training.spark.master = {told.master!r}: Spark does not start: {said(error)}: see its log above; "
            f"name local[*], spark://HOST:PORT, yarn or k8s://…, check training.spark.conf, {INSTEAD}"
        ) from error


def check_java() -> None:
    """Return where there is a Java.

    Raises:
        ConfigError: there is none.
    """
    home = os.environ.get("JAVA_HOME")
    found = shutil.which("java", path=f"{home}/bin") if home else shutil.which("java")
    if found is None:
        where = f"JAVA_HOME is {home}, and there is no bin/java in it" if home else "no java on the PATH, no JAVA_HOME"
        raise ConfigError(
            f'training.engine = "spark" needs Java 17 or newer: {where}: install one (apt-get install '
            f"openjdk-17-jre-headless), {INSTEAD}"
        )


def check_cluster(shop: Shop) -> None:
    """Return where a cluster's master answers, and what it needs is given.

    Raises:
        ConfigError: no shared folder, or nobody answers.
    """
    told = shop.training.spark
    if told.folder is None:
        raise ConfigError(
            f"training.spark.folder: master {told.master!r} is a cluster: name a folder that the driver and all executors "
            "see under the same path"
        )
    if not told.master.startswith("spark://"):
        return
    host, _, port = told.master.removeprefix("spark://").split(",")[0].rpartition(":")
    try:
        socket.create_connection((host, int(port)), PATIENCE).close()
    except (OSError, ValueError) as error:
        raise ConfigError(
            f"training.spark.master = {told.master!r}: no Spark master answers there ({error}): check host and port, {INSTEAD}"
        ) from error


def asked(work: Callable[[], Found]) -> Found:
    """Return what Spark makes of a job.

    Raises:
        DataError: an executor failed, with the line that tells most.
    """
    from py4j.protocol import Py4JError
    from pyspark.errors import PySparkException

    try:
        with warnings.catch_warnings():  # of rows by pandas, of which nothing is used here
            warnings.filterwarnings("ignore", "PySpark does not yet fully support pandas", FutureWarning)
            return work()
    except (Py4JError, PySparkException) as error:
        raise DataError(
            f"a task on Spark failed: {said(error)}: see Spark's log; is recsvc installed on every executor, and do driver "
            "and executors see the files and training.spark.folder under the same path?"
        ) from error


def said(error: Any) -> str:
    """Return the line of an error of Spark that tells most: the innermost cause, without Java's package."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    causes = [line.removeprefix("Caused by: ") for line in lines if line.startswith("Caused by: ")]
    plain = causes[-1:] or [line.lstrip(": ") for line in lines if "Exception" in line or "Error" in line] or lines
    return plain[0] if plain else type(error).__name__
