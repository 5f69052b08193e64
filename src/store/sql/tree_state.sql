-- Up to which entry the tree has grown, and the ledger's last entry.
SELECT tree_entries, (SELECT coalesce(max(entry), 0) FROM ledger) FROM state
