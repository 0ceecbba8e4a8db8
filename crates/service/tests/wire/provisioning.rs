//! Provisioning: what a launch asks for and is told.

use mimeo_service::{Fetching, Shelves};
use mimeo_templates::shelf::Shelf;
use mimeo_testkit::{Account, Portfolio, Product, World, id_of, merged};
use serde_json::{Value, json};

use crate::constraints::{notification, set};
use crate::told::{INVALID, NOT_FOUND, Told, refused};

const PARAMETERS: &str = "DescribeProvisioningParameters";
const ROLE: &str = "arn:aws:iam::111111111111:role/team/Launch";
const TEMPLATE: &str = r"
Description: A database
Metadata: {Order: [Size, Password], Also: 1}
Parameters:
  Size:
    Type: String
    Default: s
    AllowedValues: [s, m]
    Description: How large
  Password:
    Type: String
    NoEcho: true
    Default: hunter22
    AllowedPattern: '[a-z0-9]+'
    ConstraintDescription: Letters and digits
    MinLength: 8
    MaxLength: 64
  Zones:
    Type: Number
    MinValue: 1
    MaxValue: 3
Rules:
  size:
    Assertions:
      - Assert: !Contains [[s, m], !Ref Size]
Resources:
  Role:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument: {Statement: []}
Outputs:
  Zones:
    Value: !Ref Zones
  Arn:
    Description: Of the role
    Value: !GetAtt Role.Arn
";

fn rules(value: &str) -> Value {
    json!({"Assertions": [{"Assert": {"Fn::Equals": [{"Ref": "Size"}, value]}}]})
}

/// Parameters of a TEMPLATE constraint with one rule.
fn template(name: &str, value: &str) -> String {
    json!({"Rules": {name: rules(value)}}).to_string()
}

fn launch_role(arn: &str) -> String {
    json!({"RoleArn": arn}).to_string()
}

/// A product whose first version has this template; with `members` of its parameters besides.
async fn of_template(account: &Account, body: &str, members: Value) -> Product {
    let url = account.template("database.yaml", body).await;
    let version = json!({
        "Info": {"LoadTemplateFromURL": url},
        "Name": "v1",
        "Type": "CLOUD_FORMATION_TEMPLATE",
    });
    let parameters = json!({"ProvisioningArtifactParameters": merged(version, members)});
    account.product_with("database", parameters).await
}

async fn of_first(product: &Product) -> Value {
    let first = product.version_ids().await.remove(0);
    json!({"ProductId": product.id, "ProvisioningArtifactId": first})
}

/// The values of one type of usage instructions.
fn told_of(answer: &Value, kind: &str) -> Vec<String> {
    let told = answer["UsageInstructions"].as_array().expect("a list");
    let of_kind = told.iter().filter(|one| one["Type"] == kind);
    of_kind.map(|one| id_of(one, "/Value")).collect()
}

fn rule_names(answer: &Value) -> Vec<String> {
    let rules: Value = serde_json::from_str(&told_of(answer, "rules")[0]).expect("JSON");
    let rules = rules.as_object().expect("rules by name");
    rules.keys().cloned().collect()
}

fn summaries(answer: &Value) -> Vec<String> {
    let listed = answer["ConstraintSummaries"].as_array().expect("a list");
    let mut types: Vec<String> = listed.iter().map(|one| id_of(one, "/Type")).collect();
    types.sort();
    types
}

/// The hub's product in its portfolio, which the spoke imported and lets its developers in to.
async fn imported(world: &World) -> (Account, Account, Product, Portfolio) {
    let [hub, spoke] = world.accounts(["hub", "spoke"]);
    let product = of_template(&hub, TEMPLATE, json!({})).await;
    let golden = hub.portfolio("golden").await.holds(&product).await;
    let golden = golden.shared_with(&spoke).await;
    spoke.lets_in(&golden, &spoke.role("Developer")).await;
    let developer = spoke.acting_as(&[&spoke.role("Developer")]);
    (spoke, developer, product, golden)
}

