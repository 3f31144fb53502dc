# The service and the trainer, without tests, tools and the sample's data.
#
#   docker build -t recsvc .
#   docker run --rm -v "$PWD/shop:/shop:ro" -v recsvc-artifacts:/artifacts --entrypoint recsvc-train recsvc run /shop/shop.toml
#   docker run --rm --read-only --tmpfs /tmp -p 8000:8000 -v "$PWD/shop:/shop:ro" -v recsvc-artifacts:/artifacts:ro -v recsvc-store:/store \
#     -e RECSVC_KEYS=public:...,admin:... recsvc
#
# Nothing is written but below /artifacts (by the trainer), /store (events, consent, stock) and /tmp. Without keys the service answers inside the container only.

FROM python:3.13.7-slim-bookworm AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
WORKDIR /src
RUN python -m venv /opt/recsvc
ENV PATH=/opt/recsvc/bin:$PATH
COPY requirements-image.lock ./
RUN python -m pip install --no-deps --require-hashes -r requirements-image.lock
COPY pyproject.toml README.md ./
COPY models ./models
COPY training ./training
COPY recsvc ./recsvc
RUN python -m pip install --no-deps --no-build-isolation . \
    && python -m pip uninstall --yes setuptools pip

FROM python:3.13.7-slim-bookworm
RUN groupadd --system --gid 10001 recsvc \
    && useradd --system --uid 10001 --gid recsvc --no-create-home --shell /usr/sbin/nologin recsvc \
    && install --directory --owner=recsvc --group=recsvc /artifacts /shop /store
COPY --from=build /opt/recsvc /opt/recsvc
ENV PATH=/opt/recsvc/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    RECSVC_SHOP=/shop/shop.toml \
    RECSVC_ARTIFACTS=/artifacts \
    RECSVC_HOST=0.0.0.0 \
    RECSVC_PORT=8000
USER 10001:10001
WORKDIR /tmp
VOLUME ["/artifacts", "/store", "/tmp"]
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s --retries=3 \
    CMD ["python", "-c", "import os, urllib.request as u; u.urlopen('http://127.0.0.1:' + os.environ['RECSVC_PORT'] + '/healthz', timeout=4)"]
STOPSIGNAL SIGTERM
ENTRYPOINT ["recsvc", "serve"]
