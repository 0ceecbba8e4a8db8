//! How busy a store is.

/// How busy a store is; counts are since it was opened.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Gauges {
    /// Writes that wait for the SQLite writer.
    pub write_queue: usize,
    /// Most that may wait.
    pub write_queue_max: usize,
    /// Scans that wait for a SQLite reader.
    pub scan_queue: usize,
    /// Commits of the SQLite writer.
    pub batches: u64,
    /// Writes that shared them.
    pub batched_writes: u64,
    /// Writes in the largest of them.
    pub largest_batch: u64,
    /// Open PostgreSQL connections.
    pub connections: usize,
    /// Callers that wait for one.
    pub connection_queue: usize,
    /// Transactions that PostgreSQL made us run again.
    pub conflicts: u64,
    /// Whether PostgreSQL was away when it was last tried, so that callers are refused at once.
    pub is_away: bool,
}
