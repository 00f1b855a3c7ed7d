-- +goose Up

-- What the floor is: written by `queueapp apply`, never by a running floor.

CREATE TABLE queueapp.plans (
    floor      text        NOT NULL CHECK (floor <> ''),
    version    bigint      NOT NULL CHECK (version > 0),
    applied_at timestamptz NOT NULL DEFAULT now(),
    applied_by text        NOT NULL DEFAULT session_user,
    source     text        NOT NULL,
    PRIMARY KEY (floor, version)
);
COMMENT ON TABLE queueapp.plans IS 'Every floor plan that was applied, as it was written. The highest version is the one wanted; floors.plan_version is the one in force.';

CREATE TABLE queueapp.queues (
    floor             text     NOT NULL,
    name              text     NOT NULL CHECK (name <> ''),
    strategy          text     NOT NULL CHECK (strategy <> ''),
    ring              interval NOT NULL CHECK (ring > interval '0'),
    wrapup            interval NOT NULL CHECK (wrapup >= interval '0'),
    timeout           interval NOT NULL CHECK (timeout > interval '0'),
    music             text     NOT NULL,
    join_empty        boolean  NOT NULL,
    weight            integer  NOT NULL,
    retry             interval NOT NULL CHECK (retry >= interval '0'),
    no_answer_delay   interval NOT NULL CHECK (no_answer_delay >= interval '0'),
    busy_delay        interval NOT NULL CHECK (busy_delay >= interval '0'),
    reject_delay      interval NOT NULL CHECK (reject_delay >= interval '0'),
    unreachable_delay interval NOT NULL CHECK (unreachable_delay >= interval '0'),
    max_no_answer     integer  NOT NULL CHECK (max_no_answer >= 0),
    PRIMARY KEY (floor, name)
);

CREATE TABLE queueapp.extensions (
    floor  text NOT NULL,
    number text NOT NULL CHECK (number <> ''),
    switch text NOT NULL,
    dial   text NOT NULL CHECK (dial <> ''),
    device text NOT NULL,
    PRIMARY KEY (floor, number)
);

CREATE TABLE queueapp.extension_jids (
    floor     text NOT NULL,
    extension text NOT NULL,
    jid       text NOT NULL CHECK (jid <> ''),
    PRIMARY KEY (floor, extension, jid),
    FOREIGN KEY (floor, extension) REFERENCES queueapp.extensions ON DELETE CASCADE
);

CREATE TABLE queueapp.agents (
    floor     text NOT NULL,
    number    text NOT NULL CHECK (number <> ''),
    name      text NOT NULL,
    extension text,
    PRIMARY KEY (floor, number),
    CONSTRAINT agents_sit_at_an_extension FOREIGN KEY (floor, extension) REFERENCES queueapp.extensions
);
COMMENT ON COLUMN queueapp.agents.extension IS 'Where the agent sits when a log-on does not say; null: anywhere, there is no extension of the same number.';

CREATE TABLE queueapp.agent_jids (
    floor text NOT NULL,
    agent text NOT NULL,
    jid   text NOT NULL CHECK (jid <> ''),
    PRIMARY KEY (floor, agent, jid),
    FOREIGN KEY (floor, agent) REFERENCES queueapp.agents ON DELETE CASCADE
);

CREATE TABLE queueapp.members (
    floor text    NOT NULL,
    queue text    NOT NULL,
    agent text    NOT NULL,
    place integer NOT NULL CHECK (place > 0),
    PRIMARY KEY (floor, queue, agent),
    UNIQUE (floor, queue, place),
    FOREIGN KEY (floor, queue) REFERENCES queueapp.queues ON DELETE CASCADE,
    FOREIGN KEY (floor, agent) REFERENCES queueapp.agents ON DELETE CASCADE
);
COMMENT ON COLUMN queueapp.members.place IS 'The place in the queue''s list of members, from 1; it breaks ties.';

