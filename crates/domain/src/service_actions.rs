//! Service actions: what may be run on a launched product.