pub(crate) async fn answers(told: &mut Told) {
    let world = World::new().await;
    let [hub] = world.accounts(["hub"]);
    let described = json!({"Description": "the first"});
    let product = of_template(&hub, TEMPLATE, described)
        .await
        .versions(3)
        .await;
    let versions = product.version_ids().await;
    product
        .update_version(&versions[1], json!({"Active": false}))
        .await;
    let golden = hub.portfolio("golden").await.holds(&product).await;
    hub.lets_in(&golden, &hub.role("Developer")).await;
    let developer = hub.acting_as(&[&hub.role("Developer")]);
    for (on, value) in [
        (&golden.id, "net"),
        (&golden.id, "ops"),
        (&product.id, "db"),
    ] {
        let key = if value == "db" { "kind" } else { "team" };
        hub.tags(on, &hub.tag_option(key, value).await).await;
    }
    let launch = set(&golden, &product, "LAUNCH", &launch_role(ROLE)).await;
    let why = json!({"Description": "as the launcher", "Id": launch});
    hub.does("UpdateConstraint", why).await;
    set(&golden, &product, "TEMPLATE", &template("zones", "m")).await;
    let expected = expected(&versions);
    let first = json!({"ProductId": product.id, "ProvisioningArtifactId": versions[0]});
    let named = json!({"ProductName": "database", "ProvisioningArtifactName": "v1"});
    for input in [
        merged(first, json!({"PathId": golden.path_id()})),
        merged(named.clone(), json!({"PathName": "golden"})),
        named,
    ] {
        told.answer(&developer, PARAMETERS, input, |_| expected.clone())
            .await;
    }
}

