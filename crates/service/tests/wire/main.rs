//! Stories of the catalogue, told over the wire: a module a family, a few for what all families share.

mod artifacts;
mod copy_failures;
mod copy_refusals;
mod copying;
mod coverage;
mod idempotency;
mod isolation;
mod pages;
mod pending;
mod portfolios;
mod probes;
mod products;
mod quotas;
mod sdk;
mod search;
mod shapes;
mod shares;
mod table;
mod tags;
mod templates;
mod told;
mod uploads;
