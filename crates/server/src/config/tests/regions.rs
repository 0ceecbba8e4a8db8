//! Regions that other servers serve.

use super::{merged, problems};
use crate::config::Kind;

const APART: &str = r#"
[peers]
key = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"
[[region]]
name = "eu-west-1"
endpoint = "http://10.0.0.7:4566"
[[region]]
name = "ap-south-1"
kind = "aws"
endpoint = "https://servicecatalog.ap-south-1.amazonaws.com"
role = "arn:aws:iam::123456789012:role/MimeoReader"
accounts = ["123456789012"]
"#;

#[test]
fn a_region_with_an_endpoint_is_another_servers() {
    let aws = [
        ("AWS_ACCESS_KEY_ID", "AKIAENV"),
        ("AWS_SECRET_ACCESS_KEY", "hidden"),
    ];
    let config = merged(&[], &aws, APART).unwrap();
    let apart: Vec<_> = config.apart().collect();
    let [(mimeo, of_mimeo), (aws, of_aws)] = &apart[..] else {
        panic!("{apart:?}");
    };
    assert_eq!((mimeo.as_str(), aws.as_str()), ("eu-west-1", "ap-south-1"));
    assert_eq!(of_mimeo.endpoint.as_str(), "http://10.0.0.7:4566/");
    assert!(matches!(of_mimeo.kind, Kind::Mimeo));
    let Kind::Aws(assumed) = &of_aws.kind else {
        panic!("{of_aws:?}");
    };
    let credentials = assumed.credentials.as_ref().unwrap();
    assert_eq!(credentials.access_key_id, "AKIAENV");
    assert_eq!(credentials.secret.reveal(), "hidden");
    assert!(!format!("{config:?}").contains("hidden"));
}

#[test]
fn all_that_is_wrong_with_regions_elsewhere_is_told_at_once() {
    let told = problems(
        r#"
        regions = ["eu-west-1"]
        [[account]]
        id = "123456789012"
        [[account.key]]
        id = "AKIAHUB"
        secret = "s"
        [[region]]
        name = "eu-west-1"
        endpoint = "http://10.0.0.7"
        [[region]]
        name = "eu-west-1"
        endpoint = "http://user:hidden@10.0.0.7/path"
        colour = "blue"
        [[region]]
        name = "nowhere"
        endpoint = "http://10.0.0.7"
        kind = "azure"
        [[region]]
        name = "ap-south-1"
        kind = "aws"
        endpoint = "https://aws"
        role = "Reader"
        [[region]]
        name = "us-west-2"
        "#,
    );
    for expected in [
        "region eu-west-1: it has an endpoint elsewhere, so it cannot be in `regions`",
        "region eu-west-1: servers act for callers by a key that they share",
        "region eu-west-1: it is there twice",
        "region eu-west-1: endpoint is the root of a server",
        "region eu-west-1: there is no key `colour`",
        "\"nowhere\" is not a Region name",
        "region 3: kind is \"mimeo\" or \"aws\", not \"azure\"",
        "region ap-south-1: role is the ARN of a role",
        "region ap-south-1: AWS sees the role and not the caller",
        "region ap-south-1: there are no credentials to assume the role with",
        "region us-west-2: it is neither in `regions`, nor is there an endpoint",
    ] {
        assert!(told.contains(expected), "{expected}\n{told}");
    }
    assert!(!told.contains("hidden"), "{told}");
}
