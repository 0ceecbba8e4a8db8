//! The calls of Service Catalog that a copy needs, with the official SDK.

use std::error::Error;
use std::time::Duration;

use aws_credential_types::Credentials;
use aws_sdk_servicecatalog::config::retry::RetryConfig;
use aws_sdk_servicecatalog::config::timeout::TimeoutConfig;
use aws_sdk_servicecatalog::config::{BehaviorVersion, Builder, IdentityCache, Region};
use aws_sdk_servicecatalog::error::{DisplayErrorContext, ProvideErrorMetadata, SdkError};
use aws_sdk_servicecatalog::{Client, Config};
use aws_smithy_runtime_api::client::http::http_client_fn;
use mimeo_domain::{ArtifactId, ProductId};

use crate::answers::{self, Info, Listed, Shown, Unread};
use crate::there::Trouble;
use crate::wire::{CONNECT_MAX, HEAD_MAX, Purpose, Wire};

/// Tries of one call. Few: whoever copies tries again by itself, later.
const TRIES_MAX: u32 = 3;
const BACKOFF_FIRST: Duration = Duration::from_millis(100);
const BACKOFF_MAX: Duration = Duration::from_secs(2);

/// How long a call may take with all its tries and the waits between them.
const CALL_MAX: Duration = Duration::from_secs(20);

/// What a refusal says to somebody who does not see the thing, or asks for what cannot be.
const NOTHING: [&str; 5] = [
    "ResourceNotFoundException",
    "AccessDeniedException",
    "AccessDenied",
    "InvalidParametersException",
    "ValidationException",
];

#[derive(Debug)]
pub(crate) struct Calls {
    client: Client,
    wire: Wire,
}

impl Calls {
    pub(crate) fn new(wire: &Wire) -> Self {
        let bounded = wire.bounded();
        let retries = RetryConfig::standard()
            .with_max_attempts(TRIES_MAX)
            .with_initial_backoff(BACKOFF_FIRST)
            .with_max_backoff(BACKOFF_MAX);
        let deadlines = TimeoutConfig::builder()
            .connect_timeout(CONNECT_MAX)
            .read_timeout(HEAD_MAX)
            .operation_attempt_timeout(HEAD_MAX)
            .operation_timeout(CALL_MAX)
            .build();
        let config = Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .endpoint_url(&wire.endpoint)
            .http_client(http_client_fn(move |_, _| bounded.clone()))
            // Each call has credentials of its own: none may be kept for the next.
            .identity_cache(IdentityCache::no_cache())
            .region(Region::new(wire.region.to_string()))
            .retry_config(retries)
            .timeout_config(deadlines)
            .build();
        Self {
            client: Client::from_conf(config),
            wire: wire.clone(),
        }
    }

    /// DescribeProductAsAdmin.
    pub(crate) async fn describe(
        &self,
        purpose: Purpose,
        credentials: &Credentials,
        product: &ProductId,
    ) -> Result<Shown, Trouble> {
        let call = self.client.describe_product_as_admin().id(product.as_str());
        let call = call.customize().config_override(acting(credentials));
        let answer = self.ask("DescribeProductAsAdmin", purpose, call.send());
        let answer = answer.await?;
        answers::shown(answer).map_err(unread)
    }

    /// ListProvisioningArtifacts.
    pub(crate) async fn list(
        &self,
        credentials: &Credentials,
        product: &ProductId,
    ) -> Result<Listed, Trouble> {
        let call = self.client.list_provisioning_artifacts();
        let call = call.product_id(product.as_str()).customize();
        let call = call.config_override(acting(credentials));
        let answer = self.ask("ListProvisioningArtifacts", Purpose::Look, call.send());
        let answer = answer.await?;
        answers::listed(answer).map_err(unread)
    }

    /// DescribeProvisioningArtifact, for where the template is and what it hashes to.
    pub(crate) async fn info(
        &self,
        purpose: Purpose,
        credentials: &Credentials,
        product: &ProductId,
        artifact: &ArtifactId,
    ) -> Result<Info, Trouble> {
        let call = self.client.describe_provisioning_artifact();
        let call = call.product_id(product.as_str()).verbose(true);
        let call = call.provisioning_artifact_id(artifact.as_str()).customize();
        let call = call.config_override(acting(credentials));
        let answer = self.ask("DescribeProvisioningArtifact", purpose, call.send());
        let answer = answer.await?;
        Ok(answers::info(answer.info.unwrap_or_default()))
    }

    async fn ask<T, E>(
        &self,
        operation: &'static str,
        purpose: Purpose,
        call: impl Future<Output = Result<T, SdkError<E>>>,
    ) -> Result<T, Trouble>
    where
        E: ProvideErrorMetadata + Error + 'static,
    {
        let _turn = self.wire.turn(purpose).await?;
        let told = async { call.await.map_err(|error| trouble(operation, &error)) };
        self.wire.timed(operation, told).await
    }
}

fn acting(credentials: &Credentials) -> Builder {
    Config::builder().credentials_provider(credentials.clone())
}

fn trouble<E>(operation: &str, error: &SdkError<E>) -> Trouble
where
    E: ProvideErrorMetadata + Error + 'static,
{
    match error.code() {
        Some(code) if NOTHING.contains(&code) => Trouble::Nothing,
        Some(code) => Trouble::Away(format!("{operation} is answered with {code}")),
        None => Trouble::Away(format!("{operation}: {}", DisplayErrorContext(error))),
    }
}

fn unread(Unread(what): Unread) -> Trouble {
    Trouble::Away(format!("an answer cannot be understood: {what}"))
}
