//! ARNs, ids, and names of Regions and accounts: what reads back reads the same.

use mimeo_domain::arn::{Arn, ProductArn};
use mimeo_domain::{AccountId, ProductId, RegionName, ResourceId};

pub(crate) fn run(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return;
    };
    if let Some(arn) = Arn::parse(text) {
        let Arn {
            partition,
            service,
            region,
            account,
            resource,
        } = arn;
        let again = format!("arn:{partition}:{service}:{region}:{account}:{resource}");
        assert_eq!(again, text);
    }
    if let Some(arn) = ProductArn::parse(text) {
        assert_eq!(arn.to_string(), text);
        assert!(text.is_ascii(), "an ARN that is compared is ASCII");
    }
    if let Ok(region) = text.parse::<RegionName>() {
        assert_eq!(region.as_str(), text);
        assert!(text.bytes().all(|byte| byte.is_ascii_graphic()));
    }
    if let Ok(account) = text.parse::<AccountId>() {
        assert_eq!(account.as_str(), text);
        assert!(text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit()));
    }
    if let Some(id) = ResourceId::parse(text) {
        assert_eq!(id.as_str(), text);
    }
    if let Some(id) = ProductId::of_view(text) {
        assert_eq!(id.view_id(), text);
    }
}
