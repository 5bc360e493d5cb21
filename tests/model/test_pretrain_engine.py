# SPDX-License-Identifier: GPL-2.0-or-later
"""The training engine: many processes reach what one does, a killed run loses nothing, and what goes wrong is said."""

import json
import os
import pickle
import random
import resource
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import torch
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from model import pretrain as pretraining
from model.cli import run as run_command
from model.data.batches import Batches
from model.data.corpus import load as load_source
from model.data.corpus import source_name
from model.data.feed import feed
from model.pretrain import command, parser
from model.pretrain import main as pretrain
from model.training.checkpoint import load, save
from model.training.loop import PEAK_LR_TRAINED, seconds_left
from model.training.monitor import Monitor
from raw_qgis_plugin.core.bundle.bundle import open_bundle
from raw_qgis_plugin.core.errors import InputError

from .conftest import nano_arguments

FEW = ["--preset", "raw-nano", "--device", "cpu", "--points", "512", "--validate-every", "1000", "--steps"]


def about(run):
    with (run / "state.safetensors").open("rb") as f:  # once: safe_open comes back by its name
        header = json.loads(f.read(int.from_bytes(f.read(8), "little")))
    return json.loads(header["__metadata__"]["about"])


def environment():
    return {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), "OMP_NUM_THREADS": "1"}


@pytest.fixture(scope="module")
def plain_loss(tmp_path_factory, tracks_file):
    """Validation loss of one process that accumulates two batches a step."""
    run = tmp_path_factory.mktemp("plain") / "run"
    pretrain([*FEW, "40", "--accumulate", "2", "--corpus", str(tracks_file), "--output", str(run)])
    return about(run)["metrics"]["validation_loss"]


def test_the_time_left_is_right_from_the_first_step_on():
    """A microsecond after the start; the bar of the plugin's window once began at 49 %."""
    assert seconds_left(1e-6, 1e-6 / 1800, 30.0) == pytest.approx(1800)
    assert seconds_left(900.0, 0.5, 30.0) == 900 and seconds_left(10.0, 0.25, 0.0) == 30


def test_the_time_left_of_a_run_of_steps_is_right_from_the_first_step_on(tmp_path, tracks_file, lines):
    """It once began with 20 minutes for 3 steps."""
    began = time.monotonic()
    pretrain([*FEW, "3", "--corpus", str(tracks_file), "--output", str(tmp_path / "run")])
    first = next(x for x in lines() if x.get("step") == 1)
    assert first["seconds_left"] < 2 * (time.monotonic() - began) + 1


@pytest.mark.parametrize("parallel", ["ddp", "fsdp"])
def test_two_processes_reach_what_one_does(parallel, tmp_path, tracks_file, plain_loss):
    torchrun = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]
    arguments = [*FEW, "40", "--validate-every", "20", "--parallel", parallel,
                 "--corpus", str(tracks_file), "--output", str(tmp_path / "run")]  # fmt: skip
    done = subprocess.run([*torchrun, "-m", "model.pretrain", *arguments], env=environment(),
                          capture_output=True, text=True, timeout=900)  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    lines = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
    assert [line for line in lines if "bundle" in line] == lines[-1:]  # one process speaks
    told = about(tmp_path / "run")
    assert told["device"].startswith("2 × CPU") and "--nproc-per-node 2" in told["command"]
    assert told["metrics"]["validation_loss"] == pytest.approx(plain_loss, rel=0.01)
    assert open_bundle(tmp_path / "run" / "bundle").card["onnx_difference"] < 1e-4
    logs = EventAccumulator(str(tmp_path / "run" / "logs")).Reload()
    assert [scalar.step for scalar in logs.Scalars("loss")] == [20, 40]


ZYGOTE = """
import json, os, sys
import torch
torch.set_num_threads(1)
from model.pretrain import main
print("ready", flush=True)
for line in sys.stdin:
    child = os.fork()  # imports take seconds: they are done once
    if child == 0:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        main(json.loads(line))
        os._exit(0)
    print(child, flush=True)
    print(os.waitpid(child, 0)[1], flush=True)
"""


