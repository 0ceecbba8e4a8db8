//! Organizations: management accounts, units, members.
