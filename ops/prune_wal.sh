#!/bin/sh
# Forget what of PostgreSQL's archived log is older than the oldest kept backup:
#   XIANGJI_BACKUPS=/var/backups/xiangji sh ops/prune_wal.sh /var/backups/xiangji-wal
# As whoever may write the archive. Without a backup or an archive it does nothing.
set -eu
oldest=$(ls -d "${XIANGJI_BACKUPS:-/var/lib/xiangji/backups}"/xiangji-*/ 2>/dev/null | head -n 1)
[ -n "$oldest" ] && [ -d "$1" ] || exit 0
first=$(sed -n 's/.*"wal": "\([0-9A-F]\{24\}\)".*/\1/p' "$oldest/manifest.json")
[ -n "$first" ] || exit 0
pg_archivecleanup -x .gz "$1" "$first"
# What an earlier version kept uncompressed.
pg_archivecleanup "$1" "$first"