def test_a_run_killed_five_times_ends_where_an_unbroken_one_does(tmp_path, tracks_file):
    zygote = subprocess.Popen([sys.executable, "-c", ZYGOTE], env=environment(), text=True,
                              stdin=subprocess.PIPE, stdout=subprocess.PIPE)  # fmt: skip
    assert zygote.stdout.readline() == "ready\n"
    said = [*FEW, "100", "--seed", "3", "--checkpoint-every", "0.05", "--corpus", str(tracks_file)]

    def start(*more):
        zygote.stdin.write(json.dumps([*said, *more]) + "\n")
        zygote.stdin.flush()
        return int(zygote.stdout.readline())

    broken, steps = tmp_path / "broken", [0]
    state = broken / "state.safetensors"
    random.seed(time.time_ns())
    for kill in range(5):
        child = start("--output", str(broken), *["--resume"] * state.exists())
        wanted = steps[-1] + random.randint(3, 15)
        while not state.exists() or about(broken)["step"] < wanted:
            time.sleep(0.01)
        time.sleep(random.uniform(0, 0.1))  # in a step, or while it writes
        os.kill(child, signal.SIGKILL)
        assert os.WIFSIGNALED(int(zygote.stdout.readline())), f"it ended before kill {kill + 1}"
        steps.append(about(broken)["step"])
    start("--output", str(broken), "--resume")
    assert int(zygote.stdout.readline()) == 0
    start("--output", str(tmp_path / "whole"))
    assert int(zygote.stdout.readline()) == 0
    zygote.communicate()
    ends = [about(run) for run in (broken, tmp_path / "whole")]
    assert [end["step"] for end in ends] == [100, 100] and steps == sorted(steps)
    assert ends[0]["metrics"]["validation_loss"] == pytest.approx(ends[1]["metrics"]["validation_loss"], rel=0.005)


def test_a_sharded_run_killed_and_gone_on_with_by_two_processes_and_by_one(tmp_path, tracks_file, plain_loss):
    """FSDP, on two processes, killed; again on two, killed; then on one, which takes two batches a step."""
    torchrun = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]
    run = tmp_path / "run"
    same = [*FEW, "40", "--checkpoint-every", "0.01", "--corpus", str(tracks_file), "--output", str(run)]
    state = run / "state.safetensors"
    for resumed, wanted in ((False, 8), (True, 20)):
        arguments = ["-m", "model.pretrain", *same, "--parallel", "fsdp", *["--resume"] * resumed]
        two = subprocess.Popen([*torchrun, *arguments], env=environment(), stdout=subprocess.DEVNULL,
                               stderr=subprocess.DEVNULL)  # fmt: skip
        while two.poll() is None and (not state.exists() or about(run)["step"] < wanted):
            time.sleep(0.01)
        assert two.poll() is None, "it ended before it was killed"
        workers = Path(f"/proc/{two.pid}/task/{two.pid}/children").read_text().split()  # each in a session of its own
        assert len(workers) == 2
        for process in (*workers, two.pid):
            os.kill(int(process), signal.SIGKILL)
        two.wait()
    assert 20 <= about(run)["step"] < 40
    pretrain([*same, "--accumulate", "2", "--resume"])
    told = about(run)
    assert (told["step"], told["batches"]) == (40, 80)
    assert told["metrics"]["validation_loss"] == pytest.approx(plain_loss, rel=0.005)


COUNTING = """
import sys
from model.cli import run
from model.pretrain import main
from model.training.run import TrainingRun
train_on = TrainingRun.train_on
def told(self, *batch):
    loss = train_on(self, *batch)
    print("step", flush=True)
    return loss
TrainingRun.train_on = told
sys.exit(run(main))
"""


