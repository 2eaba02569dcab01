//! Clocks that are too far apart for Kerberos.

use std::collections::BTreeMap;

use super::Check;
use super::manual::Manual;
use crate::directory::dn::Dn;
use crate::directory::testimony::Statement;
use crate::directory::text::{same, shown};
use crate::judge::facts::Facts;
use crate::judge::finding::{Finding, Findings};
use crate::judge::remedy::Remedy;
use crate::judge::requirements::Judged;
use crate::judge::severity::Severity;

pub(super) const CHECK: Check = Check {
    code: "clock-skew",
    manual: Manual {
        title: "a clock is wrong",
        checked: "With --prove, the time of each domain controller, and with --prove=smtp the time in the banner of each endpoint, was compared with the others' and with this computer's. A difference of more than five minutes is an error, one of more than a minute a warning.",
        impact: "Kerberos refuses tickets if clocks differ by more than five minutes (error 37). Then nothing that relies on Kerberos works between the two computers, and mail queues with 454 4.7.0.",
        fix: "Set the clock of the computer that is wrong, and find out why it was: w32tm /query /status shows where it takes the time from, w32tm /resync sets it. The domain controller with the PDC emulator role has to follow a reliable source; all others follow it. For a virtual machine, turn off the time synchronization of the host.",
        permissions: "To set a clock: a local administrator of that computer.",
        false_positives: "The banner of an endpoint shows the time to the second and in the time zone of the server; a proxy or firewall in between may show its own. The limit can be changed by Group Policy (maximum tolerance for computer clock synchronization).",
        sources: &[
            "Microsoft KB 979174: 454 4.7.0 Temporary authentication failure in the queues of Exchange",
            "RFC 4120, section 3.2.3: the allowable clock skew",
        ],
    },
    run,
};

/// More than this is too much for Kerberos, in seconds.
const TOO_MUCH: i64 = 300;
/// More than this should not be, in seconds.
const MUCH: i64 = 60;

const WHY: &str = "Kerberos refuses tickets between computers whose clocks differ by more than five minutes.";

/// A clock, and how far it is ahead of this machine's.
struct Clock<'a> {
    name: &'a str,
    domain: Option<&'a str>,
    server: Option<&'a Judged<'a>>,
    ahead: i64,
}

fn run(facts: &Facts<'_>, found: &mut Findings) {
    let clocks = clocks(facts);
    if clocks.is_empty() {
        return;
    }
    let right = middle(clocks.iter().map(|clock| clock.ahead));
    let here = Clock { name: "this computer", domain: None, server: None, ahead: 0 };
    let wrong: Vec<&Clock<'_>> = clocks.iter().chain([&here]).filter(|clock| off(clock.ahead, right) > MUCH).collect();
    if !wrong.is_empty() {
        found.extend([finding(facts, &wrong, right)]);
    }
}

fn off(ahead: i64, right: i64) -> i64 {
    ahead.saturating_sub(right).saturating_abs()
}

fn clocks<'a>(facts: &'a Facts<'_>) -> Vec<Clock<'a>> {
    let mut clocks: BTreeMap<&str, Clock<'a>> = BTreeMap::new();
    for statement in facts.directory.testimony.statements() {
        match statement {
            Statement::Clock { server, domain, ahead } => {
                note(&mut clocks, Clock { name: server, domain: Some(domain), server: None, ahead: *ahead });
            }
            Statement::Endpoint { endpoint, ahead: Some(ahead), .. } => {
                let server = Dn::parse(endpoint).ok().and_then(|dn| facts.directory.place_above(&dn));
                // One that is no more in the directory says nothing of what is.
                let Some(judged) = server.and_then(|place| facts.servers.get(place)) else { continue };
                let name = judged.server.names.name.as_str();
                note(&mut clocks, Clock { name, domain: None, server: Some(judged), ahead: *ahead });
            }
            _ => {}
        }
    }
    clocks.into_values().collect()
}

/// Notes what a clock shows. A directory and its KDC, or several endpoints of a server, may tell the time: the worst one is what Kerberos
/// suffers from.
fn note<'a>(clocks: &mut BTreeMap<&'a str, Clock<'a>>, clock: Clock<'a>) {
    let ahead = clock.ahead;
    let known = clocks.entry(clock.name).or_insert(clock);
    if ahead.saturating_abs() > known.ahead.saturating_abs() {
        known.ahead = ahead;
    }
}

/// What most clocks show, this machine's among them; of two in the middle, the one nearer to it.
fn middle(ahead: impl Iterator<Item = i64>) -> i64 {
    let mut all: Vec<i64> = ahead.chain([0]).collect();
    all.sort_unstable();
    let upper = all.get(all.len() / 2).copied().unwrap_or_default();
    let lower = all.get((all.len() - 1) / 2).copied().unwrap_or_default();
    if lower.saturating_abs() <= upper.saturating_abs() { lower } else { upper }
}

fn finding(facts: &Facts<'_>, wrong: &[&Clock<'_>], right: i64) -> Finding {
    let is_too_much = wrong.iter().any(|clock| off(clock.ahead, right) > TOO_MUCH);
    let severity = if is_too_much { Severity::Error } else { Severity::Warning };
    let each: Vec<String> = wrong.iter().map(|clock| in_words(clock, right)).collect();
    let is_concerned = |judged: &&Judged<'_>| {
        let domain = judged.account().map(|account| account.domain.dns.as_str());
        wrong.iter().any(|clock| match (clock.domain, clock.server) {
            (Some(of), _) => domain.is_some_and(|own| same(own, of)),
            (None, Some(server)) => server.is(judged),
            // This computer's: no ticket that is asked for from here says anything.
            (None, None) => true,
        })
    };
    let advice = "`w32tm /query /status` on that computer shows where it takes the time from, `w32tm /resync` sets it.";
    Finding::new(CHECK.code, severity, each.join("; "), WHY)
        .servers(facts.servers.iter().filter(is_concerned))
        .evidence(each)
        .remedy(Remedy::decide("Set the clock", advice))
}

fn in_words(clock: &Clock<'_>, right: i64) -> String {
    let differs = clock.ahead.saturating_sub(right);
    let way = if differs > 0 { "ahead of" } else { "behind" };
    let time = std::time::Duration::from_secs(differs.unsigned_abs());
    let name = if clock.domain.is_none() && clock.server.is_none() { clock.name.to_owned() } else { shown(clock.name) };
    format!("the clock of {name} is {} {way} the others", humantime::format_duration(time))
}

#[cfg(test)]
mod tests {
    use super::middle;

    #[test]
    fn most_clocks_are_right_and_of_two_that_differ_the_one_like_ours() {
        for (clocks, right) in
            [(&[0, 0, 420][..], 0), (&[420, 420, 420], 420), (&[420], 0), (&[-400, 3], 0), (&[5, 6, 7], 5), (&[], 0)]
        {
            assert_eq!(middle(clocks.iter().copied()), right, "{clocks:?}");
        }
    }
}
