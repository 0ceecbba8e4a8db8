//! An account: the official client, bound to a Region.

use std::ops::Deref;

use aws_sdk_servicecatalog::config::retry::RetryConfig;
use aws_sdk_servicecatalog::config::timeout::TimeoutConfig;
use aws_sdk_servicecatalog::config::{Credentials, Region, StalledStreamProtectionConfig};
use aws_sdk_servicecatalog::{Client, Config};
use mimeo_domain::{Caller, Standing};

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
    acts_as: Option<String>,
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
        Self::bound(world, name, id, HOME_REGION, None)
    }

    fn bound(world: &World, name: &str, id: &str, region: &str, acts_as: Option<&str>) -> Self {
        Self {
            client: client(world, id, region, acts_as),
            world: world.clone(),
            name: name.to_owned(),
            id: id.to_owned(),
            region: region.to_owned(),
            acts_as: acts_as.map(str::to_owned),
        }
    }

    /// The same account in another Region.
    #[must_use]
    pub fn in_region(&self, region: &str) -> Self {
        let acts_as = self.acts_as.as_deref();
        Self::bound(&self.world, &self.name, &self.id, region, acts_as)
    }

    /// The same account, served by another world on the same store.
    #[must_use]
    pub fn served_by(&self, world: &World) -> Self {
        let acts_as = self.acts_as.as_deref();
        Self::bound(world, &self.name, &self.id, &self.region, acts_as)
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
        caller(&self.id, &self.region, self.acts_as.as_deref()).expect("an account in a Region")
    }

    /// The same account, as one of its users or roles: an IAM ARN, after it perhaps those of groups.
    #[must_use]
    pub fn acting_as(&self, arns: &[&str]) -> Self {
        let mut acting = self.clone();
        acting.acts_as = Some(arns.join(","));
        acting.client = client(
            &self.world,
            &self.id,
            &self.region,
            acting.acts_as.as_deref(),
        );
        acting
    }
}

/// Who stands behind an access key and a session token: whoever the token names, or anyone of the account.
pub(crate) fn caller(account: &str, region: &str, acts_as: Option<&str>) -> Option<Caller> {
    let root = Caller::root(account.parse().ok()?, region.parse().ok()?);
    let Some(acts_as) = acts_as else {
        let standing = Standing::Anyone;
        return Some(Caller { standing, ..root });
    };
    let arns: Vec<String> = acts_as.split(',').map(str::to_owned).collect();
    Some(Caller {
        principal: arns.first()?.clone(),
        standing: Standing::As(arns),
        ..root
    })
}

/// The account is the access key, as in the server's open mode; nobody checks the signature here.
fn client(world: &World, account: &str, region: &str, acts_as: Option<&str>) -> Client {
    let token = acts_as.map(str::to_owned);
    let config = Config::builder()
        .behavior_version_latest()
        .region(Region::new(region.to_owned()))
        .credentials_provider(Credentials::new(account, "secret", token, None, "testkit"))
        .endpoint_url(format!("http://{HOST}"))
        .http_client(InProcess::new(world))
        .retry_config(RetryConfig::disabled())
        .timeout_config(TimeoutConfig::disabled())
        .stalled_stream_protection(StalledStreamProtectionConfig::disabled())
        .build();
    Client::from_conf(config)
}
