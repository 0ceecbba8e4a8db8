//! What each function of the store promises, told once and kept on every engine.

mod artifacts;
mod budgets;
mod cast;
mod claims;
mod constraints;
mod copies;
mod identities;
mod lanes;
mod launch_paths;
mod organizations;
mod plans;
mod portfolios;
mod principals;
mod products;
mod replays;
mod reset;
mod service_actions;
mod shares;
mod tag_options;
mod takeovers;
mod tallies;
