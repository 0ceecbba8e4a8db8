//! Planted bugs: each must be found, or the campaign proves nothing.
//!
//! Most are planted by running a statement as another one, so that the code under test stays as it is.

use std::sync::OnceLock;

#[derive(Debug)]
pub(super) struct Bug {
    pub name: &'static str,
    pub what: &'static str,
    /// A seed that finds it. When requests or weather are drawn in another way, other seeds do: the
    /// long form looks for them from here on.
    pub found_at: u64,
    plant: Plant,
    /// Statements as they are, and as they are run.
    swapped: OnceLock<Vec<Swap>>,
}

type Swap = (&'static str, &'static str);

#[derive(Debug)]
enum Plant {
    /// In statements of a family `from` becomes `to`, where a work runs them whose type names `by`.
    Sql {
        statements: &'static [[&'static str; 2]],
        from: &'static str,
        to: &'static str,
        by: &'static str,
    },
    /// Leases go by the clock of the node and not by the database's.
    NodeClock,
}

const fn sql(
    name: &'static str,
    what: &'static str,
    found_at: u64,
    statements: &'static [[&'static str; 2]],
    [from, to]: [&'static str; 2],
    by: &'static str,
) -> Bug {
    let plant = Plant::Sql {
        statements,
        from,
        to,
        by,
    };
    Bug {
        name,
        what,
        found_at,
        plant,
        swapped: OnceLock::new(),
    }
}

const FENCE: [&str; 2] = ["fence = ?3", "?3 = ?3"];

/// Landing writes its progress first, under the same fence.
const LANDING: &[[&str; 2]] = &[["copies", "SUCCEED"], ["copies seen", "PROGRESS"]];

pub(super) static BUGS: [Bug; 20] = [
    sql(
        "success-without-fence",
        "A worker that lost its copy can still land it.",
        118,
        LANDING,
        FENCE,
        "",
    ),
    sql(
        "success-twice",
        "Landing looks neither at the fence nor at the state.",
        118,
        LANDING,
        ["fence = ?3 AND state = 'RUNNING'", "?3 = ?3"],
        "",
    ),
    sql(
        "plan-without-fence",
        "A worker that lost its copy can still store its plan.",
        66,
        &[["copies", "PLAN"]],
        FENCE,
        "",
    ),
    sql(
        "failure-without-fence",
        "A worker that lost its copy can still fail it.",
        402,
        &[["copies", "FAIL"]],
        FENCE,
        "",
    ),
    sql(
        "postpone-without-fence",
        "A worker that lost its copy can still put it off.",
        584,
        &[["copies", "POSTPONE"]],
        FENCE,
        "",
    ),
    sql(
        "heartbeat-without-fence",
        "A worker that lost its copy keeps the lease of the next one.",
        112,
        &[["copies", "HEARTBEAT"]],
        FENCE,
        "",
    ),
    sql(
        "give-back-without-fence",
        "A worker that lost its copy hands it back over the head of the next one.",
        124,
        &[["copies", "GIVE_BACK"]],
        FENCE,
        "",
    ),
    sql(
        "claim-under-old-fence",
        "A claim does not raise the fence.",
        0,
        &[["lanes", "CLAIM"]],
        ["fence = fence + 1", "fence = fence"],
        "",
    ),
    sql(
        "late-count",
        "A claim does not count the try before the work.",
        0,
        &[["lanes", "CLAIM"]],
        ["attempts = attempts + 1", "attempts = attempts"],
        "",
    ),
    sql(
        "claim-of-leased",
        "A copy is claimed although its lease runs.",
        32,
        &[["lanes", "CLAIM"]],
        ["due <= ?1", "due <= ?1 + 15000"],
        "",
    ),
    sql(
        "greedy-account",
        "One account may run any number of copies.",
        32,
        &[["lanes", "RUNNING"]],
        ["CAST(COUNT(*) AS BIGINT)", "0 * COUNT(*)"],
        "",
    ),
    sql(
        "plan-forgotten",
        "A later try reads the source again and does not use the stored plan.",
        12,
        &[["lanes", "CLAIM"]],
        ["body, plan", "body, NULL"],
        "",
    ),
    sql(
        "failed-but-unfinished",
        "A failed copy stays in the queue.",
        4,
        &[["copies", "FAIL"]],
        ["unfinished = 0", "unfinished = 1"],
        "",
    ),
    sql(
        "hand-back-counts",
        "A copy that a stopping worker hands back has lost a try.",
        86,
        &[["copies", "GIVE_BACK"]],
        ["attempts = attempts - 1", "attempts = attempts"],
        "",
    ),
    sql(
        "no-second-look",
        "Landing does not ask again whether the caller may see the source.",
        2,
        &[["products", "VISIBLE"]],
        ["account = ?3 OR", "?3 = ?3 OR"],
        "Landing",
    ),
    sql(
        "seen-by-all",
        "Whoever knows an id may copy the product.",
        1,
        &[["products", "VISIBLE"]],
        ["account = ?3 OR", "?3 = ?3 OR"],
        "",
    ),
    sql(
        "token-forgotten",
        "The answer to a request is not remembered under its token.",
        0,
        &[["replays", "INSERT"]],
        [
            "INSERT INTO replay (region, account, operation, token, fingerprint, answer, created) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
            "UPDATE replay SET created = ?7 WHERE created < 0",
        ],
        "CopyProduct",
    ),
    sql(
        "uncounted-product",
        "Landing does not look at the quota of products.",
        9,
        &[["tallies", "RAISE"]],
        ["RETURNING used", "RETURNING 0 * used"],
        "Landing",
    ),
    sql(
        "stale-answer",
        "A status is told from a copy of the row that is a moment old.",
        8,
        &[["copies", "FIND"]],
        [
            "region, state, fence",
            "region, CASE WHEN state = 'SUCCEEDED' AND fence > 1 THEN 'RUNNING' ELSE state END, fence",
        ],
        "DescribeCopyProductStatus",
    ),
    Bug {
        name: "node-clock",
        what: "Leases go by the clocks of the nodes.",
        found_at: 1,
        plant: Plant::NodeClock,
        swapped: OnceLock::new(),
    },
];

impl Bug {
    pub(super) fn node_clock(&self) -> bool {
        matches!(self.plant, Plant::NodeClock)
    }

    /// What is run in place of a statement.
    pub(super) fn statement(&self, work: &str, text: &'static str) -> &'static str {
        let Plant::Sql { by, .. } = self.plant else {
            return text;
        };
        let swapped = self.swapped.get_or_init(|| self.swap());
        let swap = swapped.iter().find(|(original, _)| *original == text);
        match swap {
            Some((_, swapped)) if work.contains(by) => swapped,
            _ => text,
        }
    }

    fn swap(&self) -> Vec<Swap> {
        let Plant::Sql {
            statements,
            from,
            to,
            ..
        } = self.plant
        else {
            return Vec::new();
        };
        let swap = |[family, name]: &[&'static str; 2]| {
            let families = mimeo_store::FAMILIES.iter();
            let original = families
                .filter(|(known, _)| known == family)
                .flat_map(|(_, statements)| statements.iter())
                .find(|(known, _)| known == name)
                .map_or("", |(_, text)| *text);
            assert!(
                original.contains(from),
                "{}: no {from:?} in {family}.{name}: {original}",
                self.name
            );
            // One text a bug, for the life of the process.
            let swapped: &'static str = original.replace(from, to).leak();
            (original, swapped)
        };
        statements.iter().map(swap).collect()
    }
}
