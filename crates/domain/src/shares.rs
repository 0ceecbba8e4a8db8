//! Portfolio shares: who else may see a portfolio, and what accepting one means.

use std::str::FromStr;

use crate::identity::Malformed;
use crate::organizations::{is_organization_id, is_unit_id, member_node};
use crate::{AccountId, Arn, PortfolioId, Refusal, ShareToken, Timestamp};

/// A share of a portfolio. An account sees nothing before it accepts; whoever is reached through
/// the organization has nothing to accept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PortfolioShare {
    pub portfolio: PortfolioId,
    pub owner: AccountId,
    pub recipient: Recipient,
    pub acceptance: Acceptance,
    pub tag_options: Shared,
    pub principals: Shared,
    pub created: Timestamp,
}

/// With whom a portfolio is shared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Recipient {
    /// An account of any organization or of none, which has to accept.
    Account(AccountId),
    /// One account as a member of the organization.
    Member(AccountId),
    /// Every account in a unit, or in a unit below it.
    Unit(String),
    /// Every account of the organization.
    Organization(String),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RecipientKind {
    Account,
    Member,
    Unit,
    Organization,
}

impl Recipient {
    pub fn kind(&self) -> RecipientKind {
        match self {
            Self::Account(_) => RecipientKind::Account,
            Self::Member(_) => RecipientKind::Member,
            Self::Unit(_) => RecipientKind::Unit,
            Self::Organization(_) => RecipientKind::Organization,
        }
    }

    /// The account, where it is one alone.
    pub fn account(&self) -> Option<&AccountId> {
        match self {
            Self::Account(account) | Self::Member(account) => Some(account),
            Self::Unit(_) | Self::Organization(_) => None,
        }
    }

    /// The bare id, as the API shows it.
    pub fn id(&self) -> &str {
        match self {
            Self::Account(account) | Self::Member(account) => account.as_str(),
            Self::Unit(id) | Self::Organization(id) => id,
        }
    }

    /// The node that stands for it where memberships are kept; [`FromStr`] reads it back.
    pub fn node(&self) -> String {
        match self {
            Self::Member(account) => member_node(account),
            other => other.id().to_owned(),
        }
    }

    pub fn acceptance_at_first(&self) -> Acceptance {
        match self.kind() {
            RecipientKind::Account => Acceptance::Offered,
            _ => Acceptance::Accepted,
        }
    }

    /// The node of an organization that a request names by its id, or by its ARN for a unit and
    /// for the organization.
    pub fn of_organization(kind: RecipientKind, value: &str) -> Result<Self, Refusal> {
        let id = value
            .starts_with("arn:")
            .then(|| Arn::parse(value))
            .flatten()
            .filter(|arn| arn.service == "organizations")
            .and_then(|arn| arn.resource.rsplit('/').next())
            .unwrap_or(value);
        let (read, node_type) = match kind {
            RecipientKind::Organization => (
                is_organization_id(id).then(|| Self::Organization(id.to_owned())),
                "ORGANIZATION",
            ),
            RecipientKind::Unit => (
                is_unit_id(id).then(|| Self::Unit(id.to_owned())),
                "ORGANIZATIONAL_UNIT",
            ),
            RecipientKind::Account | RecipientKind::Member => {
                (value.parse().ok().map(Self::Member), "ACCOUNT")
            }
        };
        read.ok_or_else(|| Refusal::NotANode {
            value: value.to_owned(),
            node_type,
        })
    }
}

impl FromStr for Recipient {
    type Err = Malformed;

    fn from_str(node: &str) -> Result<Self, Malformed> {
        match node.strip_prefix("member/") {
            Some(account) => account.parse().map(Self::Member),
            None if is_unit_id(node) => Ok(Self::Unit(node.to_owned())),
            None if is_organization_id(node) => Ok(Self::Organization(node.to_owned())),
            None => node.parse().map(Self::Account),
        }
    }
}

/// What was asked of a share, for whoever watches it by its token. Mimeo has done it by the time it
/// answers, so there is no status to keep.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShareOperation {
    pub token: ShareToken,
    pub portfolio: PortfolioId,
    pub recipient: Recipient,
    pub created: Timestamp,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Acceptance {
    Offered,
    /// Accepted, which the API calls `IMPORTED`.
    Accepted,
}

