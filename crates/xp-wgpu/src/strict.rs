//! SPIR-V whose arithmetic is what it says. naga writes neither `NoContraction` nor float controls, so that drivers may contract,
//! reassociate, and assume that there is no NaN; this adds both to a module.

const EXTENSION: u32 = 10;
const EXT_INST_IMPORT: u32 = 11;
const EXT_INST: u32 = 12;
const MEMORY_MODEL: u32 = 14;
const ENTRY_POINT: u32 = 15;
const EXECUTION_MODE: u32 = 16;
const CAPABILITY: u32 = 17;
const EXECUTION_MODE_ID: u32 = 331;
const DECORATE: u32 = 71;
const NO_CONTRACTION: u32 = 42;
const SIGNED_ZERO_INF_NAN_PRESERVE: u32 = 4466;

/// Whether an instruction computes with floating-point numbers: negation, arithmetic, dot products, comparisons, and extended
/// instructions such as a fused multiply-add.
fn computes(opcode: u32) -> bool {
    matches!(opcode, 127 | 129 | 131 | 133 | 136 | 140..=148 | 180..=191 | EXT_INST)
}

/// A module with every operation on floating-point numbers decorated, which also asks for signed zeros, infinities and NaN to be
/// kept.
pub(crate) fn strict(words: &[u32]) -> Vec<u32> {
    let (head, mut at) = (&words[..5], 5);
    // Capabilities; what comes up to the execution modes; the rest.
    let mut groups: [Vec<u32>; 3] = Default::default();
    let (mut entry, mut exact, mut decorations) = (0, vec![], None);
    while at < words.len() {
        let (len, opcode) = ((words[at] >> 16) as usize, words[at] & 0xffff);
        let instruction = &words[at..at + len];
        at += len;
        match opcode {
            ENTRY_POINT => entry = instruction[2],
            _ if computes(opcode) => exact.push(instruction[2]),
            _ => {}
        }
        let group = match opcode {
            CAPABILITY => 0,
            EXTENSION | EXT_INST_IMPORT | MEMORY_MODEL | ENTRY_POINT | EXECUTION_MODE | EXECUTION_MODE_ID => 1,
            _ => 2,
        };
        // Names and debug text come before decorations.
        if group == 2 && decorations.is_none() && !matches!(opcode, 3..=8 | 330) {
            decorations = Some(groups[2].len());
        }
        groups[group].extend_from_slice(instruction);
    }
    let mut out = head.to_vec();
    out.extend(&groups[0]);
    out.extend([2 << 16 | CAPABILITY, SIGNED_ZERO_INF_NAN_PRESERVE]);
    let name = b"SPV_KHR_float_controls\0\0";
    out.push((1 + name.len() as u32 / 4) << 16 | EXTENSION);
    out.extend(name.as_chunks::<4>().0.iter().map(|bytes| u32::from_le_bytes(*bytes)));
    out.extend(&groups[1]);
    out.extend([4 << 16 | EXECUTION_MODE, entry, 4461, 32]);
    let (debug, rest) = groups[2].split_at(decorations.unwrap_or(0));
    out.extend(debug);
    for id in exact {
        out.extend([3 << 16 | DECORATE, id, NO_CONTRACTION]);
    }
    out.extend(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_operation_is_decorated_once() {
        let module = naga::front::wgsl::parse_str(
            "@group(0) @binding(0) var<storage, read_write> x: array<f32>;
             @compute @workgroup_size(1) fn main() { x[0] = fma(x[1], x[2], x[3]) + x[4] * x[5]; x[1] = select(x[2], x[3], x[4] < x[5]); }",
        )
        .unwrap();
        let info = naga::valid::Validator::new(Default::default(), naga::valid::Capabilities::all()).validate(&module).unwrap();
        let plain = naga::back::spv::write_vec(&module, &info, &Default::default(), None).unwrap();
        let count = |words: &[u32], wanted: &dyn Fn(&[u32]) -> bool| {
            let (mut at, mut n) = (5, 0);
            while at < words.len() {
                let len = (words[at] >> 16) as usize;
                n += usize::from(wanted(&words[at..at + len]));
                at += len;
            }
            assert_eq!(at, words.len());
            n
        };
        let words = strict(&plain);
        let decorated = |w: &[u32]| w[0] & 0xffff == DECORATE && w.len() == 3 && w[2] == NO_CONTRACTION;
        let computing = |w: &[u32]| computes(w[0] & 0xffff);
        assert_eq!((count(&plain, &decorated), count(&plain, &computing)), (0, 4));
        assert_eq!((count(&words, &decorated), count(&words, &computing)), (4, 4));
    }
}
