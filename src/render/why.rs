//! The answer of `why`, for somebody who has an event in front of them: what the message says, what is wrong, what to run. It fits a
//! screen, so what matters less is left out where there is no room.

use std::io::{self, Write};

use super::groups::{Group, groups_of};
use super::table::write_group;
use super::words::{count, sentence};
use super::wrap::prose;
use super::{json, table};
use crate::directory::text::{printable, printable_lines, shown};
use crate::report::Problem;
use crate::why::answer::{Answer, Name, Verdict};
use crate::why::clues::Clue;

/// What `why --format` takes.
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
    let head = table::headline(answer.verdict, &headline(answer)) + &message(answer);
    let worst = groups_of(&answer.findings);
    let (mut left, mut dropped) = (MOST_LINES.saturating_sub(lines(&head) + LAST_LINES), 0);
    // What is to be run goes before all that explains it.
    let mut groups = String::new();
    let mut infos = Vec::new();
    for group in &worst {
        let whole = whole(group)?;
        // Beside what else it may be, what is merely worth knowing comes last.
        if group.severity() == "info" {
            infos.push((whole, group.findings.len()));
            continue;
        }
        let text = if lines(&whole) <= left { whole } else { short(group, left) };
        dropped += if text.is_empty() { group.findings.len() } else { 0 };
        left -= lines(&text);
        groups += &text;
    }
    let mut fill = |text: String| {
        let fits = lines(&text) <= left;
        left -= if fits { lines(&text) } else { 0 };
        if fits { text } else { String::new() }
    };
    let problems: String = answer.problems.iter().take(2).map(problem).map(&mut fill).collect();
    let names: String = names(answer).into_iter().map(&mut fill).collect();
    let clues: Vec<&Clue> = answer.clues.iter().filter(|clue| is_told(answer, clue)).collect();
    let heading = fill(if clues.is_empty() { String::new() } else { clues_heading(answer) });
    let clues: String = clues.into_iter().map(clue).map(&mut fill).collect();
    let clues = if clues.is_empty() { clues } else { heading + &clues };
    for (info, number) in infos {
        let text = fill(info);
        dropped += if text.is_empty() { number } else { 0 };
        groups += &text;
    }
    for part in [head, names, groups, problems, clues, last(answer, dropped)] {
        out.write_all(part.as_bytes())?;
    }
    Ok(())
}

/// How many lines are kept for what stands at the end.
const LAST_LINES: usize = 3;
/// So many names are told of; a message has one or two.
const MOST_NAMES: usize = 3;

fn lines(text: &str) -> usize {
    text.lines().count()
}

fn whole(group: &Group<'_>) -> io::Result<String> {
    let mut text = Vec::new();
    write_group(group, false, &mut text)?;
    Ok(String::from_utf8_lossy(&text).into_owned())
}

/// A group without its prose, for where there is no room: what is wrong, and what to run. Nothing if not even that fits.
fn short(group: &Group<'_>, room: usize) -> String {
    let mut text = format!("\n{}", prose(&sentence(group.title()), ""));
    for course in group.courses() {
        for way in course.ways().iter().take(1) {
            text += &prose(&way.words.title, "  ");
            if let Some(confirm) = &way.words.confirm {
                text += &prose(&format!("First: {confirm}"), "    ");
            }
            text.extend(way.run().map(|command| format!("      {command}\n")));
        }
    }
    if lines(&text) <= room { text } else { String::new() }
}

fn problem(problem: &Problem) -> String {
    let what: Vec<String> = problem.what.lines().map(table::line_of_a_problem).collect();
    format!("\n{}", prose(&format!("Not read: {}: {}", shown(&problem.place), what.join("\n")), ""))
}

fn clues_heading(answer: &Answer) -> String {
    let heading = if answer.verdict == Verdict::CauseFound {
        "The directory shows:"
    } else {
        "Other possible causes, in the order to check them:"
    };
    format!("\n{heading}\n")
}

/// The names that a message is about: first those with something to see, then the others in one line.
fn names(answer: &Answer) -> Vec<String> {
    let is_fine =
        |name: &&Name| name.needed.iter().all(|needed| needed.status == "registered") && name.holders.len() == 1;
    let (fine, odd): (Vec<&Name>, Vec<&Name>) = answer.names.iter().partition(is_fine);
    let all: Vec<String> = odd.iter().chain(&fine).take(MOST_NAMES).map(|name| self::name(name)).collect();
    if answer.names.len() <= MOST_NAMES {
        return all;
    }
    let list: Vec<String> = fine.iter().take(2 * MOST_NAMES).map(|name| shown(&name.spn)).collect();
    let fine = format!(
        "\n{}",
        prose(&format!("{} of {} registered: {}.", fine.len(), count(answer.names.len(), "SPN"), list.join(", ")), "")
    );
    odd.iter().take(MOST_NAMES).map(|name| self::name(name)).chain([fine]).collect()
}