CREATE TABLE queueapp.menus (
    floor      text NOT NULL,
    name       text NOT NULL CHECK (name <> ''),
    definition json NOT NULL,
    PRIMARY KEY (floor, name)
);

CREATE TABLE queueapp.customers (
    id     text PRIMARY KEY CHECK (id <> ''),
    code   text NOT NULL CHECK (code <> ''),
    number text NOT NULL DEFAULT '',
    name   text NOT NULL DEFAULT '',
    url    text NOT NULL DEFAULT '',
    data   json NOT NULL DEFAULT '{}' CHECK (json_typeof(data) = 'object'),
    CONSTRAINT customers_one_for_each_code UNIQUE (code)
);
COMMENT ON COLUMN queueapp.customers.data IS 'All else that is known, as texts, in the order in which it is shown.';
CREATE INDEX customers_by_number ON queueapp.customers (number) WHERE number <> '';

-- What happens on the floor: written by its owner only, through one connection. These tables refer to queues, agents and
-- extensions by their names, not by foreign keys: history stays when they leave the floor plan. Closed sets of words are
-- types, since PostgreSQL reads a CHECK's text again for each statement, and these are on the way to every ring.

CREATE TYPE queueapp.outcome AS ENUM ('answered', 'abandoned', 'timeout', 'full', 'no-agents', 'left-empty', 'key', 'withdrawn',
    'unavailable', 'unknown-queue');
CREATE TYPE queueapp.publish_result AS ENUM ('ok', 'refused', 'late');
CREATE TYPE queueapp.revoke_reason AS ENUM ('no-answer', 'busy', 'refused', 'unreachable', 'caller-gone', 'answered-elsewhere',
    'logged-off', 'withdrawn', 'lost');
CREATE TYPE queueapp.ended_by AS ENUM ('caller', 'agent', 'system');
CREATE TYPE queueapp.end_cause AS ENUM ('hangup', 'no-answer', 'busy', 'refused', 'unreachable', 'lost');

CREATE TABLE queueapp.floors (
    name         text        PRIMARY KEY CHECK (name <> ''),
    epoch        bigint      NOT NULL,
    owner        text,
    owned_since  timestamptz,
    beat_at      timestamptz,
    plan_version bigint      NOT NULL DEFAULT 0,
    next_step    bigint      NOT NULL DEFAULT 1,
    next_entry   bigint      NOT NULL DEFAULT 1,
    last_at      timestamptz,
    CONSTRAINT floors_are_written_by_their_owner CHECK (epoch > 0)
) WITH (fillfactor = 10, autovacuum_vacuum_threshold = 1000);
COMMENT ON COLUMN queueapp.floors.owner IS 'The process that owns the floor; null: none does.';
COMMENT ON COLUMN queueapp.floors.epoch IS 'Rises by one with every owner. Each of an owner''s writes begins by setting it to 0 where it is not that owner''s, which the constraint refuses.';
COMMENT ON COLUMN queueapp.floors.beat_at IS 'When the owner last proved that it lives. A standby takes over 5 s after.';

CREATE TABLE queueapp.calls (
    id         uuid        PRIMARY KEY,
    floor      text        NOT NULL,
    switch     text        NOT NULL,
    channel    text        NOT NULL,
    number     text        NOT NULL,
    name       text        NOT NULL,
    dialled    text        NOT NULL,
    customers  json        NOT NULL,
    data       json        NOT NULL,
    entered_at timestamptz NOT NULL,
    ended_at   timestamptz
) WITH (fillfactor = 80);
COMMENT ON TABLE queueapp.calls IS 'Callers who entered a queue. A call that comes back into a queue is the same call with another visit.';
COMMENT ON COLUMN queueapp.calls.customers IS 'Who the caller was found to be: an array, best first.';
COMMENT ON COLUMN queueapp.calls.ended_at IS 'When the last visit ended; null while one is open.';

