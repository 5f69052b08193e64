-- What spares the writer work where many orders fall due at once.
-- A digest of eight bytes for each of an order's obligations, as its row stands: a row that stays is not written again. Null:
-- unknown, all are written.
ALTER TABLE orders ADD COLUMN written BLOB;
-- A notice that says what an earlier one of its order says has no `forms` of its own.
ALTER TABLE notices ADD COLUMN said_in INTEGER REFERENCES notices (id) DEFERRABLE INITIALLY DEFERRED;
