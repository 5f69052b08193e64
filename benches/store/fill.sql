-- A store of many open orders, each with three events, two obligations and a card, filled by the database itself.
-- Ledger entries are left out: nothing that is measured here reads them.
WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < $1)
INSERT INTO orders (nr, id, first_at, last_seq, revision, due_at, received, known_seq, decided_until, next_due_at, round,
                    attributes, policies, chain_count, chain_head)
SELECT n, 'ZH-2024-' || n, $2, n * 3, 1, CASE WHEN n % $3 = 0 THEN $2 + 1000 ELSE $2 + 86400000 + n END, 1, n * 3, $2,
       $2 + 1000, 1, '[["region",{"word":"珠海市"}],["category",{"word":"投诉"}],["department",{"text":"市市场监管局"}]]',
       '["zhuhai-124"]', 4, zeroblob(32)
FROM   numbers;

WITH RECURSIVE numbers (n) AS (SELECT 3 UNION ALL SELECT n + 1 FROM numbers WHERE n < $1 * 3 + 2)
INSERT INTO events (seq, source, id, order_nr, type, at, recorded_at, digest, body)
SELECT n, 'order-system', 'e-' || n, n / 3, CASE n % 3 WHEN 0 THEN 'received' WHEN 1 THEN 'dispatched' ELSE 'signed' END,
       $2 - 3000, $2, zeroblob(32),
       '{"id":"e-' || n || '","order":"ZH-2024-' || (n / 3) || '","type":"signed","at":"2024-05-06T09:00:00+08:00",' ||
       '"recorded_at":"2024-05-06T09:00:03+08:00","attrs":{"department":"市市场监管局","category":"投诉","region":"珠海市"}}'
FROM   numbers;

WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < $1)
INSERT INTO decisions (position, key, order_nr, at, made_at, kind, proposal, body)
SELECT n, printf('%032x', n * 2654435761), n, $2, $2, 'remind', 0,
       '{"key":"' || printf('%032x', n * 2654435761) || '","at":1714957200000,"made_at":1714957200000,' ||
       '"policy":"zhuhai-124","rule":"response","step":"remind","round":1,"occurrence":1,"kind":"remind",' ||
       '"to":["handler"],"due":1714957200000,"department":"市市场监管局","clause":"二（一）2","version":"1"}'
FROM   numbers;

WITH RECURSIVE numbers (n) AS (SELECT 2 UNION ALL SELECT n + 1 FROM numbers WHERE n < $1 * 2 + 1)
INSERT INTO obligations (order_nr, place, policy, rule, round, occurrence, opened, start, due, provisional, outcome, department)
SELECT n / 2, n % 2, 'zhuhai-124', CASE n % 2 WHEN 0 THEN 'response' ELSE 'completion' END, 1, 1, $2, $2, $2 + 1000, 0, 'open',
       '市市场监管局'
FROM   numbers;
