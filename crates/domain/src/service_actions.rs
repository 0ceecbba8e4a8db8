//! Service actions: what may be run on a launched product.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{
    AccountId, Arn, ArtifactId, ProductId, Refusal, RegionName, ServiceActionId, Timestamp,
};

/// What `AssumeRole` says to reuse the launch role of the provisioned product.
pub const LAUNCH_ROLE: &str = "LAUNCH_ROLE";

/// Characters of a document's name, which may be an ARN. Source: DescribeDocument of Systems Manager.
const DOCUMENT_LENGTH: std::ops::RangeInclusive<usize> = 3..=128;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServiceAction {
    pub id: ServiceActionId,
    pub account: AccountId,
    pub region: RegionName,
    pub name: String,
    pub description: Option<String>,
    pub definition: Definition,
    pub created: Timestamp,
}

/// The automation document that an action runs, and how. Ours: Mimeo has no Systems Manager, so a
/// document's form is checked, and whether it exists is not.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Definition {
    /// Name of the document, or its ARN where another account shares it.
    pub document: String,
    /// A number, `$DEFAULT` or `$LATEST`.
    pub version: String,
    /// ARN of the role that runs the document, or [`LAUNCH_ROLE`].
    pub assume_role: Option<String>,
    /// JSON text as given: a list of `{"Name": …, "Type": "TARGET" or "TEXT_VALUE"}`.
    pub parameters: Option<String>,
}

/// What an update asks: `None` leaves a member as it is; a definition is replaced as a whole.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ServiceActionChange {
    pub name: Option<String>,
    pub description: Option<String>,
    pub definition: Option<Definition>,
}

/// One action offered with one version of one product.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Association {
    pub product: ProductId,
    pub artifact: ArtifactId,
    pub action: ServiceActionId,
}

impl ServiceAction {
    #[must_use]
    pub fn changed(self, change: ServiceActionChange) -> Self {
        Self {
            name: change.name.unwrap_or(self.name),
            description: change.description.or(self.description),
            definition: change.definition.unwrap_or(self.definition),
            ..self
        }
    }
}

impl Definition {
    /// Reads the map of a request; the refusal tells everything that is wrong with it.
    pub fn read<'a>(pairs: impl IntoIterator<Item = (&'a str, &'a str)>) -> Result<Self, Refusal> {
        let (mut document, mut version, mut assume_role, mut parameters) = (None, None, None, None);
        let mut problems = Vec::new();
        for (key, value) in pairs {
            let member = match key {
                "Name" => &mut document,
                "Version" => &mut version,
                "AssumeRole" => &mut assume_role,
                "Parameters" => &mut parameters,
                _ => {
                    problems.push(format!("{key:?} is not one of its keys"));
                    continue;
                }
            };
            *member = Some(value.to_owned());
        }
        match &document {
            None => problems.push("Name is missing".to_owned()),
            Some(name) if !is_document(name) => {
                problems.push("Name is not that of a document or its ARN".to_owned());
            }
            Some(_) => (),
        }
        match &version {
            None => problems.push("Version is missing".to_owned()),
            Some(version) if !is_version(version) => {
                problems.push("Version is not a number from 1 on, $DEFAULT or $LATEST".to_owned());
            }
            Some(_) => (),
        }
        if !assume_role.as_deref().is_none_or(is_role) {
            problems.push("AssumeRole is not LAUNCH_ROLE or the ARN of a role".to_owned());
        }
        problems.extend(parameters.iter().flat_map(|text| parameter_problems(text)));
        match (document, version) {
            (Some(document), Some(version)) if problems.is_empty() => Ok(Self {
                document,
                version,
                assume_role,
                parameters,
            }),
            _ => Err(Refusal::ServiceActionDefinition(problems.join("; "))),
        }
    }

    /// The map that was read.
    pub fn pairs(&self) -> impl Iterator<Item = (&'static str, &str)> {
        [
            ("AssumeRole", self.assume_role.as_deref()),
            ("Name", Some(self.document.as_str())),
            ("Parameters", self.parameters.as_deref()),
            ("Version", Some(self.version.as_str())),
        ]
        .into_iter()
        .filter_map(|(key, value)| Some((key, value?)))
    }
}

fn is_document(name: &str) -> bool {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"_-.:/".contains(&byte);
    DOCUMENT_LENGTH.contains(&name.len()) && name.bytes().all(fits)
}

fn is_version(version: &str) -> bool {
    let is_number = !version.starts_with('0') && version.bytes().all(|byte| byte.is_ascii_digit());
    ["$DEFAULT", "$LATEST"].contains(&version) || is_number && !version.is_empty()
}

fn is_role(role: &str) -> bool {
    let is_arn = |arn: Arn<'_>| {
        let name = arn.resource.strip_prefix("role/");
        arn.service == "iam"
            && arn.region.is_empty()
            && arn.account.parse::<AccountId>().is_ok()
            && name.is_some_and(|name| !name.is_empty() && !name.contains(char::is_whitespace))
    };
    role == LAUNCH_ROLE || Arn::parse(role).is_some_and(is_arn)
}

/// What is wrong with the list of parameters. Members besides the two that are known are let be.
fn parameter_problems(text: &str) -> Vec<String> {
    let Ok(Value::Array(parameters)) = serde_json::from_str(text) else {
        return vec!["Parameters is not a JSON list".to_owned()];
    };
    let mut problems = Vec::new();
    let mut names = BTreeSet::new();
    for (number, parameter) in (1..).zip(&parameters) {
        match parameter["Name"].as_str() {
            None | Some("") => problems.push(format!("Parameters: the {} has no Name", th(number))),
            Some(name) if !names.insert(name) => {
                problems.push(format!("Parameters: Name {name:?} is given twice"));
            }
            Some(_) => (),
        }
        if !matches!(parameter["Type"].as_str(), Some("TARGET" | "TEXT_VALUE")) {
            problems.push(format!(
                "Parameters: the {} has no Type TARGET or TEXT_VALUE",
                th(number)
            ));
        }
    }
    problems
}

