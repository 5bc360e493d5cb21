# SPDX-License-Identifier: GPL-2.0-or-later
"""The training engine: many processes reach what one does, a killed run loses nothing, errors are
one line.
"""

import json
import os
import resource
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch

from model import pretrain as pretraining
from model.cli import run as run_command
from model.data.corpus import source_name
from model.network.config import PRESETS
from model.network.raw import Raw
from model.pretrain import command
from model.pretrain import main as pretrain
from model.training.checkpoint import load, optimizer_tensors, restore_optimizers, save
from model.training.loss import bf16
from model.training.run import PEAK_LR_TRAINED, find_device, optimizers, step
from raw_qgis_plugin.core.bundle.bundle import open_bundle
from raw_qgis_plugin.core.errors import InputError

from .conftest import nano_arguments, pretrain_until

FEW = [
    "--preset",
    "raw-nano",
    "--device",
    "cpu",
    "--points",
    "512",
    "--validate-every",
    "1000",
    "--steps",
]
TORCHRUN = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node"]


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
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pretraining, "export", lambda *_: None)
        patch.setattr(pretraining, "calibrate", lambda *_: {})
        pretrain(
            [*FEW, "40", "--accumulate", "2", "--corpus", str(tracks_file), "--output", str(run)]
        )
    return about(run)["metrics"]["validation_loss"]


# ---- many processes
# -----------------------------------------------------------------------------------------------


def test_two_processes_reach_what_one_does(tmp_path, tracks_file, plain_loss):
    arguments = [*FEW, "40", "--validate-every", "20",
                 "--corpus", str(tracks_file), "--output", str(tmp_path / "run")]  # fmt: skip
    done = subprocess.run([*TORCHRUN, "2", "-m", "model.pretrain", *arguments], env=environment(),
                          capture_output=True, text=True, timeout=900)  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    lines = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
    assert [line for line in lines if "bundle" in line] == lines[-1:]  # one process reports
    told = about(tmp_path / "run")
    assert told["device"].startswith("2 × CPU") and "--nproc-per-node 2" in told["command"]
    assert told["metrics"]["validation_loss"] == pytest.approx(plain_loss, rel=0.01)
    assert open_bundle(tmp_path / "run" / "bundle").card["onnx_difference"] < 1e-4
    assert [line["step"] for line in lines if "loss" in line] == [20, 40]


def test_a_run_is_killed_twice_and_resumed_by_two_processes_and_by_one(
    tmp_path, tracks_file, plain_loss, quick
):
    run = tmp_path / "run"
    same = [
        *FEW,
        "40",
        "--checkpoint-every",
        "0.01",
        "--corpus",
        str(tracks_file),
        "--output",
        str(run),
    ]
    state = run / "state.safetensors"
    for resumed, wanted in ((False, 8), (True, 20)):
        arguments = ["-m", "model.pretrain", *same, *["--resume"] * resumed]
        two = subprocess.Popen([*TORCHRUN, "2", *arguments], env=environment(), stdout=subprocess.DEVNULL,
                               stderr=subprocess.DEVNULL)  # fmt: skip
        while two.poll() is None and (not state.exists() or about(run)["step"] < wanted):
            time.sleep(0.01)
        assert two.poll() is None, "it ended before it was killed"
        # each in a session of its own
        workers = Path(f"/proc/{two.pid}/task/{two.pid}/children").read_text().split()
        assert len(workers) == 2
        for process in (*workers, two.pid):
            os.kill(int(process), signal.SIGKILL)
        two.wait()
    assert 20 <= about(run)["step"] < 40
    pretrain([*same, "--accumulate", "2", "--resume"])
    told = about(run)
    assert (told["step"], told["batches"]) == (40, 80)
    assert told["metrics"]["validation_loss"] == pytest.approx(plain_loss, rel=0.005)


