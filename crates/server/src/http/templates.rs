//! Templates of the caller's own: put and read through the door.

use bytes::Bytes;
use http::request::Parts;
use hyper::body::Incoming;
use mimeo_api::{ErrorCode, Protocol};
use mimeo_service::{Answer, Event, Rejection, UploadedAt};
use mimeo_templates::TEMPLATE_BYTES_MAX;
use serde_json::{Value, json};
use tokio::time::timeout;

use super::door::{Door, Entered, Seen, Turned, late};
use super::reply::Reply;
use crate::clock::Arrived;
use crate::front;

/// What the template routes may answer.
const UPLOAD_ERRORS: &[ErrorCode] = &[
    ErrorCode::InvalidParameters,
    ErrorCode::LimitExceeded,
    ErrorCode::ResourceNotFound,
];

/// An action of ours, and the operation by which it is allowed where policies do not speak of it.
struct Ours(&'static str, &'static str);

const PUT_TEMPLATE: Ours = Ours(
    "mimeo:PutTemplate",
    "servicecatalog:CreateProvisioningArtifact",
);
const GET_TEMPLATE: Ours = Ours(
    "mimeo:GetTemplate",
    "servicecatalog:DescribeProvisioningArtifact",
);

impl Door {
    pub(super) async fn put(
        &self,
        arrived: &Arrived,
        parts: &Parts,
        body: &mut Incoming,
        name: &str,
        seen: &mut Seen,
    ) -> Result<Answer, Turned> {
        seen.operation = "PutTemplate";
        let entered = self
            .enter(arrived, parts, body, TEMPLATE_BYTES_MAX, seen)
            .await?;
        let (caller, trail) = (&entered.caller, entered.trail());
        let event = Event::ours("PutTemplate");
        let recorded = (event, json!({"name": name}));
        self.may(&entered, arrived, &PUT_TEMPLATE, recorded).await?;
        let host = front::host(&parts.headers).unwrap_or_default();
        let bytes = entered.body.bytes.clone();
        let put = self
            .service
            .put_template((caller, &trail), name, bytes, host, arrived.now);
        let url = timeout(self.limits.request, put)
            .await
            .map_err(|_| late())?;
        let url = url
            .map_err(|stop| Turned::With(Answer::stopped(&stop, UPLOAD_ERRORS, Protocol::Json)))?;
        let body = json!({ "Url": url }).to_string().into_bytes();
        Ok(Answer {
            status: 201,
            ..Answer::done(body)
        })
    }

    pub(super) async fn get(
        &self,
        arrived: &Arrived,
        parts: &Parts,
        body: &mut Incoming,
        upload: &UploadedAt,
        seen: &mut Seen,
    ) -> Result<Reply, Turned> {
        seen.operation = "GetTemplate";
        let bytes_max = self.limits.body_bytes_max;
        let entered = self.enter(arrived, parts, body, bytes_max, seen).await?;
        let event = Event {
            read_only: true,
            ..Event::ours("GetTemplate")
        };
        let recorded = (event, json!({"path": parts.uri.path()}));
        self.may(&entered, arrived, &GET_TEMPLATE, recorded).await?;
        let caller = entered.leave(seen);
        let way_out = self.ways_out.open(&caller.account, self.limits.turn);
        let way_out = way_out.await?;
        let get = self.service.get_template(&caller, upload);
        let template = timeout(self.limits.request, get)
            .await
            .map_err(|_| late())?;
        let template = template
            .map_err(|stop| Turned::With(Answer::stopped(&stop, UPLOAD_ERRORS, Protocol::Json)))?;
        let missing = || not_found(format!("There is no template {} here.", upload.name));
        Ok(sent(way_out.carry(template.ok_or_else(missing)?)))
    }

    /// Whether the caller's policies let it use a route of ours; if not, that is recorded.
    async fn may(
        &self,
        entered: &Entered<'_>,
        arrived: &Arrived,
        Ours(action, serves): &Ours,
        recorded: (Event, Value),
    ) -> Result<(), Turned> {
        let trail = entered.trail();
        let let_in = self.service.let_in(
            (&entered.caller, &entered.authority, &trail),
            arrived.now,
            (action, Some(serves)),
            recorded,
        );
        let_in
            .await
            .map_err(|stop| Turned::With(Answer::stopped(&stop, &[], Protocol::Json)))
    }
}

/// A template on its way out.
pub(super) fn sent(template: Bytes) -> Reply {
    Reply::new(200, "application/octet-stream", template)
}

pub(super) fn not_found(message: String) -> Rejection {
    Rejection {
        status: 404,
        code: "ResourceNotFoundException",
        message,
    }
}
