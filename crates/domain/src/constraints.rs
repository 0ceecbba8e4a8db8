//! Constraints: what holds for a product in a portfolio when it is launched.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::{AccountId, ConstraintId, PortfolioId, ProductId, Refusal, RegionName, Timestamp, arn};

mod parameters;
mod problems;
mod rules;

pub use parameters::{ConstraintParameters, PARAMETERS_BYTES_MAX};

/// What one constraint says of one product in one portfolio of its owner's.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Constraint {
    pub id: ConstraintId,
    pub account: AccountId,
    pub region: RegionName,
    pub portfolio: PortfolioId,
    pub product: ProductId,
    pub description: Option<String>,
    pub parameters: ConstraintParameters,
    /// The parameters as they were given: answers echo them byte for byte.
    pub text: String,
    pub created: Timestamp,
}

/// Serialized under the name that the API gives it, which refusals tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ConstraintType {
    Launch,
    Notification,
    ResourceUpdate,
    #[serde(rename = "STACKSET")]
    StackSet,
    Template,
}

/// As whom AWS makes the resources of a launch.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum LaunchRole {
    /// This role, of whichever account.
    Arn(String),
    /// The role of this name in the account that launches.
    Local(String),
}

/// Whether an update of a provisioned product takes over changed tags of product and portfolio.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum TagUpdate {
    Allowed,
    #[default]
    NotAllowed,
}

/// Where a product is launched as a stack set.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StackSet {
    pub accounts: Vec<AccountId>,
    /// In the order of deployment.
    pub regions: Vec<RegionName>,
    /// An ARN; `None` means AWS's default role.
    pub admin_role: Option<String>,
    /// A role name; `None` means AWS's default role.
    pub execution_role: Option<String>,
    /// Properties that we give no meaning to, such as `StackInstanceControl`.
    pub others: Map<String, Value>,
}

impl ConstraintType {
    pub const ALL: [Self; 5] = [
        Self::Launch,
        Self::Notification,
        Self::ResourceUpdate,
        Self::StackSet,
        Self::Template,
    ];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Launch => "LAUNCH",
            Self::Notification => "NOTIFICATION",
            Self::ResourceUpdate => "RESOURCE_UPDATE",
            Self::StackSet => "STACKSET",
            Self::Template => "TEMPLATE",
        }
    }

    /// Reads the name of a type. The API has it as any text, so a wrong one is refused by us.
    pub fn named(name: &str) -> Result<Self, Refusal> {
        let found = Self::ALL.into_iter().find(|one| one.as_str() == name);
        found.ok_or_else(|| Refusal::NoSuchConstraintType(name.to_owned()))
    }

    /// A product in a portfolio may have several of these; they all hold.
    fn adds_up(self) -> bool {
        match self {
            Self::Notification | Self::Template => true,
            Self::Launch | Self::ResourceUpdate | Self::StackSet => false,
        }
    }

    /// Whether the two cannot both be on one product in one portfolio.
    fn excludes(self, other: Self) -> bool {
        matches!(
            (self, other),
            (Self::Launch, Self::StackSet) | (Self::StackSet, Self::Launch)
        )
    }
}

impl LaunchRole {
    /// The role's ARN when `account` launches in `region`.
    pub fn arn_for(&self, region: &RegionName, account: &AccountId) -> String {
        match self {
            Self::Arn(arn) => arn.clone(),
            Self::Local(name) => {
                format!(
                    "arn:{}:iam::{account}:role/{name}",
                    arn::partition_of(region)
                )
            }
        }
    }
}

impl TagUpdate {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Allowed => "ALLOWED",
            Self::NotAllowed => "NOT_ALLOWED",
        }
    }
}

impl Constraint {
    pub fn constraint_type(&self) -> ConstraintType {
        self.parameters.constraint_type()
    }

    /// The constraint after an update: `None` leaves a text as it is, the type stays.
    pub fn changed(
        self,
        parameters: Option<&str>,
        description: Option<String>,
    ) -> Result<Self, Refusal> {
        let (parameters, text) = match parameters {
            Some(text) => {
                let parsed = ConstraintParameters::parse(self.constraint_type(), text)?;
                (parsed, text.to_owned())
            }
            None => (self.parameters, self.text),
        };
        Ok(Self {
            parameters,
            text,
            description: description.or(self.description),
            ..self
        })
    }
}

