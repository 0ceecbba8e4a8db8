-- The catalogue: one text for SQLite and PostgreSQL. TEXT and BIGINT only; times are epoch
-- milliseconds, booleans 0 and 1, documents JSON text. Every table is keyed by Region and account.

CREATE TABLE setting (
    name TEXT NOT NULL PRIMARY KEY,
    value TEXT NOT NULL
);

-- How many of a thing an account has, so that a quota is one row to look at.
CREATE TABLE tally (
    region TEXT NOT NULL,
    account TEXT NOT NULL,
    what TEXT NOT NULL,
    used BIGINT NOT NULL,
    PRIMARY KEY (region, account, what)
);

-- Answers by idempotency token, written in the transaction of their effect.
CREATE TABLE replay (
    region TEXT NOT NULL,
    account TEXT NOT NULL,
    operation TEXT NOT NULL,
    token TEXT NOT NULL,
    fingerprint TEXT NOT NULL,
    answer TEXT NOT NULL,
    created BIGINT NOT NULL,
    PRIMARY KEY (region, account, operation, token)
);

CREATE INDEX replay_by_age ON replay (created);

CREATE TABLE product (
    region TEXT NOT NULL,
    id TEXT NOT NULL,
    account TEXT NOT NULL,
    title TEXT NOT NULL,
    owner TEXT NOT NULL,
    product_type TEXT NOT NULL,
    searchable TEXT NOT NULL,
    sources TEXT NOT NULL,
    artifacts_count BIGINT NOT NULL,
    newest_artifact BIGINT NOT NULL,
    created BIGINT NOT NULL,
    body TEXT NOT NULL,
    PRIMARY KEY (region, id)
);

CREATE INDEX product_by_newest_artifact ON product (account, region, newest_artifact, id);
CREATE INDEX product_by_title ON product (account, region, title, id);
CREATE INDEX product_by_artifacts ON product (account, region, artifacts_count, id);
CREATE INDEX product_by_creation ON product (account, region, created, id);

CREATE TABLE artifact (
    region TEXT NOT NULL,
    id TEXT NOT NULL,
    product_id TEXT NOT NULL,
    position BIGINT NOT NULL,
    created BIGINT NOT NULL,
    body TEXT NOT NULL,
    PRIMARY KEY (region, id),
    UNIQUE (region, product_id, position),
    FOREIGN KEY (region, product_id) REFERENCES product (region, id) ON DELETE CASCADE
);

CREATE TABLE portfolio (
    region TEXT NOT NULL,
    id TEXT NOT NULL,
    account TEXT NOT NULL,
    created BIGINT NOT NULL,
    body TEXT NOT NULL,
    PRIMARY KEY (region, id)
);

CREATE INDEX portfolio_by_creation ON portfolio (account, region, created, id);

-- portfolio_account owns the portfolio, product_account the product: they differ where an imported
-- product stands in a recipient's own portfolio.
CREATE TABLE portfolio_product (
    region TEXT NOT NULL,
    portfolio_id TEXT NOT NULL,
    product_id TEXT NOT NULL,
    portfolio_account TEXT NOT NULL,
    product_account TEXT NOT NULL,
    created BIGINT NOT NULL,
    PRIMARY KEY (region, portfolio_id, product_id),
    FOREIGN KEY (region, portfolio_id) REFERENCES portfolio (region, id),
    FOREIGN KEY (region, product_id) REFERENCES product (region, id)
);

CREATE INDEX portfolio_product_by_product ON portfolio_product (region, product_id, portfolio_id);
CREATE INDEX portfolio_product_foreign ON portfolio_product (region, portfolio_account, product_account);

CREATE TABLE portfolio_share (
    region TEXT NOT NULL,
    portfolio_id TEXT NOT NULL,
    recipient TEXT NOT NULL,
    owner TEXT NOT NULL,
    accepted BIGINT NOT NULL,
    tag_options BIGINT NOT NULL,
    principals BIGINT NOT NULL,
    created BIGINT NOT NULL,
    PRIMARY KEY (region, portfolio_id, recipient),
    FOREIGN KEY (region, portfolio_id) REFERENCES portfolio (region, id)
);

CREATE INDEX portfolio_share_by_recipient ON portfolio_share (recipient, region, accepted, portfolio_id);

-- A copy is its own job: unfinished is 1 until it is final; due is when it may be claimed, which for
-- a running copy is the end of its lease; turn orders the queue fairly between accounts.
CREATE TABLE copy (
    region TEXT NOT NULL,
    token TEXT NOT NULL,
    account TEXT NOT NULL,
    version BIGINT NOT NULL,
    state TEXT NOT NULL,
    unfinished BIGINT NOT NULL,
    turn BIGINT NOT NULL,
    due BIGINT NOT NULL,
    fence BIGINT NOT NULL,
    attempts BIGINT NOT NULL,
    failures BIGINT NOT NULL,
    deadline BIGINT NOT NULL,
    created BIGINT NOT NULL,
    finished BIGINT,
    target_product TEXT NOT NULL,
    status_detail TEXT,
    body TEXT NOT NULL,
    plan TEXT,
    PRIMARY KEY (region, token)
);

CREATE INDEX copy_by_turn ON copy (unfinished, turn, token, due, account, version);
CREATE INDEX copy_by_account ON copy (account, unfinished, turn);
CREATE INDEX copy_by_state ON copy (state, account, due);

-- Templates uploaded to Mimeo itself, by name.
CREATE TABLE upload (
    region TEXT NOT NULL,
    account TEXT NOT NULL,
    name TEXT NOT NULL,
    digest TEXT NOT NULL,
    created BIGINT NOT NULL,
    PRIMARY KEY (region, account, name)
);
