//! What the tests share.

pub(crate) mod chance;
pub(crate) mod mutate;
pub(crate) mod organisation;
pub(crate) mod program;
pub(crate) mod promised;
pub(crate) mod proxy;
pub(crate) mod reading;
pub(crate) mod server;
pub(crate) mod setspn;
pub(crate) mod sweep;
#[cfg(target_os = "linux")]
pub(crate) mod usage;
