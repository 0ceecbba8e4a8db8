//! Which door of the server a request knocks at.

use http::Method;
use http::header::CONTENT_TYPE;
use http::request::Parts;
use mimeo_api::Protocol;
use mimeo_service::{UPLOAD_PATH, UploadedAt};

use super::artifacts::ArtifactAt;
use crate::control::Topic;

/// The target prefix of AWS JSON 1.1, and the service's name in RPC v2 CBOR.
pub(super) const SERVICE_NAME: &str = "AWS242ServiceCatalogService";

/// Under which our own API lies.
pub(super) const V1_PATH: &str = "/_mimeo/v1/";

pub(super) enum Route {
    /// AWS JSON 1.1: the operation is in a header.
    Json,
    /// Smithy RPC v2 CBOR: the operation is in the path.
    Cbor(String),
    /// AWS's query protocol, of which STS is served: the action is in the body.
    Sts,
    PutTemplate(String),
    GetTemplate(UploadedAt),
    /// The template of a version, as kept.
    Artifact(ArtifactAt),
    Live,
    Ready,
    Metrics,
    Health,
    /// Our own API, in the version that it has.
    V1,
    /// What a test sets or asks, where there is such a thing.
    Control(Topic),
    Nowhere,
}

impl Route {
    pub(super) fn of(parts: &Parts) -> Self {
        let path = parts.uri.path();
        if let Some(topic) = Topic::of_path(path) {
            return Self::Control(topic);
        }
        if path.starts_with(V1_PATH) {
            return Self::V1;
        }
        if parts.method == Method::POST {
            if path == "/" {
                return if is_form(parts) {
                    Self::Sts
                } else {
                    Self::Json
                };
            }
            return rpc_operation(path).map_or(Self::Nowhere, |name| Self::Cbor(name.to_owned()));
        }
        if parts.method == Method::PUT {
            let name = path.strip_prefix(UPLOAD_PATH);
            return name.map_or(Self::Nowhere, |name| Self::PutTemplate(name.to_owned()));
        }
        if parts.method != Method::GET {
            return Self::Nowhere;
        }
        match path {
            "/livez" => Self::Live,
            "/readyz" => Self::Ready,
            "/metrics" => Self::Metrics,
            "/_mimeo/health" | "/_localstack/health" => Self::Health,
            path => ArtifactAt::of_path(path)
                .map(Self::Artifact)
                .or_else(|| UploadedAt::of_path(path).map(Self::GetTemplate))
                .unwrap_or(Self::Nowhere),
        }
    }

    pub(super) fn protocol(&self) -> Protocol {
        match self {
            Self::Cbor(_) => Protocol::Cbor,
            _ => Protocol::Json,
        }
    }
}

fn is_form(parts: &Parts) -> bool {
    let kind = parts.headers.get(CONTENT_TYPE);
    let kind = kind.and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    let essence = kind.split(';').next().unwrap_or_default().trim();
    essence.eq_ignore_ascii_case("application/x-www-form-urlencoded")
        && !parts.headers.contains_key("x-amz-target")
}

fn rpc_operation(path: &str) -> Option<&str> {
    let rest = path.strip_prefix("/service/")?.strip_prefix(SERVICE_NAME)?;
    rest.strip_prefix("/operation/")
}
