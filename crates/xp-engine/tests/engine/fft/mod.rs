//! Tests against the definitions, summed term by term.

mod arrays;
mod lines;
mod oracle;
