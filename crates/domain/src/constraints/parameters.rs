//! The parameters of constraints: JSON texts, a form a type.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::problems::{Form, Problems};
use super::{ConstraintType, LaunchRole, StackSet, TagUpdate, rules};
use crate::{Arn, Refusal};

/// Bytes of one constraint's parameters. Ours: AWS names no limit; a CloudFormation template that
/// is given as text may have 51,200 bytes, rules and all.
pub const PARAMETERS_BYTES_MAX: usize = 65_536;
/// SNS topics of one NOTIFICATION constraint (AWS's limit of a stack's notification ARNs).
const TOPICS_MAX: usize = 5;

/// What a constraint says, by its type.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum ConstraintParameters {
    Launch(LaunchRole),
    /// ARNs of SNS topics.
    Notification(Vec<String>),
    ResourceUpdate(TagUpdate),
    StackSet(StackSet),
    /// Rules by name, as they stand in CloudFormation's `Rules` section.
    Template(Map<String, Value>),
}

const ROLE_ARN: Form = Form {
    fits: is_role_arn,
    is: "the ARN of an IAM role, such as arn:aws:iam::123456789012:role/Launch",
};
const ROLE_NAME: Form = Form {
    fits: is_role_name,
    is: "the name of an IAM role: 1 to 64 letters, digits and _+=,.@-",
};
const TOPIC_ARN: Form = Form {
    fits: is_topic_arn,
    is: "the ARN of an SNS topic, such as arn:aws:sns:us-east-1:123456789012:launches",
};
const ACCOUNT: Form = Form {
    fits: |text| text.parse::<crate::AccountId>().is_ok(),
    is: "an account: twelve digits",
};
const REGION: Form = Form {
    fits: |text| text.parse::<crate::RegionName>().is_ok(),
    is: "a Region name such as eu-west-1",
};
const ALLOWED_OR_NOT: Form = Form {
    fits: |text| matches!(text, "ALLOWED" | "NOT_ALLOWED"),
    is: "ALLOWED or NOT_ALLOWED",
};
const ANY_TEXT: Form = Form {
    fits: |_| true,
    is: "a text",
};

impl ConstraintParameters {
    /// Reads the parameters of a constraint; a refusal tells all that is wrong with them.
    pub fn parse(constraint_type: ConstraintType, text: &str) -> Result<Self, Refusal> {
        let mut problems = Problems::default();
        let parsed = read(text, &mut problems)
            .and_then(|root| Self::of_type(constraint_type, &root, &mut problems));
        match parsed {
            Some(parameters) if problems.is_empty() => Ok(parameters),
            _ => Err(Refusal::ConstraintParameters {
                constraint_type,
                problems: problems.into_told(),
            }),
        }
    }

    fn of_type(
        constraint_type: ConstraintType,
        root: &Map<String, Value>,
        problems: &mut Problems,
    ) -> Option<Self> {
        match constraint_type {
            ConstraintType::Launch => launch(root, problems).map(Self::Launch),
            ConstraintType::Notification => notification(root, problems).map(Self::Notification),
            ConstraintType::ResourceUpdate => {
                resource_update(root, problems).map(Self::ResourceUpdate)
            }
            ConstraintType::StackSet => stack_set(root, problems).map(Self::StackSet),
            ConstraintType::Template => rules::read(root, problems).map(Self::Template),
        }
    }

    pub fn constraint_type(&self) -> ConstraintType {
        match self {
            Self::Launch(_) => ConstraintType::Launch,
            Self::Notification(_) => ConstraintType::Notification,
            Self::ResourceUpdate(_) => ConstraintType::ResourceUpdate,
            Self::StackSet(_) => ConstraintType::StackSet,
            Self::Template(_) => ConstraintType::Template,
        }
    }
}

fn read(text: &str, problems: &mut Problems) -> Option<Map<String, Value>> {
    if text.len() > PARAMETERS_BYTES_MAX {
        problems.add(
            "$",
            &format!("must have at most {PARAMETERS_BYTES_MAX} bytes"),
        );
        return None;
    }
    match serde_json::from_str(text) {
        Ok(Value::Object(root)) => return Some(root),
        Ok(_) => problems.add("$", "must be an object"),
        Err(error) => problems.add("$", &format!("must be JSON ({error})")),
    }
    None
}

