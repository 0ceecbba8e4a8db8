//! Documents as users write them, and every mistake told at once.

use mimeo_world::{Origin, read};

const WORLD: &str = r#"
portfolios:
  Platform:
    account: hub
    provider: Platform team
    products: [network]
    shares:
      - account: spoke
        accepted: false
products:
  network:
    account: hub
    owner: Platform team
    tags: {team: platform}
    versions:
      "1.0": {template: templates/network.yaml, guidance: DEPRECATED, active: false}
      "2.0":
        description: the second
        template_body: |
          Resources: {}
accounts: {hub: "111111111111", spoke: 222222222222}
regions: [us-east-1, eu-west-1]
mimeo: 1
"#;

fn problems(text: &str) -> Vec<String> {
    let problems = read(text).expect_err("a document with problems");
    problems.iter().map(ToString::to_string).collect()
}

#[test]
fn a_document_reads_in_any_order_of_its_keys() {
    let world = read(WORLD).expect("a world");
    assert_eq!(world.accounts["spoke"].as_str(), "222222222222");
    let product = &world.products["network"];
    assert_eq!(product.regions.len(), 2);
    let names: Vec<&str> = product.versions.iter().map(|v| v.name.as_str()).collect();
    assert_eq!(names, ["1.0", "2.0"]);
    let first = &product.versions[0];
    assert_eq!(first.origin, Origin::File("templates/network.yaml".into()));
    assert!(!first.active);
    let second = &product.versions[1];
    assert_eq!(second.origin, Origin::Inline("Resources: {}\n".into()));
    assert_eq!(second.guidance, "DEFAULT");
    let portfolio = &world.portfolios["Platform"];
    assert_eq!(portfolio.products, ["network"]);
    assert!(!portfolio.shares[0].accepted);
}

#[test]
fn all_problems_are_told_at_once_in_the_order_of_their_lines() {
    let text = r#"mimeo: 2
accounts:
  hub: "12"
  spoke: "222222222222"
regions: [us-east-1]
products:
  network:
    account: nobody
    owners: me
    versions:
      "1.0": {template: a, template_url: b}
portfolios:
  Platform:
    account: spoke
    provider: p
    products: [network, missing]
    constraints: []
    shares:
      - {account: spoke, accepted: "true"}
"#;
    let told = problems(text);
    for (at, wanted) in [
        "line 1: `mimeo` is \"2\"",
        "line 3: account `hub`: \"12\" is not",
        "line 7: product `network` needs `owner`",
        "line 7: product `network`: there is no account `nobody`",
        "line 9: product `network` has no `owners`; the keys are `versions`",
        "line 11: version `1.0` needs one of",
        "line 13: portfolio `Platform`: there is no product `missing`",
        "line 17: `constraints` of portfolio `Platform`: not supported yet",
        "line 19: `accepted` of a share must be true or false",
        "line 19: portfolio `Platform` cannot be shared with its own account",
    ]
    .iter()
    .enumerate()
    {
        assert!(told[at].starts_with(wanted), "{wanted}\n{told:#?}");
    }
    assert_eq!(told.len(), 10, "{told:#?}");
}

#[test]
fn what_is_no_document_is_told_with_its_line_and_within_bounds() {
    for (text, wanted) in [
        ("", "line 1: the document is empty"),
        ("[1]", "must be keys with values"),
        ("a: 1\n---\nb: 1", "line 2: there is one document"),
        ("a: &x 1\nb: *x", "line 1: anchors and tags"),
        ("a: {", "this is not YAML"),
        (
            "mimeo: 1\nmimeo: 1\naccounts: {}",
            "line 2: the document: `mimeo` is given twice",
        ),
    ] {
        let told = problems(text);
        assert!(
            told.iter().any(|told| told.contains(wanted)),
            "{wanted} in {told:?}"
        );
    }
    let deep = format!("a: {}{}", "[".repeat(100), "]".repeat(100));
    assert!(problems(&deep)[0].contains("nests deeper than 16"));
    let many = format!("mimeo: 1\naccounts: {{}}\n{}", "x: 1\n".repeat(500));
    assert_eq!(problems(&many).len(), 100);
}