CREATE TABLE queueapp.visits (
    call       uuid        NOT NULL REFERENCES queueapp.calls ON DELETE CASCADE,
    n          integer     NOT NULL,
    floor      text        NOT NULL,
    queue      text        NOT NULL,
    entry      bigint      NOT NULL,
    priority   integer     NOT NULL,
    entered_at timestamptz NOT NULL,
    deadline   timestamptz NOT NULL,
    ended_at   timestamptz,
    outcome    queueapp.outcome,
    agent      text,
    PRIMARY KEY (call, n),
    CONSTRAINT visits_end_with_an_outcome CHECK ((ended_at IS NULL) = (outcome IS NULL))
) WITH (fillfactor = 80);
COMMENT ON COLUMN queueapp.visits.entry IS 'The entry number: who came first on the floor. A later visit may keep it.';
COMMENT ON COLUMN queueapp.visits.agent IS 'Who answered.';
CREATE UNIQUE INDEX visits_one_open_for_each_call ON queueapp.visits (call) WHERE ended_at IS NULL;
CREATE UNIQUE INDEX visits_one_open_for_each_entry ON queueapp.visits (floor, entry) WHERE ended_at IS NULL;

CREATE TABLE queueapp.attempts (
    call         uuid        NOT NULL,
    n            integer     NOT NULL,
    visit        integer     NOT NULL,
    floor        text        NOT NULL,
    queue        text        NOT NULL,
    agent        text        NOT NULL,
    extension    text        NOT NULL,
    offered_at   timestamptz NOT NULL,
    expires_at   timestamptz NOT NULL,
    published_at timestamptz,
    publish      queueapp.publish_result,
    rang_at      timestamptz,
    alerted_at   timestamptz,
    answered_at  timestamptz,
    connected_at timestamptz,
    closed_at    timestamptz,
    reason       queueapp.revoke_reason,
    ended_by     queueapp.ended_by,
    ended_at     timestamptz,
    cause        queueapp.end_cause,
    q850         integer,
    PRIMARY KEY (call, n),
    FOREIGN KEY (call, visit) REFERENCES queueapp.visits ON DELETE CASCADE,
    CONSTRAINT attempts_close_before_they_end CHECK (ended_at IS NULL OR closed_at IS NOT NULL)
) WITH (fillfactor = 60);
COMMENT ON TABLE queueapp.attempts IS 'Offers of a visit to an agent. The agent is free again when the attempt has ended.';
COMMENT ON COLUMN queueapp.attempts.rang_at IS 'When the leg was asked for; alerted_at is when the phone was heard to ring.';
COMMENT ON COLUMN queueapp.attempts.closed_at IS 'When the offer was revoked (reason) or the conversation ended (ended_by).';
COMMENT ON COLUMN queueapp.attempts.ended_at IS 'When the leg was seen gone: the agent and the phone are free of it.';
CREATE UNIQUE INDEX attempts_one_open_for_each_agent ON queueapp.attempts (floor, agent) WHERE ended_at IS NULL;
CREATE UNIQUE INDEX attempts_one_open_for_each_extension ON queueapp.attempts (floor, extension) WHERE ended_at IS NULL;

CREATE TABLE queueapp.legs (
    call    uuid    NOT NULL,
    attempt integer NOT NULL,
    n       integer NOT NULL,
    switch  text    NOT NULL,
    channel text    NOT NULL,
    PRIMARY KEY (call, attempt, n),
    FOREIGN KEY (call, attempt) REFERENCES queueapp.attempts ON DELETE CASCADE
);
COMMENT ON TABLE queueapp.legs IS 'The channels asked for in an attempt: channel is Asterisk''s unique id.';

CREATE TABLE queueapp.sessions (
    id        bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    floor     text        NOT NULL,
    agent     text        NOT NULL,
    extension text        NOT NULL,
    began_at  timestamptz NOT NULL,
    ended_at  timestamptz
);
CREATE UNIQUE INDEX sessions_one_open_for_each_agent ON queueapp.sessions (floor, agent) WHERE ended_at IS NULL;
CREATE UNIQUE INDEX sessions_one_open_for_each_extension ON queueapp.sessions (floor, extension) WHERE ended_at IS NULL;
CREATE INDEX sessions_by_agent ON queueapp.sessions (floor, agent, began_at);

