"""Other threads: they run while a large operation computes, and never change what it reads."""

import threading
import time

import numpy as np
import pytest

import xparray as xp

N = 4_000_000


def in_thread(work):
    """The thread that runs work, once it has begun; its result will be the attribute `result`."""
    started = threading.Event()

    def run():
        started.set()
        thread.began = time.perf_counter()
        thread.result = work()
        thread.ended = time.perf_counter()

    thread = threading.Thread(target=run)
    thread.start()
    started.wait()
    return thread


OPERATIONS = {
    "sort": lambda x: xp.sort(x),
    "argsort": lambda x: xp.argsort(x),
    "unique": lambda x: xp.unique_values(x),
    "elementwise": lambda x: [xp.sin(x) for _ in range(10)],
    "binary": lambda x: [xp.atan2(x, x) for _ in range(10)],
    "reduction": lambda x: [xp.sum(xp.reshape(x, (-1, 2)), axis=1) for _ in range(40)],
    "matmul": lambda x: xp.reshape(x, (2000, 2000)) @ xp.reshape(x, (2000, 2000)),
    "svd": lambda x: xp.linalg.svdvals(xp.reshape(x[:250_000], (500, 500))),
    "fft": lambda x: [xp.fft.fft(x) for _ in range(5)],
}


@pytest.mark.parametrize("name", OPERATIONS)
def test_other_threads_run_meanwhile(name):
    x = xp.asarray(np.random.default_rng(1).normal(size=N))
    work = OPERATIONS[name]
    for _ in range(3):  # the machine may be busy with something else
        thread = in_thread(lambda: work(x))
        ticks = []
        while thread.is_alive():
            ticks.append(time.perf_counter())
            time.sleep(1e-3)
        inside = [thread.began, *(t for t in ticks if thread.began < t < thread.ended), thread.ended]
        longest, whole = max(np.diff(inside)), thread.ended - thread.began
        if longest < whole / 2:
            return
    pytest.fail(f"this thread stood still for {longest:.3f} of {whole:.3f} seconds")


def writes():
    def whole(x):
        x[...] = 0

    def view(x):
        y = x[:]
        y -= y + 0

    def mask(x):
        x[x == x] = 0

    def array(x):
        x *= 0

    return [whole, view, mask, array]


@pytest.mark.parametrize("write", writes(), ids=lambda f: f.__name__)
@pytest.mark.parametrize("name", ["sort", "argsort", "unique", "mask"])
def test_writers_wait_for_readers(name, write):
    values = np.random.default_rng(2).normal(size=N // 4)
    positive = xp.asarray(values > 0)
    work = {
        "sort": xp.sort,
        "argsort": xp.argsort,
        "unique": xp.unique_values,
        "mask": lambda x: x[positive],
    }[name]
    before, after = (np.asarray(work(xp.asarray(v))) for v in (values, np.zeros_like(values)))
    for _ in range(4):
        x = xp.asarray(values.copy())
        x = x + 0.0  # memory of its own
        thread = in_thread(lambda: work(x))
        write(x)
        thread.join()
        result = np.asarray(thread.result)
        assert np.array_equal(result, before) or np.array_equal(result, after)
        assert not np.any(np.asarray(x))


def test_many_threads_share_an_array():
    x = xp.asarray(np.arange(200_000.0))
    expected = float(xp.sum(xp.sqrt(x)))
    results = []

    def work():
        for _ in range(20):
            results.append(float(xp.sum(xp.sqrt(x))))

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results == [expected] * 160


def test_errors_come_back_from_a_large_operation():
    x = xp.asarray(np.zeros((200, 200)))
    with pytest.raises(xp.linalg.LinAlgError if hasattr(xp.linalg, "LinAlgError") else ValueError, match="inv"):
        xp.linalg.inv(x)
    with pytest.raises(IndexError):
        xp.take(xp.asarray(np.zeros(50_000)), xp.asarray(np.full(50_000, 50_000)), axis=0)
    x += 1.0  # nothing is still marked as being read
    assert float(x[0, 0]) == 1.0


def test_many_threads_share_arrays():
    """Threads that compute, view, assign and fit, switched as often as possible: every result is of a moment between two assignments."""
    import sys

    interval = sys.getswitchinterval()
    shared, errors, end = [xp.full(n, 1.0) for n in (100, 1 << 15)], [], time.perf_counter() + 1.5

    def work(seed):
        random = np.random.default_rng(seed)
        try:
            while time.perf_counter() < end:
                x = shared[random.integers(2)]
                match random.integers(6):
                    case 0:
                        x[...] = float(random.integers(1, 9))
                    case 1:
                        part = x[:: int(random.integers(1, 5))]
                        assert xp.min(part + 0.0) >= 1
                    case 2:
                        total = float(xp.sum(x)) / x.size
                        assert total == round(total), total
                    case 3:
                        assert len(set(np.asarray(xp.sort(x)).tolist())) == 1
                    case 4:
                        assert xp.linalg.matrix_norm(xp.reshape(x, (-1, 10 if x.size == 100 else 64))) > 0
                    case _:
                        assert xp.all(xp.asarray(x, copy=True) >= 1)
        except BaseException as e:  # noqa: BLE001
            errors.append(e)

    sys.setswitchinterval(1e-5)
    try:
        threads = [threading.Thread(target=work, args=(k,)) for k in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
    finally:
        sys.setswitchinterval(interval)
    assert not errors, errors[0]


@pytest.mark.skipif(not hasattr(__import__("os"), "fork"), reason="there is no fork here")
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_a_process_that_is_forked_off_starts_clean():
    """Another thread reads an array at the fork: in the new process nobody does."""
    import os

    x = xp.asarray(np.random.default_rng(0).normal(size=N))
    stop = threading.Event()

    def read():
        while not stop.is_set():
            xp.sort(x)

    thread = threading.Thread(target=read)
    thread.start()
    try:
        for _ in range(3):
            time.sleep(0.05)
            child = os.fork()
            if child == 0:
                # An assertion must not go up into the tests of the parent.
                try:
                    x[:] = 1.0
                    right = float(xp.sum(x)) == N and float(xp.max(xp.sort(x))) == 1.0
                    os._exit(0 if right else 1)
                finally:
                    os._exit(2)
            for _ in range(600):
                done, status = os.waitpid(child, os.WNOHANG)
                if done:
                    break
                time.sleep(0.05)
            else:
                os.kill(child, 9)
                os.waitpid(child, 0)
                pytest.fail("the new process waits for a reader that it does not have")
            assert os.waitstatus_to_exitcode(status) == 0
    finally:
        stop.set()
        thread.join()
    assert float(xp.max(x)) > 1
