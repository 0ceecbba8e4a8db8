//! The description of our own API, as the server has it.

use http::Method;

use super::Endpoint;
use crate::http::reply::{PLAIN_JSON, Reply};

/// OpenAPI 3.1, in JSON.
pub(super) const DOCUMENT: &str = include_str!("../../../../../docs/reference/openapi.json");

pub(super) const ENDPOINTS: &[Endpoint] = &[Endpoint {
    method: Method::GET,
    path: "openapi.json",
    name: "DescribeApi",
    action: None,
    answer: |_, _| Box::pin(async { Ok(Reply::new(200, PLAIN_JSON, DOCUMENT)) }),
}];
