//! Amazon Resource Names, parsed once at the edge.

use std::fmt;

use crate::{AccountId, PortfolioId, ProductId, RegionName};

/// `arn:PARTITION:SERVICE:REGION:ACCOUNT:RESOURCE`, borrowed from the text it was read from.
///
/// Splitting is lenient, since Service Catalog writes products as `arn:aws:catalog:…:product/…`
/// and provisioned products as `arn:aws:servicecatalog:…:stack/…/…`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Arn<'a> {
    pub partition: &'a str,
    pub service: &'a str,
    pub region: &'a str,
    pub account: &'a str,
    pub resource: &'a str,
}

impl<'a> Arn<'a> {
    pub fn parse(text: &'a str) -> Option<Self> {
        let mut parts = text.splitn(6, ':');
        if parts.next()? != "arn" {
            return None;
        }
        Some(Self {
            partition: parts.next()?,
            service: parts.next()?,
            region: parts.next()?,
            account: parts.next()?,
            resource: parts.next()?,
        })
    }
}

/// Where a product lives: what its ARN says.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct ProductArn {
    pub partition: String,
    pub region: RegionName,
    pub account: AccountId,
    pub product: ProductId,
}

impl ProductArn {
    /// Reads `arn:PARTITION:catalog:REGION:ACCOUNT:product/prod-…` and nothing else.
    pub fn parse(text: &str) -> Option<Self> {
        let arn = Arn::parse(text)?;
        let id = arn.resource.strip_prefix("product/")?;
        let fits = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
        let is_product =
            arn.service == "catalog" && id.starts_with("prod-") && id.bytes().all(fits);
        if !is_product || !is_partition(arn.partition) {
            return None;
        }
        Some(Self {
            partition: arn.partition.to_owned(),
            region: arn.region.parse().ok()?,
            account: arn.account.parse().ok()?,
            product: id.into(),
        })
    }
}

impl fmt::Display for ProductArn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            partition,
            region,
            account,
            product,
        } = self;
        write!(
            f,
            "arn:{partition}:catalog:{region}:{account}:product/{product}"
        )
    }
}

/// `aws`, `aws-cn`, `aws-us-gov` and whatever AWS may yet name like them.
fn is_partition(text: &str) -> bool {
    let fits = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    text.starts_with("aws") && text.bytes().all(fits)
}

/// The partition that a Region belongs to, by the rule that AWS's endpoint data follows.
pub fn partition_of(region: &RegionName) -> &'static str {
    match region.as_str().split('-').next() {
        Some("cn") => "aws-cn",
        _ if region.as_str().starts_with("us-gov-") => "aws-us-gov",
        _ => "aws",
    }
}

pub fn product_arn(region: &RegionName, account: &AccountId, product: &ProductId) -> String {
    format!(
        "arn:{}:catalog:{region}:{account}:product/{product}",
        partition_of(region)
    )
}

pub fn portfolio_arn(region: &RegionName, account: &AccountId, portfolio: &PortfolioId) -> String {
    format!(
        "arn:{}:catalog:{region}:{account}:portfolio/{portfolio}",
        partition_of(region)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_product_arn_reads_back_as_written() {
        let text = "arn:aws:catalog:eu-west-1:123456789012:product/prod-hllga44jzyfou";
        let arn = ProductArn::parse(text).expect("a product ARN");
        assert_eq!(arn.to_string(), text);
        assert_eq!(product_arn(&arn.region, &arn.account, &arn.product), text);
    }

    #[test]
    fn an_arn_of_something_else_is_not_a_product() {
        for text in [
            "arn:aws:catalog:eu-west-1:123456789012:portfolio/port-hllga44jzyfou",
            "arn:aws:servicecatalog:eu-west-1:123456789012:stack/name/pp-hllga44jzyfou",
            "arn:aws:catalog:eu-west-1:123456789012:product/port-hllga44jzyfou",
            "arn:aws:catalog:eu-west-1:123456789012:product/prod-a/prod-b",
            "arn:aws:catalog::123456789012:product/prod-hllga44jzyfou",
            "arn:aws:catalog:eu-west-1::product/prod-hllga44jzyfou",
            "arn:aws\nx:catalog:eu-west-1:123456789012:product/prod-hllga44jzyfou",
            "arn:awsé:catalog:eu-west-1:123456789012:product/prod-hllga44jzyfou",
            "arn:gcp:catalog:eu-west-1:123456789012:product/prod-hllga44jzyfou",
            "arn:aws:catalog:eu-west-1:123456789012:product/prod-\0",
            "prod-hllga44jzyfou",
            "",
        ] {
            assert_eq!(ProductArn::parse(text), None, "{text}");
        }
    }
}
