//! The numbers of a text: those of events behind their labels, status numbers and replies of SMTP in whatever spelling.

use std::collections::BTreeMap;

use crate::directory::text::fold;
use crate::symptoms::{self, Event};

/// No text has more that anybody wants to hear of.
const MOST: usize = 200;

/// The numbers of a text that may be events, replies or error codes.
pub(super) struct Numbers {
    /// Each number, what stands before it and behind it.
    alone: BTreeMap<u32, Vec<(String, String)>>,
    /// Status numbers, as the table of symptoms has them, and replies of SMTP.
    pub(super) canonical: Vec<String>,
}

impl Numbers {
    /// Finds them in a folded text that has one space between words.
    pub(super) fn of(text: &str) -> Self {
        /// No label is longer, with what may stand between it and its number.
        const NEAR: usize = 80;
        let near =
            |from: usize, to: usize| (from..=to).find_map(|from| text.get(from..to)).unwrap_or_default().to_owned();
        let mut numbers = Self { alone: BTreeMap::new(), canonical: Vec::new() };
        let is_part = |c: char| c.is_alphanumeric() || "-.".contains(c);
        for token in text.split(|c: char| !is_part(c)).filter(|token| token.contains(|c: char| c.is_ascii_digit())) {
            let at = token.as_ptr() as usize - text.as_ptr() as usize;
            if numbers.canonical.len() < MOST {
                numbers.canonical.extend(canonical(token));
            }
            let digits = token.trim_end_matches(['.', '-']);
            let number: Option<u32> =
                digits.parse().ok().filter(|_| digits.len() <= 10 && !is_in_date(text, at, at + digits.len()));
            if let Some(number) = number {
                let places = numbers.alone.entry(number).or_default();
                if places.len() < MOST {
                    let end = at + digits.len();
                    let far = (end..=(end + NEAR).min(text.len())).rev().find_map(|to| text.get(end..to));
                    places.push((near(at.saturating_sub(NEAR), at), far.unwrap_or_default().to_owned()));
                }
            }
        }
        numbers
    }

    /// Whether they tell of this event: one of its numbers stands behind a label, or beside the name of its source.
    pub(super) fn tell_of(&self, event: Event, text: &str, logged_by: &[&str]) -> bool {
        let marks: Vec<String> = event.source.marks().iter().map(|mark| fold(mark)).collect();
        let is_named = |text: &str| marks.iter().any(|mark| text.contains(mark.as_str()));
        let has_source =
            if logged_by.is_empty() { is_named(text) } else { logged_by.iter().any(|source| is_named(source)) };
        let is_beside = |(before, behind): &(String, String)| {
            let separators = |c: char| " ,;|()\t".contains(c);
            marks.iter().any(|mark| {
                before.trim_end_matches(separators).ends_with(mark.as_str())
                    || behind.trim_start_matches(separators).starts_with(mark.as_str())
            })
        };
        let is_its = |id: &u32| {
            let places = self.alone.get(id).into_iter().flatten();
            places.into_iter().any(|place| is_labelled(&place.0) || is_beside(place))
        };
        // `Get-EventLog` shows the whole number of an event, of which the lower half is the one that people know.
        let is_instance = |id: &u32| {
            self.alone.iter().any(|(number, places)| {
                number & 0xffff == *id && places.iter().any(|(before, _)| last_word(before) == "instanceid")
            })
        };
        has_source && event.ids.iter().any(|id| is_its(id) || is_instance(id))
    }
}

/// Whether a number is a part of a date, a time, an address or a version.
fn is_in_date(text: &str, start: usize, end: usize) -> bool {
    let before = text.get(..start).and_then(|text| text.chars().next_back());
    let mut behind = text.get(end..).unwrap_or_default().chars();
    let goes_on = |c: char, next: Option<char>| "/:_".contains(c) && next.is_some_and(|next| next.is_ascii_digit());
    before.is_some_and(|c| "/_".contains(c)) || behind.next().is_some_and(|c| goes_on(c, behind.next()))
}

pub(super) fn last_word(text: &str) -> &str {
    let text = text.trim_end_matches(|c: char| !c.is_alphanumeric());
    text.rsplit(|c: char| !c.is_alphanumeric()).next().unwrap_or_default()
}

/// Whether the label of an event's number stands last, in the languages that we have seen: `Event ID:`, `<EventID Qualifiers='49156'>`,
/// `"EventID":{"#text":`.
fn is_labelled(before: &str) -> bool {
    const LABELS: [&str; 13] = [
        "eventid",
        "eventcode",
        "event",
        "ereignis",
        "kennung",
        "ereigniskennung",
        "événement",
        "события",
        "zdarzenia",
        "gebeurtenis",
        "události",
        "kimliği",
        "eseményazonosító",
    ];
    const IDS: [&str; 3] = ["id", "code", "evento"];
    /// What stands before an `ID` that is another one's.
    const OTHERS: [&str; 7] = ["process", "thread", "record", "logon", "activity", "session", "task"];
    let is_in_element = before.rfind("eventid").is_some_and(|at| {
        let tag = before.get(at..).unwrap_or_default();
        tag.matches('>').count() == 1 && tag.ends_with('>')
            || tag.ends_with("\"#text\":")
            || tag.ends_with("\"value\":")
    });
    let word = last_word(before);
    let rest = before.trim_end_matches(|c: char| !c.is_alphanumeric()).strip_suffix(word).unwrap_or_default();
    let other = last_word(rest);
    is_in_element || LABELS.contains(&word) || IDS.contains(&word) && !OTHERS.contains(&other)
}

/// Who logged it, as far as a folded text says so in one of its lines.
pub(super) fn sources(lines: &str) -> Vec<&str> {
    const LABELS: [&str; 8] = [
        "source:",
        "source :",
        "quelle:",
        "ereignisquelle:",
        "providername :",
        "provider name=",
        "sourcename=",
        "source name:",
    ];
    const LONGEST: usize = 70;
    let behind = LABELS.iter().flat_map(|label| {
        lines.match_indices(label).map(|(at, label)| lines.get(at + label.len()..).unwrap_or_default())
    });
    let value = |text: &'_ str| text.find('\n').unwrap_or(text.len()).min(LONGEST);
    let trimmed = behind.map(|text| text.trim_start_matches([' ', '\t']));
    trimmed.map(|text| (0..=value(text)).rev().find_map(|end| text.get(..end)).unwrap_or_default()).collect()
}

/// A status number or a reply of SMTP as the table of symptoms has it: `0x80090303`, `454 4.7.0`.
fn canonical(token: &str) -> Option<String> {
    symptoms::status_number(token).or_else(|| is_reply(token).then(|| token.replacen('-', " ", 1)))
}

/// Whether a token begins like the line of a reply of SMTP that goes on.
pub(super) fn is_reply(token: &str) -> bool {
    token.get(..3).is_some_and(|code| code.bytes().all(|byte| byte.is_ascii_digit())) && token.get(3..4) == Some("-")
}
