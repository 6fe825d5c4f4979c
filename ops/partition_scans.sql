-- For a province: the table of scans in sixteen parts, by label. Every question about
-- scans names a label, and so asks one part; by month, "each ordinal of a label once"
-- could not hold. Scans wait until it is done, so run it before there are many:
--   psql "$DATABASE_URL" -v ON_ERROR_STOP=1 -1 -f ops/partition_scans.sql
LOCK TABLE traceability_scan IN ACCESS EXCLUSIVE MODE;
ALTER TABLE traceability_scan RENAME TO traceability_scan_whole;
CREATE TABLE traceability_scan
    (LIKE traceability_scan_whole INCLUDING DEFAULTS INCLUDING IDENTITY INCLUDING CONSTRAINTS)
    PARTITION BY HASH (label_id);
DO $$
BEGIN
    FOR part IN 0..15 LOOP
        EXECUTE format(
            'CREATE TABLE traceability_scan_%s PARTITION OF traceability_scan '
            'FOR VALUES WITH (MODULUS 16, REMAINDER %s)', part, part);
    END LOOP;
END $$;
INSERT INTO traceability_scan OVERRIDING SYSTEM VALUE
    SELECT * FROM traceability_scan_whole;
DROP TABLE traceability_scan_whole;

ALTER TABLE traceability_scan ADD PRIMARY KEY (label_id, id);
ALTER TABLE traceability_scan
    ADD CONSTRAINT scan_ordinal_once UNIQUE (label_id, ordinal),
    ADD CONSTRAINT traceability_scan_label_id_fk FOREIGN KEY (label_id)
        REFERENCES traceability_label (number) DEFERRABLE INITIALLY DEFERRED;
CREATE INDEX scan_of_device ON traceability_scan (label_id, device, scanned_at DESC);
SELECT setval(
    pg_get_serial_sequence('traceability_scan', 'id'),
    coalesce((SELECT max(id) FROM traceability_scan), 0) + 1, false);

-- What is written of a scan stays; TRUNCATE asks no whole table's trigger for its part.
CREATE TRIGGER traceability_scan_no_update BEFORE UPDATE ON traceability_scan
    FOR EACH ROW EXECUTE FUNCTION traceability_scan_no_update();
CREATE TRIGGER traceability_scan_no_delete BEFORE DELETE ON traceability_scan
    FOR EACH ROW EXECUTE FUNCTION traceability_scan_no_delete();
CREATE TRIGGER traceability_scan_no_truncate BEFORE TRUNCATE ON traceability_scan
    FOR EACH STATEMENT EXECUTE FUNCTION traceability_scan_no_truncate();
DO $$
BEGIN
    FOR part IN 0..15 LOOP
        EXECUTE format(
            'CREATE TRIGGER traceability_scan_no_truncate BEFORE TRUNCATE ON '
            'traceability_scan_%s FOR EACH STATEMENT EXECUTE FUNCTION '
            'traceability_scan_no_truncate()', part);
    END LOOP;
END $$;
