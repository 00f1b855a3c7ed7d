-- +goose Up
ALTER TABLE queueapp.attempts ADD COLUMN pulled boolean NOT NULL DEFAULT false;
COMMENT ON COLUMN queueapp.attempts.pulled IS 'An operator has chosen the extension, not the queue the agent.';
COMMENT ON COLUMN queueapp.attempts.agent IS 'Null: the call was transferred or pulled to where no agent is logged on.';
COMMENT ON COLUMN queueapp.visits.agent IS 'Who answered; null, with the outcome answered: somebody at a phone where no agent was logged on.';

DROP VIEW queueapp.attempt_report;
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
DROP VIEW queueapp.attempt_report;
DELETE FROM queueapp.attempts WHERE pulled AND agent IS NULL AND handed_from IS NULL; -- that no version before it can hold
ALTER TABLE queueapp.attempts DROP COLUMN pulled;
COMMENT ON COLUMN queueapp.attempts.agent IS 'Null: the call was transferred to where no agent is logged on.';
COMMENT ON COLUMN queueapp.visits.agent IS 'Who answered.';
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
