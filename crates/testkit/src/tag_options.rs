//! Verbs for TagOptions.

use serde_json::json;

use crate::Account;
use crate::products::id_of;

impl Account {
    /// Makes a TagOption and answers its id.
    pub async fn tag_option(&self, key: &str, value: &str) -> String {
        let input = json!({"Key": key, "Value": value});
        let made = self.does("CreateTagOption", input).await;
        id_of(&made, "/TagOptionDetail/Id")
    }

    /// Hangs a TagOption on a portfolio or product.
    pub async fn tags(&self, resource: &str, tag_option: &str) {
        let input = json!({"ResourceId": resource, "TagOptionId": tag_option});
        self.does("AssociateTagOptionWithResource", input).await;
    }
}
