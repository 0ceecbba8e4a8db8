//! The managed policies.

use mimeo_iam::{Facts, MANAGED_POLICIES, managed};

use crate::{ask, nobody, policy};

#[track_caller]
fn check(name: &str, action: &str, facts: &Facts<'_>, wanted: bool) {
    let policy = policy(managed(name).expect("is managed"));
    let action = format!("servicecatalog:{action}");
    let allowed = ask(&policy, &action, None, facts).is_allowed();
    assert_eq!(allowed, wanted, "{name} {action}");
}

#[test]
fn each_is_a_policy_and_has_a_name_and_an_arn() {
    for name in MANAGED_POLICIES {
        let document = managed(name).expect("is managed");
        policy(document);
        for partition in ["aws", "aws-cn", "aws-us-gov"] {
            let arn = format!("arn:{partition}:iam::aws:policy/{name}");
            assert_eq!(managed(&arn), Some(document));
        }
    }
    for unknown in [
        "ReadOnlyAccess",
        "",
        "arn:aws:iam::111122223333:policy/AdministratorAccess",
    ] {
        assert_eq!(managed(unknown), None, "{unknown}");
    }
    assert_eq!(managed("x:iam::aws:policy/AdministratorAccess"), None);
}

#[test]
fn administrators_manage_and_readers_read() {
    let facts = nobody();
    check("AdministratorAccess", "CopyProduct", &facts, true);
    for action in [
        "CopyProduct",
        "CreatePortfolioShare",
        "DescribeCopyProductStatus",
        "SearchProductsAsAdmin",
    ] {
        check("AWSServiceCatalogAdminFullAccess", action, &facts, true);
    }
    check(
        "AWSServiceCatalogAdminReadOnlyAccess",
        "SearchProductsAsAdmin",
        &facts,
        true,
    );
    check(
        "AWSServiceCatalogAdminReadOnlyAccess",
        "CopyProduct",
        &facts,
        false,
    );
    let own = policy(managed("AWSServiceCatalogAdminFullAccess").expect("is managed"));
    assert!(!ask(&own, "iam:CreateUser", None, &facts).is_allowed());
}

#[test]
fn end_users_work_with_what_is_their_own() {
    let own = Facts::new().with("servicecatalog:userLevel", "self");
    let facts = nobody();
    for name in [
        "AWSServiceCatalogEndUserFullAccess",
        "AWSServiceCatalogEndUserReadOnlyAccess",
    ] {
        check(name, "SearchProducts", &facts, true);
        check(name, "CopyProduct", &own, false);
        check(name, "DescribeProvisionedProduct", &own, true);
        check(name, "DescribeProvisionedProduct", &facts, false);
    }
    check(
        "AWSServiceCatalogEndUserFullAccess",
        "ProvisionProduct",
        &facts,
        true,
    );
    check(
        "AWSServiceCatalogEndUserFullAccess",
        "TerminateProvisionedProduct",
        &own,
        true,
    );
    check(
        "AWSServiceCatalogEndUserReadOnlyAccess",
        "ProvisionProduct",
        &own,
        false,
    );
    check(
        "AWSServiceCatalogEndUserReadOnlyAccess",
        "TerminateProvisionedProduct",
        &own,
        false,
    );
}
