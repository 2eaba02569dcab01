//! `explain`: what a finding code means, or whatever somebody saw.

use anyhow::Result;

use spn_doctor::directory::text::printable;
use spn_doctor::judge::checks;
use spn_doctor::render::manual;
use spn_doctor::symptoms;
use spn_doctor::trouble::Trouble;

use super::destination::print;

/// Explains a finding code, or whatever somebody saw.
pub(crate) fn explain(topic: Option<&str>) -> Result<u8> {
    let Some(topic) = topic else {
        return print(&manual::write_list).map(|()| 0);
    };
    if let Some(check) = checks::named(&topic.trim().replace(' ', "-")) {
        return print(&|out| manual::write(check, out)).map(|()| 0);
    }
    let symptoms = symptoms::called(topic);
    if symptoms.is_empty() {
        return Err(unknown(topic).into());
    }
    print(&|out| {
        symptoms.iter().enumerate().try_for_each(|(number, symptom)| {
            if number > 0 {
                writeln!(out, "\n")?;
            }
            manual::write_symptom(symptom, out)
        })
    })
    .map(|()| 0)
}

/// The error about a topic that is in no table, with what may have been meant.
fn unknown(topic: &str) -> Trouble {
    let nearest: Vec<String> =
        checks::nearest(topic).map(ToOwned::to_owned).into_iter().chain(symptoms::nearest(topic)).collect();
    let trouble = Trouble::new(format!("there is no finding code or symptom {}", printable(topic)));
    if nearest.is_empty() {
        return trouble.hint("`spn-doctor explain` lists all codes and symptoms");
    }
    trouble.hint(format!("did you mean {}? `spn-doctor explain` lists all codes and symptoms", nearest.join(" or ")))
}
