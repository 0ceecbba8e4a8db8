//! The template of a version as this server keeps it, whatever became of the URL that it came from:
//! `GET /_mimeo/artifacts/REGION/PRODUCT/ARTIFACT/template`. Other servers copy from here.

use http::request::Parts;
use hyper::body::Incoming;
use mimeo_api::Protocol;
use mimeo_peers::ARTIFACTS_PATH;
use mimeo_service::{Answer, Call, Failure, Stop};
use mimeo_templates::shelf::Digest;
use serde_json::{Value, json};
use tokio::time::timeout;

use super::door::{Door, Entered, Seen, Turned, late};
use super::reply::Reply;
use super::templates::{not_found, sent};
use crate::clock::Arrived;
use crate::front;

/// By which whoever may see a version may have its template.
const OPERATION: &str = "DescribeProvisioningArtifact";

/// A version, as a path names it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct ArtifactAt {
    region: String,
    product: String,
    artifact: String,
}

impl ArtifactAt {
    pub(super) fn of_path(path: &str) -> Option<Self> {
        let below = path
            .strip_prefix(ARTIFACTS_PATH)?
            .strip_suffix("/template")?;
        let mut parts = below.split('/').map(str::to_owned);
        match (parts.next(), parts.next(), parts.next(), parts.next()) {
            (Some(region), Some(product), Some(artifact), None) => Some(Self {
                region,
                product,
                artifact,
            }),
            _ => None,
        }
    }
}

impl Door {
    pub(super) async fn artifact(
        &self,
        arrived: &Arrived,
        parts: &Parts,
        body: &mut Incoming,
        at: &ArtifactAt,
        seen: &mut Seen,
    ) -> Result<Reply, Turned> {
        seen.operation = "GetArtifactTemplate";
        let bytes_max = self.limits.body_bytes_max;
        let entered = self
            .enter_or_peers(arrived, parts, body, bytes_max, seen)
            .await?;
        let missing = || not_found(format!("Version {} has no template here.", at.artifact));
        if at.region != entered.caller.region.as_str() {
            return Err(missing().into());
        }
        let digest = self.digest(arrived, parts, at, &entered).await?;
        let digest = digest.ok_or_else(missing)?;
        let caller = entered.leave(seen);
        let way_out = self.ways_out.open(&caller.account, self.limits.turn);
        let way_out = way_out.await?;
        let kept = self.service.world().shelves.of(&caller.region);
        let template = timeout(self.limits.request, kept.get(&digest)).await;
        let template = template.map_err(|_| late())?;
        let unreadable = |stop: Stop| Turned::With(Answer::stopped(&stop, &[], Protocol::Json));
        // A store that is away answers 503, so that the copy is tried again.
        let template = template.map_err(|error| unreadable(error.into()))?;
        let template = template.ok_or_else(|| {
            unreadable(Failure::Bug(format!("{digest} is not on the shelf")).into())
        })?;
        let mut reply = sent(way_out.carry(template));
        reply.digest = Some(digest.to_string());
        Ok(reply)
    }

    /// What DescribeProvisioningArtifact tells this caller: whoever may not ask it gets its refusal.
    async fn digest(
        &self,
        arrived: &Arrived,
        parts: &Parts,
        at: &ArtifactAt,
        entered: &Entered<'_>,
    ) -> Result<Option<Digest>, Turned> {
        let input = json!({
            "ProductId": at.product,
            "ProvisioningArtifactId": at.artifact,
            "Verbose": true,
        });
        let call = Call {
            operation: OPERATION.to_owned(),
            protocol: Protocol::Json,
            caller: entered.caller.clone(),
            authority: entered.authority.clone(),
            arrival: arrived.arrival(front::host(&parts.headers)),
            trail: entered.trail(),
            body: input.to_string().into(),
        };
        let answer = timeout(self.limits.request, self.service.call(&call)).await;
        let answer = answer.map_err(|_| late())?;
        if answer.error.is_some() {
            return Err(Turned::With(answer));
        }
        let answer: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
        let digest = answer["Info"]["TemplateDigest"].as_str();
        let digest = digest.and_then(|digest| digest.strip_prefix("sha256:")?.parse().ok());
        Ok(digest)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_names_one_version() {
        let at = ArtifactAt::of_path("/_mimeo/artifacts/eu-west-1/prod-a/pa-b/template");
        let at = at.map(|at| (at.region, at.product, at.artifact));
        let named = ("eu-west-1", "prod-a", "pa-b");
        assert_eq!(at, Some((named.0.into(), named.1.into(), named.2.into())));
        for path in [
            "/_mimeo/artifacts/eu-west-1/prod-a/pa-b",
            "/_mimeo/artifacts/eu-west-1/prod-a/template",
            "/_mimeo/artifacts/eu-west-1/prod-a/pa-b/c/template",
            "/_mimeo/artifacts//template",
        ] {
            assert_eq!(ArtifactAt::of_path(path), None, "{path}");
        }
    }
}
