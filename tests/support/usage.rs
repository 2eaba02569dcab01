//! What a running program takes.

use std::fs;

/// The most memory that the process ever had, in megabytes; nothing once it is gone.
pub(crate) fn peak(process: u32) -> Option<usize> {
    let status = fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    Some(line.trim().split(' ').next()?.parse::<usize>().ok()? / 1024)
}
