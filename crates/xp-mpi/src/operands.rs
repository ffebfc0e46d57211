//! From the addresses in a kernel to where the operands are on this rank.

use std::any::Any;
use std::cell::{Cell, RefCell};
use std::sync::Arc;

use xp_core::Result;
use xp_core::expr::program::{LeafKind, Program};
use xp_core::expr::{Kernel, Plan, Walk};

use crate::fold::alone;
use crate::layout::{Crossing, FIRST, RESHARD, Reach, Shard, Split, blocks_along, crossing, reach, refused};
use crate::memory::{Erased, Kept, find};
use crate::world::{World, signature};

/// The operands of a kernel.
pub(crate) struct Operands {
    /// The addresses in the kernel, and those that it is given, in the order in which it asks for them.
    from: Vec<usize>,
    here: Vec<usize>,
    /// How the sharded ones are walked.
    pub(crate) split: Option<Split>,
    /// The plan that walks them where they are, if it is not that of the whole.
    pub(crate) plan: Option<Plan>,
    /// Memory that must live as long as the kernel.
    kept: Vec<Box<dyn Any + Send + Sync>>,
}

/// An address in a kernel, and which leaf of the plan walks what is there; `None` of a table whose rows are looked up.
struct Operand {
    address: usize,
    walked: Option<Walked>,
}
/// An operand that there is a recipe for: its number among the addresses, its leaf, the position and the size of its first element.
struct Promised {
    number: usize,
    entry: Arc<dyn Erased>,
    leaf: usize,
    at: usize,
    size: usize,
}
enum Walked {
    Leaf(usize),
    /// Indices, along the first axis.
    Indices(isize),
}

impl Operands {
    /// Those of a kernel that has none.
    pub(crate) fn none() -> Operands {
        Operands { from: vec![], here: vec![], split: None, plan: None, kept: vec![] }
    }

    /// Whether there are none.
    pub(crate) fn is_empty(&self) -> bool {
        self.from.is_empty()
    }

    /// Those of a kernel that has only operands that all ranks have, as most small ones are: they are walked as they would be anywhere.
    fn everywhere<K: Kernel>(kernel: &K) -> Option<Operands> {
        let from = RefCell::new(vec![]);
        kernel.clone().rebase(&|address| {
            from.borrow_mut().push(address.addr());
            address
        });
        let mut operands = Operands { from: from.into_inner(), ..Operands::none() };
        for &address in &operands.from {
            let entry = find(address);
            let (local, shard) = entry.place()?;
            if shard.is_some() {
                return None;
            }
            operands.here.push(local.wrapping_add(address - entry.extent().0));
            operands.kept.push(entry.keep());
        }
        Some(operands)
    }

