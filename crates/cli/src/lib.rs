//! The client's side of Mimeo: it knows a server by its URL, like any other client.

pub mod demo;
