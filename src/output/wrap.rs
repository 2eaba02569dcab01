//! Prose within 80 columns.

/// The width of a report.
pub(super) const WIDTH: usize = 80;

/// Wraps prose between words only, each line behind `indent`. Lines that begin with spaces are examples and stay whole.
pub(super) fn prose(text: &str, indent: &str) -> String {
    let options = textwrap::Options::new(WIDTH)
        .initial_indent(indent)
        .subsequent_indent(indent)
        .break_words(false)
        .word_separator(textwrap::WordSeparator::AsciiSpace)
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
