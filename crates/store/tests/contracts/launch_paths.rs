//! Launch paths.