fn headline(answer: &Answer) -> String {
    let spns = || {
        let listed = answer.names.iter().map(|name| name.spn.as_str()).take(MOST_NAMES).map(shown).collect::<Vec<_>>();
        let more = answer.names.len().saturating_sub(MOST_NAMES);
        if more == 0 { listed.join(", ") } else { format!("{} and {more} more", listed.join(", ")) }
    };
    match answer.verdict {
        Verdict::NotEstablished => format!("NOT ESTABLISHED: {}", not_established(answer)),
        Verdict::NamesAreFine if answer.names.is_empty() => {
            let skipped = answer.servers.iter().find_map(|server| Some((server, server.skipped.as_ref()?)));
            let why = skipped
                .map(|(server, reason)| format!("{} requires no SPN: {}", shown(&server.name), printable(reason)));
            format!("NO CAUSE FOUND: {}", why.as_deref().unwrap_or("the directory shows nothing wrong"))
        }
        Verdict::NamesAreFine => format!("NAMES ARE FINE: {}", spns()),
        Verdict::CauseFound if !answer.is_certain => {
            "LIKELY CAUSE: the message does not name the sender, and these servers cannot authenticate".to_owned()
        }
        Verdict::CauseFound => {
            format!("{}: {}", if is_meant(answer) { "CAUSE FOUND" } else { "ALSO WRONG HERE" }, cause(answer))
        }
    }
}

/// Whether the message may come from what was found; some have causes that no directory shows.
fn is_meant(answer: &Answer) -> bool {
    let codes: Vec<&str> = answer.says.iter().flat_map(|said| said.findings.iter().copied()).collect();
    let findings = || answer.findings.iter().filter(|finding| finding.severity != "info");
    answer.says.is_empty()
        || findings().next().is_none()
        || findings().any(|finding| codes.contains(&finding.code))
        || answer.clues.iter().any(|clue| clue.is_cause)
}

fn not_established(answer: &Answer) -> String {
    let nobodys = answer.names.iter().find(|name| name.needed.is_empty() && name.holders.is_empty());
    if !answer.problems.is_empty() {
        return "not everything could be read".to_owned();
    }
    if let Some(name) = nobodys {
        let host = name.spn.trim_start_matches("SMTPSVC/");
        return format!("no endpoint in this directory announces {}, and no account holds its SPN", shown(host));
    }
    let unknown: Vec<String> = answer.unknown.iter().take(MOST_NAMES).map(|word| shown(word)).collect();
    match unknown.as_slice() {
        [] => "the text does not name a server, host or address in this directory".to_owned(),
        [spn, ..] if spn.contains('/') && !spn.starts_with("SMTPSVC/") => {
            format!("{spn} belongs to another service than SMTP; `setspn -F -Q` shows who holds it")
        }
        names => format!("no Exchange server in this directory requires {}", names.join(", ")),
    }
}

/// What is wrong, in a sentence.
fn cause(answer: &Answer) -> String {
    let unneeded = answer.names.iter().find(|name| name.needed.is_empty() && name.holders.len() != 1);
    let worst = answer.findings.iter().find(|finding| finding.severity != "info");
    match (worst, answer.clues.iter().find(|clue| clue.is_cause), unneeded) {
        (Some(finding), ..) => printable_lines(&finding.message),
        (None, Some(clue), _) => clue.shown.first().map_or(clue.text, String::as_str).to_owned(),
        (None, None, Some(name)) if name.holders.is_empty() => {
            format!("no account holds {}, and no endpoint in this directory announces it", shown(&name.spn))
        }
        (None, None, Some(name)) => format!("{} accounts hold {}", name.holders.len(), shown(&name.spn)),
        (None, None, None) => "something is wrong with these names".to_owned(),
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

fn last(answer: &Answer, dropped: usize) -> String {
    let topic = answer.says.first().map(|said| said.name.split(", ").next().unwrap_or_default().to_owned());
    let topic = topic.or_else(|| answer.findings.first().map(|finding| finding.code.to_owned()));
    let topic = topic.map(|topic| if topic.contains(' ') { format!("\"{topic}\"") } else { topic });
    let more = (dropped > 0).then(|| format!("`spn-doctor check` shows {} more.", count(dropped, "finding")));
    let explain = topic.map(|topic| format!("For details, run `spn-doctor explain {topic}`."));
    let steps: Vec<String> = [more, explain].into_iter().flatten().collect();
    if steps.is_empty() { String::new() } else { format!("\n{}", prose(&steps.join(" "), "")) }
}
