"""The fits of `xp-mpi/examples/scaling.rs` by Heat, on the ranks of MPI, or by dask-ml, on processes of its own: run by `scaling.py --peers`.

    mpirun -n 2 python scaling_peers.py heat ROWS RUNS
    python scaling_peers.py dask ROWS RUNS WORKERS

Prints a line for each job that the library has: its name, and the least of the seconds that several runs took.
"""

import sys
import time

FEATURES = 64


def least(runs, job):
    times = []
    for _ in range(runs):
        start = time.perf_counter()
        job()
        times.append(time.perf_counter() - start)
    return min(times)


def heat(rows, runs):
    import heat as ht

    ht.random.seed(0)
    x = ht.random.randn(rows, FEATURES, dtype=ht.float64, split=0)
    classes = ht.arange(rows, dtype=ht.int64, split=0) % 10
    centres = x[:16].resplit(None)

    def all_ranks(job):
        def run():
            ht.get_comm().Barrier()
            job()
            ht.get_comm().Barrier()

        return run

    jobs = {
        "PCA": lambda: ht.decomposition.PCA(n_components=8).fit(x),
        "StandardScaler": lambda: ht.preprocessing.StandardScaler(copy=False).fit(x),
        "GaussianNB": lambda: ht.naive_bayes.GaussianNB().fit(x, classes),
        "k-means, one step": lambda: ht.cluster.KMeans(n_clusters=16, init=centres, max_iter=1, tol=0.0).fit(x),
    }
    for name, job in jobs.items():
        try:
            seconds = least(runs, all_ranks(job))
        except Exception as e:  # What a release of the library cannot do is not compared.
            print(f"{name}: {e}", file=sys.stderr)
            continue
        if ht.get_comm().rank == 0:
            print(f"{name}\t{seconds:.6f}", flush=True)


def dask(rows, runs, workers):
    import dask.array as da
    from dask.distributed import Client, LocalCluster, wait
    from dask_ml.cluster import KMeans
    from dask_ml.decomposition import PCA
    from dask_ml.linear_model import LogisticRegression
    from dask_ml.naive_bayes import GaussianNB
    from dask_ml.preprocessing import StandardScaler

    with LocalCluster(n_workers=workers, threads_per_worker=1, dashboard_address=None) as cluster, Client(cluster):
        chunk = -(-rows // (4 * workers))
        x = da.random.default_rng(0).standard_normal((rows, FEATURES), chunks=(chunk, FEATURES)).persist()
        classes = (da.arange(rows, chunks=chunk) % 10).persist()
        two = (classes > 0).astype(int).persist()
        wait([x, classes, two])
        centres = x[:16].compute()
        jobs = {
            "PCA": lambda: PCA(n_components=8, svd_solver="tsqr").fit(x),
            "StandardScaler": lambda: StandardScaler().fit(x),
            "GaussianNB": lambda: [v.compute() for v in vars(GaussianNB().fit(x, classes)).values() if isinstance(v, da.Array)],
            "k-means, one step": lambda: KMeans(n_clusters=16, init=centres, max_iter=1).fit(x),
            "logistic regression, one iteration": lambda: LogisticRegression(solver="lbfgs", max_iter=1).fit(x, two),
        }
        for name, job in jobs.items():
            try:
                print(f"{name}\t{least(runs, job):.6f}", flush=True)
            except Exception as e:  # As above.
                print(f"{name}: {e}", file=sys.stderr)


if __name__ == "__main__":
    library, *numbers = sys.argv[1:]
    {"heat": heat, "dask": dask}[library](*map(int, numbers))
