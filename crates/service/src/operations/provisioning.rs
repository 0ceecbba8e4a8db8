//! Provisioning.

mod describe_provisioning_parameters;