@pytest.mark.parametrize("asked", [signal.SIGTERM, signal.SIGINT])
def test_a_run_asked_to_end_loses_no_step(asked, tmp_path, tracks_file):
    """As Pause and Ctrl+C ask it, long before a checkpoint is due."""
    run = tmp_path / "run"
    arguments = [*FEW, "100000", "--validate-every", "100000", "--corpus", str(tracks_file), "--output", str(run)]
    child = subprocess.Popen([sys.executable, "-c", COUNTING, *arguments], env=environment(), text=True,
                             stdout=subprocess.PIPE)  # fmt: skip
    seen = [child.stdout.readline() for _ in range(6)]
    assert seen.count("step\n") == 5 and seen[1].startswith('{"step": 1, "step_loss": '), "the first step is told"
    child.send_signal(asked)
    rest, _ = child.communicate(timeout=60)
    assert child.returncode == 130
    assert about(run)["step"] == 5 + rest.splitlines().count("step")


def test_a_full_disk_is_said_and_leaves_the_checkpoint_before(tmp_path):
    state = tmp_path / "state.safetensors"
    save(state, {"a": torch.ones(4)}, {"step": 1})
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, hard))
    try:
        with pytest.raises(InputError, match="Make room on the disk. The checkpoint before it is whole"):
            save(state, {"a": torch.ones(100_000)}, {"step": 2})
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    tensors, told = load(state)
    assert told == {"step": 1} and tensors["a"].sum() == 4 and list(tmp_path.iterdir()) == [state]


def test_a_broken_checkpoint_is_said(tmp_path):
    (tmp_path / "state.safetensors").write_bytes(b"nothing")
    with pytest.raises(InputError, match="damaged or no checkpoint"):
        load(tmp_path / "state.safetensors")


WRONG = {
    "--minutes 0": "not over zero",
    "--steps few": "--steps",
    "--preset raw-huge": "raw-huge",
    "--device tpu9": "no device",
    "--device cuda:99": "no CUDA device 99",
    "--points 8": "less than one row",
    "--workers -1": "--workers",
    "--resume": "without --resume",
    "--init nowhere": "no model at nowhere",
}


@pytest.mark.parametrize(("arguments", "words"), [(a.split(), w) for a, w in WRONG.items()], ids=list(WRONG))
def test_a_wrong_argument_gets_one_clear_line(arguments, words, tmp_path, tracks_file, capsys):
    try:
        code = run_command(pretrain, ["--corpus", str(tracks_file), "--output", str(tmp_path / "run"), *arguments])
    except SystemExit as stop:
        code = stop.code
    told = capsys.readouterr().err
    assert code == 2 and words in told and len(told.strip().splitlines()) == 1, told