fn expected(versions: &[String]) -> Value {
    let all_rules = json!({
        "size": {"Assertions": [{"Assert": {"Fn::Contains": [["s", "m"], {"Ref": "Size"}]}}]},
        "zones": rules("m"),
    });
    let reason = "The following resource(s) require capabilities: [AWS::IAM::Role]";
    let told = |(kind, value): (&str, &str)| json!({"Type": kind, "Value": value});
    let instructions = [
        ("rules", all_rules.to_string().as_str()),
        ("version", "2010-09-09"),
        ("capability", "CAPABILITY_IAM"),
        ("capabilitiesReason", reason),
        ("description", "A database"),
        ("metadata", r#"{"Order":["Size","Password"],"Also":1}"#),
        ("launchAsRole", ROLE),
        ("tagUpdateOnProvisionedProduct", "NOT_ALLOWED"),
    ]
    .map(told);
    json!({
        "ConstraintSummaries": [
            {"Description": "as the launcher", "Type": "LAUNCH"},
            {"Type": "TEMPLATE"},
        ],
        "ProvisioningArtifactOutputKeys": [
            {"Key": "Zones"},
            {"Description": "Of the role", "Key": "Arn"},
        ],
        "ProvisioningArtifactOutputs": [
            {"Description": "the first", "Key": versions[0]},
            {"Description": "", "Key": versions[2]},
        ],
        "ProvisioningArtifactParameters": [
            {
                "DefaultValue": "s",
                "Description": "How large",
                "IsNoEcho": false,
                "ParameterConstraints": {"AllowedValues": ["s", "m"]},
                "ParameterKey": "Size",
                "ParameterType": "String",
            },
            {
                "DefaultValue": "****",
                "IsNoEcho": true,
                "ParameterConstraints": {
                    "AllowedPattern": "[a-z0-9]+",
                    "AllowedValues": [],
                    "ConstraintDescription": "Letters and digits",
                    "MaxLength": "64",
                    "MinLength": "8",
                },
                "ParameterKey": "Password",
                "ParameterType": "String",
            },
            {
                "IsNoEcho": false,
                "ParameterConstraints": {
                    "AllowedValues": [],
                    "MaxValue": "3",
                    "MinValue": "1",
                },
                "ParameterKey": "Zones",
                "ParameterType": "Number",
            },
        ],
        "ProvisioningArtifactPreferences": {},
        "TagOptions": [
            {"Key": "kind", "Values": ["db"]},
            {"Key": "team", "Values": ["net", "ops"]},
        ],
        "UsageInstructions": instructions,
    })
}

#[tokio::test]
async fn what_there_is_not_is_told_as_empty() {
    let world = World::new().await;
    let [hub] = world.accounts(["hub"]);
    let body = "Resources: {Topic: {Type: AWS::SNS::Topic}}";
    let product = of_template(&hub, body, json!({})).await;
    let golden = hub.portfolio("golden").await.holds(&product).await;
    hub.lets_in(&golden, &hub.role("Developer")).await;
    let input = of_first(&product).await;
    let version = input["ProvisioningArtifactId"].clone();
    let answer = hub.does(PARAMETERS, input).await;
    let expected = json!({
        "ConstraintSummaries": [],
        "ProvisioningArtifactOutputKeys": [],
        "ProvisioningArtifactOutputs": [{"Description": "", "Key": version}],
        "ProvisioningArtifactParameters": [],
        "ProvisioningArtifactPreferences": {},
        "TagOptions": [],
        "UsageInstructions": [
            {"Type": "rules", "Value": "{}"},
            {"Type": "version", "Value": "2010-09-09"},
            {"Type": "tagUpdateOnProvisionedProduct", "Value": "NOT_ALLOWED"},
        ],
    });
    assert_eq!(answer, expected);
}

#[tokio::test]
async fn an_owners_launch_role_holds_where_its_portfolio_is_imported() {
    for world in World::on_each_engine().await {
        let (spoke, developer, product, golden) = imported(&world).await;
        let input = of_first(&product).await;
        let before = developer.does(PARAMETERS, input.clone()).await;
        assert_eq!(told_of(&before, "launchAsRole"), Vec::<String>::new());
        let launch = set(&golden, &product, "LAUNCH", &launch_role(ROLE)).await;
        let answer = developer.does(PARAMETERS, input.clone()).await;
        assert_eq!(told_of(&answer, "launchAsRole"), [ROLE]);
        let local = json!({"Id": launch, "Parameters": r#"{"LocalRoleName":"Launch"}"#});
        golden.owner.does("UpdateConstraint", local).await;
        let answer = developer.does(PARAMETERS, input.clone()).await;
        let own = format!("arn:aws:iam::{}:role/Launch", spoke.id());
        assert_eq!(told_of(&answer, "launchAsRole"), [own]);

        golden.unshared_from(&spoke).await;
        let message = format!("No launch paths found for resource: {}", product.id);
        refused(&developer, PARAMETERS, input, NOT_FOUND, &message).await;
    }
}

#[tokio::test]
async fn in_a_portfolio_of_its_own_a_recipient_overrides_the_role_and_adds_rules() {
    for world in World::on_each_engine().await {
        let (spoke, developer, product, golden) = imported(&world).await;
        set(&golden, &product, "LAUNCH", &launch_role(ROLE)).await;
        set(&golden, &product, "TEMPLATE", &template("owner", "s")).await;
        let local = spoke.portfolio("local").await.holds(&product).await;
        spoke.lets_in(&local, &spoke.role("Developer")).await;
        let path = json!({"PathName": "local"});
        let input = merged(of_first(&product).await, path);
        let answer = developer.does(PARAMETERS, input.clone()).await;
        assert_eq!(told_of(&answer, "launchAsRole"), [ROLE]);
        assert_eq!(rule_names(&answer), ["owner", "size"]);

        let theirs = "arn:aws:iam::222222222222:role/Theirs";
        set(&local, &product, "LAUNCH", &launch_role(theirs)).await;
        set(&local, &product, "TEMPLATE", &template("theirs", "m")).await;
        let tags = r#"{"Version":"2.0","Properties":{"TagUpdateOnProvisionedProduct":"ALLOWED"}}"#;
        set(&local, &product, "RESOURCE_UPDATE", tags).await;
        notification(&local, &product).await;
        let answer = developer.does(PARAMETERS, input.clone()).await;
        assert_eq!(told_of(&answer, "launchAsRole"), [theirs]);
        assert_eq!(rule_names(&answer), ["owner", "size", "theirs"]);
        let allowed = told_of(&answer, "tagUpdateOnProvisionedProduct");
        assert_eq!(allowed, ["ALLOWED"]);
        let all = [
            "LAUNCH",
            "NOTIFICATION",
            "RESOURCE_UPDATE",
            "TEMPLATE",
            "TEMPLATE",
        ];
        assert_eq!(summaries(&answer), all);

        let input = merged(input, json!({"PathName": "golden"}));
        let answer = developer.does(PARAMETERS, input).await;
        assert_eq!(told_of(&answer, "launchAsRole"), [ROLE]);
        assert_eq!(rule_names(&answer), ["owner", "size"]);
    }
}

#[tokio::test]
async fn a_stack_set_tells_its_accounts_and_regions_in_order() {
    let world = World::new().await;
    let (_, developer, product, golden) = imported(&world).await;
    let parameters = json!({"Version": "1", "Properties": {
        "AccountList": ["222222222222", "111111111111"],
        "RegionList": ["us-west-2", "eu-west-1"],
        "AdminRole": "arn:aws:iam::111111111111:role/Admin",
        "ExecutionRole": "Exec",
    }});
    set(&golden, &product, "STACKSET", &parameters.to_string()).await;
    let answer = developer.does(PARAMETERS, of_first(&product).await).await;
    let expected = json!({
        "StackSetAccounts": ["222222222222", "111111111111"],
        "StackSetRegions": ["us-west-2", "eu-west-1"],
    });
    assert_eq!(answer["ProvisioningArtifactPreferences"], expected);
}

#[tokio::test]
async fn tag_options_that_contradict_each_other_leave_a_key_without_values() {
    for world in World::on_each_engine().await {
        let [hub] = world.accounts(["hub"]);
        let product = of_template(&hub, TEMPLATE, json!({})).await;
        let golden = hub.portfolio("golden").await.holds(&product).await;
        hub.lets_in(&golden, &hub.role("Developer")).await;
        let (net, ops) = (
            hub.tag_option("team", "net").await,
            hub.tag_option("team", "ops").await,
        );
        hub.tags(&golden.id, &net).await;
        hub.tags(&product.id, &ops).await;
        let input = of_first(&product).await;
        let of_team = async |values: Value| {
            let answer = hub.does(PARAMETERS, input.clone()).await;
            let expected = json!([{"Key": "team", "Values": values}]);
            assert_eq!(answer["TagOptions"], expected);
        };
        of_team(json!([])).await;
        hub.tags(&golden.id, &ops).await;
        of_team(json!(["ops"])).await;
        let inactive = json!({"Active": false, "Id": ops});
        hub.does("UpdateTagOption", inactive).await;
        of_team(json!(["net"])).await;
    }
}

#[tokio::test]
async fn of_several_paths_one_is_named() {
    let world = World::new().await;
    let (spoke, developer, product, golden) = imported(&world).await;
    let local = spoke.portfolio("golden").await.holds(&product).await;
    spoke.lets_in(&local, &spoke.role("Developer")).await;
    let input = of_first(&product).await;
    let several = "More than one launch path ids exist. Please specify the launch path id";
    for (path, message) in [
        (json!({}), several),
        (json!({"PathName": "golden"}), several),
        (json!({"PathId": "lpv2-a"}), "Invalid PathId: lpv2-a"),
        (json!({"PathName": "Golden"}), "Invalid PathName: Golden"),
        (
            json!({"PathId": golden.path_id(), "PathName": "golden"}),
            "Give at most one of PathId and PathName.",
        ),
    ] {
        let input = merged(input.clone(), path);
        refused(&developer, PARAMETERS, input, INVALID, message).await;
    }
    for path in [golden.path_id(), local.path_id()] {
        let input = merged(input.clone(), json!({"PathId": path}));
        developer.does(PARAMETERS, input).await;
    }
}

#[tokio::test]
async fn product_and_version_are_each_named_once_and_seen() {
    let world = World::new().await;
    let (_, developer, product, _) = imported(&world).await;
    let versions = product.clone().versions(3).await.version_ids().await;
    product
        .update_version(&versions[1], json!({"Name": "v3"}))
        .await;
    let by_id = json!({"ProductId": product.id});
    let version = json!({"ProvisioningArtifactId": versions[0]});
    let product_once = "Give exactly one of ProductId and ProductName.";
    let version_once = "Give exactly one of ProvisioningArtifactId and ProvisioningArtifactName.";
    let both_once = "Give exactly one of ProductId and ProductName, and exactly one of \
                     ProvisioningArtifactId and ProvisioningArtifactName.";
    for (input, message) in [
        (json!({}), both_once),
        (version.clone(), product_once),
        (by_id.clone(), version_once),
        (
            merged(
                version.clone(),
                json!({"ProductId": "prod-x", "ProductName": "x"}),
            ),
            product_once,
        ),
        (
            merged(by_id.clone(), json!({"ProvisioningArtifactName": "v3"})),
            "Multiple Provisioning Artifact with name v3 found.",
        ),
    ] {
        refused(&developer, PARAMETERS, input, INVALID, message).await;
    }
    let unseen = "Product with name nothing does not exist or access was denied.";
    let input = merged(version, json!({"ProductName": "nothing"}));
    refused(&developer, PARAMETERS, input, NOT_FOUND, unseen).await;

    // Hidden, then deleted, a version reads as one that never was; and its name is free.
    let input = merged(
        by_id.clone(),
        json!({"ProvisioningArtifactId": versions[1]}),
    );
    developer.does(PARAMETERS, input.clone()).await;
    product
        .update_version(&versions[1], json!({"Active": false}))
        .await;
    let gone = format!("Provisioning artifact {} not found.", versions[1]);
    refused(&developer, PARAMETERS, input.clone(), NOT_FOUND, &gone).await;
    let named = merged(by_id.clone(), json!({"ProvisioningArtifactName": "v3"}));
    developer.does(PARAMETERS, named).await;
    product
        .owner
        .does("DeleteProvisioningArtifact", input.clone())
        .await;
    refused(&developer, PARAMETERS, input, NOT_FOUND, &gone).await;
    let named = merged(by_id, json!({"ProvisioningArtifactName": "v2"}));
    let gone = "Provisioning Artifact with name v2 not found.";
    refused(&developer, PARAMETERS, named, NOT_FOUND, gone).await;
}

#[tokio::test]
async fn who_is_let_in_nowhere_is_told_of_nothing() {
    for world in World::on_each_engine().await {
        let (spoke, developer, product, golden) = imported(&world).await;
        let [third] = world.accounts(["third"]);
        let by_id = of_first(&product).await;
        let by_name = json!({"ProductName": "database", "ProvisioningArtifactName": "v1"});
        let unpathed = format!("No launch paths found for resource: {}", product.id);
        let unseen = "Product with name database does not exist or access was denied.";
        let hidden_from = async |account: &Account| {
            let (by_id, by_name) = (by_id.clone(), by_name.clone());
            refused(account, PARAMETERS, by_id, NOT_FOUND, &unpathed).await;
            refused(account, PARAMETERS, by_name, NOT_FOUND, unseen).await;
        };
        // The owner's administrator, whom no principal means, is no end user.
        for account in [
            &golden.owner,
            &third,
            &spoke.acting_as(&[&spoke.role("Other")]),
        ] {
            hidden_from(account).await;
        }
        developer.does(PARAMETERS, by_id.clone()).await;
        spoke.shuts_out(&golden, &spoke.role("Developer")).await;
        hidden_from(&developer).await;
    }
}

#[tokio::test]
async fn a_template_that_cannot_be_read_is_told() {
    let world = World::new().await;
    let [hub] = world.accounts(["hub"]);
    let unchecked = json!({"DisableTemplateValidation": true});
    let product = of_template(&hub, "Resources: {}", unchecked).await;
    let golden = hub.portfolio("golden").await.holds(&product).await;
    hub.lets_in(&golden, &hub.role("Developer")).await;
    let input = of_first(&product).await;
    let (code, message) = hub.is_refused(PARAMETERS, input).await;
    assert_eq!(code, INVALID);
    let start = "Invalid templateBody. Please make sure that your template is valid (";
    assert!(message.starts_with(start), "{message}");
}

#[tokio::test]
async fn a_template_that_was_changed_or_lost_on_disk_is_told() {
    let folder = std::env::temp_dir().join(format!("mimeo-wire-asked-{}", std::process::id()));
    let world = World::new().await.with(|world| {
        world.shelves = Shelves::common(Shelf::folder(&folder).expect("a folder of our own"));
    });
    let [hub] = world.accounts(["hub"]);
    let product = of_template(&hub, TEMPLATE, json!({})).await;
    let golden = hub.portfolio("golden").await.holds(&product).await;
    hub.lets_in(&golden, &hub.role("Developer")).await;
    let input = of_first(&product).await;
    hub.does(PARAMETERS, input.clone()).await;
    let verbose = merged(input.clone(), json!({"Verbose": true}));
    let described = hub.does("DescribeProvisioningArtifact", verbose).await;
    let digest = id_of(&described, "/Info/TemplateDigest").replace("sha256:", "");
    let file = folder.join(&digest[..2]).join(&digest);
    let message = format!(
        "The template of provisioning artifact {} is not there, or not what it was. Its owner must \
         make the version anew.",
        id_of(&input, "/ProvisioningArtifactId")
    );
    std::fs::write(&file, "Resources: {}").expect("it can be changed");
    refused(&hub, PARAMETERS, input.clone(), INVALID, &message).await;
    std::fs::remove_file(&file).expect("it can be lost");
    refused(&hub, PARAMETERS, input, INVALID, &message).await;
    std::fs::remove_dir_all(&folder).expect("our own folder");
}

#[tokio::test]
async fn a_version_that_was_made_without_a_template_has_no_parameters() {
    let world = World::new()
        .await
        .with(|world| world.fetching = Fetching::Off);
    let [hub] = world.accounts(["hub"]);
    let version = json!({
        "Info": {"LoadTemplateFromURL": "https://made-up.example/t.yaml"},
        "Type": "CLOUD_FORMATION_TEMPLATE",
    });
    let members = json!({"ProvisioningArtifactParameters": version});
    let product = hub.product_with("vpc", members).await;
    let golden = hub.portfolio("golden").await.holds(&product).await;
    hub.lets_in(&golden, &hub.role("Developer")).await;
    let answer = hub.does(PARAMETERS, of_first(&product).await).await;
    assert_eq!(answer["ProvisioningArtifactParameters"], json!([]));
    let told = json!([
        {"Type": "rules", "Value": "{}"},
        {"Type": "tagUpdateOnProvisionedProduct", "Value": "NOT_ALLOWED"},
    ]);
    assert_eq!(answer["UsageInstructions"], told);
}

#[tokio::test]
async fn a_version_of_another_engine_needs_a_launch_role_and_shows_no_parameters() {
    let world = World::new().await;
    let [hub] = world.accounts(["hub"]);
    let url = hub.template("main.tar.gz", "not a template").await;
    let product = json!({
        "ProductType": "EXTERNAL",
        "ProvisioningArtifactParameters": {
            "Info": {"LoadTemplateFromURL": url},
            "Name": "v1",
            "Type": "EXTERNAL",
        },
    });
    let product = hub.product_with("cluster", product).await;
    let golden = hub.portfolio("golden").await.holds(&product).await;
    hub.lets_in(&golden, &hub.role("Developer")).await;
    let input = of_first(&product).await;
    let message =
        "Error occurred during parameter parsing: LaunchRoleArn is required and must be non empty";
    refused(&hub, PARAMETERS, input.clone(), INVALID, message).await;
    set(&golden, &product, "LAUNCH", &launch_role(ROLE)).await;
    let answer = hub.does(PARAMETERS, input).await;
    assert_eq!(answer["ProvisioningArtifactParameters"], json!([]));
    assert_eq!(answer["ProvisioningArtifactOutputKeys"], json!([]));
    let told = json!([
        {"Type": "rules", "Value": "{}"},
        {"Type": "launchAsRole", "Value": ROLE},
        {"Type": "tagUpdateOnProvisionedProduct", "Value": "NOT_ALLOWED"},
    ]);
    assert_eq!(answer["UsageInstructions"], told);
}
