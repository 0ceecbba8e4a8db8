//! TagOptions, and what they hang on.

mod associate_tag_option_with_resource;
mod create_tag_option;
mod delete_tag_option;
mod describe_tag_option;
mod disassociate_tag_option_from_resource;
mod list_resources_for_tag_option;
mod list_tag_options;
mod update_tag_option;

use mimeo_domain::tag_options::TagOption;
use mimeo_domain::{Refusal, TagOptionId};

use crate::cx::Cx;
use crate::error::Stop;

impl Cx<'_, '_> {
    /// A TagOption of the caller's: those of others, shared ones too, are shown only where they hang
    /// (ours: AWS does not say).
    async fn own_tag_option(&mut self, id: &str) -> Result<TagOption, Stop> {
        let id: TagOptionId = id.into();
        let found = self.tx.find_tag_option(self.scope, &id).await?;
        found.ok_or_else(|| Refusal::NoSuchTagOption(id).into())
    }

    /// Refuses a value that the caller's key has already.
    async fn new_tag_option_value(&mut self, key: &str, value: &str) -> Result<(), Stop> {
        if self.tx.has_tag_option(self.scope, key, value).await? {
            let (key, value) = (key.to_owned(), value.to_owned());
            return Err(Refusal::SameTagOption { key, value }.into());
        }
        Ok(())
    }
}
