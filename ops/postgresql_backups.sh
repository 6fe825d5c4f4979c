#!/bin/sh
# When the cluster is made: our own user may take it whole over the network.
set -eu
echo "host replication $POSTGRES_USER all scram-sha-256" >> "$PGDATA/pg_hba.conf"
