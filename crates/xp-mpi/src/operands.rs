//! From the addresses in a kernel to where the operands are on this rank.

use std::any::Any;
use std::cell::Cell;

use xp_core::Result;
use xp_core::expr::program::{LeafKind, Program};
use xp_core::expr::{Kernel, Plan, Walk};

use crate::layout::{Crossing, RESHARD, Shard, Split, crossing, refused};
use crate::memory::find;
use crate::world::{World, signature};

/// The operands of a kernel.
pub(crate) struct Operands {
    /// The addresses in the kernel, and those that it is given, in the order in which it asks for them.
    from: Vec<usize>,
    here: Vec<usize>,
    /// How the sharded ones are walked.
    pub(crate) split: Option<Split>,
    /// Memory that must live as long as the kernel.
    kept: Vec<Box<dyn Any + Send + Sync>>,
}

/// An address in a kernel, and how what is there is walked; `None` of a table whose rows are looked up.
struct Operand {
    address: usize,
    walk: Option<Walk>,
}

impl Operands {
    /// Those of a kernel that has none.
    pub(crate) fn none() -> Operands {
        Operands { from: vec![], here: vec![], split: None, kept: vec![] }
    }

    /// Finds the operands of a kernel. A single row of a sharded one comes from the rank that has it.
    pub(crate) fn of<K: Kernel>(world: &World, device: &dyn Any, operation: &'static str, kernel: &K, plan: &Plan) -> Result<Operands> {
        let program = Program::of(kernel);
        let mut operands = Operands::none();
        for operand in program.leaves().iter().flat_map(|leaf| addresses(&leaf.kind)).flatten() {
            operands.from.push(operand.address);
            let entry = find(operand.address);
            let (start, len, size) = entry.extent();
            let at = (operand.address - start) / size;
            let (local, shard) = match entry.place() {
                Some(place) => place,
                // Nobody has written it: it holds anything.
                None => {
                    entry.fill(device, &vec![0; len * size])?;
                    entry.place().unwrap_or_default()
                }
            };
            operands.kept.push(entry.keep());
            let Some(shard) = shard else {
                operands.here.push(local.wrapping_add(at * size));
                continue;
            };
            let Some(walk) = operand.walk else {
                return Err(refused(operation, "rows of it are looked up by number", "`take` them, with indices that are sharded or few"));
            };
            match crossing(operation, plan.shape(), &walk[..plan.shape().len()], at, &shard)? {
                Crossing::Rows(split) => {
                    operands.agree(operation, split)?;
                    operands.here.push(local.wrapping_add(at * size).wrapping_sub(shard.mine.start * shard.inner * size));
                }
                Crossing::One(row) => {
                    let mine = if shard.mine.contains(&row) { entry.row(device, row) } else { Ok(vec![]) };
                    let row_bytes =
                        world.share("a row of a sharded array", signature(&[row, shard.inner, size]), shard.layout.owner(world, row), mine)?;
                    let (copy, keep) = entry.copy(device, &row_bytes)?;
                    operands.kept.push(keep);
                    operands.here.push(copy.wrapping_add(at * size).wrapping_sub(row * shard.inner * size));
                }
            }
        }
        Ok(operands)
    }

    /// Sharded operands are walked with the same rows at the same positions.
    pub(crate) fn agree(&mut self, operation: &'static str, split: Split) -> Result<()> {
        match &self.split {
            Some(other) if (other.axis, other.unit) != (split.axis, split.unit) => {
                let why = "rows of one operand are beside columns of another";
                Err(refused(operation, why, crate::layout::TRANSPOSE))
            }
            Some(other) if other.layout != split.layout => Err(refused(operation, "rows that belong together lie on different ranks", RESHARD)),
            _ => {
                self.split = Some(split);
                Ok(())
            }
        }
    }

    /// Gives a kernel of the same expression, at these positions or later ones, the addresses of this rank.
    pub(crate) fn apply<K: Kernel>(&self, kernel: &mut K) {
        let next = Cell::new(0);
        kernel.rebase(&|address| {
            let k = next.get();
            next.set(k + 1);
            let later = address.addr().wrapping_sub(self.from[k]);
            std::ptr::with_exposed_provenance(self.here[k].wrapping_add(later))
        });
    }
}

/// The addresses of a leaf, in the order in which its kernel asks for them.
fn addresses(kind: &LeafKind) -> [Option<Operand>; 2] {
    match kind {
        LeafKind::Array(address, walk) => [Some(Operand { address: *address, walk: Some(*walk) }), None],
        LeafKind::Rows { address, indices, index_step, .. } => {
            let mut walk = [0; xp_core::MAX_NDIM];
            walk[0] = *index_step;
            [Some(Operand { address: *address, walk: None }), Some(Operand { address: *indices, walk: Some(walk) })]
        }
        LeafKind::Scalar(_) | LeafKind::Counter(..) => [None, None],
    }
}

/// An existing output, whose rows lie where those of the operands do.
pub(crate) fn target(operation: &'static str, plan: &Plan, offset: usize, shard: &Shard) -> Result<Crossing> {
    crossing(operation, plan.shape(), plan.out(), offset, shard)
}
