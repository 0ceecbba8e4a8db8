//! Searching for products.

mod search_products_as_admin;
