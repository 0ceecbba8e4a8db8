-- The copy at scale. The rules of 0001 hold: TEXT and BIGINT, milliseconds, 0 and 1, JSON text. Only
-- new tables, new columns with a default, and new indexes: servers of the release before go on working
-- beside this schema.

-- copies: whose products they come from, and what happened to them ----------------------------------

-- bodies on the shelf: which nothing names ----------------------------------------------------------

-- audit ---------------------------------------------------------------------------------------------

-- checks --------------------------------------------------------------------------------------------

-- Which copies landed on a product.
CREATE INDEX copy_by_target ON copy (region, target_product, token);
