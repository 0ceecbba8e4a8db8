//! Copying products.

mod copy_product;
mod describe_copy_product_status;
