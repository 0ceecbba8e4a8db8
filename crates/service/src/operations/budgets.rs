//! Budgets: names of cost budgets on products and portfolios.
