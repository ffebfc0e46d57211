"""Files as NumPy writes them: crates/xp/tests/data/*.npy and arrays.npz, for the tests of reading them."""

from common import ROOT, np

OUT = ROOT / "crates" / "xp" / "tests" / "data"


def main():
    OUT.mkdir(parents=True, exist_ok=True)
    table = np.arange(6, dtype=np.float64).reshape(2, 3) / 4
    arrays = {
        "rows": table,
        "columns": np.asfortranarray(table.astype(np.int32) * 10 + np.arange(3, dtype=np.int32)),
        "big_endian": table.astype(">f4"),
        "complex": (table + 1j * table[::-1]).astype(np.complex128),
        "flags": table > 0.5,
        "half": table.astype(np.float16),
        "bytes": np.arange(250, 256, dtype=np.uint8),
        "scalar": np.array(-7, dtype=np.int64),
        "empty": np.zeros((0, 3), dtype=np.uint16),
    }
    for name, value in arrays.items():
        np.save(OUT / f"{name}.npy", value)
    np.savez_compressed(OUT / "compressed.npz", rows=table, scalar=arrays["scalar"])
    np.savez(OUT / "stored.npz", rows=table, flags=arrays["flags"])
    np.save(OUT / "objects.npy", np.array(["a", None], dtype=object), allow_pickle=True)
    print(f"{OUT.relative_to(ROOT)}: {len(arrays) + 3} files")


if __name__ == "__main__":
    main()
