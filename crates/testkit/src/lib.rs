//! A world of accounts and Regions in one process, for tests.
//!
//! A [`World`] holds a [`mimeo_service::Service`] over a fresh store. Its [`Account`]s are the official AWS SDK's
//! client, connected to the service without a socket, and speak a few verbs of the domain for arranging:
//!
//! ```
//! # use mimeo_testkit::World;
//! # tokio::runtime::Runtime::new().expect("a runtime").block_on(async {
//! let world = World::new().await;
//! let [hub, spoke] = world.accounts(["hub", "spoke"]);
//! let vpc = hub.product("vpc").await.versions(3).await;
//! hub.portfolio("golden").await.holds(&vpc).await.shared_with(&spoke).await;
//! let token = spoke.copies(&vpc).await;
//! world.settle().await;
//! let status = spoke.describe_copy_product_status().copy_product_token(token).send().await;
//! assert_eq!(status.expect("the copy is known").copy_product_status().expect("a status").as_str(), "SUCCEEDED");
//! # });
//! ```
//!
//! Time and chance are the world's: a clock that stands until it is [advanced](World::advance), and seeds that are
//! counted. Only copies, which go by the database's clock, are dated by the real one.

mod account;
mod catalogue;
mod connector;
mod copies;
mod organization;
mod portfolios;
mod products;
mod tag_options;
mod wire;
mod world;

pub use account::Account;
pub use aws_sdk_servicecatalog as sdk;
pub use organization::Organization;
pub use portfolios::Portfolio;
pub use products::{Product, TEMPLATE, id_of};
pub use wire::{Raw, merged};
pub use world::{HOST, NOW_MILLIS, World};
