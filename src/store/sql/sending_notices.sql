SELECT id FROM notices WHERE state = 'sent' ORDER BY id
