//! What needs nothing but the toolchain, and, left out unless asked for, what needs the lab or much time.

// Always set here. By it clippy tells what may stop at the first surprise (`.clippy.toml`): tests, and what they share.
#[cfg(test)]
mod bench;
#[cfg(test)]
mod cli;
#[cfg(test)]
mod judge;
#[cfg(test)]
mod lab;
#[cfg(test)]
mod live;
#[cfg(test)]
mod support;