/// `1st`, `2nd` … of a list; texts of 1,024 characters hold no more than 512.
fn th(number: u32) -> String {
    let ending = match (number % 10, number % 100) {
        (_, 11..=13) => "th",
        (1, _) => "st",
        (2, _) => "nd",
        (3, _) => "rd",
        _ => "th",
    };
    format!("{number}{ending}")
}

/// An action goes only when no version offers it.
pub fn may_delete(action: &ServiceActionId, artifacts_count: u64) -> Result<(), Refusal> {
    if artifacts_count > 0 {
        return Err(Refusal::ServiceActionInUse {
            action: action.clone(),
            artifacts_count,
        });
    }
    Ok(())
}

pub fn room_for_service_action(count_after: u64, service_actions_max: u64) -> Result<(), Refusal> {
    if count_after > service_actions_max {
        return Err(Refusal::TooManyServiceActions {
            service_actions_max,
        });
    }
    Ok(())
}

pub fn room_for_association(
    artifact: &ArtifactId,
    count_after: u64,
    service_actions_max: u64,
) -> Result<(), Refusal> {
    if count_after > service_actions_max {
        return Err(Refusal::TooManyServiceActionsOfArtifact {
            artifact: artifact.clone(),
            service_actions_max,
        });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problems(pairs: &[(&str, &str)]) -> String {
        match Definition::read(pairs.iter().copied()) {
            Ok(_) => String::new(),
            Err(refusal) => refusal.to_string(),
        }
    }

    #[test]
    fn a_definition_reads_back_as_given() {
        for pairs in [
            vec![("Name", "AWS-RestartEC2Instance"), ("Version", "1")],
            vec![
                ("AssumeRole", LAUNCH_ROLE),
                (
                    "Name",
                    "arn:aws:ssm:us-east-1:111111111111:document/Restart",
                ),
                (
                    "Parameters",
                    r#"[ {"Type":"TARGET", "Name":"InstanceId"} ]"#,
                ),
                ("Version", "$DEFAULT"),
            ],
            vec![
                ("AssumeRole", "arn:aws:iam::111111111111:role/path/Runner"),
                ("Name", "x-y"),
                ("Parameters", "[]"),
                ("Version", "$LATEST"),
            ],
        ] {
            let read = Definition::read(pairs.iter().copied()).expect("a definition");
            assert_eq!(read.pairs().collect::<Vec<_>>(), pairs);
        }
    }

    #[test]
    fn every_problem_of_a_definition_is_told_at_once() {
        assert_eq!(
            problems(&[("Name", "x"), ("Document", "d"), ("AssumeRole", "me")]),
            "Definition is not valid: \"Document\" is not one of its keys; Name is not that of a \
             document or its ARN; Version is missing; AssumeRole is not LAUNCH_ROLE or the ARN of \
             a role."
        );
        let parameters = r#"[{"Name":"A","Type":"TARGET"},{"Name":"A","Type":"Text"},{},3]"#;
        assert_eq!(
            problems(&[("Version", "01"), ("Parameters", parameters)]),
            "Definition is not valid: Name is missing; Version is not a number from 1 on, $DEFAULT \
             or $LATEST; Parameters: Name \"A\" is given twice; Parameters: the 2nd has no Type \
             TARGET or TEXT_VALUE; Parameters: the 3rd has no Name; Parameters: the 3rd has no \
             Type TARGET or TEXT_VALUE; Parameters: the 4th has no Name; Parameters: the 4th has \
             no Type TARGET or TEXT_VALUE."
        );
    }

    #[test]
    fn what_is_no_version_role_or_list_is_refused() {
        for (key, value) in [
            ("Name", "two words"),
            ("Name", "\u{e9}t\u{e9}"),
            ("Version", ""),
            ("Version", "0"),
            ("Version", "1.0"),
            ("Version", "$NEWEST"),
            ("AssumeRole", "arn:aws:iam::111111111111:user/me"),
            ("AssumeRole", "arn:aws:iam::111111111111:role/"),
            ("AssumeRole", "arn:aws:iam::1111:role/x"),
            ("AssumeRole", "arn:aws:iam:us-east-1:111111111111:role/x"),
            ("Parameters", "InstanceId"),
            ("Parameters", r#"{"Name":"A","Type":"TARGET"}"#),
            ("Parameters", r#"[{"Name":"","Type":"TARGET"}]"#),
            ("Parameters", r#"[{"Name":1,"Type":"TARGET"}]"#),
        ] {
            let usual = [("Name", "doc"), ("Version", "1")];
            let kept = usual.into_iter().filter(|(other, _)| *other != key);
            let pairs: Vec<_> = kept.chain([(key, value)]).collect();
            let told = problems(&pairs);
            assert!(told.contains(key), "{key} {value:?}: {told}");
        }
    }

    #[test]
    fn an_action_that_a_version_offers_stays() {
        let id = ServiceActionId::from("act-a");
        assert_eq!(may_delete(&id, 0), Ok(()));
        assert_eq!(
            may_delete(&id, 2).expect_err("in use").to_string(),
            "Service action act-a still has associated Provisioning Artifacts (2)"
        );
    }
}
