//! The disk cache of compiled modules: what naga makes of a source, and [`strict`](crate::strict) of that.
//!
//! One file per source. A file holds its whole key, so that a collision of names is a miss and never a wrong module, and a
//! checksum finds damage. Files are written under a temporary name and renamed. Every failure of the file system is a miss.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::{env, fs, process};

/// The environment variable with the cache folder; `off` turns the cache off.
const FOLDER_VARIABLE: &str = "XP_WGPU_CACHE";
const MAGIC: &[u8; 8] = b"xpspirv1";

/// A folder of compiled modules, or nothing.
#[derive(Clone, Debug)]
pub(crate) struct DiskCache(Option<PathBuf>);

impl DiskCache {
    /// The cache that the environment names: `XP_WGPU_CACHE`, else `xp-wgpu` in the user's cache folder.
    pub(crate) fn from_env() -> Self {
        let user = || env::var_os("XDG_CACHE_HOME").map(PathBuf::from).or_else(|| env::var_os("HOME").map(|home| Path::new(&home).join(".cache")));
        DiskCache(match env::var_os(FOLDER_VARIABLE) {
            Some(v) if v == "off" || v.is_empty() => None,
            Some(v) => Some(PathBuf::from(v)),
            None => user().map(|base| base.join("xp-wgpu")),
        })
    }

    /// The module of a key.
    pub(crate) fn load(&self, key: &str) -> Option<Vec<u32>> {
        let bytes = fs::read(self.file(key)?).ok()?;
        let rest = bytes.strip_prefix(MAGIC)?;
        let (checksum, rest) = rest.split_at_checked(16)?;
        let (length, rest) = rest.split_at_checked(8)?;
        let (own_key, module) = rest.split_at_checked(usize::try_from(u64::from_le_bytes(length.try_into().ok()?)).ok()?)?;
        if own_key != key.as_bytes() || checksum != hash(module).to_le_bytes() {
            return None;
        }
        let (words, rest) = module.as_chunks::<4>();
        (rest.is_empty() && words.len() > 5).then(|| words.iter().map(|w| u32::from_le_bytes(*w)).collect())
    }

    /// Keeps a module. An unwritable folder is not an error.
    pub(crate) fn store(&self, key: &str, module: &[u32]) {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let Some(file) = self.file(key) else { return };
        let Some(folder) = file.parent() else { return };
        let temporary = folder.join(format!(".{}-{}.tmp", process::id(), NEXT.fetch_add(1, Ordering::Relaxed)));
        let module: Vec<u8> = module.iter().flat_map(|w| w.to_le_bytes()).collect();
        let bytes = [&MAGIC[..], &hash(&module).to_le_bytes(), &(key.len() as u64).to_le_bytes(), key.as_bytes(), &module].concat();
        let written = fs::create_dir_all(folder).and_then(|()| fs::write(&temporary, bytes)).and_then(|()| fs::rename(&temporary, &file));
        if written.is_err() {
            let _ = fs::remove_file(&temporary);
        }
    }

    fn file(&self, key: &str) -> Option<PathBuf> {
        Some(self.0.as_ref()?.join(format!("{:032x}.spv", hash(key.as_bytes()))))
    }
}

/// FNV-1a with 128 bits.
fn hash(bytes: &[u8]) -> u128 {
    bytes.iter().fold(0x6c62272e07bb014262b821756295c58d, |h: u128, &b| (h ^ u128::from(b)).wrapping_mul(0x0000000001000000000000000000013b))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_stored_is_loaded_and_damage_is_a_miss() {
        let folder = env::temp_dir().join(format!("xp-wgpu-cache-{}", process::id()));
        let cache = DiskCache(Some(folder.clone()));
        assert_eq!(cache.load("key"), None);
        let module: Vec<u32> = (0..20).collect();
        cache.store("key", &module);
        assert_eq!(cache.load("key"), Some(module));
        assert_eq!(cache.load("other"), None);
        fs::copy(cache.file("key").unwrap(), cache.file("other").unwrap()).unwrap();
        assert_eq!(cache.load("other"), None, "a file under the name of another key is not taken for it");
        let file = cache.file("key").unwrap();
        let good = fs::read(&file).unwrap();
        for at in 0..good.len() {
            let mut bad = good.clone();
            bad[at] ^= 1;
            fs::write(&file, &bad).unwrap();
            assert_eq!(cache.load("key"), None, "byte {at}");
            fs::write(&file, &good[..at]).unwrap();
            assert_eq!(cache.load("key"), None, "cut at {at}");
        }
        fs::remove_dir_all(folder).unwrap();
        let nowhere = DiskCache(Some("/dev/null/x".into()));
        nowhere.store("key", &[0; 9]);
        assert_eq!(nowhere.load("key"), None);
    }
}
