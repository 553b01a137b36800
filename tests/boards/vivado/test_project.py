"""The Vivado project: its scripts run in a stand-in that insists on files, cells, pins, buses and settings."""

from __future__ import annotations

import json
import re
import shutil
import sys
from pathlib import Path
from typing import Any

import pytest
import torch
from drivers.projects import CASE, PIXELS, run_vivado, write_project
from drivers.pynq_board import Board

from boards.catalogue import BOARDS
from boards.vivado.interfaces import find_interfaces
from boards.vivado.project import IP_VLNV, VivadoProject
from lst_hw.design import Design
from lst_model.errors import InputError
from lst_model.integer import IntegerLST


@pytest.fixture(scope="module")
def generated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("project") / "out"
    write_project(folder)
    return folder


@pytest.fixture
def project(generated: Path, tmp_path: Path) -> Path:
    """A copy that a test may build in and change."""
    return Path(shutil.copytree(generated, tmp_path / "project"))


def edit(file: Path, old: str, new: str) -> None:
    text = file.read_text()
    assert old in text
    file.write_text(text.replace(old, new))


def test_one_command_makes_bitstream_and_hardware_description_of_one_name(project: Path) -> None:
    run = run_vivado(project)
    assert run.code == 0, run.text
    assert (project / "lst_accel.bit").exists()
    assert (project / "lst_accel.hwh").exists()


def test_packaging_comes_before_the_block_design_and_timing_before_the_bitstream(project: Path) -> None:
    run = run_vivado(project)
    order = [
        "ipx::package_project",
        "ipx::associate_bus_interfaces",
        "ipx::check_integrity",
        "ipx::save_core",
        "close_project",
        "update_ip_catalog",
        "create_bd_design",
        "validate_bd_design",
        "save_bd_design",
        "generate_target",
        "make_wrapper",
        "launch_runs",
        "open_run",
        "get_timing_paths -hold",
        "write_bitstream",
    ]
    positions = [run.first(start) for start in order]
    assert positions == sorted(positions)


def test_every_bus_belongs_to_the_clock_and_the_clock_to_the_reset(project: Path) -> None:
    assert run_vivado(project).all("ipx::associate_bus_interfaces") == [
        "-busif s_axis -clock aclk core",
        "-busif m_axis -clock aclk core",
        "-busif s_axi -clock aclk core",
        "-clock aclk -reset aresetn core",
    ]


def test_the_dma_feeds_the_accelerator_and_the_processor_reaches_both(project: Path) -> None:
    connections = run_vivado(project).all("connect_bd_intf_net")
    assert {
        "axi_dma/M_AXIS_MM2S lst_accel/s_axis",
        "lst_accel/m_axis axi_dma/S_AXIS_S2MM",
        "memory_interconnect/M00_AXI ps7/S_AXI_HP0",
        "register_interconnect/M00_AXI axi_dma/S_AXI_LITE",
        "register_interconnect/M01_AXI lst_accel/s_axi",
    } <= set(connections)


def test_the_dma_is_as_wide_as_the_pixel_port_and_has_no_scatter_gather(project: Path) -> None:
    (settings,) = [each for each in run_vivado(project).all("set_property -dict") if each.endswith(" axi_dma")]
    assert "CONFIG.c_m_axis_mm2s_tdata_width 8 " in settings
    assert "CONFIG.c_include_sg 0 " in settings
    assert "CONFIG.c_sg_length_width 26 " in settings


def test_a_stream_of_four_pixels_a_beat_has_a_dma_as_wide(tmp_path: Path) -> None:
    write_project(tmp_path / "out", stream_bits=32)
    run = run_vivado(tmp_path / "out")
    assert run.code == 0, run.text
    assert "CONFIG.c_m_axis_mm2s_tdata_width 32 " in run.text


def test_the_newest_release_of_each_core_is_taken(project: Path) -> None:
    cells = run_vivado(project, RELEASE="10.0").all("create_bd_cell -type ip -vlnv")
    assert "xilinx.com:ip:axi_dma:10.0 axi_dma" in cells
    assert f"{IP_VLNV} lst_accel" in cells


