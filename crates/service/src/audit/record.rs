//! The record itself: a function of who asked, what, when, and what came of it.

use mimeo_domain::{AccountId, Caller, RegionName, Timestamp};
use mimeo_store::{AuditRecord, AuthScope};
use serde::Serialize;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::denials::LeftOut;
use super::masking::fitted;
use super::{Actor, Event, Trail};
use crate::authorize::Denied;

/// CloudTrail's current version of the format.
const VERSION: &str = "1.11";

/// The longest text that came from a header, and the longest error message, in characters;
/// CloudTrail's limit is 1 KB.
const TEXT_MAX: usize = 1024;

const ACCESS_KEY_ID_MAX: usize = 128;

/// `eventName` of the record that says how many denied attempts have none.
const LEFT_OUT: &str = "DeniedAttemptsLeftOut";

/// What a record says of the request; the rest is what came of it.
#[derive(Debug)]
pub(crate) struct Head {
    caller: Caller,
    now: Timestamp,
    event: Event,
    identity: Value,
    who: String,
    address: String,
    user_agent: String,
    request_id: Uuid,
    parameters: Value,
}

/// In CloudTrail's order.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Record<'a> {
    event_version: &'static str,
    user_identity: &'a Value,
    event_time: String,
    event_source: &'a str,
    event_name: &'a str,
    aws_region: &'a RegionName,
    #[serde(rename = "sourceIPAddress")]
    source_ip_address: &'a str,
    user_agent: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    error_code: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error_message: Option<String>,
    request_parameters: &'a Value,
    response_elements: &'a Value,
    #[serde(rename = "requestID", skip_serializing_if = "Option::is_none")]
    request_id: Option<String>,
    #[serde(rename = "eventID")]
    event_id: &'a str,
    read_only: bool,
    event_type: &'static str,
    management_event: bool,
    recipient_account_id: &'a AccountId,
    #[serde(skip_serializing_if = "Option::is_none")]
    service_event_details: Option<&'a Value>,
    event_category: &'static str,
}

impl Head {
    /// `parameters` are shown already.
    pub(super) fn of(
        caller: &Caller,
        trail: &Trail<'_>,
        now: Timestamp,
        event: Event,
        parameters: Value,
    ) -> Self {
        let (identity, who) = identity(caller, trail);
        let address = trail.address.map(|address| address.to_canonical());
        Self {
            caller: caller.clone(),
            now,
            event,
            identity,
            who: who.to_owned(),
            address: address.map_or_else(|| "mimeo".to_owned(), |address| address.to_string()),
            user_agent: cut(trail.user_agent.unwrap_or_default(), TEXT_MAX),
            request_id: trail.request_id,
            parameters: fitted(parameters, "requestParameters"),
        }
    }

    pub(super) fn now(&self) -> Timestamp {
        self.now
    }

    pub(super) fn request_id(&self) -> Uuid {
        self.request_id
    }

    /// It was done; `elements` are shown already.
    pub(crate) fn done(&self, elements: Value) -> AuditRecord {
        let elements = fitted(elements, "responseElements");
        self.record(None, &elements)
    }

    /// It was denied by a policy.
    pub(crate) fn denied(&self, denied: &Denied) -> AuditRecord {
        self.record(Some(denied), &Value::Null)
    }

    fn record(&self, denied: Option<&Denied>, elements: &Value) -> AuditRecord {
        let id = event_id(&format!("{} {}", self.request_id, self.event.name));
        let record = Record {
            event_version: VERSION,
            user_identity: &self.identity,
            event_time: time(self.now),
            event_source: self.event.source,
            event_name: self.event.name,
            aws_region: &self.caller.region,
            source_ip_address: &self.address,
            user_agent: &self.user_agent,
            error_code: denied.map(|_| "AccessDenied"),
            error_message: denied.map(|denied| cut(&denied.0, TEXT_MAX)),
            request_parameters: &self.parameters,
            response_elements: elements,
            request_id: Some(self.request_id.to_string()),
            event_id: &id,
            read_only: self.event.read_only,
            event_type: "AwsApiCall",
            management_event: true,
            recipient_account_id: &self.caller.account,
            service_event_details: None,
            event_category: "Management",
        };
        let body = serde_json::to_string(&record).expect("a record has text keys");
        AuditRecord {
            at: self.now,
            event: self.event.name.into(),
            who: self.who.clone(),
            id,
            body,
        }
    }
}

