//! Where the files of a library may lie, and opening the first that works.

use std::{
    env, fs,
    path::{Path, PathBuf},
};

use super::{Attempt, Library};

/// The environment variable with folders (or files) that are tried before anything else.
pub(super) const PATH_VARIABLE: &str = "XP_CUDA_PATH";

pub(super) struct Found {
    pub handle: libloading::Library,
    pub origin: String,
}

/// Opens the first file that works, or lists every attempt.
pub(super) fn open(library: Library, driver_major: Option<u32>) -> Result<Found, Vec<Attempt>> {
    let names = library.file_names(driver_major);
    let mut tried = Vec::new();
    match env::var_os(PATH_VARIABLE) {
        Some(value) => {
            for entry in env::split_paths(&value) {
                if let Some(found) = open_entry(&entry, &names, &mut tried) {
                    return Ok(found);
                }
            }
        }
        None => tried.push(Attempt { place: PATH_VARIABLE.into(), reason: "not set".into() }),
    }
    for name in &names {
        if let Some(found) = open_file(Path::new(name), &mut tried) {
            return Ok(found);
        }
    }
    for pattern in folder_patterns(library) {
        let folders = expand(&pattern);
        if folders.is_empty() {
            tried.push(Attempt { place: pattern.display().to_string(), reason: "no such folder".into() });
        }
        for folder in folders {
            if let Some(found) = open_in(&folder, &names, &mut tried) {
                return Ok(found);
            }
        }
    }
    Err(tried)
}

/// An entry of the environment variable: a file of this library, a folder with it, or the root of a toolkit.
fn open_entry(entry: &Path, names: &[&str], tried: &mut Vec<Attempt>) -> Option<Found> {
    if entry.is_file() {
        let file = entry.file_name()?.to_str()?;
        let stem = names[0].split('.').next()?;
        return (file.split('.').next() == Some(stem)).then(|| open_file(entry, tried)).flatten();
    }
    ["", "lib64", "lib"].iter().find_map(|sub| {
        let folder = if sub.is_empty() { entry.to_path_buf() } else { entry.join(sub) };
        open_in(&folder, names, tried)
    })
}

fn open_in(folder: &Path, names: &[&str], tried: &mut Vec<Attempt>) -> Option<Found> {
    let present: Vec<_> = names.iter().map(|n| folder.join(n)).filter(|f| f.exists()).collect();
    if present.is_empty() {
        let reason = if folder.is_dir() { format!("has no {}", names.join(" or ")) } else { "no such folder".into() };
        tried.push(Attempt { place: folder.display().to_string(), reason });
    }
    present.iter().find_map(|file| open_file(file, tried))
}

fn open_file(file: &Path, tried: &mut Vec<Attempt>) -> Option<Found> {
    // SAFETY: the file is NVIDIA's library by name; its initialisers have no preconditions.
    match unsafe { libloading::Library::new(file) } {
        Ok(handle) => Some(Found { handle, origin: file.display().to_string() }),
        Err(error) => {
            tried.push(Attempt { place: file.display().to_string(), reason: reason(&error) });
            None
        }
    }
}

/// The linker's message without the file name that the attempt already shows.
fn reason(error: &libloading::Error) -> String {
    let full = match std::error::Error::source(error) {
        Some(source) => source.to_string(),
        None => error.to_string(),
    };
    full.rsplit_once(": ").map_or(full.clone(), |(head, tail)| if head.contains(' ') { full.clone() } else { tail.into() })
}

