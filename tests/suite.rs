//! What needs nothing but the toolchain, and, left out unless asked for, what needs the lab or much time.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "tests stop at the first surprise"
)]
#![allow(clippy::format_collect, reason = "here clear goes before fast")]
#![cfg_attr(not(target_os = "linux"), allow(dead_code, reason = "what measures processes is tried on Linux only"))]

mod bench;
mod cli;
mod judge;
mod lab;
mod live;
mod support;
