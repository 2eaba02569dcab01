//! `why`: the text that somebody pasted, and the answer to it.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};

use spn_doctor::directory::schema::Purpose;
use spn_doctor::directory::text::{clipped, printable};
use spn_doctor::input::recording::STDIN;
use spn_doctor::render::{self, why::Form};
use spn_doctor::report::Report;
use spn_doctor::trouble::Trouble;
use spn_doctor::why::answer::{Answer, Verdict};
use spn_doctor::why::message::Message;

use super::arguments::Why;
use super::destination::print;
use super::reading::{Asked, Origin, Read as Reading, judged, read};

/// No event is longer.
const LONGEST: u64 = 1024 * 1024;

/// Reads the text, then the directory, and prints what the one means in the other.
pub(crate) fn why(flags: &Why) -> Result<u8> {
    let is_stdin = |path: &PathBuf| path.as_os_str() == STDIN;
    if flags.event.as_ref().is_some_and(is_stdin) && flags.directory.from.iter().any(is_stdin) {
        let trouble = Trouble::new("standard input can be read only once, but both --event and --from name it");
        return Err(trouble.hint("save the text or the recording in a file").into());
    }
    // Nobody is to wait for a directory to hear that a text says nothing.
    let text = match &flags.event {
        Some(path) => text_of(path)?,
        None => flags.text.join(" "),
    };
    let message = Message::read(&text);
    if message.is_empty() {
        return Err(says_nothing(&text).into());
    }
    let Reading { directory, source } = read(&Origin::of(&flags.directory)?, Purpose::Why, Asked::default())?;
    let judgement = judged(&directory, &source);
    let report = Report::new(&judgement, source, flags.dialect());
    let answer = Answer::new(&message, &judgement, report);
    // A program gets its document all the same.
    if answer.says_nothing() && flags.form() == Form::Text {
        return Err(says_nothing(&text).into());
    }
    print(&|out| render::why::write(&answer, flags.form(), out))?;
    Ok(match answer.verdict {
        Verdict::NamesAreFine => 0,
        Verdict::CauseFound => 1,
        Verdict::NotEstablished => 2,
    })
}

fn says_nothing(text: &str) -> Trouble {
    let text = printable(&clipped(&text.split_whitespace().collect::<Vec<_>>().join(" "), 60));
    let what = if text.is_empty() {
        "the text is empty".to_owned()
    } else {
        format!(
            "“{text}” contains no known event, reply or status, and no SPN, server, host or address in this directory"
        )
    };
    Trouble::new(what).hint("paste the whole event, or name what fails: spn-doctor why SMTPSVC/mail.contoso.com")
}

/// The text of a file, in whatever encoding Windows wrote it.
fn text_of(path: &Path) -> Result<String> {
    let is_stdin = path.as_os_str() == STDIN;
    let name = if is_stdin { "standard input".to_owned() } else { printable(&path.display().to_string()) };
    let read = || -> io::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        if is_stdin {
            io::stdin().lock().take(LONGEST + 1).read_to_end(&mut bytes)?;
        } else {
            File::open(path)?.take(LONGEST + 1).read_to_end(&mut bytes)?;
        }
        Ok(bytes)
    };
    let bytes = read().with_context(|| format!("{name} cannot be read"))?;
    if bytes.len() as u64 > LONGEST {
        return Err(Trouble::new(format!("{name} is longer than 1 MiB"))
            .hint("paste only the event, or the log lines that concern it")
            .into());
    }
    Ok(decoded(&bytes))
}

/// UTF-16 with its mark, or without one where every other byte is 0; UTF-8 otherwise. What is neither still has its numbers and names.
fn decoded(bytes: &[u8]) -> String {
    let pairs = |bytes: &[u8], make: fn([u8; 2]) -> u16| {
        let units: Vec<u16> = bytes.chunks_exact(2).filter_map(|pair| pair.try_into().ok()).map(make).collect();
        String::from_utf16_lossy(&units)
    };
    let zeros = |from: usize| bytes.iter().skip(from).step_by(2).filter(|byte| **byte == 0).count();
    let is_wide = |zeros: usize| zeros > 2 && zeros * 5 > bytes.len();
    match bytes {
        [0xff, 0xfe, rest @ ..] => pairs(rest, u16::from_le_bytes),
        [0xfe, 0xff, rest @ ..] => pairs(rest, u16::from_be_bytes),
        _ if is_wide(zeros(1)) => pairs(bytes, u16::from_le_bytes),
        _ if is_wide(zeros(0)) => pairs(bytes, u16::from_be_bytes),
        _ => String::from_utf8_lossy(bytes).trim_start_matches('\u{feff}').to_owned(),
    }
}
