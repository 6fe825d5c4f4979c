# One image for every process of Xiangji: web, worker, beat and the commands between.
FROM python:3.11-slim-bookworm AS build
RUN pip install --no-cache-dir uv
WORKDIR /srv/xiangji
COPY requirements.txt .
# Copied, not linked: the cache stays behind in this stage.
RUN uv venv /srv/venv && UV_LINK_MODE=copy uv pip install --no-cache --compile-bytecode -p /srv/venv -r requirements.txt
COPY . .
# Catalogues and static files are the image's own: the same for every process of it.
RUN /srv/venv/bin/python -m tools.messages compile \
 && /srv/venv/bin/python -m compileall -q partners logistics traceability shop \
 && XIANGJI_VAR=/tmp/build DJANGO_SETTINGS_MODULE=shop.config.settings.local \
    /srv/venv/bin/python manage.py collectstatic --noinput -v 0 \
 && mv /tmp/build/static /srv/static && rm -rf /tmp/build

FROM python:3.11-slim-bookworm
# pg_basebackup, for backups.
RUN apt-get update && apt-get install -y --no-install-recommends postgresql-client-15 \
 && rm -rf /var/lib/apt/lists/*
RUN useradd --system --uid 10001 --create-home xiangji \
 && mkdir -p /srv/var/media && chown -R xiangji /srv/var
COPY --from=build /srv /srv
WORKDIR /srv/xiangji
ENV PATH=/srv/venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    DJANGO_SETTINGS_MODULE=shop.config.settings.production \
    XIANGJI_VAR=/srv/var \
    XIANGJI_STATIC=/srv/static
USER xiangji
EXPOSE 8000
CMD ["sh", "ops/web.sh"]
