//! Verbs for copies, and the worker that the world has none of.

use mimeo_domain::copying::Copy;
use mimeo_service::workflows::copy::{self, Ending};
use mimeo_store::{Claimer, Store};
use serde_json::{Value, json};

use crate::products::id_of;
use crate::wire::merged;
use crate::{Account, Product, World};

/// Copies of one account that run at a time.
const RUNNING_MAX: u32 = 1_000;

/// Tries in one call of [`World::settle`]; more means that a copy goes round in circles.
const TRIES_MAX: usize = 10_000;

impl World {
    /// Claims the next copy that is due, in any store; one that must run alone, when no other is.
    pub async fn claims(&self) -> Option<(Store, Copy)> {
        for store in self.service().world().directory.stores() {
            let claimer = Claimer::new(RUNNING_MAX);
            let mut next = copy::claim(&store, &claimer).await;
            if next == Ok(None) {
                next = copy::claim_suspect(&store, &claimer).await;
            }
            if let Some(copy) = next.expect("the store is there") {
                return Some((store, copy));
            }
        }
        None
    }

    /// Works on a claimed copy until it is final or postponed; a postponed one is due again at once.
    pub async fn drives(&self, (store, copy): (Store, Copy)) -> Ending {
        let ending = copy::drive(self.service().world(), &store, copy, 0).await;
        ending.expect("the store is there")
    }

    /// Runs copies until none is due, and answers how each try ended.
    pub async fn settle(&self) -> Vec<Ending> {
        let mut endings = Vec::new();
        while let Some(claimed) = self.claims().await {
            assert!(endings.len() < TRIES_MAX, "copies never end: {endings:?}");
            endings.push(self.drives(claimed).await);
        }
        endings
    }
}

impl Account {
    /// Starts a copy of all of a product into a new one here, and answers its token.
    pub async fn copies(&self, source: &Product) -> String {
        self.copies_with(source, json!({})).await
    }

    /// Starts a copy with these members of `CopyProduct` besides the usual ones.
    pub async fn copies_with(&self, source: &Product, members: Value) -> String {
        let usual = json!({"IdempotencyToken": self.token(), "SourceProductArn": source.arn});
        let accepted = self.does("CopyProduct", merged(usual, members)).await;
        id_of(&accepted, "/CopyProductToken")
    }

    /// What `DescribeCopyProductStatus` answers.
    pub async fn copy_status(&self, token: &str) -> Value {
        self.does(
            "DescribeCopyProductStatus",
            json!({"CopyProductToken": token}),
        )
        .await
    }

    /// Copies a product, waits for it and answers the target.
    pub async fn has_copied(&self, source: &Product, members: Value) -> Product {
        let token = self.copies_with(source, members).await;
        self.world().settle().await;
        let status = self.copy_status(&token).await;
        assert_eq!(status["CopyProductStatus"], "SUCCEEDED", "{status}");
        let id = id_of(&status, "/TargetProductId");
        let described = self.does("DescribeProductAsAdmin", json!({"Id": id})).await;
        Product {
            owner: self.clone(),
            arn: id_of(&described, "/ProductViewDetail/ProductARN"),
            name: id_of(&described, "/ProductViewDetail/ProductViewSummary/Name"),
            id,
        }
    }
}
