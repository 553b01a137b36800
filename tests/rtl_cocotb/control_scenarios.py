"""What the control registers must survive; cocotb runs these inside the simulator, ``test_control.py`` starts it."""

from __future__ import annotations

import random
from typing import Any

import cocotb
from cocotbext.axi import AxiResp
from rtl_cocotb.axi_control import ControlBench, bits
from rtl_cocotb.axis import flagged

from lst_hw.registers import ADDRESS_BITS, REGISTERS

PAUSES = (0.0, 0.3, 0.8)

scenario = cocotb.test(timeout_time=2, timeout_unit="ms")


@scenario
async def every_register_has_its_reset_value(dut: Any) -> None:
    bench = await ControlBench.start(dut)
    for pauses in PAUSES:
        bench.pause(pauses)
        for register in random.sample(REGISTERS, len(REGISTERS)):
            if register.reset is not None:
                assert await bench.read(register.name) == register.reset, register.name
    assert await bench.read("INPUT_SIZE", "rows") * await bench.read("INPUT_SIZE", "columns") == bench.case.pixels


@scenario
async def registers_are_read_and_written_during_inference(dut: Any) -> None:
    """Neither disturbs the other; what is read was true at some time."""
    bench = await ControlBench.start(dut)
    case, expected = bench.case, []

    async def look_around() -> None:
        frames = 0
        while True:
            now = await bench.read("FRAMES")
            assert frames <= now <= len(expected)
            frames = now
            last = await bench.read("LAST_RESULT")
            assert last in expected or last == 0
            await bench.write("IRQ_ENABLE", random.randrange(4))
            await bench.write("IRQ_STATUS", 3)

    looking = cocotb.start_soon(look_around())
    for pauses in PAUSES:
        bench.pause(pauses)
        frames = [random.choice((None, *range(6))) for _ in range(5)] + [0]
        expected += flagged(case, frames)
        bench.send(*(case.malformed(case.pixels + 1) if k is None else case.frame(k) for k in frames))
        await bench.idle()
    looking.cancel()
    await bench.tick(20)
    assert bench.results() == expected
    assert (await bench.counters())[0] == len(expected)


@scenario
async def writes_and_reads_overlap_in_any_order(dut: Any) -> None:
    """Bytes without their strobe stay, and no answer is lost."""
    bench = await ControlBench.start(dut)
    address = next(register.offset for register in REGISTERS if register.name == "IRQ_ENABLE")
    enabled = 0
    for pauses in PAUSES:
        bench.pause(pauses)
        for _ in range(15):
            first = random.randrange(4)
            data = random.randbytes(random.randrange(1, 5 - first))
            reading = cocotb.start_soon(bench.read("ID"))
            answer = await bench.registers.write(address + first, data)
            assert answer.resp == AxiResp.OKAY
            enabled = data[0] & 3 if first == 0 else enabled
            assert await bench.read("IRQ_ENABLE") == enabled
            await reading


@scenario
async def accesses_to_nothing_are_answered_and_flagged(dut: Any) -> None:
    bench = await ControlBench.start(dut, pauses=0.3)
    used = {register.offset for register in REGISTERS}
    for _ in range(20):
        address = random.choice([each for each in range(0, 1 << ADDRESS_BITS, 4) if each not in used])
        if random.randrange(2):
            answer = await bench.registers.read(address, 4)
            assert answer.data == bytes(4)
        else:
            answer = await bench.registers.write(address, b"\xff" * 4)
        assert answer.resp == AxiResp.OKAY
        assert await bench.read("ERRORS") == bits("ERRORS", "bad_access")
        await bench.write("ERRORS", bits("ERRORS", "bad_access"))
        assert await bench.read("ERRORS") == 0


@scenario
async def malformed_frames_are_counted_by_kind(dut: Any) -> None:
    bench = await ControlBench.start(dut)
    case, sent = bench.case, [0, 0, 0]
    lengths = [length for length in (1, case.pixels - 1, case.pixels, case.pixels + 1, 3 * case.pixels) if length]
    for pauses in PAUSES:
        bench.pause(pauses)
        for length in random.choices(lengths, k=8):
            kind = 0 if length == case.pixels else 1 if length < case.pixels else 2
            sent[kind] += 1
            bench.send(case.malformed(length) if kind else case.frame(0))
        await bench.idle()
        good, short, long = sent
        assert await bench.counters() == (good, short, long, short + long)
        assert await bench.read("ERRORS") == (short > 0) | (long > 0) << 1