fn launch(root: &Map<String, Value>, problems: &mut Problems) -> Option<LaunchRole> {
    let (arn, name) = (root.get("RoleArn"), root.get("LocalRoleName"));
    if arn.is_some() == name.is_some() {
        problems.add("$", "must hold exactly one of RoleArn and LocalRoleName");
    }
    let arn = arn.and_then(|arn| problems.text("$.RoleArn", arn, ROLE_ARN));
    let name = name.and_then(|name| problems.text("$.LocalRoleName", name, ROLE_NAME));
    let by_name = name.map(|name| LaunchRole::Local(name.to_owned()));
    arn.map(|arn| LaunchRole::Arn(arn.to_owned())).or(by_name)
}

fn notification(root: &Map<String, Value>, problems: &mut Problems) -> Option<Vec<String>> {
    let topics = problems.member("$", root, "NotificationArns")?;
    let topics = problems.texts("$.NotificationArns", topics, 1..=TOPICS_MAX, TOPIC_ARN)?;
    Some(topics.into_iter().map(str::to_owned).collect())
}

/// `Properties`, of the two types that have them. AWS prints several versions; any text will do.
fn properties<'a>(
    root: &'a Map<String, Value>,
    problems: &mut Problems,
) -> Option<&'a Map<String, Value>> {
    if let Some(version) = root.get("Version") {
        problems.text("$.Version", version, ANY_TEXT);
    }
    let properties = problems.member("$", root, "Properties")?;
    problems.object("$.Properties", properties)
}

fn resource_update(root: &Map<String, Value>, problems: &mut Problems) -> Option<TagUpdate> {
    let properties = properties(root, problems)?;
    let said = problems.member("$.Properties", properties, "TagUpdateOnProvisionedProduct")?;
    let at = "$.Properties.TagUpdateOnProvisionedProduct";
    let said = problems.text(at, said, ALLOWED_OR_NOT)?;
    Some(if said == "ALLOWED" {
        TagUpdate::Allowed
    } else {
        TagUpdate::NotAllowed
    })
}

fn stack_set(root: &Map<String, Value>, problems: &mut Problems) -> Option<StackSet> {
    let properties = properties(root, problems)?;
    let mut texts = |name: &str, form| {
        let list = problems.member("$.Properties", properties, name)?;
        problems.texts(&format!("$.Properties.{name}"), list, 1..=usize::MAX, form)
    };
    let accounts = texts("AccountList", ACCOUNT);
    let regions = texts("RegionList", REGION);
    let mut role = |name: &str, form| {
        let value = properties.get(name)?;
        let text = problems.text(&format!("$.Properties.{name}"), value, form)?;
        Some(text.to_owned())
    };
    let admin_role = role("AdminRole", ROLE_ARN);
    let execution_role = role("ExecutionRole", ROLE_NAME);
    if let Some(control) = properties.get("StackInstanceControl") {
        problems.text("$.Properties.StackInstanceControl", control, ALLOWED_OR_NOT);
    }
    let known = ["AccountList", "RegionList", "AdminRole", "ExecutionRole"];
    let others = properties
        .iter()
        .filter(|(name, _)| !known.contains(&name.as_str()));
    Some(StackSet {
        accounts: accounts?
            .iter()
            .filter_map(|text| text.parse().ok())
            .collect(),
        regions: regions?
            .iter()
            .filter_map(|text| text.parse().ok())
            .collect(),
        admin_role,
        execution_role,
        others: others
            .map(|(name, value)| (name.clone(), value.clone()))
            .collect(),
    })
}

/// IAM's rule for role names.
fn is_role_name(text: &str) -> bool {
    let fits =
        |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'+'..=b'.' | b'=' | b'@');
    (1..=64).contains(&text.len()) && text.bytes().all(fits)
}

fn is_role_arn(text: &str) -> bool {
    let Some(arn) = Arn::parse(text) else {
        return false;
    };
    let Some(path) = arn.resource.strip_prefix("role/") else {
        return false;
    };
    let (path, name) = path.rsplit_once('/').unwrap_or(("", path));
    arn.partition.starts_with("aws")
        && arn.service == "iam"
        && arn.region.is_empty()
        && (ACCOUNT.fits)(arn.account)
        && path.len() <= 510
        && path.bytes().all(|byte| byte.is_ascii_graphic())
        && is_role_name(name)
}

fn is_topic_arn(text: &str) -> bool {
    let Some(arn) = Arn::parse(text) else {
        return false;
    };
    let name = arn.resource.strip_suffix(".fifo").unwrap_or(arn.resource);
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    arn.partition.starts_with("aws")
        && arn.service == "sns"
        && (REGION.fits)(arn.region)
        && (ACCOUNT.fits)(arn.account)
        && (1..=256).contains(&name.len())
        && name.bytes().all(fits)
}

