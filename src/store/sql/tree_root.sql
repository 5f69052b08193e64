-- Up to which entry the tree has grown, and the row of its topmost node.
SELECT state.tree_entries, tree.body
FROM   state
LEFT   JOIN tree ON tree.level = 7 AND tree.place = 0
