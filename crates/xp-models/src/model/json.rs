//! The part of JSON that the header of a safetensors file uses: objects, arrays, strings and counts.

/// A value of a header.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Json {
    Text(String),
    Count(u64),
    List(Vec<Json>),
    Object(Vec<(String, Json)>),
}

/// How deep values may be nested. A header needs three levels.
const DEPTH: usize = 8;

/// Reads one value, with nothing but white space behind it.
pub(super) fn parse(text: &str) -> Result<Json, String> {
    let mut parser = Parser { text, at: 0 };
    let value = parser.value(DEPTH)?;
    parser.skip_space();
    if parser.at == text.len() { Ok(value) } else { Err(parser.unexpected("the end")) }
}

/// Appends a string with its quotation marks.
pub(super) fn push_text(out: &mut String, text: &str) {
    out.push('"');
    for c in text.chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            c if c < ' ' => out.push_str(&format!("\\u{:04x}", c as u32)),
            c => out.push(c),
        }
    }
    out.push('"');
}

struct Parser<'a> {
    text: &'a str,
    at: usize,
}

impl Parser<'_> {
    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn skip_space(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
    }

    fn unexpected(&self, expected: &str) -> String {
        format!("its header is damaged at byte {}: {expected} expected", self.at)
    }

    fn expect(&mut self, byte: u8) -> Result<(), String> {
        self.skip_space();
        if self.peek() != Some(byte) {
            return Err(self.unexpected(&format!("`{}`", byte as char)));
        }
        self.at += 1;
        Ok(())
    }

    /// Whether the next byte is this one, which is then read.
    fn found(&mut self, byte: u8) -> bool {
        self.skip_space();
        let found = self.peek() == Some(byte);
        self.at += usize::from(found);
        found
    }

    fn value(&mut self, depth: usize) -> Result<Json, String> {
        if depth == 0 {
            return Err(self.unexpected("less nesting"));
        }
        self.skip_space();
        match self.peek() {
            Some(b'"') => Ok(Json::Text(self.text()?)),
            Some(b'0'..=b'9') => self.count(),
            Some(b'[') => self.list(depth),
            Some(b'{') => self.object(depth),
            _ => Err(self.unexpected("a string, a count, a list or an object")),
        }
    }

    fn list(&mut self, depth: usize) -> Result<Json, String> {
        self.expect(b'[')?;
        let mut items = vec![];
        if self.found(b']') {
            return Ok(Json::List(items));
        }
        loop {
            items.push(self.value(depth - 1)?);
            if !self.found(b',') {
                self.expect(b']')?;
                return Ok(Json::List(items));
            }
        }
    }

    fn object(&mut self, depth: usize) -> Result<Json, String> {
        self.expect(b'{')?;
        let mut members = vec![];
        if self.found(b'}') {
            return Ok(Json::Object(members));
        }
        loop {
            self.skip_space();
            let name = self.text()?;
            self.expect(b':')?;
            members.push((name, self.value(depth - 1)?));
            if !self.found(b',') {
                self.expect(b'}')?;
                return Ok(Json::Object(members));
            }
        }
    }

    fn count(&mut self) -> Result<Json, String> {
        let rest = &self.text[self.at..];
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        let count = rest[..digits].parse().map_err(|_| self.unexpected("a number below 2^64"))?;
        self.at += digits;
        match self.peek() {
            Some(b'.' | b'e' | b'E') => Err(self.unexpected("a whole number")),
            _ => Ok(Json::Count(count)),
        }
    }

    fn text(&mut self) -> Result<String, String> {
        if self.peek() != Some(b'"') {
            return Err(self.unexpected("a string"));
        }
        self.at += 1;
        let mut out = String::new();
        loop {
            let rest = &self.text[self.at..];
            let Some(c) = rest.chars().next() else { return Err(self.unexpected("the end of a string")) };
            match c {
                '"' => {
                    self.at += 1;
                    return Ok(out);
                }
                '\\' => out.push(self.escape()?),
                c if c < ' ' => return Err(self.unexpected("no control character")),
                c => {
                    self.at += c.len_utf8();
                    out.push(c);
                }
            }
        }
    }

    fn escape(&mut self) -> Result<char, String> {
        let c = self.text.as_bytes().get(self.at + 1).copied();
        let plain = match c {
            Some(c @ (b'"' | b'\\' | b'/')) => c as char,
            Some(b'b') => '\u{8}',
            Some(b'f') => '\u{c}',
            Some(b'n') => '\n',
            Some(b'r') => '\r',
            Some(b't') => '\t',
            Some(b'u') => return self.unicode(),
            _ => return Err(self.unexpected("an escape sequence")),
        };
        self.at += 2;
        Ok(plain)
    }

    /// One sequence `\uXXXX`, or two that make a character beyond the first 65536.
    fn unicode(&mut self) -> Result<char, String> {
        let high = self.unit()?;
        let code = if (0xD800..0xDC00).contains(&high) {
            let low = self.unit()?;
            0x10000 + ((high - 0xD800) << 10) + (low.wrapping_sub(0xDC00) & 0x3FF) + if (0xDC00..0xE000).contains(&low) { 0 } else { 1 << 24 }
        } else {
            high
        };
        char::from_u32(code).ok_or_else(|| self.unexpected("a character"))
    }

    fn unit(&mut self) -> Result<u32, String> {
        let digits = self.text.as_bytes().get(self.at..self.at + 6).filter(|d| d.starts_with(b"\\u"));
        let digits = digits.and_then(|d| core::str::from_utf8(&d[2..]).ok()).filter(|d| d.bytes().all(|b| b.is_ascii_hexdigit()));
        let unit = digits.and_then(|d| u32::from_str_radix(d, 16).ok()).ok_or_else(|| self.unexpected("four hexadecimal digits"))?;
        self.at += 6;
        Ok(unit)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_read() {
        let text = r#" {"a": [1, 20], "b\n\u00e9\ud83d\ude00": "", "c": {}} "#;
        let (list, empty) = (Json::List(vec![Json::Count(1), Json::Count(20)]), Json::Object(vec![]));
        let expected = vec![("a".into(), list), ("b\né😀".into(), Json::Text(String::new())), ("c".into(), empty)];
        assert_eq!(parse(text), Ok(Json::Object(expected)));
    }

    #[test]
    fn what_is_written_is_read() {
        let mut out = String::new();
        push_text(&mut out, "a\"b\\c\u{1}\n é😀");
        assert_eq!(parse(&out), Ok(Json::Text("a\"b\\c\u{1}\n é😀".into())));
    }

    #[test]
    fn damage_is_an_error() {
        let nested = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
        for text in [
            "",
            "{",
            "[1,",
            "[1 2]",
            "{\"a\"}",
            "{\"a\":}",
            "\"a",
            "\"\\x\"",
            "\"\\ud800\"",
            "\"\\ud800\\u0041\"",
            "-1",
            "1.5",
            "true",
            "1 1",
            "18446744073709551616",
            &nested,
        ] {
            assert!(parse(text).is_err(), "{}", &text[..text.len().min(20)]);
        }
    }
}
