//! Copying products.

pub(crate) mod copy_product;
mod describe_copy_product_status;