#[cfg(test)]
mod tests {
    use super::*;
    use ConstraintType::{Launch, Notification, ResourceUpdate, StackSet, Template};
    use serde_json::json;

    fn problems(constraint_type: ConstraintType, text: &str) -> Vec<String> {
        match ConstraintParameters::parse(constraint_type, text) {
            Err(Refusal::ConstraintParameters { problems, .. }) => problems,
            other => panic!("{text} gave {other:?}"),
        }
    }

    fn topic(number: usize) -> String {
        format!("arn:aws:sns:us-east-1:111111111111:topic-{number}.fifo")
    }

    #[test]
    fn what_aws_prints_is_read() {
        let arn = "arn:aws-us-gov:iam::111111111111:role/service/path/Launch.Role@x";
        let topics: Vec<String> = (0..5).map(topic).collect();
        let stack_set = |others| super::StackSet {
            accounts: vec!["111111111111".parse().expect("an account")],
            regions: vec![
                "us-east-2".parse().expect("a Region"),
                "eu-west-1".parse().expect("a Region"),
            ],
            admin_role: Some("arn:aws:iam::111111111111:role/Admin".into()),
            execution_role: Some("Exec".into()),
            others,
        };
        for (text, parameters) in [
            (
                json!({"RoleArn": arn}),
                ConstraintParameters::Launch(LaunchRole::Arn(arn.into())),
            ),
            (
                json!({"LocalRoleName": "SCLaunch-vpc"}),
                ConstraintParameters::Launch(LaunchRole::Local("SCLaunch-vpc".into())),
            ),
            (
                json!({"NotificationArns": topics}),
                ConstraintParameters::Notification(topics.clone()),
            ),
            (
                json!({"Version": "2.0", "Properties": {"TagUpdateOnProvisionedProduct": "ALLOWED"}}),
                ConstraintParameters::ResourceUpdate(TagUpdate::Allowed),
            ),
            (
                json!({"Properties": {"TagUpdateOnProvisionedProduct": "NOT_ALLOWED"}}),
                ConstraintParameters::ResourceUpdate(TagUpdate::NotAllowed),
            ),
            (
                json!({"Version": "String", "Properties": {
                    "AccountList": ["111111111111"], "RegionList": ["us-east-2", "eu-west-1"],
                    "AdminRole": "arn:aws:iam::111111111111:role/Admin", "ExecutionRole": "Exec",
                    "StackInstanceControl": "ALLOWED", "Later": [1],
                }}),
                ConstraintParameters::StackSet(stack_set(
                    [
                        ("Later".to_owned(), json!([1])),
                        ("StackInstanceControl".to_owned(), json!("ALLOWED")),
                    ]
                    .into_iter()
                    .collect(),
                )),
            ),
        ] {
            let constraint_type = parameters.constraint_type();
            let read = ConstraintParameters::parse(constraint_type, &text.to_string());
            assert_eq!(read, Ok(parameters), "{text}");
        }
    }

    #[test]
    fn what_is_no_object_is_no_parameters_of_any_type() {
        let deep = format!("{}{}", "[".repeat(10_000), "]".repeat(10_000));
        let long = format!("{{{}}}", " ".repeat(PARAMETERS_BYTES_MAX));
        for constraint_type in ConstraintType::ALL {
            for (text, problem) in [
                ("", "$ must be JSON"),
                ("{", "$ must be JSON"),
                ("{} x", "$ must be JSON"),
                ("{\"a\": \"\0\"}", "$ must be JSON"),
                (deep.as_str(), "$ must be JSON"),
                ("[]", "$ must be an object"),
                ("null", "$ must be an object"),
                (long.as_str(), "$ must have at most 65536 bytes"),
            ] {
                let told = problems(constraint_type, text);
                assert_eq!(told.len(), 1, "{told:?}");
                assert!(told[0].starts_with(problem), "{told:?}");
            }
        }
    }