/// Folders to look in; a component `*` or a trailing `*` stands for every entry.
fn folder_patterns(library: Library) -> Vec<PathBuf> {
    let multiarch = format!("{}-linux-gnu", env::consts::ARCH);
    if library == Library::Driver {
        let fixed = ["/usr/lib/wsl/lib", "/run/opengl-driver/lib", "/usr/local/nvidia/lib64", "/usr/lib64", "/usr/lib"];
        return fixed.iter().map(PathBuf::from).chain([Path::new("/usr/lib").join(multiarch)]).collect();
    }
    let mut patterns = Vec::new();
    for root in ["CUDA_PATH", "CUDA_HOME", "CUDA_ROOT"].iter().filter_map(env::var_os) {
        patterns.push(Path::new(&root).join("lib64"));
    }
    patterns.extend(["/usr/local/cuda/lib64", "/usr/local/cuda-*/lib64", "/opt/cuda/lib64"].map(PathBuf::from));
    patterns.push(Path::new("/usr/lib").join(multiarch));
    patterns.push("/usr/lib64".into());
    for entry in env::var_os("PYTHONPATH").iter().flat_map(env::split_paths) {
        patterns.push(entry.join("nvidia/*/lib"));
    }
    for prefix in python_prefixes() {
        patterns.push(prefix.join("lib/python*/site-packages/nvidia/*/lib"));
        patterns.push(prefix.join("lib/python*/dist-packages/nvidia/*/lib"));
        patterns.push(prefix.join("lib"));
    }
    patterns
}

/// The roots of Python installations: the active environment first, then those on `PATH`, then the user's and the system's.
fn python_prefixes() -> Vec<PathBuf> {
    let mut prefixes: Vec<PathBuf> = ["VIRTUAL_ENV", "CONDA_PREFIX"].iter().filter_map(env::var_os).map(PathBuf::from).collect();
    for folder in env::var_os("PATH").iter().flat_map(env::split_paths) {
        if folder.join("python3").exists()
            && let Some(prefix) = folder.parent()
        {
            prefixes.push(prefix.to_path_buf());
        }
    }
    prefixes.extend(env::var_os("HOME").map(|home| Path::new(&home).join(".local")));
    prefixes.push("/usr/local".into());
    prefixes.push("/usr".into());
    let mut seen = std::collections::HashSet::new();
    prefixes.retain(|p| seen.insert(p.clone()));
    prefixes
}

/// The existing folders that a pattern names, those with the greatest names (the newest versions) first.
fn expand(pattern: &Path) -> Vec<PathBuf> {
    let mut found = vec![PathBuf::new()];
    for component in pattern.components() {
        let component = component.as_os_str();
        let Some(prefix) = component.to_str().and_then(|c| c.strip_suffix('*')) else {
            found.iter_mut().for_each(|f| f.push(component));
            continue;
        };
        found = found.iter().flat_map(|folder| entries(folder, prefix)).collect();
    }
    found.retain(|f| f.is_dir());
    found
}

fn entries(folder: &Path, prefix: &str) -> Vec<PathBuf> {
    let Ok(list) = fs::read_dir(folder) else {
        return Vec::new();
    };
    let starts = |p: &PathBuf| p.file_name().and_then(|n| n.to_str()).is_some_and(|n| n.starts_with(prefix));
    let mut paths: Vec<_> = list.flatten().map(|e| e.path()).filter(starts).collect();
    paths.sort_unstable_by(|a, b| b.cmp(a));
    paths
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_expand_to_existing_folders_newest_first() {
        let root = env::temp_dir().join(format!("xp-cuda-search-{}", std::process::id()));
        for sub in ["cuda-12.4/lib64", "cuda-13.0/lib64", "cuda-11.8/other"] {
            fs::create_dir_all(root.join(sub)).unwrap();
        }
        let found = expand(&root.join("cuda-*/lib64"));
        assert_eq!(found, [root.join("cuda-13.0/lib64"), root.join("cuda-12.4/lib64")]);
        assert!(expand(&root.join("none/*/lib")).is_empty());
        fs::remove_dir_all(&root).unwrap();
    }

    #[test]
    fn a_missing_library_lists_names_and_folders() {
        // A CUDA installation on the machine may make the libraries present: then there is nothing to list.
        for library in Library::TOOLKIT {
            let Err(tried) = open(library, Some(12)) else {
                continue;
            };
            let text = tried.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n");
            for name in library.file_names(Some(12)) {
                assert!(tried.iter().any(|a| a.place == name), "{name} not in\n{text}");
            }
            assert!(text.contains("XP_CUDA_PATH") && text.contains("/usr/local/cuda/lib64"), "{text}");
            assert!(text.contains("nvidia/*/lib"), "{text}");
        }
    }
}
