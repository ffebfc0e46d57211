//! Views, indices, and elements in the memory of the host. `scripts/miri.sh` runs this in an interpreter.

xp_conformance::host_suite!(xp_reference::Host);
xp_conformance::tests! { xp_reference::Host;
    methods { lanes_are_checked, handles_are_values }
    slicing { python_slices, items, views_share_nothing, broadcasting, reshapes, diagonals, axes }
    indexing { elements, assignment, masks, take, take_of_any_rank, take_along_axis, put, head_slices }
    manipulation { concat, stack, owned_and_borrowed, unstack, roll, tile, repeat, flip, moveaxis }
    errors { shapes_that_do_not_broadcast, ranks, axes, indices, lengths, joining, too_many_axes }
    standard { several_index_arrays, index_assignment, mask_assignment, unique_of_any_dtype }
}