/// May a product in a portfolio, which has constraints of these types, get one more?
///
/// What an imported product brings along is not counted: a constraint made here goes before it.
pub fn may_create(
    constraint_type: ConstraintType,
    existing: &[ConstraintType],
    (portfolio, product): (&PortfolioId, &ProductId),
    constraints_max: u64,
) -> Result<(), Refusal> {
    let (portfolio, product) = (portfolio.clone(), product.clone());
    if existing.contains(&constraint_type) && !constraint_type.adds_up() {
        return Err(Refusal::ConstraintExists {
            constraint_type,
            portfolio,
            product,
        });
    }
    if existing.iter().any(|one| one.excludes(constraint_type)) {
        return Err(Refusal::LaunchAndStackSet { portfolio, product });
    }
    if existing.len() as u64 >= constraints_max {
        return Err(Refusal::TooManyConstraints {
            portfolio,
            product,
            constraints_max,
        });
    }
    Ok(())
}

/// A product leaves a portfolio only without constraints.
pub fn may_leave(
    (portfolio, product): (&PortfolioId, &ProductId),
    constraints_count: usize,
) -> Result<(), Refusal> {
    if constraints_count > 0 {
        return Err(Refusal::ProductConstrained {
            portfolio: portfolio.clone(),
            product: product.clone(),
            constraints_count,
        });
    }
    Ok(())
}

/// The role of a launch, of the constraints in force there.
pub fn launch_role(in_force: &[Constraint]) -> Option<&LaunchRole> {
    in_force.iter().find_map(|one| match &one.parameters {
        ConstraintParameters::Launch(role) => Some(role),
        ConstraintParameters::Notification(_)
        | ConstraintParameters::ResourceUpdate(_)
        | ConstraintParameters::StackSet(_)
        | ConstraintParameters::Template(_) => None,
    })
}

/// Where a launch makes its stacks, of the constraints in force there; `None` means in the account
/// and Region of the launch alone.
pub fn stack_set(in_force: &[Constraint]) -> Option<&StackSet> {
    in_force.iter().find_map(|one| match &one.parameters {
        ConstraintParameters::StackSet(stack_set) => Some(stack_set),
        ConstraintParameters::Launch(_)
        | ConstraintParameters::Notification(_)
        | ConstraintParameters::ResourceUpdate(_)
        | ConstraintParameters::Template(_) => None,
    })
}

/// Whether tags may be updated, of the constraints in force; without one they may not.
pub fn tag_update(in_force: &[Constraint]) -> TagUpdate {
    let said = in_force.iter().find_map(|one| match &one.parameters {
        ConstraintParameters::ResourceUpdate(said) => Some(*said),
        ConstraintParameters::Launch(_)
        | ConstraintParameters::Notification(_)
        | ConstraintParameters::StackSet(_)
        | ConstraintParameters::Template(_) => None,
    });
    said.unwrap_or_default()
}

/// The rules of all TEMPLATE constraints in force, by name, as one `Rules` section has them.
pub fn template_rules(in_force: &[Constraint]) -> Map<String, Value> {
    let mut all = Map::new();
    for one in in_force {
        if let ConstraintParameters::Template(rules) = &one.parameters {
            add_rules(&mut all, rules);
        }
    }
    all
}

