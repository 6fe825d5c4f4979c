#!/bin/sh
# The web server, the same under compose and systemd. XIANGJI_WEB_WORKERS: one for
# each core; each takes about 100 MB.
exec granian --interface wsgi \
  --host "${XIANGJI_WEB_HOST:-0.0.0.0}" --port "${XIANGJI_WEB_PORT:-8000}" \
  --workers "${XIANGJI_WEB_WORKERS:-2}" --blocking-threads 4 \
  --respawn-failed-workers --workers-lifetime 86400 \
  --no-access-log --log-level warning \
  shop.config.wsgi:application
