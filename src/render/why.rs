//! The answer of `why`, for somebody who has an event in front of them: what the message says, what is wrong, what to run. It fits a
//! screen, so what matters less is left out where there is no room.

use std::io::{self, Write};

use super::groups::groups_of;
use super::table::write_group;
use super::words::{count, sentence};
use super::wrap::prose;
use super::{json, table};
use crate::directory::text::{printable, printable_lines, shown};
use crate::why::answer::{Answer, Name, Verdict};
use crate::why::clues::Clue;

/// The form of an answer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Form {
    /// For somebody at a terminal.
    #[default]
    Text,
    /// For programs: everything.
    Json,
}

/// No answer has more lines.
const MOST_LINES: usize = 30;

/// Writes an answer.
pub fn write(answer: &Answer, form: Form, out: &mut dyn Write) -> io::Result<()> {
    match form {
        Form::Json => json::write(answer, out),
        Form::Text => write_text(answer, out),
    }
}

fn write_text(answer: &Answer, out: &mut dyn Write) -> io::Result<()> {
    let mut page = Page { lines: 0, out };
    page.write(&table::headline(answer.verdict, &headline(answer)))?;
    page.write(&message(answer))?;
    page.write(&answer.names.iter().take(MOST_NAMES).map(name).collect::<String>())?;
    for group in groups_of(&answer.findings) {
        let mut text = Vec::new();
        write_group(&group, false, &mut text)?;
        page.offer(&String::from_utf8_lossy(&text), LAST_LINES)?;
    }
    for problem in answer.problems.iter().take(2) {
        let what: Vec<String> = problem.what.lines().map(table::line_of_a_problem).collect();
        let text = prose(&format!("Not read: {}: {}", shown(&problem.place), what.join("\n")), "");
        page.offer(&format!("\n{text}"), LAST_LINES)?;
    }
    let clues: Vec<&Clue> = answer.clues.iter().filter(|clue| is_told(answer, clue)).collect();
    if !clues.is_empty() {
        let heading = if answer.verdict == Verdict::CauseFound {
            "\nThe directory shows:\n"
        } else {
            "\nOther possible causes, in the order to check them:\n"
        };
        page.offer(heading, LAST_LINES + 3)?;
    }
    for clue in clues {
        page.offer(&self::clue(clue), LAST_LINES)?;
    }
    page.write(&last(answer))
}

/// How many lines are kept for what stands at the end.
const LAST_LINES: usize = 3;
/// So many names are told of; a message has one or two.
const MOST_NAMES: usize = 3;

/// A page of lines, of which there are not many.
struct Page<'a> {
    lines: usize,
    out: &'a mut dyn Write,
}

impl Page<'_> {
    fn write(&mut self, text: &str) -> io::Result<()> {
        self.lines += text.lines().count();
        self.out.write_all(text.as_bytes())
    }

    /// Writes a text if there is room for it and for so many lines more.
    fn offer(&mut self, text: &str, kept: usize) -> io::Result<()> {
        if self.lines + text.lines().count() + kept <= MOST_LINES { self.write(text) } else { Ok(()) }
    }
}

fn headline(answer: &Answer) -> String {
    let spns =
        || answer.names.iter().map(|name| name.spn.as_str()).take(MOST_NAMES).map(shown).collect::<Vec<_>>().join(", ");
    let worst = answer.findings.iter().find(|finding| finding.severity != "info");
    let unneeded = answer.names.iter().find(|name| name.needed.is_empty() && name.holders.len() != 1);
    match (answer.verdict, worst) {
        (Verdict::NotEstablished, _) if !answer.problems.is_empty() => {
            "NOT ESTABLISHED: not everything could be read".to_owned()
        }
        (Verdict::NotEstablished, _) => {
            "NOT ESTABLISHED: the text does not name a server, host or address in this directory".to_owned()
        }
        (Verdict::NamesAreFine, _) if answer.names.is_empty() => {
            let skipped = answer.servers.iter().find_map(|server| Some((server, server.skipped.as_ref()?)));
            let why = skipped
                .map(|(server, reason)| format!("{} requires no SPN: {}", shown(&server.name), printable(reason)));
            format!("NO CAUSE FOUND: {}", why.as_deref().unwrap_or("the directory shows no cause"))
        }
        (Verdict::NamesAreFine, _) => format!("NAMES ARE FINE: {}", spns()),
        (Verdict::CauseFound, Some(finding)) => format!("CAUSE FOUND: {}", printable_lines(&finding.message)),
        (Verdict::CauseFound, None) => match (unneeded, answer.clues.iter().find(|clue| clue.is_cause)) {
            (_, Some(clue)) => format!("CAUSE FOUND: {}", clue.shown.first().map_or(clue.text, String::as_str)),
            (Some(name), None) if name.holders.is_empty() => {
                format!("CAUSE FOUND: no account holds {}, and no endpoint here announces it", shown(&name.spn))
            }
            (_, None) => {
                format!("CAUSE FOUND: {} accounts hold {}", unneeded.map_or(0, |name| name.holders.len()), spns())
            }
        },
    }
}

