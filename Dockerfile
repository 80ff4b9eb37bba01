# The app. Build it with BuildKit (Docker 23 and later do by themselves; before, with DOCKER_BUILDKIT=1):
#   docker build --tag opinionlens .
# A package index of your own: --secret id=pip_conf,src=pip.conf --secret id=uv_toml,src=uv.toml. No layer keeps them.
ARG PYTHON_IMAGE=python:3.11-slim-bookworm

# uv, of the version that requirements.lock pins.
FROM ${PYTHON_IMAGE} AS tools
WORKDIR /build
ENV UV_LINK_MODE=copy UV_PYTHON_DOWNLOADS=never
COPY requirements.lock .
RUN --mount=type=secret,id=pip_conf,target=/etc/pip.conf \
    --mount=type=cache,target=/root/.cache \
    sed -n '/^uv==/,/[^\\]$/p' requirements.lock > uv.txt \
    && python -m venv /tools \
    && /tools/bin/pip install --quiet --disable-pip-version-check --require-hashes --requirement uv.txt

# What changes seldom, in a layer of its own.
FROM tools AS dependencies
COPY requirements.runtime.lock .
RUN --mount=type=secret,id=uv_toml,target=/etc/uv/uv.toml \
    --mount=type=cache,target=/root/.cache \
    /tools/bin/uv venv --quiet --python /usr/local/bin/python /opt/opinionlens \
    && /tools/bin/uv pip sync --quiet --require-hashes --compile-bytecode --python /opt/opinionlens requirements.runtime.lock

# What changes often: the package alone, built with the hatchling of requirements.lock.
FROM dependencies AS package
COPY pyproject.toml README.md LICENSE ./
COPY src src
COPY static static
COPY templates templates
RUN --mount=type=secret,id=uv_toml,target=/etc/uv/uv.toml \
    --mount=type=cache,target=/root/.cache \
    /tools/bin/uv build --quiet --wheel --build-constraints requirements.lock --require-hashes --out-dir dist . \
    && /tools/bin/uv pip install --quiet --no-deps --no-index --compile-bytecode \
    --python /opt/opinionlens --prefix /package dist/*.whl

FROM ${PYTHON_IMAGE} AS app
RUN groupadd --gid 10001 opinionlens \
    && useradd --uid 10001 --gid 10001 --home-dir /var/lib/opinionlens --no-create-home --shell /usr/sbin/nologin opinionlens \
    && install --directory --owner 10001 --group 10001 --mode 0750 /var/lib/opinionlens
COPY docker/healthcheck.py /usr/local/lib/healthcheck.py
COPY --from=dependencies /opt/opinionlens /opt/opinionlens
COPY --from=package /package /opt/opinionlens
ENV PATH=/opt/opinionlens/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    API__HOST=0.0.0.0 \
    API__LOGGING_FORMAT=json
# Models, the SQLite database and the error log: the one folder that is written to, besides /tmp.
WORKDIR /var/lib/opinionlens
USER 10001:10001
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s --retries=3 \
    CMD ["python", "-I", "/usr/local/lib/healthcheck.py", "http://127.0.0.1:8000/health"]
ENTRYPOINT ["opinionlens"]
CMD ["serve"]
# Last, so that a new commit alone costs nothing.
ARG VERSION=unknown
ARG REVISION=unknown
ENV OPINIONLENS_REVISION=${REVISION}
LABEL org.opencontainers.image.title="OpinionLens" \
      org.opencontainers.image.description="Sentiment and online reputation: the app" \
      org.opencontainers.image.licenses="Apache-2.0 AND CC-BY-SA-4.0" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}"