def test_under_torchrun_each_process_takes_its_own_card(monkeypatch):
    taken = []
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 4)
    monkeypatch.setattr(torch.cuda, "set_device", taken.append)
    assert find_device("cuda:3").index == 3 and find_device("cuda").index == 0
    for name, value in (("WORLD_SIZE", "4"), ("LOCAL_RANK", "2")):
        monkeypatch.setenv(name, value)
    assert [find_device(name).index for name in ("cuda", "auto", "cuda:0")] == [2, 2, 2]
    assert [device.index for device in taken] == [3, 0, 2, 2, 2]


@pytest.mark.parametrize(("capability", "fast"), [((7, 5), False), ((8, 0), True), ((12, 0), True)])
def test_cards_that_emulate_bf16_train_without_it(monkeypatch, capability, fast):
    """A T4 has a capability of 7.5."""
    monkeypatch.setattr(torch.cuda, "get_device_capability", lambda device: capability)
    assert bf16(torch.device("cuda", 0)) is fast


# ---- checkpoints
# --------------------------------------------------------------------------------------------------

COUNTING = """
import sys
from model.cli import run
from model.pretrain import main
from model.training.run import TrainingRun
train_on = TrainingRun.train_on
def counted(self, *batch):
    loss = train_on(self, *batch)
    print("step", flush=True)
    return loss
TrainingRun.train_on = counted
sys.exit(run(main))
"""


@pytest.mark.parametrize("asked", [signal.SIGTERM, signal.SIGINT])
def test_pause_and_ctrl_c_lose_no_step(asked, tmp_path, tracks_file):
    run = tmp_path / "run"
    arguments = [
        *FEW,
        "100000",
        "--validate-every",
        "100000",
        "--corpus",
        str(tracks_file),
        "--output",
        str(run),
    ]
    child = subprocess.Popen([sys.executable, "-c", COUNTING, *arguments], env=environment(), text=True,
                             stdout=subprocess.PIPE)  # fmt: skip
    seen = []
    while seen.count("step\n") < 5:
        seen.append(child.stdout.readline())
    assert seen[1].startswith('{"step": 1, "step_loss": ')
    child.send_signal(asked)
    rest, _ = child.communicate(timeout=200)
    assert child.returncode == 130
    assert about(run)["step"] == 5 + rest.splitlines().count("step")


def test_a_full_disk_leaves_the_checkpoint_before(tmp_path):
    state = tmp_path / "state.safetensors"
    save(state, {"a": torch.ones(4)}, {"step": 1})
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, hard))
    try:
        with pytest.raises(
            InputError, match="Make room on the disk. The checkpoint before it is whole"
        ):
            save(state, {"a": torch.ones(100_000)}, {"step": 2})
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    tensors, told = load(state)
    assert told == {"step": 1} and tensors["a"].sum() == 4 and list(tmp_path.iterdir()) == [state]
    state.write_bytes(b"nothing")
    with pytest.raises(InputError, match="damaged or no checkpoint"):
        load(state)


def test_the_optimizers_state_is_where_the_parameters_are():
    """AdamW is fused, and wants even its count of steps there."""
    network = Raw(PRESETS["raw-nano"])
    of_cpu = optimizers(network)
    for parameter in network.parameters():
        parameter.grad = torch.ones_like(parameter)
    step(of_cpu, 1e-3)
    saved = optimizer_tensors(of_cpu)
    with torch.device("meta"):
        elsewhere = Raw(PRESETS["raw-nano"])
    resumed = optimizers(elsewhere)
    restore_optimizers(resumed, saved)
    found = [
        value.device.type for o in resumed for state in o.state.values() for value in state.values()
    ]
    assert len(found) == len(saved) and set(found) == {"meta"}


