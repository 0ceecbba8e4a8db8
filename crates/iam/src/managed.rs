//! Managed policies by name: our counterparts of those that AWS has.
//!
//! They are ours, made after AWS's documentation: named as AWS's are, and of the actions that AWS's
//! grant only those of Service Catalog.
//! <https://docs.aws.amazon.com/servicecatalog/latest/adminguide/security-iam-awsmanpol.html>

/// The policies that [`managed`] knows, by name.
pub const MANAGED_POLICIES: [&str; 5] = [
    "AdministratorAccess",
    "AWSServiceCatalogAdminFullAccess",
    "AWSServiceCatalogAdminReadOnlyAccess",
    "AWSServiceCatalogEndUserFullAccess",
    "AWSServiceCatalogEndUserReadOnlyAccess",
];

/// The document of a managed policy, by its name or its ARN such as
/// `arn:aws:iam::aws:policy/AWSServiceCatalogEndUserFullAccess`, in any partition.
pub fn managed(arn_or_name: &str) -> Option<&'static str> {
    let name = match arn_or_name.split_once(":iam::aws:policy/") {
        Some(("arn:aws" | "arn:aws-cn" | "arn:aws-us-gov", name)) => name,
        Some(_) => return None,
        None => arn_or_name,
    };
    match name {
        "AdministratorAccess" => Some(ADMINISTRATOR),
        "AWSServiceCatalogAdminFullAccess" => Some(ADMIN_FULL),
        "AWSServiceCatalogAdminReadOnlyAccess" => Some(ADMIN_READ_ONLY),
        "AWSServiceCatalogEndUserFullAccess" => Some(END_USER_FULL),
        "AWSServiceCatalogEndUserReadOnlyAccess" => Some(END_USER_READ_ONLY),
        _ => None,
    }
}

const ADMINISTRATOR: &str = r#"{
  "Version": "2012-10-17",
  "Statement": {"Sid": "Everything", "Effect": "Allow", "Action": "*", "Resource": "*"}
}"#;

/// By verb, as AWS's, so that the verbs are those that Service Catalog has.
const ADMIN_FULL: &str = r#"{
  "Version": "2012-10-17",
  "Statement": {
    "Sid": "EachVerb",
    "Effect": "Allow",
    "Action": [
      "servicecatalog:Accept*",
      "servicecatalog:Associate*",
      "servicecatalog:Batch*",
      "servicecatalog:Copy*",
      "servicecatalog:Create*",
      "servicecatalog:Delete*",
      "servicecatalog:Describe*",
      "servicecatalog:Disable*",
      "servicecatalog:Disassociate*",
      "servicecatalog:Enable*",
      "servicecatalog:Execute*",
      "servicecatalog:Get*",
      "servicecatalog:Import*",
      "servicecatalog:List*",
      "servicecatalog:Provision*",
      "servicecatalog:Put*",
      "servicecatalog:Reject*",
      "servicecatalog:Scan*",
      "servicecatalog:Search*",
      "servicecatalog:SyncResource",
      "servicecatalog:TagResource",
      "servicecatalog:Terminate*",
      "servicecatalog:UntagResource",
      "servicecatalog:Update*"
    ],
    "Resource": "*"
  }
}"#;

const ADMIN_READ_ONLY: &str = r#"{
  "Version": "2012-10-17",
  "Statement": {
    "Sid": "EachVerbThatReads",
    "Effect": "Allow",
    "Action": [
      "servicecatalog:Describe*",
      "servicecatalog:Get*",
      "servicecatalog:List*",
      "servicecatalog:ScanProvisionedProducts",
      "servicecatalog:Search*"
    ],
    "Resource": "*"
  }
}"#;

const END_USER_FULL: &str = r#"{
  "Version": "2012-10-17",
  "Statement": [
    {
      "Sid": "FindAndLaunch",
      "Effect": "Allow",
      "Action": [
        "servicecatalog:DescribeProduct",
        "servicecatalog:DescribeProductView",
        "servicecatalog:DescribeProvisioningParameters",
        "servicecatalog:ListLaunchPaths",
        "servicecatalog:ProvisionProduct",
        "servicecatalog:SearchProducts"
      ],
      "Resource": "*"
    },
    {
      "Sid": "WorkWithTheirOwn",
      "Effect": "Allow",
      "Action": [
        "servicecatalog:CreateProvisionedProductPlan",
        "servicecatalog:DeleteProvisionedProductPlan",
        "servicecatalog:DescribeProvisionedProduct",
        "servicecatalog:DescribeProvisionedProductPlan",
        "servicecatalog:DescribeRecord",
        "servicecatalog:DescribeServiceActionExecutionParameters",
        "servicecatalog:ExecuteProvisionedProductPlan",
        "servicecatalog:ExecuteProvisionedProductServiceAction",
        "servicecatalog:ListProvisionedProductPlans",
        "servicecatalog:ListRecordHistory",
        "servicecatalog:ListServiceActionsForProvisioningArtifact",
        "servicecatalog:ListStackInstancesForProvisionedProduct",
        "servicecatalog:ScanProvisionedProducts",
        "servicecatalog:SearchProvisionedProducts",
        "servicecatalog:TerminateProvisionedProduct",
        "servicecatalog:UpdateProvisionedProduct"
      ],
      "Resource": "*",
      "Condition": {"StringEquals": {"servicecatalog:userLevel": "self"}}
    }
  ]
}"#;

const END_USER_READ_ONLY: &str = r#"{
  "Version": "2012-10-17",
  "Statement": [
    {
      "Sid": "Find",
      "Effect": "Allow",
      "Action": [
        "servicecatalog:DescribeProduct",
        "servicecatalog:DescribeProductView",
        "servicecatalog:DescribeProvisioningParameters",
        "servicecatalog:ListLaunchPaths",
        "servicecatalog:SearchProducts"
      ],
      "Resource": "*"
    },
    {
      "Sid": "SeeTheirOwn",
      "Effect": "Allow",
      "Action": [
        "servicecatalog:DescribeProvisionedProduct",
        "servicecatalog:DescribeProvisionedProductPlan",
        "servicecatalog:DescribeRecord",
        "servicecatalog:DescribeServiceActionExecutionParameters",
        "servicecatalog:ListProvisionedProductPlans",
        "servicecatalog:ListRecordHistory",
        "servicecatalog:ListServiceActionsForProvisioningArtifact",
        "servicecatalog:ListStackInstancesForProvisionedProduct",
        "servicecatalog:ScanProvisionedProducts",
        "servicecatalog:SearchProvisionedProducts"
      ],
      "Resource": "*",
      "Condition": {"StringEquals": {"servicecatalog:userLevel": "self"}}
    }
  ]
}"#;