@pytest.mark.parametrize("spec", ["nowhere.parquet", "0*{}", "{}/../nothing", "cut.parquet"])
def test_a_wrong_source_gets_one_clear_line(spec, tmp_path, tracks_file, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    spec = spec.format(tracks_file)
    (tmp_path / "cut.parquet").write_bytes(tracks_file.read_bytes()[:5000])
    assert run_command(pretrain, [*FEW, "1", "--corpus", spec, "--output", str(tmp_path / "run")]) == 2
    assert len(capsys.readouterr().err.strip().splitlines()) == 1


def test_a_run_is_not_written_over(nano_run, tracks_file):
    with pytest.raises(InputError, match="holds a run already"):
        pretrain(nano_arguments(tracks_file, nano_run))
    with pytest.raises(InputError, match="use its --preset"):
        pretrain([*nano_arguments(tracks_file, nano_run, "--resume"), "--preset", "raw-small"])


def test_the_card_names_device_command_data_and_minutes(nano_run):
    training = open_bundle(nano_run / "bundle").card["training"]
    assert training["device"].startswith("CPU") and training["minutes"] == 30 and training["corpus"]
    assert training["command"].startswith("python -m model.pretrain --preset raw-nano --corpus")
    readme = (nano_run / "bundle" / "README.md").read_text()
    assert "CPU" in readme and training["command"] in readme and str(nano_run.parent) not in readme


def test_a_command_is_told_without_the_folders_of_one_machine(tmp_path):
    args = parser().parse_args(["--corpus", "2*exact:/home/me/city/tracks.parquet", "--output", str(tmp_path / "r"),
                                "--lr", "1e-3", "--no-compile", "--cache", "/home/me/c", "--resume"])  # fmt: skip
    assert command(args) == (
        "python -m model.pretrain --corpus 2*exact:city/tracks.parquet --output r --lr 0.001 --no-compile"
    )
    assert source_name("1.5*/data/cabs/points.parquet") == "1.5*cabs/points.parquet"
    assert source_name("gotrack:/data/gotrack") == "gotrack:data/gotrack"
    assert source_name(f"2*{Path.home() / 'tracks.parquet'}") == "2*tracks.parquet"  # not the user's name


def test_profiles_are_told_apart_at_the_end(tmp_path, tracks_file, lines):
    labels = tmp_path / "labels.csv"
    labels.write_text("user_id,by\n" + "".join(f"u{k},{'car' if k % 2 else 'foot'}\n" for k in range(121)))
    table = pq.read_table(tracks_file)
    one = table.slice(0, 1).set_column(table.schema.get_field_index("user_id"), "user_id", pa.array(["u120"]))
    pq.write_table(pa.concat_tables([table, one]), tmp_path / "tracks.parquet")  # who has one fix says nothing
    more = ["--profiles", str(tmp_path / "tracks.parquet"), str(labels), "by"]
    pretrain([*FEW, "2", "--corpus", str(tracks_file), "--output", str(tmp_path / "run"), *more])
    told = lines()
    assert [x["profile_accuracy"] for x in told if "profile_accuracy" in x][0] > 0.9
    assert not [x for x in told if "warning" in x]


def test_what_the_profiles_need_is_there_before_training(tmp_path, tracks_file):
    (tmp_path / "labels.csv").write_text("user_id,by\nu1,car\n")
    for tracks, labels, field in (("gone", "labels.csv", "by"), (tracks_file, "gone.csv", "by"),
                                  (tracks_file, "labels.csv", "of")):  # fmt: skip
        more = ["--profiles", str(tracks), str(tmp_path / labels), field, "--output", str(tmp_path / "run")]
        with pytest.raises(InputError, match=r"There is no file|no column 'of'"):
            pretrain([*FEW, "1", "--corpus", str(tracks_file), *more])
    assert not (tmp_path / "run").exists()


def test_tracks_are_forgotten_though_the_profiles_fail(tmp_path, tracks_file, monkeypatch):
    monkeypatch.setattr(pretraining, "export", lambda *_: None)  # it takes long
    (tmp_path / "labels.csv").write_text("user_id,by\nu1,car\n")  # one is too few
    more = ["--profiles", str(tracks_file), str(tmp_path / "labels.csv"), "by", "--cache", str(tmp_path / "cache")]
    with pytest.raises(InputError, match="takes at least ten"):
        pretrain([*FEW, "1", "--corpus", str(tracks_file), "--output", str(tmp_path / "run"), *more, "--forget"])
    assert not list((tmp_path / "cache").iterdir())


def test_tracks_are_forgotten_though_the_training_fails_but_not_while_it_is_paused(tmp_path, tracks_file, monkeypatch):
    for number, (stop, kept) in enumerate([(InputError, False), (KeyboardInterrupt, True)]):

        def broken(*_: object, stop: type = stop) -> None:
            raise stop

        monkeypatch.setattr(pretraining, "train", broken)
        cache = tmp_path / f"cache {number}"
        more = ["--cache", str(cache), "--output", str(tmp_path / str(number)), "--forget"]
        with pytest.raises(stop):
            pretrain([*FEW, "1", "--corpus", str(tracks_file), *more])
        assert any(cache.iterdir()) == kept


def test_a_resumed_run_keeps_its_seed_and_its_figures(tmp_path, tracks_file, monkeypatch):
    run = tmp_path / "run"
    same = [*FEW, "9", "--checkpoint-every", "0.001", "--corpus", str(tracks_file), "--output", str(run)]
    monkeypatch.setattr(pretraining, "finish", lambda *_: None)
    pretrain([*same, "--seed", "3", "--stop-after", "2", "--validate-every", "2"])
    before = about(run)["metrics"]
    pretrain([*same, "--resume", "--stop-after", "4", "--validate-every", "9"])
    now = about(run)
    assert before and (now["step"], now["seed"], now["metrics"]) == (4, 3, before)


def test_patience_and_checkpointing(tmp_path, tracks_file, lines):
    """A learning rate of nearly nothing gets no better: it stops. Layers computed twice give the same network."""
    few = nano_arguments(tracks_file, tmp_path / "still", "--lr", "1e-12", "--patience", "2", "--validate-every", "4")
    pretrain(few)
    steps = [x["step"] for x in lines() if "loss" in x]
    assert 12 <= steps[-1] < 120
    for name in ("checkpointing", "no-checkpointing"):
        pretrain([*FEW, "3", "--corpus", str(tracks_file), "--output", str(tmp_path / name), f"--{name}"])
    one, two = (load(tmp_path / name / "state.safetensors")[0] for name in ("checkpointing", "no-checkpointing"))
    assert one.keys() == two.keys()
    for name, tensor in one.items():
        torch.testing.assert_close(tensor, two[name], rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize("workers", [0, 2])
def test_batches_come_in_order_whoever_makes_them(workers, tracks_file):
    corpus, again = (Batches([load_source(str(tracks_file))], 512, 7) for _ in range(2))
    batches = feed(corpus, 3, 2, workers)
    for number in (3, 5, 7, 9):
        np.testing.assert_array_equal(next(batches).x, again.batch(number).x)
    batches.close()
    assert corpus.sources[0].seen.sum() >= again.sources[0].seen.sum() > 0


def test_a_corpus_travels_to_other_processes_by_its_files(tracks_file):
    corpus = Batches([load_source(str(tracks_file))], 512, 7)
    sent = pickle.dumps(corpus)
    assert len(sent) < 2000
    np.testing.assert_array_equal(pickle.loads(sent).batch(5).x, corpus.batch(5).x)


def test_what_goes_wrong_while_batches_are_made_is_raised(tracks_file, monkeypatch):
    corpus = Batches([load_source(str(tracks_file))], 512, 7)

    def broken(number):
        raise InputError("The disk is gone.")

    monkeypatch.setattr(corpus, "batch", broken)
    with pytest.raises(InputError, match="The disk is gone"):
        next(feed(corpus, 0))


def test_a_resumed_run_knows_what_was_shown_before(tmp_path, tracks_file, lines):
    still = nano_arguments(tracks_file, tmp_path / "run", "--lr", "1e-12", "--validate-every", "4")
    pretrain([*still, "--stop-after", "8"])
    before = about(tmp_path / "run")["watch"]
    assert before["steps"] == [4, 8]
    pretrain([*still, "--resume", "--stop-after", "12"])
    after = about(tmp_path / "run")["watch"]
    assert after["steps"] == [4, 8, 12] and after["losses"][:2] == before["losses"]
    monitor = Monitor.resumed(3, {"losses": [1.0], "scores": [1.0], "steps": [4], "warned": ["flat"]})
    assert not any(monitor.check(k, 0.5, 1.0, 1.1) for k in (8, 12)) and not monitor.done
    assert not monitor.check(16, 0.5, 1.0, 1.1) and monitor.done


def test_a_resumed_run_keeps_its_learning_rate(tmp_path, tracks_file, nano_run):
    run = nano_arguments(tracks_file, tmp_path / "run")
    pretrain([*run, "--init", str(nano_run / "bundle"), "--stop-after", "2"])
    pretrain([*run, "--resume", "--stop-after", "4"])
    assert about(tmp_path / "run")["lr"] == PEAK_LR_TRAINED
    pretrain([*run, "--resume", "--stop-after", "6", "--lr", "1e-9"])
    assert about(tmp_path / "run")["lr"] == 1e-9
