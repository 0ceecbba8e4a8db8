//! Portfolios: first what they hold of their own and whom they are shared with, then the rest.

use mimeo_domain::RegionName;
use mimeo_domain::arn::partition_of;
use mimeo_domain::constraints::ConstraintType;
use mimeo_world::{Constraint, Hung, Portfolio, Share, With};
use serde_json::{Value, json};

use super::caller::Acting;
use super::check::unit_id;
use super::hung::hang;
use super::{Refused, Seed, tags, text};

/// The types that DescribePortfolioShares lists one by one.
const SHARE_TYPES: [&str; 4] = [
    "ACCOUNT",
    "ORGANIZATION_MEMBER_ACCOUNT",
    "ORGANIZATIONAL_UNIT",
    "ORGANIZATION",
];

impl Seed<'_> {
    pub(super) async fn portfolio(
        &mut self,
        name: &str,
        portfolio: &Portfolio,
        region: &RegionName,
    ) -> Result<(), Refused> {
        let what = format!("portfolio `{name}` in {region}");
        let acting = self.acting(&portfolio.account, region, what);
        let id = if let Some(id) = self.found_portfolio(&acting, name).await? {
            id
        } else {
            let asked = json!({
                "DisplayName": name, "ProviderName": portfolio.provider,
                "Description": portfolio.description, "Tags": tags(&portfolio.tags),
            });
            let created = acting.does("CreatePortfolio", asked).await?;
            let id = text(&created["PortfolioDetail"]["Id"]);
            let named = self.portfolios.entry(acting.place()).or_default();
            named.insert(name.to_owned(), id.clone());
            self.made += 1;
            id
        };
        let own = portfolio.products.iter();
        for held in own.filter(|held| self.world.products[*held].account == portfolio.account) {
            self.hold(&acting, &id, held).await?;
        }
        for share in &portfolio.shares {
            self.share(&acting, &id, share).await?;
        }
        Ok(())
    }

    /// Adds what needs what other portfolios share, and what needs the shares of this one.
    pub(super) async fn furnish(
        &mut self,
        name: &str,
        portfolio: &Portfolio,
        region: &RegionName,
    ) -> Result<(), Refused> {
        let what = format!("portfolio `{name}` in {region}");
        let acting = self.acting(&portfolio.account, region, what.clone());
        let id = self.found_portfolio(&acting, name).await?;
        let id = id.unwrap_or_default();
        let others = portfolio.products.iter();
        for held in others.filter(|held| self.world.products[*held].account != portfolio.account) {
            self.hold(&acting, &id, held).await?;
        }
        for constraint in &portfolio.constraints {
            self.constraint(&acting, &id, constraint).await?;
        }
        for principal in &portfolio.principals {
            let acting = self.acting(&principal.account, region, what.clone());
            let account = &self.world.accounts[&principal.account];
            let (kind, arn) = principal.who.principal(partition_of(region), account);
            let asked = json!({"PortfolioId": id});
            let listed = acting.lists("ListPrincipalsForPortfolio", asked, "Principals");
            let is_in = |found: &Value| {
                found["PrincipalARN"] == *arn && found["PrincipalType"] == kind.as_str()
            };
            if !listed.await?.iter().any(is_in) {
                let asked = json!({
                    "PortfolioId": id, "PrincipalARN": arn, "PrincipalType": kind.as_str(),
                });
                acting
                    .does("AssociatePrincipalWithPortfolio", asked)
                    .await?;
                self.made += 1;
            }
        }
        if portfolio.hung != Hung::default() {
            let described = acting.does("DescribePortfolio", json!({"Id": id})).await?;
            self.made += hang(&acting, &id, &described, &portfolio.hung).await?;
        }
        Ok(())
    }

    /// The account's own portfolio of this name.
    async fn found_portfolio(
        &mut self,
        acting: &Acting<'_>,
        name: &str,
    ) -> Result<Option<String>, Refused> {
        let place = acting.place();
        if !self.portfolios.contains_key(&place) {
            let all = acting.lists("ListPortfolios", json!({}), "PortfolioDetails");
            let all = all.await?;
            // Of two with one name, the first.
            let named = all
                .iter()
                .rev()
                .map(|found| (text(&found["DisplayName"]), text(&found["Id"])));
            self.portfolios.insert(place.clone(), named.collect());
        }
        Ok(self.portfolios[&place].get(name).cloned())
    }

    /// The id of a product of the document, as its owner has it here.
    async fn product_id(&mut self, acting: &Acting<'_>, name: &str) -> Result<String, Refused> {
        let owner = &self.world.products[name].account;
        let owning = self.acting(owner, &acting.caller.region, acting.what.clone());
        let found = self.found_product(&owning, name).await?;
        Ok(found.unwrap_or_default())
    }

    async fn hold(&mut self, acting: &Acting<'_>, id: &str, held: &str) -> Result<(), Refused> {
        let product = self.product_id(acting, held).await?;
        let asked = json!({"ProductId": product});
        let holders = acting.lists("ListPortfoliosForProduct", asked, "PortfolioDetails");
        if holders.await?.iter().all(|holder| holder["Id"] != *id) {
            let asked = json!({"ProductId": product, "PortfolioId": id});
            acting.does("AssociateProductWithPortfolio", asked).await?;
            self.made += 1;
        }
        Ok(())
    }

    async fn share(&mut self, acting: &Acting<'_>, id: &str, share: &Share) -> Result<(), Refused> {
        let accounts = &self.world.accounts;
        let (share_type, node_type, value) = match &share.with {
            With::Account(name) => (SHARE_TYPES[0], None, accounts[name].as_str()),
            With::Member(name) => (SHARE_TYPES[1], Some("ACCOUNT"), accounts[name].as_str()),
            With::Unit(name) => {
                let unit = self.organization.and_then(|known| unit_id(known, name));
                let unit = unit.unwrap_or_default();
                (SHARE_TYPES[2], Some(SHARE_TYPES[2]), unit)
            }
            With::Organization => {
                let whole = self.organization.map_or("", |known| known.id.as_str());
                (SHARE_TYPES[3], Some(SHARE_TYPES[3]), whole)
            }
        };
        let asked = json!({"PortfolioId": id, "Type": share_type});
        let shares = acting.lists("DescribePortfolioShares", asked, "PortfolioShareDetails");
        let shares = shares.await?;
        let before = shares.iter().find(|before| before["PrincipalId"] == *value);
        if before.is_none() {
            let mut asked = json!({"PortfolioId": id, "ShareTagOptions": share.tag_options});
            if let Some(node_type) = node_type {
                asked["OrganizationNode"] = json!({"Type": node_type, "Value": value});
                asked["SharePrincipals"] = share.principals.into();
            } else {
                asked["AccountId"] = value.into();
            }
            acting.does("CreatePortfolioShare", asked).await?;
            self.made += 1;
        }
        let is_accepted = before.is_some_and(|before| before["Accepted"] == true);
        if let With::Account(name) = &share.with
            && share.accepted
            && !is_accepted
        {
            let recipient = self.acting(name, &acting.caller.region, acting.what.clone());
            let asked = json!({"PortfolioId": id});
            recipient.does("AcceptPortfolioShare", asked).await?;
            self.made += 1;
        }
        Ok(())
    }

    async fn constraint(
        &mut self,
        acting: &Acting<'_>,
        id: &str,
        constraint: &Constraint,
    ) -> Result<(), Refused> {
        let product = self.product_id(acting, &constraint.product).await?;
        let named = constraint.constraint_type.as_str();
        let asked = json!({"PortfolioId": id, "ProductId": product});
        let found = acting.lists("ListConstraintsForPortfolio", asked, "ConstraintDetails");
        for found in found.await? {
            // An imported product brings constraints of other portfolios along.
            let is_here = found["PortfolioId"] == *id && found["Type"] == named;
            if is_here && is_same(acting, &found["ConstraintId"], constraint).await? {
                return Ok(());
            }
        }
        let asked = json!({
            "PortfolioId": id, "ProductId": product, "Type": named,
            "Description": constraint.description, "Parameters": constraint.parameters,
        });
        acting.does("CreateConstraint", asked).await?;
        self.made += 1;
        Ok(())
    }
}

/// Of some types there is one; of others there may be several, which are known by what they say.
async fn is_same(acting: &Acting<'_>, id: &Value, wanted: &Constraint) -> Result<bool, Refused> {
    if !matches!(
        wanted.constraint_type,
        ConstraintType::Notification | ConstraintType::Template
    ) {
        return Ok(true);
    }
    let described = acting.does("DescribeConstraint", json!({"Id": id})).await?;
    let read = |text: &str| serde_json::from_str::<Value>(text).ok();
    let found = described["ConstraintParameters"].as_str().and_then(read);
    Ok(found == read(&wanted.parameters))
}