/// What the service did by itself.
pub(super) struct Happened<'a> {
    pub account: &'a AccountId,
    pub region: &'a RegionName,
    pub now: Timestamp,
    pub source: &'static str,
    pub name: &'static str,
    /// From which the record's id is made: unique to what happened.
    pub seed: &'a str,
    pub details: Value,
}

pub(super) fn happened(what: &Happened<'_>) -> AuditRecord {
    let id = event_id(what.seed);
    let identity = json!({"accountId": what.account.as_str(), "invokedBy": what.source});
    let record = Record {
        event_version: VERSION,
        user_identity: &identity,
        event_time: time(what.now),
        event_source: what.source,
        event_name: what.name,
        aws_region: what.region,
        source_ip_address: what.source,
        user_agent: what.source,
        error_code: None,
        error_message: None,
        request_parameters: &Value::Null,
        response_elements: &Value::Null,
        request_id: None,
        event_id: &id,
        read_only: false,
        event_type: "AwsServiceEvent",
        management_event: true,
        recipient_account_id: what.account,
        service_event_details: Some(&what.details),
        event_category: "Management",
    };
    let body = serde_json::to_string(&record).expect("a record has text keys");
    AuditRecord {
        at: what.now,
        event: what.name.into(),
        who: String::new(),
        id,
        body,
    }
}

/// How many denied attempts of a minute have no record.
pub(super) fn left_out(left_out: &LeftOut, now: Timestamp) -> (AuthScope, AuditRecord) {
    let LeftOut {
        scope, from, count, ..
    } = left_out;
    let name = LEFT_OUT;
    let seed = format!("{name} {}", left_out.first);
    let record = happened(&Happened {
        account: &scope.account,
        region: &scope.region,
        now,
        source: "mimeo",
        name,
        seed: &seed,
        details: json!({"count": count, "minute": time(*from)}),
    });
    (scope.clone(), record)
}

/// `userIdentity`, and the name by which records are looked up.
fn identity<'a>(caller: &Caller, trail: &Trail<'a>) -> (Value, &'a str) {
    let account = caller.account.as_str();
    let mut identity = json!({"arn": caller.principal, "accountId": account});
    if let Some(id) = trail.access_key_id {
        identity["accessKeyId"] = cut(id, ACCESS_KEY_ID_MAX).into();
    }
    let mut issuer = None;
    let who = match trail.actor {
        Actor::Root => {
            identity["type"] = "Root".into();
            identity["principalId"] = account.into();
            "root"
        }
        Actor::User { name, unique_id } => {
            identity["type"] = "IAMUser".into();
            identity["principalId"] = unique_id.into();
            identity["userName"] = name.into();
            name
        }
        Actor::Role {
            arn,
            unique_id,
            session_name,
        } => {
            identity["type"] = "AssumedRole".into();
            identity["principalId"] = format!("{unique_id}:{session_name}").into();
            issuer = Some(json!({
                "type": "Role", "principalId": unique_id, "arn": arn, "accountId": account,
                "userName": arn.rsplit('/').next(),
            }));
            session_name
        }
    };
    if let Some(began) = trail.session_began {
        let mut context = json!({
            "attributes": {"creationDate": time(began), "mfaAuthenticated": "false"},
        });
        if let Some(issuer) = issuer {
            context["sessionIssuer"] = issuer;
        }
        identity["sessionContext"] = context;
    }
    (identity, who)
}

/// The first characters of a text.
fn cut(text: &str, characters_max: usize) -> String {
    text.chars().take(characters_max).collect()
}

/// An instant as CloudTrail writes it: `2026-01-15T08:00:00Z`.
fn time(at: Timestamp) -> String {
    let second = at.millis().div_euclid(1000);
    jiff::Timestamp::from_second(second).map_or_else(|_| String::new(), |time| time.to_string())
}

/// A record's id: always the same for what happened, however often its transaction is run.
fn event_id(seed: &str) -> String {
    let digest = Sha256::new()
        .chain_update("mimeo audit ")
        .chain_update(seed)
        .finalize();
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&digest[..16]);
    uuid::Builder::from_custom_bytes(bytes)
        .into_uuid()
        .to_string()
}
