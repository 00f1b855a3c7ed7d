-- +goose Up
ALTER TYPE queueapp.outcome ADD VALUE 'closed';
ALTER TYPE queueapp.outcome ADD VALUE 'moved';

ALTER TABLE queueapp.members ADD COLUMN level integer NOT NULL DEFAULT 0, ADD COLUMN weight integer NOT NULL DEFAULT 0;
COMMENT ON COLUMN queueapp.members.level IS 'Lower ones are asked first.';

ALTER TABLE queueapp.visits ADD COLUMN needs json NOT NULL DEFAULT '[]', ADD COLUMN only_agent text NOT NULL DEFAULT '';
COMMENT ON COLUMN queueapp.visits.only_agent IS 'For this agent alone; empty: for whoever the queue chooses.';
COMMENT ON COLUMN queueapp.visits.needs IS 'Skills that the call itself asks for, and how well: an array of {"skill", "least"}.';

ALTER TABLE queueapp.agent_states ADD COLUMN calls integer NOT NULL DEFAULT 0, ADD COLUMN talked interval NOT NULL DEFAULT '0';
COMMENT ON COLUMN queueapp.agent_states.calls IS 'Conversations since the log-on, and for how long: what some strategies go by.';

ALTER TABLE queueapp.pauses ADD COLUMN queue text NOT NULL DEFAULT '';
COMMENT ON COLUMN queueapp.pauses.queue IS 'For this queue alone; empty: for all.';
DROP INDEX queueapp.pauses_one_open_for_each_agent;
CREATE UNIQUE INDEX pauses_one_open_for_each_agent ON queueapp.pauses (floor, agent, queue) WHERE ended_at IS NULL;

CREATE TABLE queueapp.absences (
    id       bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    floor    text        NOT NULL,
    agent    text        NOT NULL,
    queue    text        NOT NULL,
    began_at timestamptz NOT NULL,
    ended_at timestamptz
);
COMMENT ON TABLE queueapp.absences IS 'Spans in which an agent was logged on, but not for a queue of which he is a member.';
CREATE UNIQUE INDEX absences_one_open_for_each_member ON queueapp.absences (floor, agent, queue) WHERE ended_at IS NULL;

CREATE TABLE queueapp.holds (
    id       bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    call     uuid        NOT NULL,
    attempt  integer     NOT NULL,
    began_at timestamptz NOT NULL,
    ended_at timestamptz,
    FOREIGN KEY (call, attempt) REFERENCES queueapp.attempts ON DELETE CASCADE
);
COMMENT ON TABLE queueapp.holds IS 'Spans in which an agent had the caller on hold.';
CREATE UNIQUE INDEX holds_one_open_for_each_attempt ON queueapp.holds (call, attempt) WHERE ended_at IS NULL;
CREATE INDEX holds_by_attempt ON queueapp.holds (call, attempt);

-- +goose Down
DROP TABLE queueapp.holds;
DROP TABLE queueapp.absences;
DELETE FROM queueapp.pauses WHERE queue <> '';
DROP INDEX queueapp.pauses_one_open_for_each_agent;
ALTER TABLE queueapp.pauses DROP COLUMN queue;
CREATE UNIQUE INDEX pauses_one_open_for_each_agent ON queueapp.pauses (floor, agent) WHERE ended_at IS NULL;
ALTER TABLE queueapp.agent_states DROP COLUMN calls, DROP COLUMN talked;
DROP VIEW queueapp.visit_report;
UPDATE queueapp.visits SET outcome = 'withdrawn' WHERE outcome::text IN ('closed', 'moved');
ALTER TABLE queueapp.visits DROP COLUMN needs, DROP COLUMN only_agent, DROP CONSTRAINT visits_end_with_an_outcome;
ALTER TABLE queueapp.members DROP COLUMN level, DROP COLUMN weight;
ALTER TYPE queueapp.outcome RENAME TO outcome_of_now;
CREATE TYPE queueapp.outcome AS ENUM ('answered', 'abandoned', 'timeout', 'full', 'no-agents', 'left-empty', 'key', 'withdrawn',
    'unavailable', 'unknown-queue');
ALTER TABLE queueapp.visits ALTER COLUMN outcome TYPE queueapp.outcome USING outcome::text::queueapp.outcome,
    ADD CONSTRAINT visits_end_with_an_outcome CHECK ((ended_at IS NULL) = (outcome IS NULL));
DROP TYPE queueapp.outcome_of_now;
CREATE VIEW queueapp.visit_report AS
SELECT v.floor, v.call, v.n AS visit, c.number, c.name, c.customers, v.queue, v.entered_at, v.ended_at, v.outcome, v.agent,
    t.connected_at,
    extract(epoch FROM coalesce(t.connected_at, v.ended_at) - v.entered_at) AS wait_seconds,
    extract(epoch FROM t.closed_at - t.connected_at) AS talk_seconds,
    (SELECT count(*) FROM queueapp.attempts a WHERE a.call = v.call AND a.visit = v.n) AS attempts
FROM queueapp.visits v
JOIN queueapp.calls c ON c.id = v.call
LEFT JOIN queueapp.attempts t ON t.call = v.call AND t.visit = v.n AND t.connected_at IS NOT NULL;
