//! Products.

mod create_product;
mod delete_product;
mod describe_product_as_admin;
mod update_product;

use mimeo_domain::Refusal;

/// `SupportUrl` must be a web address, as its documented pattern says; `""` clears it.
fn support_url(url: Option<&String>) -> Result<(), Refusal> {
    match url {
        Some(url)
            if !url.is_empty() && !url.starts_with("http://") && !url.starts_with("https://") =>
        {
            Err(Refusal::NotAWebAddress {
                member: "SupportUrl",
            })
        }
        _ => Ok(()),
    }
}
