//! Verbs for portfolios and their shares.

use serde_json::json;

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

    /// Accepts a share.
    pub async fn accepts(&self, portfolio: &Portfolio) {
        self.in_region(portfolio.owner.region())
            .does("AcceptPortfolioShare", json!({"PortfolioId": portfolio.id}))
            .await;
    }
}

impl Portfolio {
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