/// What the message says: each symptom in a line, and of the most exact one whose name is at fault.
fn message(answer: &Answer) -> String {
    if answer.says.is_empty() {
        return String::new();
    }
    let titles = answer.says.iter().take(2).map(|said| prose(&sentence(&said.title), ""));
    let whose = answer.says.first().map(|said| prose(&format!("Where to look: {}", said.whose), "  "));
    ["\n".to_owned()].into_iter().chain(titles).chain(whose).collect()
}

fn name(name: &Name) -> String {
    const MOST: usize = 3;
    let listed = |names: Vec<String>| {
        let more = names.len().saturating_sub(MOST);
        let mut names: Vec<String> = names.iter().take(MOST).map(|name| shown(name)).collect();
        names.extend((more > 0).then(|| format!("{more} more")));
        names.join(", ")
    };
    let needed = name.needed.iter().map(|needed| {
        let by = listed(needed.needed_by.clone());
        let sender = needed.needed_as.contains(&"sender").then(|| "to send".to_owned());
        let receiver = (!by.is_empty()).then(|| format!("to receive on {by}"));
        let why: Vec<String> = [sender, receiver].into_iter().flatten().collect();
        let why = if why.is_empty() { "as its NetBIOS name".to_owned() } else { why.join(" and ") };
        format!("{} {why}", shown(&needed.server))
    });
    let needed: Vec<String> = needed.take(2).collect();
    let spn = shown(&name.spn);
    let needed = if needed.is_empty() {
        format!("No endpoint in this directory requires {spn}.")
    } else {
        format!("{spn} is required by {}.", needed.join("; "))
    };
    let holders = if name.holders.is_empty() { "no account".to_owned() } else { listed(name.holders.clone()) };
    format!("\n{}{}", prose(&needed, ""), prose(&format!("Held by {holders}."), "  "))
}

/// Beside a cause that was found only what the directory shows, too; where nothing was found, everything.
fn is_told(answer: &Answer, clue: &Clue) -> bool {
    answer.verdict != Verdict::CauseFound || clue.is_cause
}

fn clue(clue: &Clue) -> String {
    let shown: String = clue.shown.iter().take(2).map(|line| prose(&sentence(&printable(line)), "    ")).collect();
    format!("{}{shown}      {}\n", prose(clue.text, "  "), clue.check)
}

fn last(answer: &Answer) -> String {
    let topic = answer.says.first().map(|said| said.name.split(", ").next().unwrap_or_default().to_owned());
    let topic = topic.or_else(|| answer.findings.first().map(|finding| finding.code.to_owned()));
    let topic = topic.map(|topic| if topic.contains(' ') { format!("\"{topic}\"") } else { topic });
    let findings = answer.findings.len();
    let check = if findings > 1 {
        format!("`spn-doctor check` shows all {}. ", count(findings, "finding"))
    } else {
        String::new()
    };
    let explain = topic.map(|topic| format!("For details, run `spn-doctor explain {topic}`."));
    match explain {
        Some(explain) => format!("\n{}", prose(&format!("{check}{explain}"), "")),
        None => String::new(),
    }
}
