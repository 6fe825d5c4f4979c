#!/bin/sh
# manage.py as the units run it: their user, environment file and mask. As root:
#   sh /srv/xiangji/ops/manage.sh migrate
# `restore` stays root, for it gives folders to PostgreSQL's own user.
set -eu
file=${XIANGJI_ENVIRONMENT:-/etc/xiangji/environment}
while IFS= read -r line || [ -n "$line" ]; do
  # As systemd reads the file: nothing in a value is a shell's word.
  case $line in [A-Z]*=*) export "$line" ;; esac
done < "$file"
export DJANGO_SETTINGS_MODULE=shop.config.settings.production
cd "$(dirname "$0")/.."
umask 027
case "${1:-} $(id -u)" in
  restore\ * | *\ [1-9]*) exec .venv/bin/python manage.py "$@" ;;
  *) HOME=/nonexistent exec setpriv --reuid=xiangji --regid=xiangji --init-groups \
       .venv/bin/python manage.py "$@" ;;
esac