@scenario
async def the_interrupt_is_high_while_an_enabled_cause_is_set(dut: Any) -> None:
    bench = await ControlBench.start(dut, pauses=0.2)
    case = bench.case
    for enable in range(4):
        await bench.write("IRQ_ENABLE", enable)
        for frame, cause in ((case.frame(1), 1), (case.malformed(case.pixels + 1), 2)):
            bench.send(frame)
            await bench.idle()
            assert await bench.read("IRQ_STATUS") == cause
            assert bool(dut.irq.value) == bool(enable & cause)
            await bench.write("IRQ_STATUS", cause)
            await bench.tick(2)
            assert not dut.irq.value


@scenario
async def disabling_at_any_moment_loses_nothing(dut: Any) -> None:
    bench = await ControlBench.start(dut, pauses=0.1)
    case = bench.case
    bench.send(*map(case.frame, range(12)))
    for _ in range(15):
        await bench.tick(random.randrange(case.cycles_per_frame))
        await bench.write("CONTROL", 0)
        while await bench.read("STATUS") & bits("STATUS", "busy", "receiving"):
            pass
        frames = await bench.read("FRAMES")
        await bench.tick(40)
        assert await bench.read("STATUS", "busy") == 0
        assert await bench.read("FRAMES") == frames
        await bench.write("CONTROL", bits("CONTROL", "enable"))
    await bench.idle()
    await bench.tick(5)
    assert bench.results() == [case.beat(k) for k in range(12)]


@scenario
async def soft_resets_at_random_moments(dut: Any) -> None:
    """Results stay whole and in order, every frame is accounted for, the next one is right and on time."""
    bench = await ControlBench.start(dut)
    case, begun = bench.case, 0
    for number in range(20):
        bench.pause(random.choice(PAUSES), sink=random.choice((0.0, 0.99)))
        frames = range(number, number + 3)
        bench.send(*map(case.frame, frames))
        await bench.tick(random.randrange(3 * case.cycles_per_frame))
        await bench.write("CONTROL", bits("CONTROL", "enable", "soft_reset"))
        await bench.idle()
        await bench.tick(5)
        # The rest of a frame that was cut in two is a frame more, and a short one.
        done, short, long, dropped = await bench.counters()
        begun += 3
        assert long == 0
        assert done + dropped - short == begun
        results = [beat & ~(1 << 31) for beat in bench.results()]
        remaining = iter([case.beat(k) for k in frames])
        assert all(beat in remaining for beat in results), "out of order, or of no frame"
        bench.pause(0)
        await bench.write("CONTROL", bits("CONTROL", "enable", "soft_reset"))
        bench.send(case.frame(number + 5))
        await bench.idle()
        await bench.tick(5)
        begun += 1
        assert bench.results() == [case.beat(number + 5)]
        assert await bench.read("CYCLES") == case.latency


@scenario
async def resets_at_random_moments(dut: Any) -> None:
    """Of everything, with accesses and frames under way; afterwards all is as in the beginning."""
    bench = await ControlBench.start(dut)
    case = bench.case
    for number in range(10):
        bench.pause(random.choice(PAUSES))
        bench.send(*map(case.frame, range(number, number + 3)))
        for _ in range(3):
            bench.registers.init_write(0x24, random.randbytes(4))
            bench.registers.init_read(0x2C, 4)
        await bench.tick(random.randrange(2 * case.cycles_per_frame))
        await bench.reset(random.choice((1, 2, 5)))
        bench.pause(0)
        await bench.tick(2)
        for name in ("IRQ_ENABLE", "IRQ_STATUS", "ERRORS", "FRAMES", "STATUS", "DROPPED_FRAMES", "LAST_RESULT"):
            assert await bench.read(name) == 0, name
        bench.send(case.frame(number))
        await bench.idle()
        await bench.tick(5)
        assert bench.results() == [case.beat(number)]
        assert await bench.counters() == (1, 0, 0, 0)
