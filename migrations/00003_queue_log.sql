-- +goose Up
CREATE TABLE queueapp.queue_log (
    floor     text        NOT NULL,
    step      bigint      NOT NULL,
    n         integer     NOT NULL,
    time      timestamptz NOT NULL,
    callid    text        NOT NULL,
    queuename text        NOT NULL,
    agent     text        NOT NULL,
    event     text        NOT NULL,
    data1     text        NOT NULL DEFAULT '',
    data2     text        NOT NULL DEFAULT '',
    data3     text        NOT NULL DEFAULT '',
    data4     text        NOT NULL DEFAULT '',
    data5     text        NOT NULL DEFAULT '',
    PRIMARY KEY (floor, step, n)
);
COMMENT ON TABLE queueapp.queue_log IS 'What happened, as Asterisk''s app_queue would log it: its queue_log as a table.';
COMMENT ON COLUMN queueapp.queue_log.step IS 'The step of the journal that the entry follows from; n counts its entries.';
COMMENT ON COLUMN queueapp.queue_log.callid IS 'The unique id of the caller''s channel; NONE, or REALTIME where a floor plan did it.';
CREATE INDEX queue_log_by_time ON queueapp.queue_log (floor, time);

-- +goose Down
DROP TABLE queueapp.queue_log;
