//! What the suite of all backends asks of arrays, in a world of one rank, on arrays that are not sharded. (Elementwise functions
//! are the kernels of the inner backend.)

xp_conformance::tests! { xp_mpi::Mpi::alone(xp_cpu::Cpu);
    fusion { into_existing<f32>, owned_operands<f32>, rows<f32>, row_blocks<f32> }
    operators { in_place, value_semantics }
    slicing { python_slices, items, views_share_nothing, broadcasting }
    indexing { elements, assignment, masks, take, take_of_any_rank, take_along_axis, put, head_slices }
    reductions { sums<f32>, extremes<f32>, empty<f32>, several<f32> }
    sorting { sort<f32>, argsort<f32>, searchsorted<f32>, unique<f32>, nonzero, cumulative<f32> }
    manipulation { concat, stack, roll }
    matmul { integers, floats<f32>, stacks<f32>, vectors<f32>, into_existing<f32> }
    errors { shapes_that_do_not_broadcast, axes, indices, two_devices<f32>, too_large }
    methods { lanes_are_checked, handles_are_values }
}
