-- Channels that are paused because they go on failing.
SELECT channel, since, until, times, why FROM pauses ORDER BY channel
