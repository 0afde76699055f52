-- Nobody is written to twice, but for confirmations that waited at the time of the dump and were sent since. Mails that waited at the time of the dump were sent since, or called back because the person has
-- answered; those that were ordered since were sent as well, but nobody here knows. So orders since the dump are not read
-- again (a position ahead of the group leaves the group where it is), and of those that waited only confirmations stay.
-- Mails that ask to opt in are ordered again by contact-service when nobody has said what became of them.
SET search_path = public;
DELETE FROM mail WHERE purpose <> 'expunge-confirmation';
UPDATE read_position SET next_offset = 9223372036854775807 WHERE topic = 'notification.commands';
-- Partitions that were empty then.
INSERT INTO read_position (topic, partition, next_offset)
SELECT 'notification.commands', partition, 9223372036854775807 FROM generate_series(0, 11) AS partition
ON CONFLICT DO NOTHING;
