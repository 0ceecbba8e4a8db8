-- The copy at scale. The rules of 0001 hold: TEXT and BIGINT, milliseconds, 0 and 1, JSON text. Only
-- new tables, new columns with a default, and new indexes: servers of the release before go on working
-- beside this schema.

-- copies: whose products they come from, and what happened to them ----------------------------------

-- Empty where the copy was accepted before the release that has these columns; servers fill them.
ALTER TABLE copy ADD COLUMN source_region TEXT NOT NULL DEFAULT '';
ALTER TABLE copy ADD COLUMN source_account TEXT NOT NULL DEFAULT '';
ALTER TABLE copy ADD COLUMN source_product TEXT NOT NULL DEFAULT '';
-- The failed copy that it repeats.
ALTER TABLE copy ADD COLUMN retry_of TEXT;
-- The idempotency token under which it was asked for: the two are forgotten together.
ALTER TABLE copy ADD COLUMN request_token TEXT;
-- JSON: how far its templates have come.
ALTER TABLE copy ADD COLUMN progress TEXT;

CREATE INDEX copy_by_age ON copy (region, account, created, token);
CREATE INDEX copy_by_state_and_age ON copy (region, account, state, created, token);
CREATE INDEX copy_by_source ON copy (source_account, region, created, token);
CREATE INDEX copy_by_end ON copy (unfinished, finished, region, token);
CREATE UNIQUE INDEX copy_by_retry ON copy (region, account, retry_of);
-- Answers about copies are forgotten with their copies, and all others by age.
CREATE INDEX replay_to_sweep ON replay (created, region, account, operation, token) WHERE operation <> 'CopyProduct';

CREATE TABLE copy_event (
    region TEXT NOT NULL,
    account TEXT NOT NULL,
    token TEXT NOT NULL,
    seq BIGINT NOT NULL,
    at BIGINT NOT NULL,
    kind TEXT NOT NULL,
    body TEXT NOT NULL,
    PRIMARY KEY (region, account, token, seq)
);

-- lanes: an account's waiting copies, so that nobody looks at 9,999 of them to find another's --------

-- ready is 1 where there may be a copy to claim; of the ready ones the one goes first that was served
-- longest ago, by turn. One that is not ready is looked at again when due; filled is 1 where it is for
-- the account's limit only. The truth is in copy: a lane is a hint, and the lock of its account.
CREATE TABLE copy_lane (
    account TEXT NOT NULL PRIMARY KEY,
    ready BIGINT NOT NULL,
    filled BIGINT NOT NULL,
    turn BIGINT NOT NULL,
    due BIGINT NOT NULL
);

CREATE INDEX copy_lane_by_turn ON copy_lane (ready, turn, account);
CREATE INDEX copy_lane_by_due ON copy_lane (ready, due);

-- Copies whose workers died twice, which run alone.
CREATE INDEX copy_suspect ON copy (unfinished, due) WHERE attempts - failures >= 2;

INSERT INTO copy_lane (account, ready, filled, turn, due)
SELECT account, 1, 0, MIN(turn), 0 FROM copy WHERE unfinished = 1 GROUP BY account;

-- bodies on the shelf: which nothing names ----------------------------------------------------------

-- A shelf is a Region's own, by its name, or the common one, ''. States: orphan, deleting, deleted.
CREATE TABLE body_orphan (
    shelf TEXT NOT NULL,
    digest TEXT NOT NULL,
    state TEXT NOT NULL,
    marked BIGINT NOT NULL,
    changed BIGINT NOT NULL,
    PRIMARY KEY (shelf, digest)
);

-- audit ---------------------------------------------------------------------------------------------

-- One record for each mutation, in its transaction, and for each denied attempt. `who` is the user's
-- or the session's name.
CREATE TABLE audit (
    region TEXT NOT NULL,
    account TEXT NOT NULL,
    at BIGINT NOT NULL,
    id TEXT NOT NULL,
    event TEXT NOT NULL,
    who TEXT NOT NULL,
    body TEXT NOT NULL,
    PRIMARY KEY (region, account, at, id)
);

-- For the export of a whole store, and for what is older than the retention.
CREATE INDEX audit_by_age ON audit (at, region, account, id);

-- checks --------------------------------------------------------------------------------------------

-- Which copies landed on a product.
CREATE INDEX copy_by_target ON copy (region, target_product, token);
