//! The device of the tests. Without an adapter they are skipped, and say so; `XP_WGPU_REQUIRED=1` makes that a failure.

use std::cell::RefCell;
use std::sync::Mutex;

use xp_core::Backend;
use xp_wgpu::Wgpu;

/// Devices that no test uses now. An index out of range is the error of the next read, whoever reads, so no two tests may share a
/// device; opening one for each would take longer than the tests.
static FREE: Mutex<Vec<Wgpu>> = Mutex::new(vec![]);

/// Gives the device back when the test's thread ends.
struct Lent(Wgpu);

impl Drop for Lent {
    fn drop(&mut self) {
        FREE.lock().unwrap().push(self.0.clone());
    }
}

thread_local! {
    static LENT: RefCell<Option<Lent>> = const { RefCell::new(None) };
}

/// A device that this thread uses alone; none on a machine without an adapter.
pub fn wgpu() -> Option<Wgpu> {
    if Wgpu::adapters().is_empty() {
        assert!(std::env::var_os("XP_WGPU_REQUIRED").is_none(), "there is no Vulkan adapter, and XP_WGPU_REQUIRED asks for one");
        eprintln!("SKIPPED: there is no Vulkan adapter on this machine (`mesa-vulkan-drivers` and `libvulkan1` are a software one)");
        return None;
    }
    let device = LENT.with_borrow_mut(|lent| {
        lent.get_or_insert_with(|| {
            let free = FREE.lock().unwrap().pop();
            // What the test before has left unread is an error here, and of no interest.
            free.iter().for_each(|device| _ = device.synchronize());
            Lent(free.unwrap_or_else(|| Wgpu::separate(Wgpu::default_adapter().unwrap(), None).unwrap()))
        })
        .0
        .clone()
    });
    Some(device)
}

/// The device, or the end of the test that asks for it.
#[macro_export]
macro_rules! device {
    () => {
        match $crate::common::wgpu() {
            Some(device) => device,
            None => return,
        }
    };
}