/// Whether something travels with a share.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Shared {
    #[default]
    No,
    Yes,
}

impl From<bool> for Shared {
    fn from(shared: bool) -> Self {
        if shared { Self::Yes } else { Self::No }
    }
}

/// May `owner` share `portfolio` with `recipient`? Sharing on what was shared with you is refused,
/// and so is a portfolio that holds a product of somebody else (AWS's administrator guide).
pub fn may_share(
    portfolio: &PortfolioId,
    owner: &AccountId,
    recipient: &Recipient,
    foreign_products_count: u64,
) -> Result<(), Refusal> {
    if owner.as_str() == recipient.id() {
        return Err(Refusal::ShareWithOwner(owner.clone()));
    }
    if foreign_products_count > 0 {
        return Err(Refusal::ShareOfForeignProducts(portfolio.clone()));
    }
    Ok(())
}

/// Whether principals may travel with a share: AWS allows it for organizations and their units.
pub fn may_share_principals(recipient: &Recipient, asked: bool) -> Result<(), Refusal> {
    match recipient.kind() {
        RecipientKind::Account | RecipientKind::Member if asked => {
            Err(Refusal::SharePrincipalsWithAccount)
        }
        _ => Ok(()),
    }
}

pub fn room_for_share(
    portfolio: &PortfolioId,
    count_after: u64,
    shares_max: u64,
) -> Result<(), Refusal> {
    if count_after > shares_max {
        return Err(Refusal::TooManyShares {
            portfolio: portfolio.clone(),
            shares_max,
        });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_shares_with_themselves_or_passes_on_what_is_not_theirs() {
        let portfolio = PortfolioId::from("port-a");
        let hub: AccountId = "111111111111".parse().expect("an account");
        let spoke: Recipient = "222222222222".parse().expect("an account");
        assert_eq!(may_share(&portfolio, &hub, &spoke, 0), Ok(()));
        for itself in [Recipient::Account, Recipient::Member] {
            assert_eq!(
                may_share(&portfolio, &hub, &itself(hub.clone()), 0),
                Err(Refusal::ShareWithOwner(hub.clone()))
            );
        }
        let foreign = may_share(&portfolio, &hub, &spoke, 1);
        assert_eq!(foreign, Err(Refusal::ShareOfForeignProducts(portfolio)));
    }

    #[test]
    fn a_node_reads_back_as_the_recipient_that_it_stands_for() {
        for (node, id) in [
            ("222222222222", "222222222222"),
            ("member/222222222222", "222222222222"),
            ("ou-root-workloads", "ou-root-workloads"),
            ("o-aaaaaaaaaa", "o-aaaaaaaaaa"),
        ] {
            let recipient: Recipient = node.parse().expect(node);
            assert_eq!((recipient.node().as_str(), recipient.id()), (node, id));
        }
        assert!("member/ou-root-workloads".parse::<Recipient>().is_err());
        assert!("everyone".parse::<Recipient>().is_err());
    }

    #[test]
    fn an_organizations_node_is_named_by_id_or_arn_of_its_own_kind() {
        use RecipientKind as Kind;
        let arns = "arn:aws:organizations::111111111111";
        let unit = Recipient::Unit("ou-root-workloads".into());
        let whole = Recipient::Organization("o-aaaaaaaaaa".into());
        let member = Recipient::Member("222222222222".parse().expect("an account"));
        for (kind, value, expected) in [
            (Kind::Unit, "ou-root-workloads", Some(&unit)),
            (
                Kind::Unit,
                &format!("{arns}:ou/o-aaaaaaaaaa/ou-root-workloads"),
                Some(&unit),
            ),
            (Kind::Unit, "o-aaaaaaaaaa", None),
            (Kind::Organization, "o-aaaaaaaaaa", Some(&whole)),
            (
                Kind::Organization,
                &format!("{arns}:organization/o-aaaaaaaaaa"),
                Some(&whole),
            ),
            (
                Kind::Organization,
                &format!("{arns}:organization/o-aaaaaaaaaa.com"),
                None,
            ),
            (Kind::Organization, "222222222222", None),
            (Kind::Member, "222222222222", Some(&member)),
            (Kind::Member, "ou-root-workloads", None),
        ] {
            let read = Recipient::of_organization(kind, value);
            assert_eq!(read.ok().as_ref(), expected, "{value}");
        }
    }
}
