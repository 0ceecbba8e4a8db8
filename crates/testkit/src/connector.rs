//! The SDK's HTTP client on top of the service: no socket, no server, the same requests and answers.

use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::body::SdkBody;
use mimeo_api::{Protocol, TARGET_PREFIX};
use mimeo_domain::Caller;
use mimeo_service::{Arrival, Authority, Call, Service};

use crate::{World, account};

const CONTENT_TYPE: &str = "application/x-amz-json-1.1";

#[derive(Debug, Clone)]
pub(crate) struct InProcess {
    world: World,
}

impl InProcess {
    pub(crate) fn new(world: &World) -> Self {
        Self {
            world: world.clone(),
        }
    }
}

impl HttpClient for InProcess {
    fn http_connector(
        &self,
        _: &HttpConnectorSettings,
        _: &RuntimeComponents,
    ) -> SharedHttpConnector {
        SharedHttpConnector::new(self.clone())
    }
}

impl HttpConnector for InProcess {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let service = self.world.service().clone();
        let arrival = self.world.arrival();
        HttpConnectorFuture::new(async move {
            let request_id = format!("00000000-0000-4000-8000-{:012x}", arrival.seed.0);
            let call = read(&request, arrival).ok_or_else(not_a_request)?;
            answer(&service, &call, request_id).await
        })
    }
}

fn not_a_request() -> ConnectorError {
    ConnectorError::user("not a signed request of Service Catalog's".into())
}

fn read(request: &HttpRequest, arrival: Arrival) -> Option<Call<'_>> {
    let target = request.headers().get("x-amz-target")?;
    let operation = target.strip_prefix(TARGET_PREFIX)?.strip_prefix('.')?;
    Some(Call {
        operation: operation.to_owned(),
        protocol: Protocol::Json,
        caller: caller(
            request.headers().get("authorization")?,
            request.headers().get("x-amz-security-token"),
        )?,
        authority: Authority::Whole,
        trail: World::trail(arrival.seed.0),
        arrival,
        body: request.body().bytes()?.to_vec().into(),
    })
}

/// Reads `AWS4-HMAC-SHA256 Credential=ACCOUNT/DATE/REGION/servicecatalog/aws4_request, …`.
fn caller(authorization: &str, token: Option<&str>) -> Option<Caller> {
    let (_, credential) = authorization.split_once("Credential=")?;
    let mut scope = credential.split([',', '/']);
    let account = scope.next()?;
    let region = scope.nth(1)?;
    account::caller(account, region, token)
}

async fn answer(
    service: &Service,
    call: &Call<'_>,
    request_id: String,
) -> Result<HttpResponse, ConnectorError> {
    let answer = service.call(call).await;
    let status = answer.status.try_into();
    let status = status.map_err(|_| ConnectorError::user("not a status".into()))?;
    let length = answer.body.len().to_string();
    let mut response = HttpResponse::new(status, SdkBody::from(answer.body));
    let headers = response.headers_mut();
    headers.insert("x-amzn-RequestId", request_id);
    headers.insert("Content-Type", CONTENT_TYPE);
    headers.insert("Content-Length", length);
    Ok(response)
}
