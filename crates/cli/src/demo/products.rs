//! The products of the demo and their CloudFormation templates.

use sha2::{Digest, Sha256};

/// A product as the hub publishes it.
#[derive(Debug)]
pub(super) struct Product {
    pub(super) name: &'static str,
    pub(super) description: &'static str,
    pub(super) versions: &'static [Version],
}

/// A version and its template.
#[derive(Debug)]
pub(super) struct Version {
    pub(super) name: &'static str,
    pub(super) description: &'static str,
    /// The name of the template's file.
    pub(super) file: &'static str,
    pub(super) template: &'static str,
}

impl Version {
    /// The digest of the template in this program, as the server writes digests.
    pub(super) fn digest(&self) -> String {
        format!("sha256:{}", hex::encode(Sha256::digest(self.template)))
    }
}

/// The tags of each product, which travel with CopyTags.
pub(super) const TAGS: [(&str, &str); 2] = [("team", "platform"), ("cost-centre", "4711")];

/// All products, the smallest template about a screen, the largest about three.
pub(super) const PRODUCTS: [Product; 3] = [
    Product {
        name: "network",
        description: "A VPC with its subnets and routes",
        versions: &[
            Version {
                name: "1.0",
                description: "Two public subnets",
                file: "network-1.yaml",
                template: include_str!("../../templates/network-1.yaml"),
            },
            Version {
                name: "2.0",
                description: "Two private subnets as well",
                file: "network-2.yaml",
                template: include_str!("../../templates/network-2.yaml"),
            },
            Version {
                name: "3.0",
                description: "A NAT gateway if asked for, and flow logs",
                file: "network-3.yaml",
                template: include_str!("../../templates/network-3.yaml"),
            },
        ],
    },
    Product {
        name: "bucket",
        description: "An encrypted S3 bucket",
        versions: &[
            Version {
                name: "1.0",
                description: "Encrypted by S3",
                file: "bucket-1.json",
                template: include_str!("../../templates/bucket-1.json"),
            },
            Version {
                name: "2.0",
                description: "Encrypted with a key of its own; TLS only",
                file: "bucket-2.yaml",
                template: include_str!("../../templates/bucket-2.yaml"),
            },
        ],
    },
    Product {
        name: "events",
        description: "An SNS topic that feeds an SQS queue",
        versions: &[
            Version {
                name: "1.0",
                description: "Topic and queue",
                file: "events-1.yaml",
                template: include_str!("../../templates/events-1.yaml"),
            },
            Version {
                name: "1.1",
                description: "A queue for what fails",
                file: "events-2.yaml",
                template: include_str!("../../templates/events-2.yaml"),
            },
            Version {
                name: "2.0",
                description: "Encrypted",
                file: "events-3.yaml",
                template: include_str!("../../templates/events-3.yaml"),
            },
            Version {
                name: "2.1",
                description: "An alarm for what fails",
                file: "events-4.yaml",
                template: include_str!("../../templates/events-4.yaml"),
            },
        ],
    },
];

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn all_versions() -> impl Iterator<Item = &'static Version> {
        PRODUCTS.iter().flat_map(|product| product.versions)
    }

    #[test]
    fn each_template_is_one_that_mimeo_accepts() {
        for version in all_versions() {
            let read = mimeo_templates::cloudformation::read(version.template.as_bytes());
            assert!(read.is_ok(), "{}: {:?}", version.file, read.err());
        }
    }

    #[test]
    fn no_two_versions_have_the_same_template() {
        let digests: BTreeSet<String> = all_versions().map(Version::digest).collect();
        assert_eq!(digests.len(), all_versions().count());
    }
}
