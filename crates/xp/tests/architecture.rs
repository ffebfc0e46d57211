//! The picture of the crates, `src/guide/architecture.svg`, and the table in `DESIGN.md`, against the manifests.
//!
//! To draw the picture anew: `XP_WRITE_DOCS=1 cargo test -p xp-array --test architecture`.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::fs;
use std::path::PathBuf;

use xp_conformance::pages;

/// The crates of each row, from the bottom: each depends on crates of lower rows alone.
const ROWS: [&[&str]; 6] = [
    &["xp-terms"],
    &["xp-core", "xp-engine"],
    &["xp-fft", "xp-models", "xp-reference"],
    &["xp-cpu", "xp-cuda", "xp-wgpu", "xp-mpi", "xp-conformance"],
    &["xp-any", "xp-strict", "xp-cuda-sim"],
    &["xp-array", "xp-py"],
];
/// What each is, in a few words; those that serve tests alone are grey.
const WORDS: [(&str, &str, bool); 16] = [
    ("xp-terms", "words in common", false),
    ("xp-core", "arrays, expressions, traits", false),
    ("xp-engine", "algorithms on slices", false),
    ("xp-fft", "transforms", false),
    ("xp-models", "estimators", false),
    ("xp-reference", "plain loops", true),
    ("xp-cpu", "the backend Cpu", false),
    ("xp-cuda", "the backend Cuda", false),
    ("xp-wgpu", "the backend Wgpu", false),
    ("xp-mpi", "the backend Mpi", false),
    ("xp-conformance", "tests of every backend", true),
    ("xp-any", "a backend chosen at run time", false),
    ("xp-array", "the facade", false),
    ("xp-py", "the Python module", false),
    ("xp-strict", "faults on host reads", true),
    ("xp-cuda-sim", "a simulated device", true),
];
/// Width and height of a box, and from one to the next.
const BOX: (usize, usize) = (190, 46);
const STEP: (usize, usize) = (214, 104);

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// The crates of the workspace that each depends on.
fn manifests() -> BTreeMap<String, Vec<String>> {
    let mut crates = BTreeMap::new();
    for folder in fs::read_dir(root().join("crates")).unwrap() {
        let Ok(manifest) = fs::read_to_string(folder.unwrap().path().join("Cargo.toml")) else { continue };
        let (mut section, mut name, mut on) = ("", String::new(), vec![]);
        for line in manifest.lines() {
            let key = line.split(['=', '.', ' ']).next().unwrap_or("");
            match (section, key) {
                (_, key) if key.starts_with('[') => section = line.trim(),
                ("[package]", "name") => name = line.split('"').nth(1).unwrap().into(),
                ("[dependencies]", key) if key.starts_with("xp-") => on.push(key.to_owned()),
                _ => {}
            }
        }
        on.sort();
        crates.insert(name, on);
    }
    crates
}

/// The dependencies that no other dependency brings along.
fn direct<'a>(crates: &'a BTreeMap<String, Vec<String>>, name: &str) -> Vec<&'a str> {
    fn reaches(crates: &BTreeMap<String, Vec<String>>, from: &str, to: &str) -> bool {
        crates[from].iter().any(|on| on == to || reaches(crates, on, to))
    }
    let on = &crates[name];
    on.iter().filter(|to| !on.iter().any(|from| reaches(crates, from, to))).map(String::as_str).collect()
}

fn picture(crates: &BTreeMap<String, Vec<String>>) -> String {
    let widest = ROWS.iter().map(|row| row.len()).max().unwrap();
    let (width, height) = (widest * STEP.0, ROWS.len() * STEP.1);
    // The middle of a box.
    let place = |name: &str| {
        let row = ROWS.iter().position(|row| row.contains(&name)).unwrap_or_else(|| panic!("{name} is in no row of the picture"));
        let column = ROWS[row].iter().position(|&other| other == name).unwrap();
        let x = width / 2 + column * STEP.0 + STEP.0 / 2 - ROWS[row].len() * STEP.0 / 2;
        (x, (ROWS.len() - row) * STEP.1 - STEP.1 / 2)
    };
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" width=\"{width}\" font-family=\"sans-serif\" text-anchor=\"middle\">\n\
         <title>The crates, each above those that it depends on; what serves tests alone is grey</title>\n\
         <rect width=\"{width}\" height=\"{height}\" fill=\"#ffffff\"/>\n"
    );
    for (name, ..) in WORDS {
        for on in direct(crates, name) {
            let ((x, y), (to_x, to_y)) = (place(name), place(on));
            assert!(y < to_y, "{name} depends on {on}, which is not in a lower row of the picture");
            let (from, to) = (y + BOX.1 / 2, to_y - BOX.1 / 2);
            let middle = (from + to) / 2;
            let _ = writeln!(
                svg,
                "<path d=\"M{x} {from} C{x} {middle} {to_x} {middle} {to_x} {to}\" fill=\"none\" stroke=\"#8899aa\" stroke-width=\"1.5\"><title>{name} depends on {on}</title></path>"
            );
        }
    }
    for (name, words, tests) in WORDS {
        let (x, y) = place(name);
        let (fill, stroke) = if tests { ("#f2f2f2", "#aaaaaa") } else { ("#e8f0fa", "#4477aa") };
        let (left, top, line) = (x - BOX.0 / 2, y - BOX.1 / 2, y + 15);
        let _ = write!(
            svg,
            "<rect x=\"{left}\" y=\"{top}\" width=\"{}\" height=\"{}\" rx=\"6\" fill=\"{fill}\" stroke=\"{stroke}\"/>\n\
             <text x=\"{x}\" y=\"{}\" font-size=\"15\" font-weight=\"bold\" fill=\"#222222\">{name}</text>\n\
             <text x=\"{x}\" y=\"{line}\" font-size=\"12\" fill=\"#555555\">{words}</text>\n",
            BOX.0,
            BOX.1,
            y - 3,
        );
    }
    svg + "</svg>\n"
}

#[test]
fn the_picture_shows_every_crate_and_what_it_depends_on() {
    let crates = manifests();
    let mut shown: Vec<&str> = WORDS.iter().map(|word| word.0).collect();
    shown.sort_unstable();
    assert_eq!(shown, crates.keys().collect::<Vec<_>>(), "the crates of the picture are those of the workspace");
    pages::file("crates/xp/src/guide/architecture.svg", &picture(&crates), "cargo test -p xp-array --test architecture");
}

#[test]
fn the_table_of_the_design_says_what_the_manifests_say() {
    let design = fs::read_to_string(root().join("DESIGN.md")).unwrap();
    let names = |text: &str| text.split('`').skip(1).step_by(2).map(String::from).collect::<Vec<_>>();
    let crates = manifests();
    let mut seen = vec![];
    for row in design.lines().filter(|line| line.starts_with("| `xp-")) {
        let columns: Vec<&str> = row.split('|').collect();
        let name = names(columns[1])[0].clone();
        let mut on = names(columns[3]);
        on.sort();
        assert_eq!(on, crates[&name], "{name} in the table of DESIGN.md");
        seen.push(name);
    }
    seen.sort();
    assert_eq!(seen, crates.into_keys().collect::<Vec<_>>(), "the crates of the table");
}
