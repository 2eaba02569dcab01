//! What the witnesses said, a line for each name.

use std::io::{self, Write};

use super::paint::{BAD, BOLD, DOUBTFUL, GOOD, paint};
use super::words::count;
use super::wrap::prose;
use crate::directory::text::shown;
use crate::report::{Proof, Report};

/// Writes what was said of each name; nothing where nobody was asked.
pub(super) fn write(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    let said =
        || report.servers.iter().flat_map(|server| &server.spns).filter_map(|spn| Some((spn, spn.proof.as_ref()?)));
    if said().next().is_none() {
        return Ok(());
    }
    writeln!(out, "\n{}", paint(BOLD, "What the witnesses say"))?;
    for (spn, proof) in said() {
        let (style, word) = match proof.outcome() {
            Outcome::Confirmed => (GOOD, "confirmed"),
            Outcome::Disputed => (BAD, "disputed "),
            Outcome::Open => (DOUBTFUL, "open     "),
        };
        let line = format!("{} {} {}: {}", paint(style, word), spn.status, shown(&spn.spn), in_words(proof));
        write!(out, "{}", prose(&line, "  "))?;
    }
    Ok(())
}

/// What the words of all witnesses come to.
enum Outcome {
    /// All who were asked were heard, and say what the directory says.
    Confirmed,
    /// One says something else.
    Disputed,
    /// One was not heard, nobody was asked, or what the KDCs say proves nothing.
    Open,
}

impl Proof {
    fn outcome(&self) -> Outcome {
        let results = || {
            let controllers = self.controllers.iter().map(|controller| controller.result);
            controllers.chain(self.smtp.iter().map(|endpoint| endpoint.result))
        };
        let is_disputed =
            self.kdcs.iter().any(|kdc| kdc.agrees == Some(false)) || results().any(|result| result == "differs");
        let is_unheard = self.kdcs.iter().map(|kdc| kdc.result).chain(results()).any(|result| result == "unheard");
        // A read-only domain controller without the keys says nothing, but others do. Where KDCs were asked, only theirs is the last word.
        let is_said = match self.kdcs.as_slice() {
            [] => results().next().is_some(),
            kdcs => kdcs.iter().any(|kdc| kdc.agrees == Some(true)),
        };
        if is_disputed {
            Outcome::Disputed
        } else if is_said && !is_unheard {
            Outcome::Confirmed
        } else {
            Outcome::Open
        }
    }
}

fn in_words(proof: &Proof) -> String {
    let mut words = Vec::new();
    let kdcs = proof.kdcs.len();
    if kdcs > 0 {
        let issued = proof.kdcs.iter().filter(|kdc| kdc.result == "issued").count();
        let unheard = proof.kdcs.iter().filter(|kdc| kdc.result == "unheard").count();
        words.push(format!("{issued} of {} issued a ticket", count(kdcs, "KDC")));
        if unheard > 0 {
            words.push(format!("{unheard} not heard"));
        }
    }
    if !proof.controllers.is_empty() {
        let same = proof.controllers.iter().filter(|controller| controller.result == "same").count();
        words.push(format!("the same on {same} of {}", count(proof.controllers.len(), "domain controller")));
    }
    if !proof.smtp.is_empty() {
        let as_configured = proof.smtp.iter().filter(|endpoint| endpoint.result == "as-configured").count();
        words.push(format!("{as_configured} of {} as configured", count(proof.smtp.len(), "endpoint")));
    }
    if words.is_empty() { "nobody could be asked".to_owned() } else { words.join(", ") }
}
