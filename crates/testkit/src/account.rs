//! An account: the official client, bound to a Region.

use std::ops::Deref;

use aws_sdk_servicecatalog::config::retry::RetryConfig;
use aws_sdk_servicecatalog::config::timeout::TimeoutConfig;
use aws_sdk_servicecatalog::config::{Credentials, Region, StalledStreamProtectionConfig};
use aws_sdk_servicecatalog::{Client, Config};
use mimeo_domain::Caller;

use crate::connector::InProcess;
use crate::{HOST, World};

const HOME_REGION: &str = "us-east-1";

/// An account in a Region. It is the SDK's client too: `spoke.copy_product().….send().await`.
#[derive(Debug, Clone)]
pub struct Account {
    world: World,
    name: String,
    id: String,
    region: String,
    client: Client,
}

impl Deref for Account {
    type Target = Client;

    fn deref(&self) -> &Client {
        &self.client
    }
}

impl Account {
    pub(crate) fn new(world: &World, name: &str, id: &str) -> Self {
        Self::bound(world, name, id, HOME_REGION)
    }

    fn bound(world: &World, name: &str, id: &str, region: &str) -> Self {
        Self {
            client: client(world, id, region),
            world: world.clone(),
            name: name.to_owned(),
            id: id.to_owned(),
            region: region.to_owned(),
        }
    }

    /// The same account in another Region.
    #[must_use]
    pub fn in_region(&self, region: &str) -> Self {
        Self::bound(&self.world, &self.name, &self.id, region)
    }

    /// The same account, served by another world on the same store.
    #[must_use]
    pub fn served_by(&self, world: &World) -> Self {
        Self::bound(world, &self.name, &self.id, &self.region)
    }

    /// What the story calls it.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Twelve digits.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The Region that its requests go to.
    pub fn region(&self) -> &str {
        &self.region
    }

    /// The world that it lives in.
    pub fn world(&self) -> &World {
        &self.world
    }

    /// Who the service takes it for.
    pub fn caller(&self) -> Caller {
        Caller {
            account: self.id.parse().expect("twelve digits"),
            principal: format!("arn:aws:iam::{}:root", self.id),
            region: self.region.parse().expect("a Region's name"),
        }
    }
}

/// The account is the access key, as in the server's open mode; nobody checks the signature here.
fn client(world: &World, account: &str, region: &str) -> Client {
    let config = Config::builder()
        .behavior_version_latest()
        .region(Region::new(region.to_owned()))
        .credentials_provider(Credentials::new(account, "secret", None, None, "testkit"))
        .endpoint_url(format!("http://{HOST}"))
        .http_client(InProcess::new(world))
        .retry_config(RetryConfig::disabled())
        .timeout_config(TimeoutConfig::disabled())
        .stalled_stream_protection(StalledStreamProtectionConfig::disabled())
        .build();
    Client::from_conf(config)
}