def test_without_board_files_the_processing_system_is_set_by_hand(project: Path) -> None:
    run = run_vivado(project)
    assert "No board files for digilentinc.com:zybo-z7-10:part0" in run.text
    assert "CONFIG.PCW_UIPARAM_DDR_PARTNO {MT41K256M16 RE-125}" in run.text
    assert "apply_board_preset 0" in run.text


def test_with_board_files_the_newest_one_sets_the_processing_system(project: Path) -> None:
    parts = " ".join(f"digilentinc.com:zybo-z7-{kind}" for kind in ("10:part0:1.9", "10:part0:1.10", "20:part0:1.11"))
    run = run_vivado(project, BOARD_FILES=parts)
    assert run.code == 0, run.text
    assert "set_property board_part digilentinc.com:zybo-z7-10:part0:1.10 project" in run.calls
    assert "PCW_UIPARAM_DDR_PARTNO" not in run.text
    assert "apply_board_preset 1" in run.text


@pytest.mark.parametrize(
    ("environment", "complaint"),
    [
        ({"SLACK": "-setup -0.001 -hold 0.1"}, "timing is not met: worst setup slack is -0.001 ns"),
        ({"SLACK": "-setup 1.0 -hold -0.2"}, "timing is not met: worst hold slack is -0.2 ns"),
        ({"STATUS": "synth_design ERROR"}, "implementation stopped: synth_design ERROR"),
    ],
)
def test_a_build_that_fails_leaves_no_products_not_even_old_ones(
    project: Path, environment: dict[str, str], complaint: str
) -> None:
    for product in ("lst_accel.bit", "lst_accel.hwh"):
        (project / product).write_text("old")
    run = run_vivado(project, **environment)
    assert run.code != 0
    assert complaint in run.text
    assert not list(project.glob("lst_accel.bit"))
    assert not list(project.glob("lst_accel.hwh"))


def test_the_hardware_description_is_found_where_older_releases_put_it(project: Path) -> None:
    assert run_vivado(project, HANDOFF="srcs").code == 0
    assert (project / "lst_accel.hwh").exists()


def test_a_project_builds_again_after_a_build(project: Path) -> None:
    assert run_vivado(project).code == 0
    assert run_vivado(project).code == 0


@pytest.mark.parametrize(
    ("file", "old", "new", "complaint"),
    [
        ("lst_accel.v", "s_axis_tlast", "s_axis_last", "Vivado found no bus s_axis in the ports of lst_accel.v"),
        ("lst_accel.v", "s_axi_wstrb", "s_axi_strobe", "Vivado found no bus s_axi in the ports"),
        ("settings.tcl", "{s_axis m_axis s_axi}", "{s_axis m_axis}", "bus s_axi has no clock"),
        ("settings.tcl", "interrupt {irq}", "interrupt {}", "lst_accel/irq is open"),
        ("settings.tcl", "xc7z010clg400-1", "xc7z999", "no part xc7z999"),
        ("scripts/block_design.tcl", "$top/s_axis", "$top/m_axis", "axi_dma/M_AXIS_MM2S cannot drive lst_accel/m_axis"),
        ("scripts/block_design.tcl", " $top/aclk", "", "lst_accel/aclk is open"),
        ("scripts/block_design.tcl", "c_sg_length_width", "c_length_width", "axi_dma has no setting c_length_width"),
        ("scripts/block_design.tcl", "PCW_USE_S_AXI_HP0 1", "PCW_USE_S_AXI_HP0 0", "PCW_USE_S_AXI_HP0 is off"),
        ("scripts/zybo_z7_ps7.tcl", "PCW_SD0_SD0_IO", "PCW_SD0_IO", "ps7 has no setting PCW_SD0_IO"),
        ("build.tcl", "constraints.xdc", "pins.xdc", "pins.xdc does not exist"),
    ],
)
def test_the_stand_in_catches_a_mistake(project: Path, file: str, old: str, new: str, complaint: str) -> None:
    edit(project / file, old, new)
    run = run_vivado(project)
    assert run.code != 0
    assert complaint in run.text


