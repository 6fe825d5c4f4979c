#!/bin/sh
# PostgreSQL's archive_command: keep a finished segment of its log, whole or not at all.
#   archive_command = 'sh /srv/xiangji/ops/archive_wal.sh "%p" "%f" /var/backups/wal'
# It may ask again for what is kept already; another segment of that name is refused.
# A segment is 16 MB however little is in it; a quiet minute's takes 20 kB compressed.
set -eu
if [ -e "$3/$2.gz" ]; then
  gzip -dc "$3/$2.gz" | cmp -s - "$1"
  exit
fi
gzip -c "$1" > "$3/.$2.half"
sync "$3/.$2.half"
mv "$3/.$2.half" "$3/$2.gz"
sync "$3"
