//! Checks again and again, after a fix: until nothing is left to be found, or the time is up.

use std::thread;
use std::time::{Duration, Instant};

use anyhow::Result;

use spn_doctor::judge::checks;
use spn_doctor::report::{FailOn, Report, Verdict};

use super::progress::Terminal;

/// Between two checks: replication within a site takes longer.
const PAUSE: Duration = Duration::from_secs(10);

/// The last report of those that `check` makes within the time; with no time, of one. An error ends it at once: what is wrong with a
/// password must not be tried until the account is locked.
pub(super) fn until(time: Option<Duration>, fail_on: FailOn, check: impl Fn() -> Result<Report>) -> Result<Report> {
    let started = Instant::now();
    loop {
        let report = check()?;
        let left = time.and_then(|time| time.checked_sub(started.elapsed())).filter(|left| !left.is_zero());
        let Some(left) = left.filter(|_| !is_settled(&report, fail_on)) else { return Ok(report) };
        let pause = PAUSE.min(left);
        let open = report.findings.len() + report.problems.len();
        let seconds = left.as_secs();
        Terminal::line(&format!("waiting: {open} findings and problems are left; the time is up in {seconds} s"));
        thread::sleep(pause);
    }
}

/// Whether there is nothing to wait for any more.
fn is_settled(report: &Report, fail_on: FailOn) -> bool {
    let is_dispute = |code: &str| checks::of_witnesses().any(|check| check.code == code);
    let is_disputed = report.findings.iter().any(|finding| finding.exception.is_none() && is_dispute(finding.code));
    report.verdict != Verdict::Incomplete && !report.fails(fail_on) && !is_disputed
}
