//! Prose within 80 columns.

use textwrap::core::Word;

use crate::directory::text::is_command;

/// Columns of a report; a terminal of any age has as many.
pub(super) const WIDTH: usize = 80;

/// Wraps prose between words only, and never within “…” or before a command, so that no line passes for a command; each line behind `indent`. Lines that begin with spaces are examples and stay whole.
pub(super) fn prose(text: &str, indent: &str) -> String {
    wrapped(text, indent, indent)
}

/// The same of a row that is too long for a line: what goes on stands further in than where the next row begins.
pub(super) fn row(text: &str) -> String {
    wrapped(text, "  ", "      ")
}

fn wrapped(text: &str, indent: &str, further: &str) -> String {
    let options = textwrap::Options::new(WIDTH)
        .initial_indent(indent)
        .subsequent_indent(further)
        .break_words(false)
        .word_separator(textwrap::WordSeparator::Custom(words))
        .word_splitter(textwrap::WordSplitter::NoHyphenation);
    let mut wrapped = String::new();
    for line in text.lines() {
        if line.starts_with(' ') {
            wrapped += indent;
            wrapped += line;
        } else {
            wrapped += &textwrap::fill(line, &options);
        }
        wrapped.push('\n');
    }
    wrapped
}

/// The words of a line, each with the spaces behind it. What stands in quotation marks is one word.
fn words(line: &str) -> Box<dyn Iterator<Item = Word<'_>> + '_> {
    let (mut start, mut quoted, mut spaces) = (0, false, false);
    let mut words = Vec::new();
    for (at, character) in line.char_indices() {
        if spaces && character != ' ' && !line.get(at..).is_some_and(is_command) {
            words.extend(line.get(start..at).map(Word::from));
            (start, spaces) = (at, false);
        }
        match character {
            '“' => quoted = true,
            '”' => quoted = false,
            ' ' => spaces = !quoted,
            _ => spaces = false,
        }
    }
    words.extend(line.get(start..).filter(|rest| !rest.is_empty()).map(Word::from));
    Box::new(words.into_iter())
}
