//! Portfolios, and what stands in them.

mod associate_product_with_portfolio;
mod create_portfolio;
mod delete_portfolio;
mod describe_portfolio;
mod disassociate_product_from_portfolio;
mod list_portfolios;
mod list_portfolios_for_product;
mod update_portfolio;
