# The images that docker-compose.yml builds: `guidang` (web, worker, anchor, set-up) and `minio`.
# `make live` carries out the steps of `build` without docker, and runs what they make.

FROM python:3.11.14-slim-bookworm AS build
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_INPUT=1
WORKDIR /src
COPY requirements.lock requirements-run.lock ./
# what installs and makes the wheel is pinned like the rest, and stays behind in this stage
RUN python3 -m venv /opt/tools \
    && sed -n '/^setuptools==/,/[^\\]$/p' requirements.lock > tools.lock \
    && /opt/tools/bin/pip install -q --require-hashes --only-binary :all: -r tools.lock
RUN python3 -m venv --without-pip /opt/guidang \
    && /opt/tools/bin/pip --python /opt/guidang/bin/python install -q \
        --require-hashes --only-binary :all: -r requirements-run.lock
COPY pyproject.toml README.md LICENSE ./
COPY service service
COPY indexer indexer
COPY web web
COPY mappings mappings
RUN /opt/tools/bin/pip wheel -q --no-deps --no-build-isolation -w dist . \
    && /opt/tools/bin/pip --python /opt/guidang/bin/python install -q --no-deps --no-index dist/*.whl
# now and not at the first start: nothing in the image can be written to
RUN cd / \
    && /opt/guidang/bin/python -m web.assets \
    && /opt/guidang/bin/python -m compileall -q -x 'olefile2[.]py$' /opt/guidang/lib

FROM python:3.11.14-slim-bookworm AS guidang
# 1: with LibreOffice (some 230 MB), which lays out pages of Word files and slides
ARG OFFICE=0
RUN apt-get update \
    && apt-get install -y --no-install-recommends libmagic1 fonts-noto-cjk \
        $(if [ "$OFFICE" = 1 ]; then echo libreoffice-writer-nogui libreoffice-impress-nogui; fi) \
    && rm -rf /var/lib/apt/lists/*
RUN groupadd --gid 10001 guidang \
    && useradd --uid 10001 --gid 10001 --no-create-home --home-dir /data --shell /usr/sbin/nologin guidang \
    && install -d -o guidang -g guidang -m 700 /data \
    && groupadd --gid 10003 anchor \
    && useradd --uid 10003 --gid 10003 --no-create-home --home-dir /anchor --shell /usr/sbin/nologin anchor \
    && install -d -o anchor -g anchor -m 700 /anchor
COPY --from=build /opt/guidang /opt/guidang
ENV PATH=/opt/guidang/bin:$PATH PYTHONDONTWRITEBYTECODE=1 GUIDANG_DATA=/data GUIDANG_DEMO=0
WORKDIR /data
USER 10001:10001
ENTRYPOINT ["guidang"]
CMD ["--help"]

FROM golang:1.24.11-bookworm AS minio-build
ENV CGO_ENABLED=0 GOBIN=/out GOFLAGS=-trimpath GOTOOLCHAIN=local
RUN go install github.com/minio/minio@v0.0.0-20260212201848-7aac2a2c5b7c

FROM debian:12.12-slim AS minio
RUN groupadd --gid 10002 minio \
    && useradd --uid 10002 --gid 10002 --no-create-home --home-dir /tmp --shell /usr/sbin/nologin minio \
    && install -d -o minio -g minio -m 700 /data
COPY --from=minio-build /out/minio /usr/local/bin/minio
USER 10002:10002
ENTRYPOINT ["minio"]
CMD ["--help"]