    /// Finds the operands of a kernel, which writes a sharded array from an offset on if there is an `out`. A single row of a sharded
    /// one comes from the rank that has it.
    pub(crate) fn of<K: Kernel>(
        world: &World,
        device: &dyn Any,
        operation: &'static str,
        kernel: &K,
        plan: &Plan,
        out: Option<(usize, &Shard)>,
    ) -> Result<Operands> {
        if out.is_none_or(|(_, shard)| shard.outer == 1)
            && let Some(operands) = Operands::everywhere(kernel)
        {
            return Ok(operands);
        }
        let (found, leaves) = addresses(&Program::of(kernel));
        let mut operands = Operands::none();
        let mut sharded: Vec<(Walked, usize, Shard)> = vec![];
        // Where each one is, and of which kind; those that can be made where they are needed.
        let (mut places, mut promised) = (vec![], vec![]);
        for Operand { address, walked } in found {
            let entry = find(address);
            let (start, _, size) = entry.extent();
            let at = (address - start) / size;
            if let (true, Some(Walked::Leaf(leaf))) = (entry.is_promised(), &walked) {
                promised.push(Promised { number: operands.from.len(), entry, leaf: *leaf, at, size });
                operands.from.push(address);
                continue;
            }
            let (local, shard) = match entry.place() {
                Some(place) => place,
                None => {
                    entry.settle(device)?;
                    entry.place().unwrap_or_default()
                }
            };
            operands.from.push(address);
            operands.kept.push(entry.keep());
            if let Some(shard) = &shard {
                let Some(walked) = walked else {
                    return Err(refused(operation, "rows of it are looked up by number", "`take` them, with indices that are sharded or few"));
                };
                sharded.push((walked, at, shard.clone()));
            }
            places.push((entry, local, at, size, shard));
        }
        let cut = cut_at_blocks(operation, plan, leaves, &sharded, out)?;
        let plan = cut.as_ref().unwrap_or(plan);
        // How the strides of each leaf change.
        let mut moved: Vec<(usize, Shard)> = vec![];
        let mut each = sharded.iter();
        for (entry, local, at, size, shard) in places {
            let Some(shard) = shard else {
                operands.here.push(local.wrapping_add(at * size));
                continue;
            };
            let Some((walked, ..)) = each.next() else { continue };
            let walk: Walk = walk(plan, walked);
            let (shape, walk) = (plan.shape(), &walk[..plan.shape().len()]);
            let crossed = match alone() {
                true => own_rows(operation, &reach(operation, shape, walk, at, &shard)?, &shard).map(|()| None)?,
                false => Some(crossing(operation, shape, walk, at, &shard)?),
            };
            let (local, shard) = match crossed {
                None => (local, shard),
                Some(Crossing::Rows(split)) => {
                    operands.agree(operation, split)?;
                    (local, shard)
                }
                Some(Crossing::One(row)) => {
                    let mine = if shard.mine.contains(&row) { entry.row(device, row) } else { Ok(vec![]) };
                    let sign = signature(&[row, shard.outer, shard.inner, size]);
                    let row_bytes = world.share("a row of a sharded array", sign, shard.layout.owner(world, row), mine)?;
                    let (copy, keep) = entry.copy(device, &row_bytes)?;
                    operands.kept.push(keep);
                    (copy, Shard { mine: row..row + 1, ..shard })
                }
            };
            operands.here.push(local.wrapping_add_signed(shard.here(at) * size as isize));
            if let (Walked::Leaf(leaf), true) = (walked, shard.outer > 1) {
                moved.push((*leaf, shard));
            }
        }
        for one in promised {
            let (local, keep) = operands.make(world, device, plan, &one)?;
            operands.here.insert(one.number, local);
            operands.kept.push(keep);
        }
        let moves = |plan: &Plan| moved.iter().any(|(leaf, shard)| plan.leaf(*leaf).iter().any(|&step| shard.step(step) != step));
        let later_axis = || operands.split.as_ref().is_some_and(|split| split.axis > 0) || out.is_some_and(|(_, shard)| shard.outer > 1);
        if cut.is_some() || moves(plan) || (plan.is_flat() && later_axis()) {
            let restrided = plan.clone().restrided(leaves, |leaf, walk| {
                for (_, shard) in moved.iter().filter(|(moved, _)| *moved == leaf) {
                    walk.iter_mut().for_each(|step| *step = shard.step(*step));
                }
            });
            operands.plan = Some(restrided);
        }
        Ok(operands)
    }