def test_a_resumed_run_keeps_seed_figures_and_learning_rate(
    tmp_path, tracks_file, nano_run, monkeypatch
):
    monkeypatch.setattr(pretraining, "finish", lambda *_: None)
    run = tmp_path / "run"
    same = [
        *FEW,
        "9",
        "--checkpoint-every",
        "0.001",
        "--corpus",
        str(tracks_file),
        "--output",
        str(run),
    ]
    pretrain_until(
        2, [*same, "--seed", "3", "--init", str(nano_run / "bundle"), "--validate-every", "2"]
    )
    before = about(run)
    pretrain_until(4, [*same, "--resume", "--validate-every", "9"])
    now = about(run)
    assert before["metrics"] and (now["step"], now["seed"], now["metrics"]) == (
        4,
        3,
        before["metrics"],
    )
    assert now["lr"] == PEAK_LR_TRAINED
    pretrain_until(6, [*same, "--resume", "--lr", "1e-9"])
    assert about(run)["lr"] == 1e-9


# ---- progress, warnings and errors
# --------------------------------------------------------------------------------


def test_recomputed_layers_change_nothing(tmp_path, tracks_file, quick):
    for name in ("checkpointing", "no-checkpointing"):
        pretrain(
            [*FEW, "3", "--corpus", str(tracks_file), "--output", str(tmp_path / name), f"--{name}"]
        )
    one, two = (
        load(tmp_path / name / "state.safetensors")[0]
        for name in ("checkpointing", "no-checkpointing")
    )
    assert one.keys() == two.keys()
    for name, tensor in one.items():
        torch.testing.assert_close(tensor, two[name], rtol=1e-3, atol=1e-4)


WRONG = {
    "--minutes 0": "not over zero",
    "--preset raw-huge": "raw-huge",
    "--device tpu9": "no device",
    "--device cuda:99": "no CUDA device 99",
    "--points 8": "less than one row",
    "--resume": "without --resume",
    "--init nowhere": "no model at nowhere",
    "--corpus nowhere.parquet": "no file",
    "--corpus 0*{}": "weight",
    "--corpus cut.parquet": "cannot be read as Parquet",
}


@pytest.mark.parametrize(("arguments", "words"), WRONG.items(), ids=list(WRONG))
def test_a_wrong_argument_gets_one_clear_line(
    arguments, words, tmp_path, tracks_file, capsys, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "cut.parquet").write_bytes(tracks_file.read_bytes()[:5000])
    given = [
        *FEW,
        "1",
        "--corpus",
        str(tracks_file),
        "--output",
        "run",
        *arguments.format(tracks_file).split(),
    ]
    try:
        code = run_command(pretrain, given)
    except SystemExit as stop:
        code = stop.code
    told = capsys.readouterr().err
    assert code == 2 and words in told and len(told.strip().splitlines()) == 1, told


def test_a_run_is_not_written_over(nano_run, tracks_file):
    with pytest.raises(InputError, match="holds a run already"):
        pretrain(nano_arguments(tracks_file, nano_run))
    with pytest.raises(InputError, match="use its --preset"):
        pretrain([*nano_arguments(tracks_file, nano_run, "--resume"), "--preset", "raw-small"])


def test_a_card_records_the_command_without_folders_of_this_machine(tmp_path, nano_run):
    words = [
        "--corpus",
        f"2*exact:{tmp_path}/city/tracks.parquet",
        "--lr",
        "1e-3",
        "--output",
        f"{tmp_path}/runs/r",
    ]
    assert command(words) == (
        "python -m model.pretrain --corpus 2*exact:city/tracks.parquet --lr 1e-3 --output runs/r"
    )
    assert source_name("gotrack:/data/gotrack") == "gotrack:data/gotrack"
    # not the user's name
    assert source_name(f"2*{Path.home() / 'tracks.parquet'}") == "2*tracks.parquet"
    training = open_bundle(nano_run / "bundle").card["training"]
    assert training["device"].startswith("CPU") and training["minutes"] == 30 and training["corpus"]
    assert training["command"].startswith("python -m model.pretrain --preset raw-nano --steps")
    readme = (nano_run / "bundle" / "README.md").read_text()
    assert "CPU" in readme and training["command"] in readme and str(nano_run.parent) not in readme
