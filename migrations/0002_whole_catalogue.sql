-- The rest of the catalogue: who sees a portfolio through what, and what hangs on products and
-- portfolios. A section a family.

-- shares ------------------------------------------------------------------------------------------

-- Whom a share reaches: each account by its own id (written with the first share that names it), by
-- `member/ID`, and by the units and the organization above it.
CREATE TABLE membership (
    account TEXT NOT NULL,
    node TEXT NOT NULL,
    PRIMARY KEY (account, node)
);

CREATE INDEX membership_by_node ON membership (node, account);

INSERT INTO membership (account, node)
SELECT DISTINCT recipient, recipient FROM portfolio_share;

-- Which account sees which portfolio of another one through a share in force now. CROSS JOIN makes
-- SQLite go from the account's few nodes to their shares, never over all shares of a portfolio.
CREATE VIEW seen_share AS
SELECT s.region, s.portfolio_id, s.owner, m.account, s.tag_options, s.principals
FROM membership m
CROSS JOIN portfolio_share s
WHERE s.recipient = m.node AND s.accepted = 1 AND m.account <> s.owner;

-- A product stands in portfolios of many recipients, and in few of its owner's: those open it.
DROP INDEX portfolio_product_by_product;

CREATE INDEX portfolio_product_by_product
    ON portfolio_product (region, product_id, portfolio_account, portfolio_id);

-- By account first, for what an account loses in every Region.
DROP INDEX portfolio_product_foreign;

CREATE INDEX portfolio_product_foreign
    ON portfolio_product (portfolio_account, region, product_account);

-- What was asked of a share, by the token that was answered.
CREATE TABLE share_operation (
    region TEXT NOT NULL,
    token TEXT NOT NULL,
    account TEXT NOT NULL,
    portfolio_id TEXT NOT NULL,
    recipient TEXT NOT NULL,
    created BIGINT NOT NULL,
    PRIMARY KEY (region, token)
);

CREATE INDEX share_operation_by_creation ON share_operation (account, region, created, token);

-- principals --------------------------------------------------------------------------------------

-- `account` is whose principal it is: the portfolio's owner's, or that of a recipient.
CREATE TABLE portfolio_principal (
    region TEXT NOT NULL,
    portfolio_id TEXT NOT NULL,
    account TEXT NOT NULL,
    kind TEXT NOT NULL,
    principal TEXT NOT NULL,
    created BIGINT NOT NULL,
    PRIMARY KEY (region, portfolio_id, account, kind, principal),
    FOREIGN KEY (region, portfolio_id) REFERENCES portfolio (region, id)
);

CREATE INDEX portfolio_principal_by_principal
    ON portfolio_principal (account, region, kind, principal, portfolio_id);

-- constraints -------------------------------------------------------------------------------------

-- `account` made it, in a portfolio of its own.
CREATE TABLE portfolio_constraint (
    region TEXT NOT NULL,
    id TEXT NOT NULL,
    account TEXT NOT NULL,
    portfolio_id TEXT NOT NULL,
    product_id TEXT NOT NULL,
    kind TEXT NOT NULL,
    created BIGINT NOT NULL,
    body TEXT NOT NULL,
    PRIMARY KEY (region, id),
    FOREIGN KEY (region, portfolio_id, product_id)
        REFERENCES portfolio_product (region, portfolio_id, product_id) ON DELETE CASCADE
);

CREATE INDEX portfolio_constraint_by_pair
    ON portfolio_constraint (region, portfolio_id, product_id, id);

-- What an imported product brings along into a portfolio of the recipient's: the template constraints
-- of the imported portfolio, the first by id of those through which the recipient sees the product,
-- and its launch constraint unless there is one, or a stack set, on the spot. CROSS JOIN makes SQLite
-- begin with the portfolio, never with all constraints of a Region.
CREATE VIEW inherited_constraint AS
SELECT l.region, l.portfolio_id, l.product_id, l.portfolio_account AS account, c.id, c.body
FROM portfolio_product l
CROSS JOIN portfolio_constraint c
WHERE c.region = l.region AND c.product_id = l.product_id
    AND c.portfolio_id = (
        SELECT MIN(up.portfolio_id) FROM portfolio_product up
        WHERE up.region = l.region AND up.product_id = l.product_id
            AND up.portfolio_account = l.product_account
            AND EXISTS (
                SELECT 1 FROM seen_share s
                WHERE s.region = up.region AND s.portfolio_id = up.portfolio_id
                    AND s.account = l.portfolio_account
            )
    )
    AND l.product_account <> l.portfolio_account
    AND (c.kind = 'TEMPLATE' OR c.kind = 'LAUNCH' AND NOT EXISTS (
        SELECT 1 FROM portfolio_constraint own
        WHERE own.region = l.region AND own.portfolio_id = l.portfolio_id
            AND own.product_id = l.product_id AND own.kind IN ('LAUNCH', 'STACKSET')
    ));

