#!/bin/sh
# The web server, the same under compose and systemd. XIANGJI_WEB_WORKERS: one for
# each core; each takes about 100 MB. Two threads: one works while the other waits for
# the database. No request waits for anybody outside, and a third would only take the
# interpreter from them (docs/decisions/0230).
exec granian --interface wsgi \
  --host "${XIANGJI_WEB_HOST:-0.0.0.0}" --port "${XIANGJI_WEB_PORT:-8000}" \
  --workers "${XIANGJI_WEB_WORKERS:-2}" --blocking-threads 2 \
  --respawn-failed-workers --workers-lifetime 86400 \
  --no-access-log --log-level warning \
  shop.config.wsgi:application