CREATE TABLE queueapp.pauses (
    id       bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    floor    text        NOT NULL,
    agent    text        NOT NULL,
    reason   text        NOT NULL,
    auto     boolean     NOT NULL,
    began_at timestamptz NOT NULL,
    ended_at timestamptz
);
COMMENT ON COLUMN queueapp.pauses.auto IS 'The floor did it, after too many unanswered offers.';
CREATE UNIQUE INDEX pauses_one_open_for_each_agent ON queueapp.pauses (floor, agent) WHERE ended_at IS NULL;
CREATE INDEX pauses_by_agent ON queueapp.pauses (floor, agent, began_at);

CREATE TABLE queueapp.agent_states (
    floor      text    NOT NULL,
    agent      text    NOT NULL,
    last_call  timestamptz,
    wrap_until timestamptz,
    misses     integer NOT NULL DEFAULT 0,
    PRIMARY KEY (floor, agent)
) WITH (fillfactor = 50);
COMMENT ON TABLE queueapp.agent_states IS 'What the floor must not forget of an agent: when the last call ended, until when wrap-up lasts, how many offers in a row were missed.';

CREATE TABLE queueapp.outbox (
    call      uuid        NOT NULL REFERENCES queueapp.calls ON DELETE CASCADE,
    seq       bigint      NOT NULL,
    floor     text        NOT NULL,
    attempt   integer     NOT NULL,
    extension text        NOT NULL,
    event     text        NOT NULL,
    at        timestamptz NOT NULL,
    done_at   timestamptz,
    payload   bytea,
    PRIMARY KEY (call, seq)
) WITH (fillfactor = 80);
COMMENT ON TABLE queueapp.outbox IS 'Records for the extensions'' nodes. Once done (accepted, refused for good, or overtaken) the payload is dropped.';
CREATE INDEX outbox_not_done ON queueapp.outbox (floor) WHERE done_at IS NULL;

CREATE TABLE queueapp.journal (
    floor   text        NOT NULL,
    n       bigint      NOT NULL,
    epoch   bigint      NOT NULL,
    at      timestamptz NOT NULL,
    call    uuid,
    event   text        NOT NULL,
    effects text[]      NOT NULL,
    PRIMARY KEY (floor, n)
);
COMMENT ON TABLE queueapp.journal IS 'Every event that the floor was told, and what followed. Ticks and device states from which nothing followed are left out.';
CREATE INDEX journal_by_call ON queueapp.journal (call) WHERE call IS NOT NULL;

CREATE TABLE queueapp.journal_mentions (
    call  uuid   NOT NULL,
    floor text   NOT NULL,
    n     bigint NOT NULL,
    PRIMARY KEY (call, floor, n),
    FOREIGN KEY (floor, n) REFERENCES queueapp.journal ON DELETE CASCADE
);
COMMENT ON TABLE queueapp.journal_mentions IS 'Steps whose effects concern a call other than their event''s.';

-- For people who report: what the times say, in words and seconds.

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

-- +goose Down
DROP VIEW queueapp.visit_report, queueapp.attempt_report;
DROP TABLE queueapp.journal_mentions, queueapp.journal, queueapp.outbox, queueapp.agent_states, queueapp.pauses, queueapp.sessions,
    queueapp.legs, queueapp.attempts, queueapp.visits, queueapp.calls, queueapp.floors, queueapp.customers, queueapp.menus,
    queueapp.members, queueapp.agent_jids, queueapp.agents, queueapp.extension_jids, queueapp.extensions, queueapp.queues, queueapp.plans;
DROP TYPE queueapp.outcome, queueapp.publish_result, queueapp.revoke_reason, queueapp.ended_by, queueapp.end_cause;
