//! Who plays: two accounts in two Regions, each with an AWS SDK client of its own.

use std::fmt;

use aws_credential_types::Credentials;
use aws_sdk_servicecatalog::config::{BehaviorVersion, Region, SharedHttpClient};
use aws_sdk_servicecatalog::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_servicecatalog::{Client, Config};
use aws_smithy_http_client::Builder;
use aws_smithy_http_client::tls::{Provider, rustls_provider::CryptoMode};

use super::copying::{JOURNEYS, JOURNEYS_APART, Journey};
use super::{DemoError, Servers};

/// An account in a Region.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) role: &'static str,
    pub(super) account: &'static str,
    pub(super) region: &'static str,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.role, self.region)
    }
}

/// Where the products are published.
pub(super) const HUB: Place = Place {
    role: "hub",
    account: "111111111111",
    region: "us-east-1",
};

/// The hub in the other Region.
pub(super) const HUB_ABROAD: Place = Place {
    region: "eu-west-1",
    ..HUB
};

/// Where they are shared to.
pub(super) const SPOKE: Place = Place {
    role: "spoke",
    account: "222222222222",
    region: "us-east-1",
};

/// The spoke in the other Region.
pub(super) const SPOKE_ABROAD: Place = Place {
    region: "eu-west-1",
    ..SPOKE
};

/// The spoke in a third Region, where each Region has a server of its own.
pub(super) const SPOKE_FAR_AWAY: Place = Place {
    region: "ap-south-1",
    ..SPOKE
};

/// In open mode nobody looks at the secret.
pub(super) const SECRET: &str = "any";

/// Clients of the servers.
#[derive(Debug)]
pub(super) struct Cast {
    servers: Servers,
    http: SharedHttpClient,
}

impl Cast {
    pub(super) fn at(servers: &Servers) -> Self {
        let tls = Provider::Rustls(CryptoMode::Ring);
        Self {
            servers: servers.clone(),
            http: Builder::new().tls_provider(tls).build_https(),
        }
    }

    /// The server that has the place's Region.
    pub(super) fn endpoint(&self, place: Place) -> &str {
        self.servers.endpoint(place.region)
    }

    /// What the demo was started with.
    pub(super) fn flag(&self) -> &'static str {
        match &self.servers {
            Servers::One(_) => "",
            Servers::Apart(_) => " --regions-apart",
        }
    }

    pub(super) fn journeys(&self) -> [Journey; 3] {
        match &self.servers {
            Servers::One(_) => JOURNEYS,
            Servers::Apart(_) => JOURNEYS_APART,
        }
    }

    /// An ordinary client: in open mode the access key id says who calls.
    pub(super) fn client(&self, place: Place) -> Client {
        let credentials = Credentials::new(place.account, SECRET, None, None, "mimeo demo");
        let config = Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .credentials_provider(credentials)
            .endpoint_url(self.endpoint(place))
            .http_client(self.http.clone())
            .region(Region::from_static(place.region))
            .build();
        Client::from_conf(config)
    }
}

/// An answer that did not come, in one sentence.
pub(super) fn refused<E>(operation: &'static str) -> impl FnOnce(SdkError<E>) -> DemoError
where
    E: ProvideErrorMetadata + std::error::Error + 'static,
{
    move |error| {
        let why = match (error.code(), error.message()) {
            (Some(code), Some(message)) => format!("{code}: {message}"),
            _ => aws_sdk_servicecatalog::error::DisplayErrorContext(&error).to_string(),
        };
        DemoError::Refused { operation, why }
    }
}

/// A member that each answer of this operation has.
pub(super) fn present<T>(
    value: Option<T>,
    operation: &'static str,
    member: &'static str,
) -> Result<T, DemoError> {
    value.ok_or(DemoError::Incomplete { operation, member })
}
