#!/usr/bin/env bash
# Mesa's software Vulkan driver, which the tests of xp-wgpu run on where there is no GPU: installed where that is possible, with
# Debian's packages. Ends with 0 when there is a driver.
set -euo pipefail

has_driver() { compgen -G "/usr/share/vulkan/icd.d/*.json" > /dev/null || compgen -G "/etc/vulkan/icd.d/*.json" > /dev/null; }

if ! has_driver && [ "$(id -u)" = 0 ] && command -v apt-get > /dev/null; then
    (apt-get update && apt-get install --yes --no-install-recommends mesa-vulkan-drivers libvulkan1) > /dev/null 2>&1 || true
fi
has_driver
