//! Files of the workspace that tests keep, pages of the documentation first: what a test computes is compared with the file, or
//! written into it where the variable `XP_WRITE_DOCS` is set.

use std::ops::Range;
use std::path::Path;
use std::sync::Mutex;
use std::{env, fs};

/// What stands in a file of the workspace is `text`, all of it. `command` is what writes it.
pub fn file(file: &str, text: &str, command: &str) {
    keep(file, "", command, |page| (0..page.len(), text.to_owned()));
}

/// The table of a page that begins with `head`, its first two lines, is `table`.
pub fn table(file: &str, head: &str, table: &str, command: &str) {
    assert!(table.starts_with(head), "the table begins with its head");
    keep(file, head, command, |page| {
        (table_with(page, head).unwrap_or_else(|| panic!("{file} has no table that begins with\n{head}")), table.to_owned())
    });
}

/// The section of a page under the heading `title` is `text`; where there is none it is written at the end.
pub fn section(file: &str, title: &str, text: &str, command: &str) {
    keep(file, "", command, |page| {
        let place = section_under(page, title);
        let (before, after) = (if place.is_empty() && !page.is_empty() { "\n" } else { "" }, if place.end < page.len() { "\n" } else { "" });
        (place, format!("{before}## {title}\n\n{text}{after}"))
    });
}

/// Compares or writes the part of a file that `part` finds and says; `head` says what the lines that differ mean.
fn keep(file: &str, head: &str, command: &str, part: impl Fn(&str) -> (Range<usize>, String)) {
    // Tests of one process may keep parts of the same page.
    static ALONE: Mutex<()> = Mutex::new(());
    let _alone = ALONE.lock().unwrap_or_else(|e| e.into_inner());
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(file);
    let page = fs::read_to_string(&path).unwrap_or_default();
    let (place, text) = part(&page);
    if env::var_os("XP_WRITE_DOCS").is_some() {
        let page = [&page[..place.start], &text, &page[place.end..]].concat();
        fs::write(&path, page).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    } else if page[place.clone()] != text {
        panic!("{file} is out of date: XP_WRITE_DOCS=1 {command} writes it\n{head}{}", difference(&page[place], &text));
    }
}

/// Where the table that begins with `head` stands: up to the first line that is no row.
fn table_with(page: &str, head: &str) -> Option<Range<usize>> {
    let start = page.find(head)?;
    let rows = page[start..].split_inclusive('\n').take_while(|line| line.starts_with('|'));
    Some(start..start + rows.map(str::len).sum::<usize>())
}

/// Where the section under a heading of the second level stands: up to the next one, or the end of the page, where it would stand
/// too.
fn section_under(page: &str, title: &str) -> Range<usize> {
    let mut lines = page.split_inclusive('\n').scan(0, |end, line| {
        *end += line.len();
        Some((*end - line.len(), line.trim_end()))
    });
    let Some((start, _)) = lines.find(|(_, line)| line.strip_prefix("## ") == Some(title)) else { return page.len()..page.len() };
    start..lines.find(|(_, line)| line.starts_with("## ")).map_or(page.len(), |(next, _)| next)
}

/// The lines of either text that the other one has not, a few of them: `-` is written, `+` was found.
fn difference(written: &str, found: &str) -> String {
    const SHOWN: usize = 20;
    let without = |sign: char, a: &str, b: &str| -> Vec<String> {
        a.lines().filter(|line| !b.lines().any(|other| other == *line)).map(|line| format!("{sign} {line}")).collect()
    };
    let mut lines = [without('-', written, found), without('+', found, written)].concat();
    if lines.is_empty() {
        return "the same lines, in another order or number".into();
    }
    if lines.len() > SHOWN {
        let more = lines.len() - SHOWN;
        lines.truncate(SHOWN);
        lines.push(format!("and {more} more"));
    }
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAGE: &str = "# Page\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\nText.\n\n## One\n\nold\n\n## One more\n\nlast\n";

    #[test]
    fn parts_are_found() {
        let head = "| a | b |\n|---|---|\n";
        assert_eq!(&PAGE[table_with(PAGE, head).unwrap()], "| a | b |\n|---|---|\n| 1 | 2 |\n");
        assert_eq!(&head[table_with(head, head).unwrap()], head);
        assert!(table_with(PAGE, "| a | c |\n").is_none());
        assert_eq!(&PAGE[section_under(PAGE, "One")], "## One\n\nold\n\n");
        assert_eq!(&PAGE[section_under(PAGE, "One more")], "## One more\n\nlast\n");
        assert_eq!(section_under(PAGE, "Two"), PAGE.len()..PAGE.len());
    }

    #[test]
    fn differences_are_lines() {
        assert_eq!(difference("a\nb\n", "a\nc\n"), "- b\n+ c");
        assert_eq!(difference("a\nb\n", "b\na\n"), "the same lines, in another order or number");
        assert!(difference(&"x\n".repeat(30), "").ends_with("and 10 more"));
    }
}
