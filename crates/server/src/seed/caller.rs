//! An account in a Region that calls the service, as its root user.

use bytes::Bytes;
use mimeo_api::Protocol;
use mimeo_domain::{AccountId, Caller, RegionName};
use mimeo_service::{Authority, Call, Service, Trail};
use serde_json::{Map, Value};

use super::Refused;
use crate::clock::{self, Arrived};

/// The authority under which a seed reaches the service, so that its uploads are known as such.
const HOST: &str = "seed.localhost";

/// Pages of one listing; more than any quota fills.
const PAGES_MAX: usize = 10_000;

pub(super) struct Acting<'a> {
    pub service: &'a Service,
    pub caller: Caller,
    /// What is made, for messages.
    pub what: String,
}

impl Acting<'_> {
    pub(super) fn place(&self) -> (AccountId, RegionName) {
        (self.caller.account.clone(), self.caller.region.clone())
    }

    /// Calls an operation; members that are null are left out.
    pub(super) async fn does(&self, operation: &str, members: Value) -> Result<Value, Refused> {
        let mut given = match members {
            Value::Object(given) => given,
            _ => Map::new(),
        };
        given.retain(|_, value| !value.is_null());
        if let Some(Value::Object(version)) = given.get_mut("ProvisioningArtifactParameters") {
            version.retain(|_, value| !value.is_null());
        }
        if let Some(Value::Object(version)) = given.get_mut("Parameters") {
            version.retain(|_, value| !value.is_null());
        }
        let is_replayed = operation.starts_with("Create") || operation == "CopyProduct";
        if is_replayed && operation != "CreatePortfolioShare" {
            // By chance: what was made once and deleted since is to be made again.
            given.insert(
                "IdempotencyToken".to_owned(),
                format!("seed-{:016x}", clock::chance()).into(),
            );
        }
        let arrived = Arrived::now();
        let call = Call {
            operation: operation.to_owned(),
            protocol: Protocol::Json,
            caller: self.caller.clone(),
            authority: Authority::Whole,
            arrival: arrived.arrival(Some(HOST)),
            trail: Trail::within(arrived.request_id),
            body: Value::Object(given).to_string().into(),
        };
        let answer = self.service.call(&call).await;
        let told: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
        if answer.error.is_none() {
            return Ok(told);
        }
        let message = told.get("message").or_else(|| told.get("Message"));
        let message = message.and_then(Value::as_str).unwrap_or("it failed");
        Err((self.what.clone(), format!("{operation}: {message}")))
    }

    /// All items of a listing.
    pub(super) async fn lists(
        &self,
        operation: &str,
        mut members: Value,
        items: &str,
    ) -> Result<Vec<Value>, Refused> {
        let mut all = Vec::new();
        for _ in 0..PAGES_MAX {
            let mut page = self.does(operation, members.clone()).await?;
            if let Value::Array(found) = page[items].take() {
                all.extend(found);
            }
            // The listings of TagOptions name it so.
            match page.get("NextPageToken").or_else(|| page.get("PageToken")) {
                Some(Value::String(next)) if !next.is_empty() => {
                    members["PageToken"] = next.as_str().into();
                }
                _ => break,
            }
        }
        Ok(all)
    }

    /// Keeps a template on the server; its name is its content's, so it is kept once.
    pub(super) async fn upload(&self, body: Bytes) -> Result<String, Refused> {
        let name = format!("{}.template", hex::encode(mimeo_sigv4::sha256(&body)));
        let arrived = Arrived::now();
        let trail = Trail::within(arrived.request_id);
        let put = self
            .service
            .put_template((&self.caller, &trail), &name, body, HOST, arrived.now);
        put.await
            .map_err(|stop| (self.what.clone(), stop.to_string()))
    }
}