    /// The address at which a kernel looks for an operand that there is a recipe for, of which this rank makes what it needs: the elements
    /// at its positions, unless they are most of all.
    fn make(&self, world: &World, device: &dyn Any, plan: &Plan, one: &Promised) -> Result<Kept> {
        let (mut first, mut last) = (one.at as isize, one.at as isize);
        for (axis, (&n, &step)) in plan.shape().iter().zip(plan.leaf(one.leaf)).enumerate() {
            let mine = self.split.as_ref().filter(|split| split.axis == axis).map_or(0..n, |split| split.mine(world));
            let ends = [mine.start as isize * step, (mine.end.max(mine.start + 1) - 1) as isize * step];
            (first, last) = (first + ends[0].min(ends[1]), last + ends[0].max(ends[1]));
        }
        let (_, len, _) = one.entry.extent();
        let which = first.max(0) as usize..(last + 1).clamp(0, len as isize) as usize;
        if 2 * which.len() <= len
            && let Some((local, keep)) = one.entry.some(device, which)?
        {
            return Ok((local.wrapping_add_signed((one.at as isize - first) * one.size as isize), keep));
        }
        one.entry.settle(device)?;
        let (local, _) = one.entry.place().unwrap_or_default();
        Ok((local.wrapping_add(one.at * one.size), one.entry.keep()))
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

    /// Gives a kernel of the same expression, at these positions or later ones, the addresses of this rank, and its plan if it has one.
    pub(crate) fn apply<K: Kernel>(&self, kernel: &mut K) {
        if let Some(plan) = &self.plan {
            kernel.replan(plan, &mut 0);
        }
        let next = Cell::new(0);
        kernel.rebase(&|address| {
            let k = next.get();
            next.set(k + 1);
            let later = address.addr().wrapping_sub(self.from[k]);
            std::ptr::with_exposed_provenance(self.here[k].wrapping_add(later))
        });
    }
}

/// The addresses of a program, in the order in which its kernel asks for them, and the number of leaves that a plan walks.
fn addresses(program: &Program) -> (Vec<Operand>, usize) {
    let (mut found, mut leaves) = (vec![], 0);
    for leaf in program.leaves() {
        match &leaf.kind {
            LeafKind::Array(address, _) => found.push(Operand { address: *address, walked: Some(Walked::Leaf(leaves)) }),
            LeafKind::Rows { address, indices, index_step, .. } => {
                found.push(Operand { address: *address, walked: None });
                found.push(Operand { address: *indices, walked: Some(Walked::Indices(*index_step)) });
            }
            LeafKind::Scalar(_) | LeafKind::Counter(..) => {}
        }
        leaves += usize::from(!matches!(leaf.kind, LeafKind::Scalar(_)));
    }
    (found, leaves)
}

/// How an operand is walked along the axes of a plan.
fn walk(plan: &Plan, walked: &Walked) -> Walk {
    let mut walk = [0; xp_core::MAX_NDIM];
    match walked {
        Walked::Leaf(leaf) => walk[..plan.shape().len()].copy_from_slice(&plan.leaf(*leaf)[..plan.shape().len()]),
        Walked::Indices(step) => walk[0] = *step,
    }
    walk
}

/// A plan none of whose axes goes on from one block of a sharded array to the next, if it has such an axis.
fn cut_at_blocks(
    operation: &'static str,
    plan: &Plan,
    leaves: usize,
    sharded: &[(Walked, usize, Shard)],
    out: Option<(usize, &Shard)>,
) -> Result<Option<Plan>> {
    let mut cut: Option<Plan> = None;
    loop {
        let plan = cut.as_ref().unwrap_or(plan);
        let of_leaf = |(walked, at, shard): &(Walked, usize, Shard)| blocks_along(plan.shape(), &walk(plan, walked), *at, shard);
        let of_out = || out.and_then(|(offset, shard)| blocks_along(plan.shape(), plan.out(), offset, shard));
        let Some((axis, steps)) = sharded.iter().find_map(of_leaf).or_else(of_out) else { return Ok(cut) };
        if plan.shape().len() == xp_core::MAX_NDIM || (axis == 0 && plan.looks_up()) {
            return Err(refused(operation, "axes that are merged across the blocks of an array whose rows are not its first axis", FIRST));
        }
        cut = Some(plan.clone().split(axis, steps, leaves));
    }
}

/// Fails unless all rows that a walk comes to are of this rank.
pub(crate) fn own_rows(operation: &'static str, reach: &Reach, shard: &Shard) -> Result<()> {
    let own = match reach {
        &Reach::Rows { first, step, count, .. } => count == 0 || (shard.mine.start <= first && first + (count - 1) * step < shard.mine.end),
        Reach::One(row) => shard.mine.contains(row),
    };
    if own { Ok(()) } else { Err(refused(operation, "rows of another rank, in a pass over those of one", "read them before the pass")) }
}

/// An existing output, whose rows lie where those of the operands do.
pub(crate) fn target(operation: &'static str, plan: &Plan, offset: usize, shard: &Shard) -> Result<Crossing> {
    crossing(operation, plan.shape(), plan.out(), offset, shard)
}

/// The plan that writes an output where it is.
pub(crate) fn onto(plan: &Plan, shard: &Shard) -> Plan {
    if plan.out().iter().all(|&step| shard.step(step) == step) {
        return plan.clone();
    }
    plan.clone().writing(&plan.out().iter().map(|&step| shard.step(step)).collect::<Vec<_>>())
}