/// Adds rules to those of a `Rules` section. An equal rule of the same name is there once; another
/// one of a name that is taken gets `x2`, `x3` … behind its name (ours: AWS says only that they add up).
pub fn add_rules(all: &mut Map<String, Value>, rules: &Map<String, Value>) {
    for (name, rule) in rules {
        let mut free = name.clone();
        let mut copies_count = 1_u64;
        while all.get(&free).is_some_and(|taken| taken != rule) {
            copies_count += 1;
            free = format!("{name}x{copies_count}");
        }
        all.insert(free, rule.clone());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ConstraintType::{Launch, Notification, ResourceUpdate, StackSet, Template};
    use serde_json::json;

    fn constraint(constraint_type: ConstraintType, text: &str) -> Constraint {
        Constraint {
            id: "cons-a".into(),
            account: "111111111111".parse().expect("an account"),
            region: "eu-west-1".parse().expect("a Region"),
            portfolio: "port-a".into(),
            product: "prod-a".into(),
            description: Some("why".into()),
            parameters: ConstraintParameters::parse(constraint_type, text).expect(text),
            text: text.to_owned(),
            created: Timestamp::from_millis(1),
        }
    }

    fn template(rules: &Value) -> Constraint {
        constraint(Template, &json!({"Rules": rules}).to_string())
    }

    fn rule(value: &str) -> Value {
        json!({"Assertions": [{"Assert": {"Fn::Equals": [{"Ref": "Size"}, value]}}]})
    }

    #[test]
    fn what_adds_up_may_be_there_twice_and_the_rest_may_not() {
        let (portfolio, product) = ("port-a".into(), "prod-a".into());
        let may = |new, existing: &[ConstraintType]| {
            may_create(new, existing, (&portfolio, &product), 3).map_err(|it| it.to_string())
        };
        for one in ConstraintType::ALL {
            assert_eq!(may(one, &[]), Ok(()));
            assert_eq!(may(one, &[one]).is_ok(), one.adds_up(), "{one:?}");
        }
        let twice = "Product prod-a in portfolio port-a already has a LAUNCH constraint.";
        assert_eq!(may(Launch, &[Template, Launch]), Err(twice.into()));
        let both = "Product prod-a in portfolio port-a cannot have both a LAUNCH and a STACKSET \
                    constraint.";
        assert_eq!(may(Launch, &[StackSet]), Err(both.into()));
        assert_eq!(may(StackSet, &[Launch]), Err(both.into()));
        let full = "Product prod-a in portfolio port-a already has 3 constraints, the quota.";
        let existing = [Notification, Notification, Template];
        assert_eq!(may(ResourceUpdate, &existing), Err(full.into()));
        assert_eq!(may(ResourceUpdate, &existing[1..]), Ok(()));
    }

    #[test]
    fn an_update_is_checked_against_the_type_and_leaves_what_it_does_not_name() {
        let text = r#"{ "LocalRoleName": "launcher" }"#;
        let before = constraint(Launch, text);
        let same = before.clone().changed(None, None);
        assert_eq!(same, Ok(before.clone()));
        let after = before
            .clone()
            .changed(Some(r#"{"LocalRoleName":"other"}"#), None)
            .expect("a launch role");
        let role = LaunchRole::Local("other".into());
        assert_eq!(after.parameters, ConstraintParameters::Launch(role));
        assert_eq!(after.description.as_deref(), Some("why"));
        let renamed = before.clone().changed(None, Some(String::new()));
        let renamed = renamed.expect("a description");
        assert_eq!(
            (renamed.text.as_str(), renamed.description.as_deref()),
            (text, Some(""))
        );
        let wrong = before.changed(Some(r#"{"Rules":{}}"#), None);
        assert!(matches!(wrong, Err(Refusal::ConstraintParameters { .. })));
    }

    #[test]
    fn a_launch_is_told_its_role_its_tags_and_all_rules() {
        let (region, account) = ("cn-north-1", "222222222222");
        let (region, account) = (
            region.parse().expect("a Region"),
            account.parse().expect("an account"),
        );
        assert_eq!(launch_role(&[]), None);
        assert_eq!(tag_update(&[]).as_str(), "NOT_ALLOWED");
        assert_eq!(template_rules(&[]), Map::new());
        let role = "arn:aws:iam::111111111111:role/a/Launcher";
        let in_force = [
            template(&json!({"size": rule("s"), "other": rule("m")})),
            constraint(Launch, &json!({"RoleArn": role}).to_string()),
            template(&json!({"size": rule("l"), "other": rule("m")})),
            constraint(
                ResourceUpdate,
                r#"{"Version":"2.0","Properties":{"TagUpdateOnProvisionedProduct":"ALLOWED"}}"#,
            ),
            template(&json!({"size": rule("xl")})),
        ];
        let found = launch_role(&in_force).expect("a role");
        assert_eq!(found.arn_for(&region, &account), role);
        let local = LaunchRole::Local("Launcher".into());
        assert_eq!(
            local.arn_for(&region, &account),
            "arn:aws-cn:iam::222222222222:role/Launcher"
        );
        assert_eq!(tag_update(&in_force), TagUpdate::Allowed);
        assert_eq!(
            Value::Object(template_rules(&in_force)),
            json!({
                "size": rule("s"), "sizex2": rule("l"), "sizex3": rule("xl"), "other": rule("m"),
            })
        );
    }
}
