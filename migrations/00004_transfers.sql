-- +goose Up
ALTER TYPE queueapp.ended_by ADD VALUE 'transfer';

ALTER TABLE queueapp.attempts ALTER COLUMN agent DROP NOT NULL, ALTER COLUMN extension DROP NOT NULL,
    ADD COLUMN handed_from integer, ADD COLUMN dialled text NOT NULL DEFAULT '';
COMMENT ON COLUMN queueapp.attempts.handed_from IS 'The attempt whose agent transferred the call here; null: the queue chose the agent.';
COMMENT ON COLUMN queueapp.attempts.dialled IS 'The number that was dialled in the transfer.';
COMMENT ON COLUMN queueapp.attempts.agent IS 'Null: the call was transferred to where no agent is logged on.';
COMMENT ON COLUMN queueapp.attempts.extension IS 'Null: the call was transferred to what is no extension of the floor.';

DROP VIEW queueapp.visit_report, queueapp.attempt_report;

CREATE VIEW queueapp.visit_report AS
SELECT v.floor, v.call, v.n AS visit, c.number, c.name, c.customers, v.queue, v.entered_at, v.ended_at, v.outcome, v.agent,
    t.connected_at,
    extract(epoch FROM coalesce(t.connected_at, v.ended_at) - v.entered_at) AS wait_seconds,
    extract(epoch FROM t.closed_at - t.connected_at) AS talk_seconds,
    (SELECT count(*) FROM queueapp.attempts a WHERE a.call = v.call AND a.visit = v.n AND a.handed_from IS NULL) AS attempts,
    (SELECT count(*) FROM queueapp.attempts a WHERE a.call = v.call AND a.visit = v.n AND a.handed_from IS NOT NULL) AS transfers
FROM queueapp.visits v
JOIN queueapp.calls c ON c.id = v.call
LEFT JOIN queueapp.attempts t ON t.call = v.call AND t.visit = v.n AND t.connected_at IS NOT NULL AND t.handed_from IS NULL;

CREATE VIEW queueapp.attempt_report AS
SELECT a.*,
    CASE
        WHEN a.ended_at IS NOT NULL THEN 'ended'
        WHEN a.closed_at IS NOT NULL THEN 'ending'
        WHEN a.connected_at IS NOT NULL THEN 'connected'
        WHEN a.handed_from IS NOT NULL THEN 'handed'
        WHEN a.answered_at IS NOT NULL THEN 'up'
        WHEN a.rang_at IS NOT NULL THEN 'ringing'
        ELSE 'committed'
    END AS state,
    extract(epoch FROM coalesce(a.answered_at, a.closed_at) - a.rang_at) AS ring_seconds,
    extract(epoch FROM a.closed_at - a.connected_at) AS talk_seconds
FROM queueapp.attempts a;

-- +goose Down
DROP VIEW queueapp.visit_report, queueapp.attempt_report;
DELETE FROM queueapp.legs l USING queueapp.attempts a WHERE a.call = l.call AND a.n = l.attempt AND a.handed_from IS NOT NULL;
DELETE FROM queueapp.attempts WHERE handed_from IS NOT NULL;
ALTER TABLE queueapp.attempts DROP COLUMN handed_from, DROP COLUMN dialled,
    ALTER COLUMN agent SET NOT NULL, ALTER COLUMN extension SET NOT NULL;
UPDATE queueapp.attempts SET ended_by = 'agent' WHERE ended_by::text = 'transfer';
ALTER TYPE queueapp.ended_by RENAME TO ended_by_of_now;
CREATE TYPE queueapp.ended_by AS ENUM ('caller', 'agent', 'system');
ALTER TABLE queueapp.attempts ALTER COLUMN ended_by TYPE queueapp.ended_by USING ended_by::text::queueapp.ended_by;
DROP TYPE queueapp.ended_by_of_now;
CREATE VIEW queueapp.visit_report AS
SELECT v.floor, v.call, v.n AS visit, c.number, c.name, c.customers, v.queue, v.entered_at, v.ended_at, v.outcome, v.agent,
    t.connected_at,
    extract(epoch FROM coalesce(t.connected_at, v.ended_at) - v.entered_at) AS wait_seconds,
    extract(epoch FROM t.closed_at - t.connected_at) AS talk_seconds,
    (SELECT count(*) FROM queueapp.attempts a WHERE a.call = v.call AND a.visit = v.n) AS attempts
FROM queueapp.visits v
JOIN queueapp.calls c ON c.id = v.call
LEFT JOIN queueapp.attempts t ON t.call = v.call AND t.visit = v.n AND t.connected_at IS NOT NULL;
CREATE VIEW queueapp.attempt_report AS
SELECT a.*,
    CASE
        WHEN a.ended_at IS NOT NULL THEN 'ended'
        WHEN a.closed_at IS NOT NULL THEN 'ending'
        WHEN a.connected_at IS NOT NULL THEN 'connected'
        WHEN a.answered_at IS NOT NULL THEN 'up'
        WHEN a.rang_at IS NOT NULL THEN 'ringing'
        ELSE 'committed'
    END AS state,
    extract(epoch FROM coalesce(a.answered_at, a.closed_at) - a.rang_at) AS ring_seconds,
    extract(epoch FROM a.closed_at - a.connected_at) AS talk_seconds
FROM queueapp.attempts a;
