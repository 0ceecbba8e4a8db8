//! The compatibility table of the README, made from what the stories state and how many of the
//! probes that are made from the service model each operation passes.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use mimeo_api::OPERATIONS;
use serde::Deserialize;

const README: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../README.md");
const PROBES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../conformance/probes.json");
const BEGIN: &str = "<!-- compatibility table: begin -->\n";
const END: &str = "<!-- compatibility table: end -->";

/// What an operation that behaves does otherwise than AWS, or not yet.
const DIFFERENCES: &[(&str, &str)] = &[
    (
        "CopyProduct",
        "choices where AWS is silent are in [the copy guide](docs/explanation/copying.md)",
    ),
    (
        "CreateProduct",
        "no `SourceConnection`, no `ImportFromPhysicalId`",
    ),
    ("CreateProvisioningArtifact", "no `ImportFromPhysicalId`"),
    (
        "DescribePortfolioShareStatus",
        "operations are done when they are answered: always `COMPLETED`; the last 1,000 of an account in a Region are known",
    ),
    (
        "DescribeProvisioningArtifact",
        "`Verbose` adds the template's digest (ours); parameters of CloudFormation templates only",
    ),
    (
        "DescribeProvisioningParameters",
        "parameters of CloudFormation templates only; under `NoEcho` a default is told as `****`",
    ),
    (
        "DisableAWSOrganizationsAccess",
        "shares that stay go on following the organization's structure",
    ),
    (
        "RejectPortfolioShare",
        "what comes through the organization cannot be left",
    ),
    (
        "SearchProductsAsAdmin",
        "a filtered page may be shorter than asked for; the token goes on",
    ),
    ("UpdateProduct", "no `SourceConnection`"),
    (
        "AssociateBudgetWithResource",
        "any name is accepted: Mimeo has no budgets to look up",
    ),
    (
        "AssociatePrincipalWithPortfolio",
        "whether the principal exists is not looked up; it must be of the caller's account",
    ),
    (
        "CreateConstraint",
        "whether roles and topics exist is not looked up",
    ),
    ("CreateServiceAction", "SSM documents are not looked up"),
    (
        "SearchProducts",
        "aggregations by `Owner` and `ProductType`, on every page",
    ),
    (
        "UpdateConstraint",
        "whether roles and topics exist is not looked up",
    ),
    ("UpdateServiceAction", "SSM documents are not looked up"),
];

/// A line of the baseline that `conformance/test_probes.py` holds the real binary to.
#[derive(Deserialize)]
struct Probed {
    passed: u64,
    probes: u64,
}

fn probed() -> BTreeMap<String, Probed> {
    let text = std::fs::read_to_string(PROBES).expect("there is a baseline");
    serde_json::from_str(&text).expect("the baseline is JSON")
}

/// Compares the README with what was told; with `MIMEO_UPDATE=1` writes it there.
#[expect(
    clippy::disallowed_methods,
    reason = "only whoever updates the README sets the variable"
)]
pub(crate) fn holds(told: &BTreeSet<&'static str>) {
    let readme = std::fs::read_to_string(README).expect("there is a README");
    let (before, rest) = readme
        .split_once(BEGIN)
        .expect("the README has the table's begin");
    let (shown, after) = rest
        .split_once(END)
        .expect("the README has the table's end");
    let table = table(told);
    if std::env::var("MIMEO_UPDATE").is_ok() {
        let updated = format!("{before}{BEGIN}{table}{END}{after}");
        std::fs::write(README, updated).expect("the README can be written");
        return;
    }
    assert_eq!(shown, table, "`cargo xtask table` writes the table anew");
}

fn table(told: &BTreeSet<&'static str>) -> String {
    for (name, _) in DIFFERENCES {
        assert!(told.contains(name), "{name} differs but is not told");
    }
    let probed = probed();
    let differs = |name| DIFFERENCES.iter().find(|(operation, _)| *operation == name);
    let mut text = format!(
        "{} of {} operations; {} of them differ in a point that is named.\n\n",
        told.len(),
        OPERATIONS.len(),
        DIFFERENCES.len()
    );
    text.push_str("| operation | today | probes passed | what differs |\n|---|---|---|---|\n");
    for operation in OPERATIONS
        .iter()
        .filter(|operation| told.contains(operation.name))
    {
        let (today, note) = match differs(operation.name) {
            Some((_, note)) => ("differs", *note),
            None => ("behaves", ""),
        };
        let Probed { passed, probes } = &probed[operation.name];
        let name = operation.name;
        let _ = writeln!(text, "| {name} | {today} | {passed} of {probes} | {note} |");
    }
    let others = OPERATIONS.iter().map(|operation| operation.name);
    let others: Vec<&str> = others.filter(|name| !told.contains(name)).collect();
    let _ = writeln!(
        text,
        "\nNot yet: {}. They are decoded and checked like all others, and then answer 501 with a \
         message that says so.",
        others.join(", ")
    );
    text
}