-- tag_options -------------------------------------------------------------------------------------

CREATE TABLE tag_option (
    region TEXT NOT NULL,
    id TEXT NOT NULL,
    account TEXT NOT NULL,
    tag_key TEXT NOT NULL,
    tag_value TEXT NOT NULL,
    active BIGINT NOT NULL,
    PRIMARY KEY (region, id),
    UNIQUE (account, region, tag_key, tag_value)
);

CREATE INDEX tag_option_by_id ON tag_option (account, region, id);
CREATE INDEX tag_option_by_key ON tag_option (account, region, tag_key, id);

-- `account` hung a TagOption of its own on a portfolio or product that it sees: its own, or one
-- shared with it.
CREATE TABLE tag_option_resource (
    region TEXT NOT NULL,
    resource_id TEXT NOT NULL,
    account TEXT NOT NULL,
    tag_option_id TEXT NOT NULL,
    PRIMARY KEY (region, resource_id, account, tag_option_id),
    FOREIGN KEY (region, tag_option_id) REFERENCES tag_option (region, id) ON DELETE CASCADE
);

CREATE INDEX tag_option_resource_by_option
    ON tag_option_resource (region, tag_option_id, resource_id);
CREATE INDEX tag_option_resource_by_account ON tag_option_resource (account, region, resource_id);

-- budgets -----------------------------------------------------------------------------------------

-- `account` hung its budget of this name on a portfolio or product that it sees.
CREATE TABLE budget_resource (
    region TEXT NOT NULL,
    resource_id TEXT NOT NULL,
    account TEXT NOT NULL,
    budget TEXT NOT NULL,
    PRIMARY KEY (region, resource_id, account, budget)
);

CREATE INDEX budget_resource_by_account ON budget_resource (account, region, resource_id);

-- service_actions ---------------------------------------------------------------------------------

CREATE TABLE service_action (
    region TEXT NOT NULL,
    id TEXT NOT NULL,
    account TEXT NOT NULL,
    created BIGINT NOT NULL,
    body TEXT NOT NULL,
    PRIMARY KEY (region, id)
);

CREATE INDEX service_action_by_creation ON service_action (account, region, created, id);

-- `account` owns both.
CREATE TABLE service_action_artifact (
    region TEXT NOT NULL,
    artifact_id TEXT NOT NULL,
    service_action_id TEXT NOT NULL,
    account TEXT NOT NULL,
    created BIGINT NOT NULL,
    PRIMARY KEY (region, artifact_id, service_action_id),
    FOREIGN KEY (region, service_action_id) REFERENCES service_action (region, id),
    FOREIGN KEY (region, artifact_id) REFERENCES artifact (region, id) ON DELETE CASCADE
);

CREATE INDEX service_action_artifact_by_action
    ON service_action_artifact (region, service_action_id, artifact_id);

-- organizations -----------------------------------------------------------------------------------

-- The one organization: `one` is 1.
CREATE TABLE organization (
    one BIGINT PRIMARY KEY,
    id TEXT NOT NULL,
    management_account TEXT NOT NULL,
    enabled BIGINT NOT NULL,
    delegates_count BIGINT NOT NULL,
    body TEXT NOT NULL
);

CREATE TABLE organization_delegate (
    account TEXT PRIMARY KEY
);

-- What a portfolio can be shared with: `o-…`, `ou-…`, `member/ID`.
CREATE TABLE organization_node (
    node TEXT PRIMARY KEY
);

-- identities --------------------------------------------------------------------------------------

-- `generation` is raised by each change of what commands describe, so that servers see that there was
-- one. Only the master key that the secrets are sealed with opens `key_check`.
CREATE TABLE identity_state (
    one BIGINT PRIMARY KEY,
    generation BIGINT NOT NULL,
    organization TEXT,
    key_check TEXT
);

INSERT INTO identity_state (one, generation, organization, key_check) VALUES (1, 0, NULL, NULL);

CREATE TABLE identity_account (
    id TEXT PRIMARY KEY,
    body TEXT NOT NULL
);

-- `secret` is sealed; without a user it is the key of the account's root.
CREATE TABLE identity_key (
    id TEXT PRIMARY KEY,
    account TEXT NOT NULL,
    user_name TEXT,
    secret TEXT NOT NULL,
    FOREIGN KEY (account) REFERENCES identity_account (id)
);

CREATE INDEX identity_key_by_account ON identity_key (account);
