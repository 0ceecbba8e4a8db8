//! Verbs for portfolios and their shares.

use serde_json::{Value, json};

use crate::products::id_of;
use crate::{Account, Product};

/// A portfolio, and who owns it.
#[derive(Debug, Clone)]
pub struct Portfolio {
    pub owner: Account,
    pub id: String,
}

impl Account {
    /// Makes an empty portfolio.
    pub async fn portfolio(&self, name: &str) -> Portfolio {
        let input = json!({
            "DisplayName": name,
            "IdempotencyToken": self.token(),
            "ProviderName": "Platform",
        });
        let made = self.does("CreatePortfolio", input).await;
        Portfolio {
            owner: self.clone(),
            id: id_of(&made, "/PortfolioDetail/Id"),
        }
    }

    /// The ARN of a role of this account, its path included: `account.role("team/Developer")`.
    pub fn role(&self, name: &str) -> String {
        format!("arn:aws:iam::{}:role/{name}", self.id())
    }

    /// Lets a principal into a portfolio, own or imported: an ARN, or without an account a pattern.
    pub async fn lets_in(&self, portfolio: &Portfolio, principal: &str) {
        self.does(
            "AssociatePrincipalWithPortfolio",
            principal_of(portfolio, principal),
        )
        .await;
    }

    /// No longer lets the principal in.
    pub async fn shuts_out(&self, portfolio: &Portfolio, principal: &str) {
        self.does(
            "DisassociatePrincipalFromPortfolio",
            principal_of(portfolio, principal),
        )
        .await;
    }

    /// Accepts a share.
    pub async fn accepts(&self, portfolio: &Portfolio) {
        self.in_region(portfolio.owner.region())
            .does("AcceptPortfolioShare", json!({"PortfolioId": portfolio.id}))
            .await;
    }
}

fn principal_of(portfolio: &Portfolio, principal: &str) -> Value {
    let kind = if principal.contains(":::") {
        "IAM_PATTERN"
    } else {
        "IAM"
    };
    json!({"PortfolioId": portfolio.id, "PrincipalARN": principal, "PrincipalType": kind})
}

impl Portfolio {
    /// The id of the launch path through it.
    pub fn path_id(&self) -> String {
        self.id.replace("port-", "lpv3-")
    }

    /// Puts a product in.
    pub async fn holds(self, product: &Product) -> Self {
        let input = json!({"PortfolioId": self.id, "ProductId": product.id});
        self.owner
            .does("AssociateProductWithPortfolio", input)
            .await;
        self
    }

    /// Takes a product out.
    pub async fn drops(&self, product: &Product) {
        let input = json!({"PortfolioId": self.id, "ProductId": product.id});
        self.owner
            .does("DisassociateProductFromPortfolio", input)
            .await;
    }

    /// Shares it, without the recipient having accepted.
    pub async fn offered_to(self, recipient: &Account) -> Self {
        let input = json!({"AccountId": recipient.id(), "PortfolioId": self.id});
        self.owner.does("CreatePortfolioShare", input).await;
        self
    }

    /// Shares it, and the recipient accepts.
    pub async fn shared_with(self, recipient: &Account) -> Self {
        let offered = self.offered_to(recipient).await;
        recipient.accepts(&offered).await;
        offered
    }

    /// Ends the share.
    pub async fn unshared_from(&self, recipient: &Account) {
        let input = json!({"AccountId": recipient.id(), "PortfolioId": self.id});
        self.owner.does("DeletePortfolioShare", input).await;
    }
}
