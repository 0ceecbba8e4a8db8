//! Documents as users write them, and every mistake told at once.

use mimeo_domain::Quotas;
use mimeo_domain::principals::Kind;
use mimeo_world::{Origin, Problem, With, World};

fn read(text: &str) -> Result<World, Vec<Problem>> {
    mimeo_world::read(text, &Quotas::default())
}

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
    constraint: []
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
        "line 17: portfolio `Platform` has no `constraint`; the keys are",
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
        ("a: {", "line 1: this is not YAML"),
        ("a:\n  - {b", "line 2: this is not YAML"),
        (":\n? # no key", "line 2: the document: `` is given twice"),
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
    assert!(problems(&deep)[0].contains("nests deeper than 32"));
    let many = format!("mimeo: 1\naccounts: {{}}\n{}", "x: 1\n".repeat(500));
    assert_eq!(problems(&many).len(), 100);
}

const ORGANIZED: &str = r#"mimeo: 1
regions: [us-east-1]
accounts: {hub: "111111111111", tools: "222222222222", shop: "333333333333", other: "444444444444"}
organization:
  management: hub
  delegated_administrators: [tools]
  accounts: [tools]
  units:
    Workloads: {}
    Production: {parent: Workloads, accounts: [shop]}
products:
  a:
    account: tools
    owner: o
    tag_options: {stage: [test, test], team: one}
    budgets: [monthly]
    versions: {"1": {template: a.yaml}}
portfolios:
  P:
    account: tools
    provider: p
    products: [a]
    shares:
      - {unit: Workloads, principals: true}
      - {organization: true, tag_options: true}
      - {member: shop}
    principals:
      - {role: service/Admin}
      - {account: shop, user: ada}
      - {pattern: role/Dev*}
    constraints:
      - product: a
        type: STACKSET
        parameters:
          Version: String
          Properties: {AccountList: ["333333333333"], RegionList: [us-east-1]}
copies:
  - {product: a, account: shop}
  - {product: a, region: eu-west-1, name: b}
"#;

#[test]
fn units_and_accounts_are_named_and_have_the_same_ids_every_time() {
    let world = read(ORGANIZED).expect("a world");
    let organization = world.organization.as_ref().expect("an organization");
    assert_eq!(organization.id, "o-111111111111");
    let [workloads, production] = &organization.units[..] else {
        panic!("two units, not {:?}", organization.units)
    };
    assert_eq!(production.parent, Some(workloads.id.clone()));
    assert_eq!(organization.accounts.len(), 3);
    assert_eq!(read(ORGANIZED).expect("a world"), world);
    let portfolio = &world.portfolios["P"];
    assert_eq!(portfolio.shares[0].with, With::Unit("Workloads".into()));
    assert!(portfolio.shares[0].principals && !portfolio.shares[0].accepted);
    let arns = portfolio.principals.iter().map(|principal| {
        let account = &world.accounts[&principal.account];
        principal.who.principal("aws", account)
    });
    let wanted = [
        (Kind::Iam, "arn:aws:iam::222222222222:role/service/Admin"),
        (Kind::Iam, "arn:aws:iam::333333333333:user/ada"),
        (Kind::Pattern, "arn:aws:iam:::role/Dev*"),
    ];
    assert!(arns.eq(wanted.map(|(kind, arn)| (kind, arn.to_owned()))));
    let hung = &world.products["a"].hung;
    assert_eq!(hung.tag_options["stage"].len(), 1);
    assert_eq!(hung.tag_options["team"].len(), 1);
    assert_eq!(world.copies[0].region, world.copies[0].from);
    assert_eq!(world.copies[1].account, "tools");
}

#[test]
fn parameters_are_json_in_which_what_is_written_plain_keeps_its_kind() {
    let text = ORGANIZED.replace("Version: String", "Version: \"1.0\"");
    let text = text.replace(
        "RegionList: [us-east-1]",
        "RegionList: [us-east-1], Deep: [true, 7, \"7\", 1.5, 007, ~, yes]",
    );
    let told = read(&text).map(|world| world.portfolios["P"].constraints[0].parameters.clone());
    let told = match told {
        Ok(parameters) => parameters,
        Err(problems) => panic!("{problems:?}"),
    };
    assert!(
        told.contains(r#"[true,7,"7",1.5,"007",null,"yes"]"#),
        "{told}"
    );
}

#[test]
fn whatever_is_refused_for_sure_is_told_with_its_line() {
    for (from, to, wanted) in [
        (
            "management: hub",
            "management: nobody",
            "line 5: the organization: there is no account `nobody`",
        ),
        (
            "accounts: [tools]",
            "accounts: [tools, shop]",
            "account `shop` has more than one place",
        ),
        (
            "accounts: [tools]",
            "accounts: []",
            "delegated administrator `tools` is not",
        ),
        (
            "Workloads: {}",
            "Workloads: {parent: Production}",
            "unit `Workloads` is above itself",
        ),
        (
            "{parent: Workloads, ",
            "{parent: Nothing, ",
            "there is no unit \"Nothing\" above it",
        ),
        (
            "unit: Workloads,",
            "unit: Nothing,",
            "line 24: a share of portfolio `P`: there is no unit `Nothing`",
        ),
        (
            "- {member: shop}",
            "- {member: other}",
            "account `other` is not in the organization",
        ),
        (
            "- {member: shop}",
            "- {member: shop, unit: Workloads}",
            "line 26: a share needs one of",
        ),
        ("- {member: shop}", "- {}", "line 26: a share needs one of"),
        (
            "- {member: shop}",
            "- {member: shop, accepted: true}",
            "line 26: what is shared through the organization",
        ),
        (
            "- {member: shop}",
            "- {account: shop, principals: true}",
            "line 26: `principals` travel through",
        ),
        (
            "administrators: [tools]",
            "administrators: []",
            "`tools` does not administer the organization",
        ),
        (
            "{role: service/Admin}",
            "{role: a, user: b}",
            "line 28: a principal needs one of",
        ),
        (
            "{role: service/Admin}",
            "{role: 'a*'}",
            "line 28: a principal of portfolio `P`: ",
        ),
        (
            "{account: shop, user",
            "{account: other, user",
            "line 29: a principal of portfolio `P`: it is not shared with account `other`",
        ),
        (
            "{account: shop, user",
            "{account: none, user",
            "line 29: a principal of portfolio `P`: there is no account `none`",
        ),
        (
            "- product: a\n",
            "- product: c\n",
            "line 32: a constraint of portfolio `P`: it does not hold product `c`",
        ),
        ("STACKSET", "STACK", "line 32: a constraint: "),
        (
            "AccountList: [\"333333333333\"]",
            "AccountList: [3]",
            "line 32: a constraint of portfolio `P`: ",
        ),
        (
            "copies:",
            "      - {product: a, type: LAUNCH, parameters: {LocalRoleName: x}}\ncopies:",
            "line 37: a constraint of portfolio `P`: ",
        ),
        (
            "copies:\n",
            "copies:\n  - {product: z}\n",
            "line 38: a copy: there is no product `z`",
        ),
        (
            "{product: a, account: shop}",
            "{product: a}",
            "line 38: a copy: `tools` has a product `a` in us-east-1 already",
        ),
        (
            "{product: a, account: shop}",
            "{product: a, from: eu-west-1}",
            "line 38: a copy: product `a` is not in eu-west-1",
        ),
    ] {
        let text = ORGANIZED.replace(from, to);
        assert_ne!(text, ORGANIZED, "{from}");
        let told = problems(&text);
        assert!(
            told.iter().any(|told| told.contains(wanted)),
            "{wanted} in {told:#?}"
        );
    }
}
