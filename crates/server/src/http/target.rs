//! What a request asks for: the operation that it names, in the form that it must have.

use http::HeaderMap;
use http::header::CONTENT_TYPE;
use mimeo_api::Protocol;
use mimeo_service::{Rejection, Service};

use super::reply::{CBOR, JSON, RPC_V2_CBOR, SMITHY_PROTOCOL};
use super::route::SERVICE_NAME;

/// The operation that a header names; `service` is what the credentials are scoped to.
pub(super) fn target(
    headers: &HeaderMap,
    service: Option<&str>,
) -> Result<&'static str, Rejection> {
    let Some(target) = headers.get("x-amz-target") else {
        return Err(other_service(service).unwrap_or_else(|| {
            Rejection::new(
                "UnknownOperationException",
                "The X-Amz-Target header is missing.",
            )
        }));
    };
    let target = String::from_utf8_lossy(target.as_bytes());
    match target.split_once('.') {
        Some((SERVICE_NAME, name)) => operation(name),
        Some((named, _)) if service != Some("servicecatalog") => Err(not_here(named)),
        _ => Err(unknown(&target)),
    }
}

pub(super) fn operation(name: &str) -> Result<&'static str, Rejection> {
    Service::operation_named(name).ok_or_else(|| unknown(name))
}

fn unknown(name: &str) -> Rejection {
    let name: String = name.chars().take(128).collect();
    Rejection::new(
        "UnknownOperationException",
        format!("There is no operation {name:?}."),
    )
}

/// Credentials for another service: the client has sent all its calls here.
pub(super) fn other_service(service: Option<&str>) -> Option<Rejection> {
    service
        .filter(|service| *service != "servicecatalog")
        .map(not_here)
}

/// The same for requests to STS, which is served here too.
pub(super) fn not_sts(service: Option<&str>) -> Option<Rejection> {
    service.filter(|service| *service != "sts").map(not_here)
}

fn not_here(service: &str) -> Rejection {
    let service: String = service.chars().take(128).collect();
    let message = format!(
        "Mimeo serves Service Catalog and a little of STS, not {service}. Point only those here: \
         AWS_ENDPOINT_URL_SERVICE_CATALOG, AWS_ENDPOINT_URL_STS."
    );
    Rejection {
        status: 501,
        code: "NotImplementedException",
        message,
    }
}

/// A form that no web page can send without asking first, and that tells what the body is.
pub(super) fn check_form(
    headers: &HeaderMap,
    protocol: Protocol,
    body: &[u8],
) -> Result<(), Rejection> {
    let wanted = match protocol {
        Protocol::Json => JSON,
        Protocol::Cbor => CBOR,
    };
    let kind = headers
        .get(CONTENT_TYPE)
        .and_then(|value| value.to_str().ok());
    let essence = kind
        .unwrap_or_default()
        .split(';')
        .next()
        .unwrap_or_default()
        .trim();
    // Smithy leaves the type out where there is no body.
    let fits = essence.eq_ignore_ascii_case(wanted)
        || (protocol == Protocol::Cbor && kind.is_none() && body.is_empty());
    if !fits {
        let message = format!("The content type of this request must be {wanted}.");
        return Err(Rejection::new("SerializationException", message));
    }
    let named = headers
        .get(SMITHY_PROTOCOL)
        .map(http::HeaderValue::as_bytes);
    if protocol == Protocol::Cbor && named != Some(RPC_V2_CBOR.as_bytes()) {
        let message = "The header smithy-protocol must be rpc-v2-cbor.";
        return Err(Rejection::new("SerializationException", message));
    }
    Ok(())
}
