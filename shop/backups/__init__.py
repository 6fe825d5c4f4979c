"""Backups that prove to be whole, and the way back from them.

A backup is a folder with everything that cannot be made again: the database, what
people uploaded, the published log, and the keys (encrypted, or left out). Its manifest
names each file's hash, the ledger's seal and the log's root. Restoring goes into an
empty place only, and believes nothing that it has not computed again.
"""
