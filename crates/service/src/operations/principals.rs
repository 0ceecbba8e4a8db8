//! Portfolio principals: who may see and launch what stands in a portfolio.
