//! DescribeCopyProductStatus: how a copy of the caller's stands.
//!
//! <https://docs.aws.amazon.com/servicecatalog/latest/dg/API_DescribeCopyProductStatus.html>

use mimeo_api::{
    CopyProductStatus, DescribeCopyProductStatus, DescribeCopyProductStatusInput,
    DescribeCopyProductStatusOutput,
};
use mimeo_domain::copying::State;
use mimeo_domain::{CopyToken, Refusal};

use crate::cx::{Cx, Handle, Outside, Prepared};
use crate::error::Stop;
use crate::language::Language;
use crate::workflows::hold;

impl Handle for DescribeCopyProductStatus {
    /// In a rehearsal the question itself may let the copy go on, and then waits for its end.
    async fn prepare(
        outside: &Outside<'_>,
        input: &DescribeCopyProductStatusInput,
    ) -> Result<Prepared, Stop> {
        if let Some(rehearsal) = &outside.world.rehearsal {
            let token = input.copy_product_token.as_str().into();
            hold::described(outside, rehearsal, &token).await?;
        }
        Ok(Prepared::default())
    }

    async fn handle(
        cx: &mut Cx<'_, '_>,
        input: &DescribeCopyProductStatusInput,
    ) -> Result<DescribeCopyProductStatusOutput, Stop> {
        let token: CopyToken = input.copy_product_token.as_str().into();
        let copy = cx
            .tx
            .find_copy(cx.scope, &token)
            .await?
            .ok_or(Refusal::NoSuchCopy(token))?;
        Ok(match copy.state {
            State::Queued | State::Running => DescribeCopyProductStatusOutput {
                copy_product_status: Some(CopyProductStatus::InProgress),
                ..DescribeCopyProductStatusOutput::default()
            },
            State::Succeeded => DescribeCopyProductStatusOutput {
                copy_product_status: Some(CopyProductStatus::Succeeded),
                target_product_id: Some(copy.request.target.id().to_string()),
                status_detail: None,
            },
            State::Failed(detail) => DescribeCopyProductStatusOutput {
                copy_product_status: Some(CopyProductStatus::Failed),
                target_product_id: None,
                status_detail: Some(
                    Language::of(input.accept_language.as_deref()).status_detail(&detail),
                ),
            },
        })
    }
}