    #[test]
    fn a_launch_role_is_one_role_well_written() {
        let one = "$ must hold exactly one of RoleArn and LocalRoleName";
        assert_eq!(problems(Launch, "{}"), [one]);
        let both = r#"{"RoleArn": "nonsense", "LocalRoleName": "a b"}"#;
        let not_an_arn = format!("$.RoleArn must be {}", ROLE_ARN.is);
        let not_a_name = format!("$.LocalRoleName must be {}", ROLE_NAME.is);
        let all = [one.to_owned(), not_an_arn.clone(), not_a_name.clone()];
        assert_eq!(problems(Launch, both), all);
        for arn in [
            "arn:aws:iam::111111111111:user/Launch",
            "arn:aws:iam::111111111111:role/",
            "arn:aws:iam::111111111111:role/a b",
            "arn:aws:iam::11111111111:role/Launch",
            "arn:aws:iam:us-east-1:111111111111:role/Launch",
            "arn:aws:sts::111111111111:role/Launch",
            "arn:gcp:iam::111111111111:role/Launch",
        ] {
            let text = json!({"RoleArn": arn}).to_string();
            assert_eq!(problems(Launch, &text), [not_an_arn.as_str()], "{arn}");
        }
        for name in ["", "role/x", "é", &"a".repeat(65)] {
            let text = json!({"LocalRoleName": name}).to_string();
            assert_eq!(problems(Launch, &text), [not_a_name.as_str()], "{name}");
        }
        assert_eq!(problems(Launch, r#"{"RoleArn": 7}"#), [not_an_arn.as_str()]);
    }

    #[test]
    fn topics_are_one_to_five_arns() {
        let missing = ["$.NotificationArns is missing"];
        assert_eq!(problems(Notification, "{}"), missing);
        let six: Vec<String> = (0..6).map(topic).collect();
        for list in [json!([]), json!(six), json!("arn"), json!(null)] {
            let text = json!({"NotificationArns": list}).to_string();
            let told = ["$.NotificationArns must be a list of 1 to 5"];
            assert_eq!(problems(Notification, &text), told, "{list}");
        }
        let text = json!({"NotificationArns": [
            topic(1), 7, "arn:aws:sqs:us-east-1:111111111111:x",
            "arn:aws:sns:us-east-1:111111111111:a/b",
        ]});
        let told: Vec<String> = (1..4)
            .map(|index| format!("$.NotificationArns[{index}] must be {}", TOPIC_ARN.is))
            .collect();
        assert_eq!(problems(Notification, &text.to_string()), told);
    }

    #[test]
    fn properties_are_told_all_their_problems() {
        let missing = ["$.Properties is missing"];
        for constraint_type in [ResourceUpdate, StackSet] {
            assert_eq!(problems(constraint_type, "{}"), missing);
            let text = r#"{"Version": 2, "Properties": []}"#;
            let told = ["$.Version must be a text", "$.Properties must be an object"];
            assert_eq!(problems(constraint_type, text), told);
        }
        let update = r#"{"Properties": {"TagUpdatesOnProvisionedProduct": "ALLOWED"}}"#;
        let told = ["$.Properties.TagUpdateOnProvisionedProduct is missing"];
        assert_eq!(problems(ResourceUpdate, update), told);
        let update = r#"{"Properties": {"TagUpdateOnProvisionedProduct": true}}"#;
        let told = ["$.Properties.TagUpdateOnProvisionedProduct must be ALLOWED or NOT_ALLOWED"];
        assert_eq!(problems(ResourceUpdate, update), told);
        let text = json!({"Properties": {
            "AccountList": ["1"], "RegionList": [], "AdminRole": "Admin", "ExecutionRole": "",
            "StackInstanceControl": "MAYBE",
        }});
        assert_eq!(
            problems(StackSet, &text.to_string()),
            [
                format!("$.Properties.AccountList[0] must be {}", ACCOUNT.is),
                "$.Properties.RegionList must be a list of at least 1".into(),
                format!("$.Properties.AdminRole must be {}", ROLE_ARN.is),
                format!("$.Properties.ExecutionRole must be {}", ROLE_NAME.is),
                "$.Properties.StackInstanceControl must be ALLOWED or NOT_ALLOWED".into(),
            ]
        );
    }

    #[test]
    fn an_answer_tells_so_many_problems_and_counts_the_rest() {
        let accounts: Vec<String> = (0..50).map(|number| number.to_string()).collect();
        let text = json!({"Properties": {"AccountList": accounts, "RegionList": ["us-east-1"]}});
        let told = problems(StackSet, &text.to_string());
        assert_eq!(told.len(), 21);
        assert_eq!(told[20], "30 more");
        let refused = ConstraintParameters::parse(Template, "{}").expect_err("no rules");
        assert_eq!(
            refused.to_string(),
            "Parameters are not those of a TEMPLATE constraint: $.Rules is missing."
        );
    }
}
