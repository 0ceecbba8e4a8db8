//! Provisioning artifacts: the versions of products.

mod create_provisioning_artifact;
mod delete_provisioning_artifact;
mod describe_provisioning_artifact;
mod list_provisioning_artifacts;
mod update_provisioning_artifact;
