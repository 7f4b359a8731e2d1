# A server for one bundle, which is mounted at /bundle:
#     docker run --read-only --publish 8000:8000 --volume "$PWD/idiolect-work/bundle:/bundle:ro" idiolect
FROM python:3.11-slim AS build
WORKDIR /source
COPY pyproject.toml README.md constraints.txt ./
COPY src src
ARG EXTRAS=serve
RUN python -m venv /opt/idiolect \
    && /opt/idiolect/bin/pip install --no-cache-dir -c constraints.txt ".[${EXTRAS}]"

FROM python:3.11-slim
RUN useradd --uid 10001 --no-create-home --shell /usr/sbin/nologin idiolect
COPY --from=build /opt/idiolect /opt/idiolect
ENV PATH=/opt/idiolect/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1
USER 10001
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=3s --start-period=60s --retries=3 \
    CMD ["python", "-c", "from urllib.request import urlopen; urlopen('http://127.0.0.1:8000/v1/health/ready', timeout=2)"]
ENTRYPOINT ["idiolect", "serve", "/bundle", "--host", "0.0.0.0", "--port", "8000"]