def test_an_accelerator_without_registers_builds_too(tmp_path: Path) -> None:
    write_project(tmp_path / "out", axi_lite=False)
    run = run_vivado(tmp_path / "out")
    assert run.code == 0, run.text
    assert run.all("connect_bd_intf_net register_interconnect") == ["/M00_AXI axi_dma/S_AXI_LITE"]
    assert "set_property CONFIG.NUM_PORTS 2 interrupts" in run.calls


def test_the_larger_board_has_its_own_part_and_the_clock_is_the_one_asked_for(tmp_path: Path) -> None:
    write_project(tmp_path / "out", "zybo-z7-20", clock_mhz=62.5)
    run = run_vivado(tmp_path / "out")
    assert run.all("create_project -force system")[0].endswith("-part xc7z020clg400-1")
    assert "CONFIG.PCW_FPGA0_PERIPHERAL_FREQMHZ 62.5 " in run.text


def test_the_folder_has_all_that_its_readme_names(generated: Path) -> None:
    text = (generated / "README.md").read_text()
    table = [line for line in text.splitlines() if line.startswith("| `")]
    named = [name for line in table for name in re.findall(r"`([^`]+)`", line.split("|")[1])]
    assert len(named) >= 10
    for name in named:
        assert (generated / name).exists(), name
    assert "| LUT | 700 | 6,000 | 17,600 |" in text


def test_the_notebook_classifies_the_vectors_on_a_board(generated: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its cells run in the folder, with the folder's driver, on a stand-in for PYNQ around the simulated RTL."""
    notebook: Any = json.loads((generated / "classify.ipynb").read_text())
    assert notebook["nbformat"] == 4
    monkeypatch.chdir(generated)
    monkeypatch.syspath_prepend(str(generated))
    monkeypatch.setitem(sys.modules, "pynq", Board(Design.of(CASE, axi_lite=True)).module())
    monkeypatch.delitem(sys.modules, "lst_accel", raising=False)
    seen: dict[str, Any] = {}
    for cell in notebook["cells"]:
        if cell["cell_type"] == "code":
            exec(compile("".join(cell["source"]), "classify.ipynb", "exec"), seen)
    monkeypatch.delitem(sys.modules, "lst_accel")
    expected = IntegerLST(CASE)(torch.from_numpy(PIXELS))["class"].tolist()
    assert seen["classifier"].predict(seen["images"]).tolist() == expected


def test_the_driver_binds_to_the_ip_core_and_looks_for_the_cells_of_the_block_design(project: Path) -> None:
    driver = (project / "lst_accel.py").read_text()
    assert f'bindto = ["{IP_VLNV}"]' in driver
    cells = run_vivado(project).all("create_bd_cell -type ip -vlnv")
    for name in re.findall(r'(?:accelerator|dma): str = "(\w+)"', driver):
        assert any(cell.endswith(f" {name}") for cell in cells), name


def test_the_buses_in_the_settings_are_those_of_the_ports(generated: Path) -> None:
    manifest = json.loads((generated / "manifest.json").read_text())
    settings = (generated / "settings.tcl").read_text()
    assert f"set buses {{{' '.join(find_interfaces(manifest['ports']).buses)}}}" in settings


def test_a_board_without_processing_system_is_refused() -> None:
    with pytest.raises(InputError, match="ulx3s has no processing system; `lst-hw build --board ulx3s`"):
        VivadoProject(BOARDS["ulx3s"], 50)


@pytest.mark.parametrize("clock", [0.5, 251, float("nan")])
def test_a_clock_that_the_processing_system_does_not_make_is_refused(clock: float) -> None:
    with pytest.raises(InputError, match="MHz: choose 1 to 250"):
        VivadoProject(BOARDS["zybo-z7-10"], clock)
