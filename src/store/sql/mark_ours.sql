-- `dubn`: by this a file is known as ours.
PRAGMA application_id = 0x6475626e
